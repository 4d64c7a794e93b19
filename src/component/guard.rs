//! The glue between the guard component's exports and [`crate::guard`].

use bindings::exports::pointsman::guard::{
    guard::{self as wit_guard, Guest, Violation},
    guard_json,
};

use super::wit;
use crate::{Amount, Route, guard};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["wit/strategy.wit", "wit/guard/guard.wit"],
        world: "pointsman:guard/guard-plugin",
        with: { "pointsman:strategy/types@0.2.0": crate::component::bindings::pointsman::strategy::types },
        pub_export_macro: true,
        export_macro_name: "export_guard_plugin",
        default_bindings_module: "pointsman::component::guard::bindings",
    });
}

/// The exports of the guard.
pub struct GuardPlugin;

impl Guest for GuardPlugin {
    fn check(
        routes: Vec<wit::Route>,
        spec: wit::Spec,
        plan: wit::RouteChanges,
        policy: wit_guard::Policy,
    ) -> Vec<Violation> {
        let routes: Vec<Route> = routes.into_iter().map(Route::from).collect();
        violations(guard::check(&routes, &spec.into(), &plan.into(), &policy.into()))
    }

    fn check_ids(routes: Vec<wit::Route>, spec: wit::Spec, plan: wit::RouteChanges) -> Vec<Violation> {
        let routes: Vec<Route> = routes.into_iter().map(Route::from).collect();
        violations(guard::check_ids(&routes, &spec.into(), &plan.into()))
    }

    fn resolve(policy: wit_guard::Policy, target_replicas: u32) -> wit::Commitment {
        guard::Policy::from(policy).resolve(target_replicas).into()
    }
}

impl guard_json::Guest for GuardPlugin {
    fn check_plans(requests: String) -> Result<String, String> {
        guard::json::check_plans(&requests)
    }

    fn resolve(request: String) -> Result<String, String> {
        guard::json::resolve(&request)
    }
}

impl From<wit_guard::Policy> for guard::Policy {
    fn from(policy: wit_guard::Policy) -> Self {
        Self {
            max_unavailable: policy.max_unavailable.into(),
            max_surge: policy.max_surge.into(),
            complete_at: policy.complete_at.into(),
        }
    }
}

impl From<wit_guard::Amount> for Amount {
    fn from(amount: wit_guard::Amount) -> Self {
        match amount {
            wit_guard::Amount::Count(routes) => Self::Count(routes),
            wit_guard::Amount::Millipercent(part) => Self::Millipercent(part),
        }
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
