//! Traffic of the routes that stay, in a plan that puts others beside them.

use std::collections::BTreeSet;

use crate::{Rollout, Route, RouteChanges, TrafficChange, TrafficStatus};

/// Puts a route into traffic at a full share.
pub(crate) fn activate(route: &Route) -> TrafficChange {
    TrafficChange { route_id: route.id.clone(), traffic_status: TrafficStatus::Active, traffic_ratio: 1.0 }
}

/// Takes a route out of traffic, to return at a full share.
pub(crate) fn put_on_standby(route: &Route) -> TrafficChange {
    TrafficChange { route_id: route.id.clone(), traffic_status: TrafficStatus::Standby, traffic_ratio: 1.0 }
}

/// Raises to a full share what the plan leaves in traffic with less, ready or not.
///
/// A route at 0.5 beside a new one at 1.0 would be half a route: the capacity is weighed by the largest ratio. One at
/// 0.0 has no traffic, and gets none by this.
pub(crate) fn raise_what_stays(rollout: &Rollout<'_>, plan: &mut RouteChanges) {
    set_what_stays(rollout, plan, |_| 1.0);
}

/// Raises what the plan leaves in traffic to these ratios; never lowers one.
pub(crate) fn set_what_stays(rollout: &Rollout<'_>, plan: &mut RouteChanges, ratio: impl Fn(&Route) -> f64) {
    let named: BTreeSet<&str> = (plan.promote_route_ids.iter().chain(&plan.drain_route_ids))
        .chain(plan.traffic_changes.iter().map(|change| &change.route_id))
        .map(String::as_str)
        .collect();
    let stays = rollout.routes().filter(|route| {
        route.traffic_ratio > 0.0 && route.is_live() && route.is_active() && !named.contains(route.id.as_str())
    });
    let set = stays.filter_map(|route| {
        let ratio = ratio(route);
        (ratio > route.traffic_ratio).then(|| TrafficChange { traffic_ratio: ratio, ..activate(route) })
    });
    let set: Vec<TrafficChange> = set.collect();
    plan.traffic_changes.extend(set);
    plan.traffic_changes.sort_unstable_by(|a, b| a.route_id.cmp(&b.route_id));
}
