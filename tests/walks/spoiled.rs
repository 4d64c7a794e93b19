//! Decisions of an earlier release that were wrong, made again by the shipped strategies: each feeds them a request
//! that is spoiled, or spoils their plan.

use pointsman::{
    EvaluationError, Route, RouteChanges, RouteEnd, RouteStatus, Spec, Strategy, SubStep, TrafficStatus,
    blue_green::BlueGreen, evaluate_cycle, rolling_update::RollingUpdate,
};

use crate::replica::{NEW, STABLE};

type Plan = Result<RouteChanges, EvaluationError>;

/// What is decided of other routes.
fn of_routes<S: Strategy>(routes: &[Route], spec: &Spec, spoil: impl Fn(&mut Route)) -> Plan {
    let mut routes = routes.to_vec();
    routes.iter_mut().for_each(spoil);
    evaluate_cycle::<S>(&routes, spec)
}

/// What is decided of another spec.
fn of_spec<S: Strategy>(routes: &[Route], spec: &Spec, spoil: impl FnOnce(&mut Spec)) -> Plan {
    let mut spec = spec.clone();
    spoil(&mut spec);
    evaluate_cycle::<S>(routes, &spec)
}

fn is_new(route: &Route) -> bool {
    route.revision == NEW
}

fn ids<'a>(routes: impl Iterator<Item = &'a Route>) -> Vec<String> {
    routes.map(|route| route.id.clone()).collect()
}

/// A plan that drains these, too, and does nothing else to them.
fn draining(mut plan: RouteChanges, ids: Vec<String>) -> RouteChanges {
    plan.promote_route_ids.retain(|id| !ids.contains(id));
    plan.traffic_changes.retain(|change| !ids.contains(&change.route_id));
    plan.drain_route_ids.extend(ids);
    plan.drain_route_ids.sort();
    plan.drain_route_ids.dedup();
    plan
}

/// The number after a word of the memo.
fn remembered(spec: &Spec, word: &str) -> Option<u64> {
    let words: Vec<&str> = spec.memo.as_deref()?.split(' ').collect();
    words.iter().position(|it| *it == word).and_then(|i| words.get(i + 1)?.parse().ok())
}

/// What was created before the start is history, though the clock is behind the start.
pub(crate) fn clock_behind_the_start(routes: &[Route], spec: &Spec) -> Plan {
    let is_told = |route: &&Route| route.is_live() || route.created_at >= spec.started_at;
    let routes: Vec<Route> = routes.iter().filter(is_told).cloned().collect();
    evaluate_cycle::<BlueGreen>(&routes, spec)
}

/// Since when routes are ready that are stamped ahead is not remembered.
pub(crate) fn route_stamp_ahead_delay(routes: &[Route], spec: &Spec) -> Plan {
    of_spec::<BlueGreen>(routes, spec, |spec| {
        let Some(memo) = &mut spec.memo else { return };
        let words: Vec<&str> = memo.split(' ').collect();
        // The first three say whose memo it is.
        let head: Vec<&str> = words.iter().copied().take(3).collect();
        let rest = words.get(3..).unwrap_or_default().chunks(2);
        let rest = rest.filter(|pair| !["stamped-ahead", "ahead"].contains(&pair[0])).flatten().copied();
        *memo = head.into_iter().chain(rest).collect::<Vec<_>>().join(" ");
    })
}

/// A failure that is stamped ahead has only just happened, in every cycle.
pub(crate) fn route_stamp_ahead_back_off(routes: &[Route], spec: &Spec) -> Plan {
    of_routes::<RollingUpdate>(routes, spec, |route| {
        if !route.is_live() && route.status_updated_at.is_some_and(|at| at > spec.now) {
            route.created_at = spec.now;
        }
    })
}

/// A moment that is ahead of the clock is replaced at once.
pub(crate) fn clock_late_for_one_cycle(routes: &[Route], spec: &Spec) -> Plan {
    of_spec::<BlueGreen>(routes, spec, |spec| {
        if let Some(promoted) = remembered(spec, "promoted").filter(|at| *at > spec.now.as_millis())
            && let Some(memo) = &mut spec.memo
        {
            *memo = memo.replace(&format!("promoted {promoted}"), &format!("promoted {}", spec.now.as_millis()));
        }
    })
}

/// The time to go back is over, whatever green is like.
pub(crate) fn window_over_green_short(routes: &[Route], spec: &Spec) -> Plan {
    let mut plan = evaluate_cycle::<BlueGreen>(routes, spec)?;
    let kept = ids(routes.iter().filter(|route| !is_new(route) && route.is_standby()));
    let has_begun = remembered(spec, "promoted").is_some_and(|at| at < spec.now.as_millis());
    if plan.reason.code == "replacing-green" && !kept.is_empty() && has_begun {
        (plan.sub_step, plan.rollout_specs) = (SubStep::Completed, vec![]);
        plan = draining(plan, kept);
    }
    Ok(plan)
}

