//! Applying a plan to routes in memory.

mod support;

use pointsman::{
    ApplyError, HealthStatus, Labels, RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, Timestamp, TrafficChange,
    TrafficStatus,
};
use support::{STARTED_AT, activate, routes};

const NOW: Timestamp = Timestamp::from_millis(STARTED_AT + 5000);

/// Promotes r-1 and r-2, takes r-2 out of traffic again, drains r-3, creates two.
fn plan() -> RouteChanges {
    let mut plan = RouteChanges::none(SubStep::Completed, "test", String::new()).create(RolloutSpec {
        count: 2,
        revision: "v2".to_owned(),
        traffic_status: TrafficStatus::Active,
        traffic_ratio: 0.5,
        labels: Labels::default(),
    });
    plan.promote_route_ids = vec!["r-1".to_owned(), "r-2".to_owned()];
    plan.traffic_changes = vec![TrafficChange {
        route_id: "r-2".to_owned(),
        traffic_status: TrafficStatus::Inactive,
        traffic_ratio: 0.25,
    }];
    plan.drain_route_ids = vec!["r-3".to_owned()];
    plan
}

/// Two routes out of traffic and one in it.
fn given() -> Vec<Route> {
    [routes(1, 2, "v2", |_| {}), routes(3, 1, "v1", activate)].concat()
}

#[test]
fn a_plan_is_applied_in_the_contracts_order() {
    let mut routes = given();
    let mut ids = ["new-1", "new-2"].into_iter();

    plan().apply(&mut routes, NOW, || ids.next().unwrap().to_owned()).unwrap();

    let traffic = |i: usize| (routes[i].traffic_status, routes[i].traffic_ratio);
    assert_eq!(traffic(0), (TrafficStatus::Active, 1.0), "promoted");
    assert_eq!(traffic(1), (TrafficStatus::Inactive, 0.25), "a change comes after a promotion");
    assert_eq!(traffic(2), (TrafficStatus::Inactive, 0.0), "drained");
    assert_eq!((routes[2].status, routes[2].status_updated_at), (RouteStatus::Terminating, Some(NOW)));
    assert_eq!(routes[0].status_updated_at, Some(Timestamp::from_millis(STARTED_AT)), "traffic is no status");
    assert_eq!(routes.len(), 5);
    for (i, id) in [(3, "new-1"), (4, "new-2")] {
        assert_eq!(
            routes[i],
            Route {
                id: id.to_owned(),
                revision: "v2".to_owned(),
                status: RouteStatus::Provisioning,
                health: HealthStatus::NotChecked,
                traffic_status: TrafficStatus::Active,
                traffic_ratio: 0.5,
                created_at: NOW,
                status_updated_at: Some(NOW),
                end: None,
                labels: Labels::default(),
            }
        );
    }
}

#[test]
fn a_plan_for_other_routes_changes_nothing() {
    for missing in 0..3 {
        let mut routes = given();
        let gone = routes.remove(missing);
        let before = routes.clone();

        let error = plan().apply(&mut routes, NOW, || "new".to_owned()).unwrap_err();

        assert_eq!(error, ApplyError::UnknownRoute(gone.id));
        assert_eq!(routes, before);
    }
}
