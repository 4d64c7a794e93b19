//! Orders of routes: by id, and in which order they go, those that are worth least first.

use std::cmp::Ordering;

use crate::{HealthStatus, Route, RouteStatus, Timestamp};

/// Sorts routes by id.
pub(crate) fn sort_by_id(routes: &mut [&Route]) {
    sort(routes, |a, b| a.id.cmp(&b.id));
}

/// The first `n` of these routes in the drain order, in the order of their ids.
pub(crate) fn first_to_drain<'a>(routes: impl IntoIterator<Item = &'a Route>, n: usize) -> Vec<&'a Route> {
    let mut routes: Vec<&Route> = routes.into_iter().collect();
    if n < routes.len() {
        sort(&mut routes, |a, b| drain_key(a).cmp(&drain_key(b)));
        routes.truncate(n);
        sort_by_id(&mut routes);
    }
    routes
}

/// One sort for every order: each that the compiler makes adds some 4 kB to a component.
#[inline(never)]
fn sort(routes: &mut [&Route], compare: fn(&Route, &Route) -> Ordering) {
    routes.sort_unstable_by(|a, b| compare(a, b));
}

/// Where a route stands in the drain order: not running, unhealthy, degraded, not checked, healthy and not serving,
/// serving; then oldest first, then by id. No two routes stand in one place.
fn drain_key(route: &Route) -> (u8, Timestamp, &str) {
    let rank = match (route.status, route.health) {
        (RouteStatus::Running, HealthStatus::Unhealthy) => 1,
        (RouteStatus::Running, HealthStatus::Degraded) => 2,
        (RouteStatus::Running, HealthStatus::NotChecked) => 3,
        (RouteStatus::Running, HealthStatus::Healthy) if !route.is_serving() => 4,
        (RouteStatus::Running, HealthStatus::Healthy) => 5,
        _ => 0,
    };
    (rank, route.created_at, &route.id)
}
