//! Routes that are not ready for a moment: they ran, and may recover, so nothing is done about them for 10 s.

use super::wait::Wait;
use crate::{Rollout, Route, RouteStatus, Timestamp, TrafficStatus};

/// For how long, in seconds, a route that ran must not have been ready before it makes room for another.
const SECONDS: u32 = 10;

/// Whether it ran, and may run again.
pub(crate) fn may_recover(route: &Route) -> bool {
    route.status == RouteStatus::Running && route.traffic_status != TrafficStatus::Inactive
}

/// How long to wait for a route that is not ready. A stamp ahead of now is now: that is longer, and ends.
pub(crate) fn wait(route: &Route, now: Timestamp) -> Wait {
    Wait::new(route.status_updated_at.unwrap_or(route.created_at).min(now), SECONDS)
}

/// Whether a route carries traffic, or does not for a moment.
pub(crate) fn is_counted_on(route: &Route, now: Timestamp) -> bool {
    route.is_serving() || route.is_in_traffic() && may_recover(route) && !wait(route, now).is_over(now)
}

/// When the first of the leftovers is not counted on any more.
pub(crate) fn look_again_at(rollout: &Rollout<'_>) -> Option<Timestamp> {
    let now = rollout.spec().now;
    let unready = rollout.routes().filter(|route| !route.is_ready() && is_counted_on(route, now));
    unready.filter(|route| rollout.is_leftover(route)).filter_map(|route| wait(route, now).end_ahead(now)).min()
}
