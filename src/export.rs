//! The macros that make components: of a strategy, and of the guard.

/// Exports a [`Strategy`](crate::Strategy) as a plugin: both entry points, `strategy` and `strategy-json`.
///
/// Write it once, at the root of a crate with `crate-type = ["cdylib"]`. It does something on WebAssembly only, so the
/// same crate can be tested natively.
///
/// ```
/// pointsman::export_strategy!(pointsman::blue_green::BlueGreen);
/// ```
#[macro_export]
macro_rules! export_strategy {
    ($strategy:ty) => {
        // Natively it is only checked, where an author's tools look first.
        #[cfg(not(target_family = "wasm"))]
        const _: fn(&[$crate::Route], &$crate::Spec) -> Result<$crate::RouteChanges, $crate::EvaluationError> =
            $crate::evaluate_cycle::<$strategy>;
        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, missing_docs, reason = "generated")]
        mod pointsman_plugin {
            use super::*;
            type Plugin = $crate::component::Plugin<$strategy>;
            $crate::component::bindings::export_plugin!(Plugin with_types_in $crate::component::bindings);
        }
    };
}

/// Exports the [`guard`](crate::guard) as a component, for hosts in other languages.
///
/// Write it once, at the root of a crate with `crate-type = ["cdylib"]`; `plugins/guard` is that crate.
#[macro_export]
macro_rules! export_guard {
    () => {
        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, missing_docs, reason = "generated")]
        mod pointsman_guard {
            type Plugin = $crate::component::guard::GuardPlugin;
            $crate::component::guard::bindings::export_guard_plugin!(
                Plugin with_types_in $crate::component::guard::bindings
            );
        }
    };
}
