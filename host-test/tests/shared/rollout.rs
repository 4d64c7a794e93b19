//! The rollout that hostile plans are made for.
#![allow(dead_code, reason = "shared by several test binaries")]

use pointsman::{HealthStatus, Route, Spec};

use crate::support::{activate, routes, spec};

/// Three serving routes of v1, and three of v2, one of them not healthy.
pub(crate) fn half_way() -> Vec<Route> {
    let mut routes = [routes(1, 3, "v1", activate), routes(4, 3, "v2", |_| {})].concat();
    routes[5].health = HealthStatus::Unhealthy;
    routes
}

/// A spec that tells the hostile guest what to do, a second after the start.
pub(crate) fn misdeed(word: &str) -> Spec {
    spec(1000, &format!(r#"{{"misdeed": "{word}"}}"#))
}
