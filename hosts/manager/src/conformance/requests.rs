//! Random requests: any routes and any wishes that the contract allows.

use pointsman::{
    Check, CheckOutcome, HealthStatus, Labels, Operator, Route, RouteEnd, RouteStatus, Spec, Timestamp, TrafficStatus,
    json::Request,
};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

/// When rollouts start, in milliseconds; what "now" is, is around it.
pub(super) const STARTED_AT: u64 = 1_760_000_000_000;

/// The revision that is rolled out.
pub(super) const GREEN: &str = "v2";

/// The one before it.
pub(super) const BLUE: &str = "v1";

/// The most replicas that a random request wants.
pub(super) const MOST_WANTED: u32 = 5;

/// The most routes of no fleet, where there is none and beside fleets.
const MOST_STRAY: usize = 9;
const MOST_BESIDE: usize = 2;

/// The most routes of a random request: two fleets and what is beside them.
pub(super) const MOST_ROUTES: usize = 2 * MOST_WANTED as usize + MOST_BESIDE;

/// Moments around the start, and the ends of time.
fn moments() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (0..200u64).prop_map(|seconds| STARTED_AT + 1000 * seconds),
        4 => (0..300_000u64).prop_map(|millis| STARTED_AT - 100_000 + millis),
        1 => select(vec![0, 1, u64::MAX - 1, u64::MAX]),
    ]
    .prop_map(Timestamp::from_millis)
}

/// A route whose id is still to be given. Ratios have any bits: those of 0.0 to 1.0 are in the order of the numbers.
fn routes_without_ids() -> impl Strategy<Value = Route> {
    use {HealthStatus as H, RouteStatus as S, TrafficStatus as T};
    let revision = prop_oneof![3 => Just(GREEN), 3 => Just(BLUE), 1 => Just("v0")];
    let status = prop_oneof![
        8 => Just(S::Running), 2 => Just(S::Provisioning),
        1 => Just(S::Terminating), 1 => Just(S::Terminated), 1 => Just(S::FailedToStart),
    ];
    let health =
        prop_oneof![6 => Just(H::Healthy), 1 => Just(H::NotChecked), 1 => Just(H::Unhealthy), 1 => Just(H::Degraded)];
    let ratio = prop_oneof![
        2 => Just(1.0), 2 => Just(0.0),
        1 => (0..=100u32).prop_map(|hundredths| f64::from(hundredths) / 100.0),
        1 => (0..=1.0_f64.to_bits()).prop_map(f64::from_bits),
    ];
    let end = option::of(select(vec![RouteEnd::Drained, RouteEnd::Evicted, RouteEnd::Crashed]));
    let traffic = (select(vec![T::Active, T::Active, T::Standby, T::Inactive]), ratio);
    (revision, status, health, traffic, moments(), option::of(moments()), end, labels()).prop_map(
        |(revision, status, health, (traffic_status, traffic_ratio), created_at, status_updated_at, end, labels)| {
            Route {
                id: String::new(),
                revision: revision.to_owned(),
                status,
                health,
                traffic_status,
                traffic_ratio,
                created_at,
                status_updated_at,
                end: end.filter(|_| !matches!(status, S::Provisioning | S::Running)),
                labels,
            }
        },
    )
}

fn labels() -> impl Strategy<Value = Labels> {
    let some = ("[a-z]{1,63}", "\\PC{0,20}").prop_map(|label| Labels::from_iter([label]));
    prop_oneof![4 => Just(Labels::default()), 1 => some]
}

/// As many routes of a revision as are wanted, all alike. Routes by chance are hardly ever all there and all ready, and it is
/// then that a plan may let others go.
#[derive(Clone, Copy, Debug)]
struct Fleet {
    status: RouteStatus,
    health: HealthStatus,
    traffic_status: TrafficStatus,
    /// So many are not there.
    missing: u32,
}

/// Fleets, the plainest first.
fn fleets() -> impl Strategy<Value = Fleet> {
    use {HealthStatus as H, RouteStatus as S, TrafficStatus as T};
    let state = prop_oneof![
        4 => Just((S::Running, H::Healthy, T::Active)),
        2 => Just((S::Running, H::Healthy, T::Inactive)),
        1 => Just((S::Running, H::Unhealthy, T::Active)),
        1 => Just((S::Provisioning, H::NotChecked, T::Inactive)),
    ];
    let missing = prop_oneof![4 => Just(0), 1 => 1..=MOST_WANTED];
    (state, missing).prop_map(|((status, health, traffic_status), missing)| Fleet {
        status,
        health,
        traffic_status,
        missing,
    })
}

/// An old fleet, a new one, and other routes; mostly only the latter.
type Rows = (Option<Fleet>, Option<Fleet>, Vec<Route>);

