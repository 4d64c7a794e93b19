//! The contract's words and its way to apply a plan, written anew from `wit/strategy.wit`.
//!
//! A tool that took them from the crate that the plugins are made of would take over its mistakes.

use pointsman::{
    HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Spec, SubStep, TrafficStatus, json::Request,
};

/// Whether a route is provisioning or running.
pub(super) fn is_live(route: &Route) -> bool {
    route.status == RouteStatus::Provisioning || route.status == RouteStatus::Running
}

/// Whether a route is running and healthy.
pub(super) fn is_ready(route: &Route) -> bool {
    route.status == RouteStatus::Running && route.health == HealthStatus::Healthy
}

/// Whether a route is of the revision that is rolled out.
pub(super) fn is_green(route: &Route, spec: &Spec) -> bool {
    !route.revision.is_empty() && route.revision == spec.deploying_revision
}

/// Whether a rollout is over once a plan of this sub-step is applied.
pub(super) fn is_terminal(sub_step: SubStep) -> bool {
    match sub_step {
        SubStep::Completed | SubStep::RolledBack => true,
        SubStep::Provisioning | SubStep::AwaitingPromotion | SubStep::Finalizing | SubStep::RollingBack => false,
    }
}

/// The capacity of routes: the ratios of those that serve, summed in the order of ids, / the largest of them; 0.0 if none.
pub(super) fn capacity(routes: &[Route]) -> f64 {
    let mut serving: Vec<&Route> = routes
        .iter()
        .filter(|route| is_ready(route) && route.traffic_status == TrafficStatus::Active && route.traffic_ratio > 0.0)
        .collect();
    serving.sort_by(|a, b| a.id.cmp(&b.id));
    let ratios = || serving.iter().map(|route| route.traffic_ratio);
    let largest = ratios().fold(0.0, f64::max);
    if largest > 0.0 { ratios().sum::<f64>() / largest } else { 0.0 }
}

/// How many routes a plan creates.
pub(super) fn created(plan: &RouteChanges) -> u64 {
    plan.rollout_specs.iter().map(|spec| u64::from(spec.count)).sum()
}

/// Whether a plan changes any route.
pub(super) fn changes_routes(plan: &RouteChanges) -> bool {
    let RouteChanges { rollout_specs, promote_route_ids, traffic_changes, drain_route_ids, .. } = plan;
    let lengths = [rollout_specs.len(), promote_route_ids.len(), traffic_changes.len(), drain_route_ids.len()];
    lengths.into_iter().any(|length| length > 0)
}

/// Makes of a request what a host makes of it that applies the plan: routes with ids that are not there yet, fewer free
/// places, and the memo.
///
/// # Errors
/// An id that is not there. Nothing is applied then.
pub(super) fn apply(plan: &RouteChanges, request: &mut Request) -> Result<(), String> {
    let Request { routes, spec } = request;
    let named = plan.promote_route_ids.iter().chain(&plan.drain_route_ids);
    let mut named = named.chain(plan.traffic_changes.iter().map(|change| &change.route_id));
    if let Some(stranger) = named.find(|id| !routes.iter().any(|route| route.id == **id)) {
        return Err(format!("the plan names the route {stranger:?}, which is not there"));
    }
    let of = |ids: &[String], route: &Route| ids.contains(&route.id);
    for route in &mut *routes {
        if of(&plan.promote_route_ids, route) {
            (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Active, 1.0);
        }
        for change in plan.traffic_changes.iter().filter(|change| change.route_id == route.id) {
            (route.traffic_status, route.traffic_ratio) = (change.traffic_status, change.traffic_ratio);
        }
        if of(&plan.drain_route_ids, route) {
            (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
            (route.status, route.end) = (RouteStatus::Terminating, Some(RouteEnd::Drained));
            route.status_updated_at = Some(spec.now);
        }
    }
    for new in &plan.rollout_specs {
        for _ in 0..new.count {
            routes.push(Route {
                // Ids count on, and rows are never deleted here.
                id: format!("r-{}", routes.len() + 1),
                revision: new.revision.clone(),
                status: RouteStatus::Provisioning,
                health: HealthStatus::NotChecked,
                traffic_status: new.traffic_status,
                traffic_ratio: new.traffic_ratio,
                created_at: spec.now,
                status_updated_at: Some(spec.now),
                end: None,
                labels: new.labels.clone(),
            });
        }
    }
    let placed = u32::try_from(created(plan)).unwrap_or(u32::MAX);
    spec.free_places = spec.free_places.map(|free| free.saturating_sub(placed));
    spec.memo.clone_from(&plan.memo);
    Ok(())
}

#[cfg(test)]
mod tests {
    use pointsman::{HealthStatus, RolloutSpec, Route, RouteChanges, SubStep, TrafficChange, TrafficStatus};

    use super::{apply, capacity, changes_routes, created};
    use crate::requests;

    #[test]
    fn capacity_is_spread_over_what_serves() {
        let mut routes: Vec<Route> = (1..=4).map(|i| requests::serving_route(format!("r-{i}"))).collect();
        routes[0].traffic_ratio = 0.25;
        routes[1].traffic_status = TrafficStatus::Standby;
        routes[2].health = HealthStatus::Degraded;
        assert!((capacity(&routes) - 1.25).abs() < 1e-12);
        assert!((pointsman::capacity::capacity(&routes) - 1.25).abs() < 1e-12);
        routes[3].traffic_ratio = 0.5;
        assert!((capacity(&routes) - 1.5).abs() < 1e-12);
        assert!(capacity(&routes[1..3]).abs() < 1e-12);
    }

    /// Two definitions of one contract: what the crate's own makes of a plan is the same.
    #[test]
    fn applies_as_the_contract_says() {
        let routes = (1..=3).map(|i| requests::serving_route(format!("r-{i}"))).collect();
        let mut request = pointsman::json::Request { routes, spec: requests::spec(3, "{}") };
        request.spec.free_places = Some(3);
        let plan = RouteChanges {
            promote_route_ids: vec!["r-1".to_owned()],
            traffic_changes: vec![TrafficChange {
                route_id: "r-2".to_owned(),
                traffic_status: TrafficStatus::Standby,
                traffic_ratio: 0.5,
            }],
            drain_route_ids: vec!["r-3".to_owned()],
            memo: Some("kept".to_owned()),
            ..RouteChanges::none(SubStep::Provisioning, "test", String::new()).create(RolloutSpec::active(2, "v2"))
        };
        let (mut ids, mut expected) = (["r-4", "r-5"].into_iter(), request.routes.clone());
        plan.apply(&mut expected, request.spec.now, || ids.next().unwrap().to_owned()).unwrap();

        apply(&plan, &mut request).unwrap();

        assert_eq!(request.routes, expected);
        assert_eq!((request.spec.free_places, request.spec.memo.as_deref()), (Some(1), Some("kept")));
        assert!(changes_routes(&plan) && created(&plan) == 2);
        let stranger = RouteChanges { drain_route_ids: vec!["r-9".to_owned()], ..plan };
        assert!(apply(&stranger, &mut request).is_err());
        assert_eq!(request.routes, expected);
    }
}
