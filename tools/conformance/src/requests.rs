//! Random requests: any routes and anything from an operator that the contract allows.

use pointsman::{HealthStatus, Labels, Route, RouteStatus, Spec, Timestamp, TrafficStatus, json::Request};
use pointsman_simulate::world::Budget;
use proptest::{
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

pub(crate) use self::parts::ratios;
use self::{
    parts::{checks, labels, moments, operators},
    routes::{routes, rows},
};

mod parts;
mod routes;

/// When rollouts start, in milliseconds; what "now" is, is around it.
pub(crate) const STARTED_AT: u64 = 1_760_000_000_000;

/// The revision that is rolled out.
pub(crate) const GREEN: &str = "v2";

/// The one before it.
pub(crate) const BLUE: &str = "v1";

/// One that is neither.
pub(crate) const OTHER: &str = "v0";

/// The most replicas that a random request wants.
pub(crate) const MOST_WANTED: u32 = 5;

/// The most routes of no fleet, where there is none and beside fleets.
const MOST_STRAY: usize = 9;
const MOST_BESIDE: usize = 2;

/// The most routes of a random request: two fleets and what is beside them.
pub(crate) const MOST_ROUTES: usize = 2 * MOST_WANTED as usize + MOST_BESIDE;

/// Valid requests with one of these configurations, in the first cycle of their rollout: without a memo.
pub(crate) fn requests(configs: &[String]) -> impl Strategy<Value = Request> + use<> {
    let clocks = (moments(), moments());
    let from_operator = (operators(), checks(), budgets());
    let host = (stable_revisions(), free_places(), weight_steps(), labels());
    let config = select(configs.to_vec());
    (rows(), 0..=MOST_WANTED, clocks, from_operator, host, config).prop_map(
        |(rows, target, clocks, from_operator, host, config)| {
            let (started_at, now) = clocks;
            let (operator, checks, budget) = from_operator;
            let (stable_revision, free_places, weight_steps, labels) = host;
            let spec = Spec {
                deploying_revision: GREEN.to_owned(),
                stable_revision,
                target_replicas: target,
                started_at,
                now,
                operator,
                checks,
                limits: budget.map(|budget| budget.at(target)),
                free_places,
                weight_steps,
                labels,
                config,
                memo: None,
            };
            Request { routes: routes(rows, target), spec }
        },
    )
}

/// Budgets of a deployment, also those that leave a strategy no move; mostly none, where the caller's policy stands
/// in.
pub(crate) fn budgets() -> impl Strategy<Value = Option<Budget>> {
    let surge = prop_oneof![4 => 1..=2 * MOST_WANTED, 1 => Just(u32::MAX)];
    let budget = (0..=MOST_WANTED, surge).prop_map(|(unavailable, surge)| Budget { unavailable, surge });
    option::weighted(0.3, budget)
}

/// Ratios that a proxy takes: in or out, all, or parts.
pub(crate) fn weight_steps() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(1), 2 => Just(0), 1 => Just(256), 1 => select(vec![2, 3, 100, u32::MAX])]
}

/// Routes that can be placed; mostly any number.
pub(crate) fn free_places() -> impl Strategy<Value = Option<u32>> {
    option::weighted(0.3, prop_oneof![6 => 0..8u32, 1 => Just(u32::MAX)])
}

/// The revision before, none, or another; an empty one and the deploying one count as none.
pub(crate) fn stable_revisions() -> impl Strategy<Value = Option<String>> {
    let named = prop_oneof![8 => Just(BLUE), 2 => Just(OTHER), 1 => Just(""), 1 => Just(GREEN)];
    option::weighted(0.75, named.prop_map(str::to_owned))
}

/// A route: running, healthy and out of traffic since the start.
pub(crate) fn route(id: String, revision: &str) -> Route {
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
pub(crate) fn serving_route(id: String) -> Route {
    let yesterday = Timestamp::from_millis(STARTED_AT - 86_400_000);
    Route {
        traffic_status: TrafficStatus::Active,
        traffic_ratio: 1.0,
        created_at: yesterday,
        status_updated_at: Some(yesterday),
        ..route(id, BLUE)
    }
}

/// Spec at the start of a rollout.
pub(crate) fn spec(target_replicas: u32, config: &str) -> Spec {
    let start = Timestamp::from_millis(STARTED_AT);
    Spec {
        stable_revision: Some(BLUE.to_owned()),
        config: config.to_owned(),
        ..Spec::new(GREEN, target_replicas, start, start)
    }
}
