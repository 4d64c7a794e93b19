//! The contract's words and its way to apply a plan, written anew from `wit/strategy.wit`.
//!
//! A world that took them from the crate that the plugins are made of would take over its mistakes, and show nothing
//! wrong where both are: so this is neither `pointsman::apply` nor `Route::is_ready`.

use std::collections::BTreeMap;

use pointsman::{
    ApplyError, HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Spec, SubStep, Timestamp, TrafficStatus,
    json::Request,
};

/// Returns whether a route is provisioning or running.
pub fn is_live(route: &Route) -> bool {
    route.status == RouteStatus::Provisioning || route.status == RouteStatus::Running
}

/// Returns whether a route is running and healthy.
pub fn is_ready(route: &Route) -> bool {
    route.status == RouteStatus::Running && route.health == HealthStatus::Healthy
}

/// Returns whether a route is ready, in traffic, and gets some of it.
pub fn is_serving(route: &Route) -> bool {
    is_ready(route) && route.traffic_status == TrafficStatus::Active && route.traffic_ratio > 0.0
}

/// Returns whether a route is of the revision that is rolled out.
pub fn is_green(route: &Route, spec: &Spec) -> bool {
    !route.revision.is_empty() && route.revision == spec.deploying_revision
}

/// Returns whether a rollout is over once a plan of this sub-step is applied.
pub fn is_terminal(sub_step: SubStep) -> bool {
    match sub_step {
        SubStep::Completed | SubStep::RolledBack => true,
        SubStep::Provisioning | SubStep::AwaitingPromotion | SubStep::Finalizing | SubStep::RollingBack => false,
    }
}

/// The serving capacity of routes: the ratios of those that serve, summed in the order of ids, divided by the largest
/// of them; 0.0 where none serves.
pub fn capacity(routes: &[Route]) -> f64 {
    let mut serving: Vec<&Route> = routes.iter().filter(|route| is_serving(route)).collect();
    serving.sort_by(|a, b| a.id.cmp(&b.id));
    let ratios = || serving.iter().map(|route| route.traffic_ratio);
    let largest = ratios().fold(0.0, f64::max);
    if largest > 0.0 { ratios().sum::<f64>() / largest } else { 0.0 }
}

/// The number of routes that a plan creates.
pub fn created(plan: &RouteChanges) -> u64 {
    plan.rollout_specs.iter().map(|spec| u64::from(spec.count)).sum()
}

/// Returns whether a plan changes any route.
pub fn changes_routes(plan: &RouteChanges) -> bool {
    let RouteChanges { rollout_specs, promote_route_ids, traffic_changes, drain_route_ids, .. } = plan;
    let lengths = [rollout_specs.len(), promote_route_ids.len(), traffic_changes.len(), drain_route_ids.len()];
    lengths.into_iter().any(|length| length > 0)
}

/// Makes of routes what a plan makes of them. New routes come after the others, with the ids `r-N` of their places.
///
/// # Errors
/// [`ApplyError::UnknownRoute`]. Nothing is applied then.
pub fn apply(plan: &RouteChanges, routes: &mut Vec<Route>, at: Timestamp) -> Result<(), ApplyError> {
    let places: BTreeMap<&str, usize> = routes.iter().enumerate().map(|(i, route)| (route.id.as_str(), i)).collect();
    let find = |id: &String| places.get(id.as_str()).copied().ok_or_else(|| ApplyError::UnknownRoute(id.clone()));
    let all = |ids: &[String]| ids.iter().map(find).collect::<Result<Vec<usize>, _>>();
    let (promoted, drained) = (all(&plan.promote_route_ids)?, all(&plan.drain_route_ids)?);
    let weighed = plan.traffic_changes.iter().map(|change| find(&change.route_id)).collect::<Result<Vec<_>, _>>()?;
    for place in promoted {
        (routes[place].traffic_status, routes[place].traffic_ratio) = (TrafficStatus::Active, 1.0);
    }
    for (place, change) in weighed.into_iter().zip(&plan.traffic_changes) {
        (routes[place].traffic_status, routes[place].traffic_ratio) = (change.traffic_status, change.traffic_ratio);
    }
    for place in drained {
        let route = &mut routes[place];
        (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
        (route.status, route.end) = (RouteStatus::Terminating, Some(RouteEnd::Drained));
        route.status_updated_at = Some(at);
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
                created_at: at,
                status_updated_at: Some(at),
                end: None,
                labels: new.labels.clone(),
            });
        }
    }
    Ok(())
}

/// Makes of a request what a host makes of it that applies the plan at the request's moment: its routes, fewer free
/// places, and the memo.
///
/// # Errors
/// As [`apply`].
pub fn apply_to_request(plan: &RouteChanges, request: &mut Request) -> Result<(), ApplyError> {
    let Request { routes, spec } = request;
    apply(plan, routes, spec.now)?;
    let placed = u32::try_from(created(plan)).unwrap_or(u32::MAX);
    spec.free_places = spec.free_places.map(|free| free.saturating_sub(placed));
    spec.memo.clone_from(&plan.memo);
    Ok(())
}

#[cfg(test)]
mod tests {
    use pointsman::{
        HealthStatus, Labels, RolloutSpec, Route, RouteChanges, RouteStatus, Spec, SubStep, Timestamp, TrafficChange,
        TrafficStatus, json::Request,
    };

    use super::{apply_to_request, capacity, changes_routes, created};

    fn serving(id: u32) -> Route {
        Route {
            id: format!("r-{id}"),
            revision: "v1".to_owned(),
            status: RouteStatus::Running,
            health: HealthStatus::Healthy,
            traffic_status: TrafficStatus::Active,
            traffic_ratio: 1.0,
            created_at: Timestamp::from_millis(7),
            status_updated_at: None,
            end: None,
            labels: Labels::default(),
        }
    }

    #[test]
    fn capacity_is_spread_over_what_serves() {
        let mut routes: Vec<Route> = (1..=4).map(serving).collect();
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
        let now = Timestamp::from_millis(1_000_000);
        let spec = Spec { free_places: Some(3), ..Spec::new("v2", 3, now, now) };
        let mut request = Request { routes: (1..=3).map(serving).collect(), spec };
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

        apply_to_request(&plan, &mut request).unwrap();

        assert_eq!(request.routes, expected);
        assert_eq!((request.spec.free_places, request.spec.memo.as_deref()), (Some(1), Some("kept")));
        assert!(changes_routes(&plan) && created(&plan) == 2);
        let stranger = RouteChanges { drain_route_ids: vec!["r-9".to_owned()], ..plan };
        assert!(apply_to_request(&stranger, &mut request).is_err());
        assert_eq!(request.routes, expected);
    }
}
