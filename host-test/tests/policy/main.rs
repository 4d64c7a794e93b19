//! The policy of one deployment: through every entry point the same, resolved into limits, refused where it is none.

#[path = "../shared/rollout.rs"]
mod rollout;
#[path = "../../../tests/support/mod.rs"]
mod support;

mod effects;
mod entry_points;
mod refused;

use pointsman::{Amount, Route, Spec, guard::Policy, json::Request};
use serde_json::{Value, json};

use support::{activate, routes};

/// Three serving routes of v1.
pub(crate) fn given() -> Vec<Route> {
    routes(1, 3, "v1", activate)
}

pub(crate) fn request(policy: Option<Policy>, spec: &Spec) -> Value {
    let mut request = json!(Request { routes: given(), spec: spec.clone() });
    request["deployment"] = json!("some");
    if let Some(policy) = policy {
        request["policy"] = json!(policy);
    }
    request
}

pub(crate) fn count(max_unavailable: u32, max_surge: u32) -> Policy {
    let (max_unavailable, max_surge) = (Amount::Count(max_unavailable), Amount::Count(max_surge));
    Policy { max_unavailable, max_surge, ..Policy::default() }
}
