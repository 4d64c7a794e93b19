//! The glue between the guard component's exports and [`crate::guard`].

use bindings::exports::pointsman::guard::{guard::Guest, guard::Policy, guard::Violation, guard_json};

use super::wit;
use crate::{Route, guard};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["wit/strategy.wit", "wit/guard/guard.wit"],
        world: "pointsman:guard/guard-plugin",
        with: { "pointsman:strategy/types@0.1.0": crate::component::bindings::pointsman::strategy::types },
        pub_export_macro: true,
        export_macro_name: "export_guard_plugin",
        default_bindings_module: "pointsman::component::guard::bindings",
    });
}

/// The exports of the guard.
pub struct GuardPlugin;

impl Guest for GuardPlugin {
    fn check(routes: Vec<wit::Route>, spec: wit::Spec, plan: wit::RouteChanges, policy: Policy) -> Vec<Violation> {
        let routes: Vec<Route> = routes.into_iter().map(Route::from).collect();
        let policy = guard::Policy {
            surge_limit: policy.surge_limit,
            serving_floor_percent: policy.serving_floor_percent,
            largest_creation: policy.largest_creation,
        };
        violations(guard::check(&routes, &spec.into(), &plan.into(), &policy))
    }

    fn check_ids(routes: Vec<wit::Route>, spec: wit::Spec, plan: wit::RouteChanges) -> Vec<Violation> {
        let routes: Vec<Route> = routes.into_iter().map(Route::from).collect();
        violations(guard::check_ids(&routes, &spec.into(), &plan.into()))
    }
}

impl guard_json::Guest for GuardPlugin {
    fn check_plans(requests: String) -> Result<String, String> {
        guard::json::check_plans(&requests)
    }
}

fn violations(violations: Vec<guard::Violation>) -> Vec<Violation> {
    let violation = |violation: guard::Violation| Violation {
        code: violation.code.as_str().to_owned(),
        route_ids: violation.route_ids,
        message: violation.message,
    };
    violations.into_iter().map(violation).collect()
}