fn rows() -> impl Strategy<Value = Rows> {
    prop_oneof![
        2 => (Just(None), Just(None), vec(routes_without_ids(), 0..=MOST_STRAY)),
        1 => (option::weighted(0.9, fleets()), option::of(fleets()), vec(routes_without_ids(), 0..=MOST_BESIDE)),
    ]
}

/// Valid routes of three revisions.
fn routes((old, new, mut routes): Rows, target: u32) -> Vec<Route> {
    let fleets = [(old, BLUE), (new, GREEN)];
    for (fleet, revision) in fleets.into_iter().filter_map(|(fleet, revision)| Some((fleet?, revision))) {
        let created_at = Timestamp::from_millis(STARTED_AT - if revision == BLUE { 86_400_000 } else { 0 });
        for _ in fleet.missing..target {
            routes.push(Route {
                status: fleet.status,
                health: fleet.health,
                traffic_status: match fleet.traffic_status {
                    // An old one that is out of traffic was in it.
                    TrafficStatus::Inactive if revision == BLUE => TrafficStatus::Standby,
                    status => status,
                },
                traffic_ratio: if fleet.traffic_status == TrafficStatus::Active || revision == BLUE {
                    1.0
                } else {
                    0.0
                },
                created_at,
                ..route(String::new(), revision)
            });
        }
    }
    for (i, route) in routes.iter_mut().enumerate() {
        route.id = format!("r-{}", i + 1);
    }
    routes
}

fn checks() -> impl Strategy<Value = Vec<Check>> {
    use CheckOutcome as C;
    let outcome = select(vec![C::Passed, C::Passed, C::Pending, C::Failed, C::Inconclusive]);
    vec((outcome, option::of(moments())), 0..3).prop_map(|checks| {
        let names = ["smoke", "latency", "errors"];
        let check = |(name, (outcome, observed_at)): (&str, _)| Check { name: name.to_owned(), outcome, observed_at };
        names.into_iter().zip(checks).map(check).collect()
    })
}

fn operators() -> impl Strategy<Value = Operator> {
    let wish = || proptest::bool::weighted(0.15);
    let gates = vec("[a-z]{1,8}(-[a-z]{1,8})?", 0..3);
    (wish(), wish(), wish(), gates).prop_map(|(abort, pause, promote, passed_gates)| Operator {
        abort,
        pause,
        promote,
        passed_gates,
    })
}

/// Valid requests with one of these configurations, in the first cycle of their rollout: without a memo.
pub(super) fn requests(configs: &[String]) -> impl Strategy<Value = Request> + use<> {
    let config = select(configs.to_vec());
    let stable = option::weighted(0.7, select(vec![BLUE, BLUE, BLUE, "v0", ""]));
    let places = option::weighted(0.3, 0..8u32);
    let steps = prop_oneof![3 => Just(1u32), 1 => Just(256), 1 => Just(0)];
    let world = (stable, places, steps, labels());
    (rows(), 0..=MOST_WANTED, moments(), moments(), operators(), checks(), config, world).prop_map(
        |(
            rows,
            target_replicas,
            started_at,
            now,
            operator,
            checks,
            config,
            (stable, free_places, weight_steps, labels),
        )| {
            Request {
                routes: routes(rows, target_replicas),
                spec: Spec {
                    stable_revision: stable.map(str::to_owned),
                    operator,
                    checks,
                    free_places,
                    weight_steps,
                    labels,
                    config,
                    ..Spec::new(GREEN, target_replicas, started_at, now)
                },
            }
        },
    )
}

/// A route: running, healthy and out of traffic since the start.
pub(super) fn route(id: String, revision: &str) -> Route {
    Route {
        id,
        revision: revision.to_owned(),
        status: RouteStatus::Running,
        health: HealthStatus::Healthy,
        traffic_status: TrafficStatus::Inactive,
        traffic_ratio: 0.0,
        created_at: Timestamp::from_millis(STARTED_AT),
        status_updated_at: Some(Timestamp::from_millis(STARTED_AT)),
        end: None,
        labels: Labels::default(),
    }
}

/// A route of the old revision in full traffic, from a day before the start.
pub(super) fn serving_route(id: String) -> Route {
    let yesterday = Timestamp::from_millis(STARTED_AT - 86_400_000);
    Route {
        traffic_status: TrafficStatus::Active,
        traffic_ratio: 1.0,
        created_at: yesterday,
        status_updated_at: Some(yesterday),
        ..route(id, BLUE)
    }
}

/// What is wanted at the start of a rollout.
pub(super) fn spec(target_replicas: u32, config: &str) -> Spec {
    let start = Timestamp::from_millis(STARTED_AT);
    Spec {
        stable_revision: Some(BLUE.to_owned()),
        config: config.to_owned(),
        ..Spec::new(GREEN, target_replicas, start, start)
    }
}
