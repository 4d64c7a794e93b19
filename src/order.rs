//! In which order routes go: those that are worth least first.

use std::cmp::min;

use crate::{HealthStatus, Route, RouteStatus, Timestamp};

/// Where a route stands in the drain order: not running, unhealthy, degraded, not checked, healthy and not serving,
/// serving; then oldest first, then by id. No two routes stand in one place.
type DrainKey<'a> = (u8, Timestamp, &'a str);

/// The first `n` of these routes in the drain order, in the order in which they were given.
pub(crate) fn first_to_drain<'a>(routes: impl Iterator<Item = &'a Route> + Clone, n: u64) -> Vec<&'a Route> {
    let last = last_to_drain(routes.clone(), n);
    routes.filter(|route| Some(drain_key(route)) <= last).collect()
}

fn last_to_drain<'a>(routes: impl Iterator<Item = &'a Route>, n: u64) -> Option<DrainKey<'a>> {
    let last = usize::try_from(n.checked_sub(1)?).unwrap_or(usize::MAX);
    let mut keys: Vec<DrainKey<'a>> = routes.map(drain_key).collect();
    let last = min(last, keys.len().checked_sub(1)?);
    Some(*keys.select_nth_unstable(last).1)
}

fn drain_key(route: &Route) -> DrainKey<'_> {
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