/// Promoted is completed, whatever of green is left.
pub(crate) fn completed_with_half(routes: &[Route], spec: &Spec) -> Plan {
    let mut plan = evaluate_cycle::<BlueGreen>(routes, spec)?;
    let is_alone = !routes.iter().any(|route| !is_new(route) && route.is_live());
    if plan.reason.code == "replacing-green" && is_alone {
        (plan.sub_step, plan.rollout_specs) = (SubStep::Completed, vec![]);
    }
    Ok(plan)
}

/// An abort finds no way back where less is kept than the target, and is not heard.
pub(crate) fn abort_with_one_kept_short(routes: &[Route], spec: &Spec) -> Plan {
    let kept = routes.iter().filter(|route| !is_new(route) && route.is_standby()).count();
    let is_short = kept > 0 && kept < spec.target_replicas as usize;
    of_spec::<BlueGreen>(routes, spec, |spec| spec.operator.abort &= !is_short)
}

/// Green that is not ready for a moment is given up for good.
pub(crate) fn blip_after_promotion(routes: &[Route], spec: &Spec) -> Plan {
    let plan = evaluate_cycle::<BlueGreen>(routes, spec)?;
    let unready = ids(routes.iter().filter(|route| is_new(route) && route.is_live() && !route.is_ready()));
    let goes_back = plan.sub_step == SubStep::RollingBack && !spec.is_paused();
    Ok(if goes_back { draining(plan, unready) } else { plan })
}

/// What is late is drained, the good and the bad.
pub(crate) fn deadline_in_an_outage(routes: &[Route], spec: &Spec) -> Plan {
    let plan = evaluate_cycle::<BlueGreen>(routes, spec)?;
    let green = ids(routes.iter().filter(|route| is_new(route) && route.is_live() && !route.is_serving()));
    Ok(if plan.reason.code == "deadline-exceeded" { draining(plan, green) } else { plan })
}

/// Green in traffic was promoted, where no memo says otherwise.
pub(crate) fn active_green_is_no_approval(routes: &[Route], spec: &Spec) -> Plan {
    let is_tried = spec.memo.is_none() && routes.iter().any(|route| is_new(route) && route.is_serving());
    of_spec::<BlueGreen>(routes, spec, |spec| spec.operator.promote |= is_tried)
}

/// The same where the memo says that it waits.
pub(crate) fn active_green_with_memo_waiting(routes: &[Route], spec: &Spec) -> Plan {
    let is_tried = spec.memo.is_some() && routes.iter().any(|route| is_new(route) && route.is_serving());
    of_spec::<BlueGreen>(routes, spec, |spec| spec.operator.promote |= is_tried)
}

/// Active is in traffic, at a ratio of 0.0, too.
pub(crate) fn active_at_ratio_zero<S: Strategy>(routes: &[Route], spec: &Spec) -> Plan {
    of_routes::<S>(routes, spec, |route| {
        if route.is_active() && route.traffic_ratio <= 0.0 {
            route.traffic_ratio = 1.0;
        }
    })
}

/// What is out of traffic was in it, and may be returned to.
pub(crate) fn inactive_with_a_ratio_is_not_kept(routes: &[Route], spec: &Spec) -> Plan {
    of_routes::<BlueGreen>(routes, spec, |route| {
        if !is_new(route) && route.is_live() && route.traffic_status == TrafficStatus::Inactive {
            (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Standby, 1.0);
        }
    })
}

/// What was drained has failed.
pub(crate) fn drained_is_failed<S: Strategy>(routes: &[Route], spec: &Spec) -> Plan {
    of_routes::<S>(routes, spec, |route| {
        let is_drained = route.end.is_none_or(|end| end == RouteEnd::Drained);
        if is_new(route) && !route.is_live() && is_drained {
            (route.status, route.end) = (RouteStatus::Terminated, Some(RouteEnd::Crashed));
        }
    })
}

/// All that is ready is promoted, the target or more.
pub(crate) fn no_more_than_the_target(routes: &[Route], spec: &Spec) -> Plan {
    let mut plan = evaluate_cycle::<BlueGreen>(routes, spec)?;
    if plan.reason.code == "promoting" {
        let ready = ids(routes.iter().filter(|route| is_new(route) && route.is_ready()));
        plan.drain_route_ids.retain(|id| !ready.contains(id));
        plan.traffic_changes.retain(|change| !ready.contains(&change.route_id));
        plan.promote_route_ids = ready;
    }
    Ok(plan)
}

/// An old route that is out of traffic for a moment is drained.
pub(crate) fn out_of_traffic_for_a_moment(routes: &[Route], spec: &Spec) -> Plan {
    let plan = evaluate_cycle::<RollingUpdate>(routes, spec)?;
    let is_out = |route: &&Route| route.revision == STABLE && route.is_ready() && !route.is_active();
    let out = ids(routes.iter().filter(is_out).filter(|route| !route.is_standby()));
    Ok(if plan.reason.code == "replacing" { draining(plan, out) } else { plan })
}
