//! Random routes: strangers of any state, and whole fleets.

use pointsman::{HealthStatus, Route, RouteEnd, RouteStatus, Timestamp, TrafficStatus};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use super::{
    BLUE, GREEN, MOST_BESIDE, MOST_STRAY, MOST_WANTED, OTHER, STARTED_AT,
    parts::{labels, moments, ratios},
    route,
};

/// A route whose id is still to be given.
fn strangers() -> impl Strategy<Value = Route> {
    use {HealthStatus as H, RouteEnd as E, RouteStatus as S, TrafficStatus as T};
    let revision = prop_oneof![6 => Just(GREEN), 6 => Just(BLUE), 2 => Just(OTHER), 1 => Just("")];
    let status = prop_oneof![
        8 => Just(S::Running), 2 => Just(S::Provisioning),
        1 => Just(S::Terminating), 1 => Just(S::Terminated), 1 => Just(S::FailedToStart),
    ];
    let health =
        prop_oneof![6 => Just(H::Healthy), 1 => Just(H::NotChecked), 1 => Just(H::Unhealthy), 1 => Just(H::Degraded)];
    let traffic = (select(vec![T::Active, T::Active, T::Standby, T::Inactive]), ratios());
    let end = option::weighted(0.8, select(vec![E::Drained, E::Evicted, E::Crashed]));
    (revision, status, health, traffic, moments(), option::of(moments()), end, labels()).prop_map(
        |(revision, status, health, (traffic_status, traffic_ratio), created_at, status_updated_at, end, labels)| {
            let is_live = matches!(status, S::Provisioning | S::Running);
            Route {
                id: String::new(),
                revision: revision.to_owned(),
                status,
                health,
                traffic_status,
                traffic_ratio,
                created_at,
                status_updated_at,
                end: end.filter(|_| !is_live),
                labels,
            }
        },
    )
}

/// As many routes of a revision as are wanted, all alike. Routes by chance are hardly ever all there and all ready, and
/// it is then that a plan may let others go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fleet {
    status: RouteStatus,
    health: HealthStatus,
    traffic_status: TrafficStatus,
    traffic_ratio: f64,
    /// So many are not there.
    missing: u32,
}

/// Fleets, the plainest first.
fn fleets() -> impl Strategy<Value = Fleet> {
    use {HealthStatus as H, RouteStatus as S, TrafficStatus as T};
    let state = prop_oneof![
        4 => Just((S::Running, H::Healthy, T::Active, 1.0)),
        1 => Just((S::Running, H::Healthy, T::Active, 0.01)),
        2 => Just((S::Running, H::Healthy, T::Standby, 1.0)),
        2 => Just((S::Running, H::Healthy, T::Inactive, 0.0)),
        1 => Just((S::Running, H::Unhealthy, T::Active, 1.0)),
        1 => Just((S::Provisioning, H::NotChecked, T::Inactive, 0.0)),
        1 => Just((S::Provisioning, H::NotChecked, T::Active, 1.0)),
    ];
    let missing = prop_oneof![4 => Just(0), 1 => 1..=MOST_WANTED];
    (state, missing).prop_map(|((status, health, traffic_status, traffic_ratio), missing)| Fleet {
        status,
        health,
        traffic_status,
        traffic_ratio,
        missing,
    })
}

/// An old fleet, a new one, and other routes; mostly only the latter.
pub(super) type Rows = (Option<Fleet>, Option<Fleet>, Vec<Route>);

pub(super) fn rows() -> impl Strategy<Value = Rows> {
    prop_oneof![
        2 => (Just(None), Just(None), vec(strangers(), 0..=MOST_STRAY)),
        1 => (option::weighted(0.9, fleets()), option::of(fleets()), vec(strangers(), 0..=MOST_BESIDE)),
    ]
}

/// Valid routes, with ids.
pub(super) fn routes((old, new, mut routes): Rows, target: u32) -> Vec<Route> {
    for (fleet, revision, age) in [(old, BLUE, 86_400_000), (new, GREEN, 0)] {
        let Some(fleet) = fleet else { continue };
        for _ in fleet.missing..target {
            routes.push(Route {
                status: fleet.status,
                health: fleet.health,
                traffic_status: fleet.traffic_status,
                traffic_ratio: fleet.traffic_ratio,
                created_at: Timestamp::from_millis(STARTED_AT - age),
                ..route(String::new(), revision)
            });
        }
    }
    for (i, route) in routes.iter_mut().enumerate() {
        route.id = format!("r-{}", i + 1);
    }
    routes
}
