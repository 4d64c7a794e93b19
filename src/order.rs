//! Orders of routes: by id, and in which order they go, those that are worth least first.

use std::cmp::Ordering;

use crate::{HealthStatus, Route, RouteStatus, Timestamp};

/// Sorts routes by id.
pub(crate) fn sort_by_id(routes: &mut [&Route]) {
    sort(routes, |a, b| compare(&a.id, &b.id));
}

/// Sorts routes that have ended by when they did, as far as is known.
pub(crate) fn sort_by_end(routes: &mut [&Route]) {
    fn end(route: &Route) -> Timestamp {
        route.status_updated_at.unwrap_or(route.created_at)
    }
    sort(routes, |a, b| end(a).cmp(&end(b)).then_with(|| compare(&a.id, &b.id)));
}

/// Compares texts as the standard library does, byte by byte, but eight of them at a time. In WebAssembly the library's
/// way is a loop over single bytes, and ids and revisions begin alike for many of them: with ids of 36 bytes it takes
/// more of an evaluation than everything else.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (all_a, all_b) = (a.as_bytes(), b.as_bytes());
    let (mut a, mut b) = (all_a, all_b);
    let eight = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
    while let (Some((first_a, rest_a)), Some((first_b, rest_b))) = (a.split_first_chunk(), b.split_first_chunk()) {
        match eight(first_a).cmp(&eight(first_b)) {
            Ordering::Equal => (a, b) = (rest_a, rest_b),
            order => return order,
        }
    }
    // Those at the end; some of them were equal already, where there are less than eight more.
    match (all_a.last_chunk(), all_b.last_chunk()) {
        (Some(last_a), Some(last_b)) if all_a.len() == all_b.len() => eight(last_a).cmp(&eight(last_b)),
        _ => a.cmp(b),
    }
}

/// Whether texts are the same; see [`compare`].
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && compare(a, b) == Ordering::Equal
}

/// Whether a route is among these, which are in the order of their ids.
pub(crate) fn is_among(routes: &[&Route], route: &Route) -> bool {
    routes.binary_search_by(|other| compare(&other.id, &route.id)).is_ok()
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

/// Place of a route in the drain order: not running, unhealthy, degraded, not checked, healthy and not serving,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{compare, is_same};

    proptest! {
        // Few letters, so that most of two texts is alike.
        #[test]
        fn compares_as_the_standard_library(a in "[ab\u{e9}]{0,20}", b in "[ab\u{e9}]{0,20}", same in "[a-c]{0,20}") {
            for (a, b) in [(a.clone(), b.clone()), (same.clone() + &a, same.clone() + &b), (a + &same, b + &same)] {
                prop_assert_eq!(compare(&a, &b), a.cmp(&b));
                prop_assert_eq!(is_same(&a, &b), a == b);
            }
        }
    }
}
