//! Version of the contract, and where a component exports its functions.

use wasmtime::component::ComponentExportIndex;

/// The contract versions that this host supports.
pub const SUPPORTED_CONTRACTS: [&str; 1] = ["0.2.0"];

/// The interface of the typed entry point, without its version.
pub(crate) const TYPED_ENTRY_POINT: &str = "pointsman:strategy/strategy";

/// The interface of the JSON entry point, without its version.
pub(crate) const JSON_ENTRY_POINT: &str = "pointsman:strategy/strategy-json";

/// The contract as a component exports it: its version, and its functions.
pub(crate) struct Contract {
    pub(crate) version: &'static str,
    pub(crate) evaluate_cycle: ComponentExportIndex,
    pub(crate) describe: ComponentExportIndex,
    pub(crate) check_config: ComponentExportIndex,
    pub(crate) evaluate_cycles: ComponentExportIndex,
    pub(crate) check_config_json: ComponentExportIndex,
}
