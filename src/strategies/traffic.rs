//! Traffic of the routes that stay, in a plan that puts others beside them.

use crate::{Rollout, Route, RouteChanges, TrafficChange, TrafficStatus, WeightSteps, capacity::Load};

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
pub(crate) fn raise_what_stays(rollout: &Rollout<'_>, plan: RouteChanges) -> RouteChanges {
    set_what_stays(rollout, plan, |_| 1.0)
}

/// The same beside stable routes that the plan creates or returns: blue to a full share, green only as far as it keeps
/// the share that it has, because an operator may have given it little on purpose.
pub(crate) fn raise_beside_stable(rollout: &Rollout<'_>, plan: RouteChanges) -> RouteChanges {
    let (load, steps) = (Load::of(rollout.routes()), WeightSteps(rollout.spec().weight_steps));
    let puts_out = |route: &Route| {
        let change = plan.traffic_changes.iter().find(|change| change.route_id == route.id);
        change.is_some_and(|change| change.traffic_status != TrafficStatus::Active)
    };
    let leaves = |route: &Route| plan.drain_route_ids.binary_search(&route.id).is_ok() || puts_out(route);
    let loses_serving = rollout.routes().any(|route| route.is_serving() && leaves(route));
    let ratio = |route: &Route| {
        let keeps_its_share = rollout.is_green(route) && !loses_serving && load.largest > 0.0;
        if keeps_its_share { steps.round_up(route.traffic_ratio / load.largest) } else { 1.0 }
    };
    set_what_stays(rollout, plan, ratio)
}

/// Raises what the plan leaves in traffic to these ratios; never lowers one.
fn set_what_stays(rollout: &Rollout<'_>, plan: RouteChanges, ratio: impl Fn(&Route) -> f64) -> RouteChanges {
    let mut named: Vec<&str> = (plan.promote_route_ids.iter().chain(&plan.drain_route_ids))
        .chain(plan.traffic_changes.iter().map(|change| &change.route_id))
        .map(String::as_str)
        .collect();
    named.sort_unstable();
    let mut set = vec![];
    for route in rollout.routes().filter(|route| route.is_live() && route.is_in_traffic()) {
        let ratio = ratio(route);
        if ratio > route.traffic_ratio && named.binary_search(&route.id.as_str()).is_err() {
            set.push(TrafficChange { traffic_ratio: ratio, ..activate(route) });
        }
    }
    plan.change_traffic(set)
}
