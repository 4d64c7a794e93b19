//! Routes and specs for tests: builders, random ones, and applying a plan to them.
//!
//! Every test binary includes this file, and none uses all of it.
#![allow(dead_code, reason = "shared by several test binaries")]

use pointsman::{
    Check, CheckOutcome, HealthStatus, OperatorRequest, Route, RouteChanges, RouteStatus, Spec, Timestamp,
    TrafficStatus,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// When the rollouts of tests start, in milliseconds.
pub(crate) const STARTED_AT: u64 = 1_760_000_000_000;

/// A route of a revision: running, healthy, out of traffic, created and last changed at the start.
pub(crate) fn route(id: &str, revision: &str) -> Route {
    Route {
        id: id.to_owned(),
        revision: revision.to_owned(),
        status: RouteStatus::Running,
        health: HealthStatus::Healthy,
        traffic_status: TrafficStatus::Inactive,
        traffic_ratio: 0.0,
        created_at: Timestamp::from_millis(STARTED_AT),
        status_updated_at: Some(Timestamp::from_millis(STARTED_AT)),
    }
}

/// A spec for `v2` and three replicas, `elapsed` milliseconds after the start.
pub(crate) fn spec(elapsed: u64, config: &str) -> Spec {
    Spec {
        deploying_revision: "v2".to_owned(),
        target_replicas: 3,
        started_at: Timestamp::from_millis(STARTED_AT),
        now: Timestamp::from_millis(STARTED_AT + elapsed),
        operator_request: None,
        checks: vec![],
        config: config.to_owned(),
        memo: None,
    }
}

/// `n` routes, numbered from `first`.
pub(crate) fn routes(first: usize, n: usize, revision: &str, with: impl Fn(&mut Route)) -> Vec<Route> {
    let numbered = (first..first + n).map(|i| {
        let mut route = route(&format!("r-{i}"), revision);
        with(&mut route);
        route
    });
    numbered.collect()
}

/// Routes numbered from `first`, one for each letter: `r`eady, `u`nhealthy, `d`egraded, not `c`hecked, `p`rovisioning, `f`ailed
/// to start, `t`erminated, terminatin`g`, and `o`ld, which was terminated before the rollout; `k` is ready and kept out of traffic. A capital letter is in traffic;
/// `a` is short for `R`.
pub(crate) fn lettered(first: usize, revision: &str, letters: &str) -> Vec<Route> {
    let made = letters.chars().enumerate().map(|(i, letter)| {
        let mut route = route(&format!("r-{}", first + i), revision);
        if letter == 'a' || letter.is_uppercase() {
            activate(&mut route);
        }
        match letter.to_ascii_lowercase() {
            'r' | 'a' => {}
            'k' => route.traffic_ratio = 1.0,
            'u' => route.health = HealthStatus::Unhealthy,
            'd' => route.health = HealthStatus::Degraded,
            'c' => route.health = HealthStatus::NotChecked,
            'p' => route.status = RouteStatus::Provisioning,
            'f' => route.status = RouteStatus::FailedToStart,
            't' => route.status = RouteStatus::Terminated,
            'g' => route.status = RouteStatus::Terminating,
            'o' => {
                route.status = RouteStatus::Terminated;
                route.created_at = Timestamp::from_millis(STARTED_AT - 1);
            }
            _ => panic!("`{letter}` is no kind of route"),
        }
        route
    });
    made.collect()
}

/// Promote, abort or nothing.
pub(crate) fn request(word: &str) -> Option<OperatorRequest> {
    match word {
        "promote" => Some(OperatorRequest::Promote),
        "abort" => Some(OperatorRequest::Abort),
        _ => None,
    }
}

/// Puts a route into traffic.
pub(crate) fn activate(route: &mut Route) {
    route.traffic_status = TrafficStatus::Active;
    route.traffic_ratio = 1.0;
}

/// `promoting create 2 promote r-5 in r-6 out r-1 drain r-2`: the reason, and what is done.
pub(crate) fn summary(plan: &RouteChanges) -> String {
    let mut words = vec![plan.reason.code.clone()];
    words.extend(plan.rollout_specs.iter().map(|rollout| format!("create {}", rollout.count)));
    let changed = |status: TrafficStatus| {
        let changes = plan.traffic_changes.iter().filter(|change| change.traffic_status == status);
        changes.map(|change| change.route_id.clone()).collect::<Vec<_>>()
    };
    let lists = [
        ("promote", plan.promote_route_ids.clone()),
        ("in", changed(TrafficStatus::Active)),
        ("out", changed(TrafficStatus::Inactive)),
        ("drain", plan.drain_route_ids.clone()),
    ];
    words
        .extend(lists.iter().filter(|(_, ids)| !ids.is_empty()).map(|(verb, ids)| format!("{verb} {}", ids.join(" "))));
    words.join(" ")
}

/// What the routes are once a host has applied the plan.
pub(crate) fn apply(plan: &RouteChanges, routes: &[Route], spec: &Spec) -> Vec<Route> {
    let mut routes = routes.to_vec();
    let mut created = 0;
    let new_id = || {
        created += 1;
        format!("new-{created}")
    };
    plan.apply(&mut routes, spec.now, new_id).expect("a plan names given routes");
    routes
}

/// How many routes serve.
pub(crate) fn serving(routes: &[Route]) -> usize {
    routes.iter().filter(|route| route.is_serving()).count()
}

// === random input ===

/// Moments around the start, and the ends of time.
fn any_moment() -> impl Strategy<Value = Timestamp> {
    let near = (0..200_000u64).prop_map(|millis| STARTED_AT - 100_000 + millis);
    let seconds = (0..200u64).prop_map(|seconds| STARTED_AT - 100_000 + 1000 * seconds);
    prop_oneof![4 => near, 4 => seconds, 1 => select(vec![0, 1, u64::MAX - 1, u64::MAX])]
        .prop_map(Timestamp::from_millis)
}

/// A ratio as people write it. JSON carries 15 significant digits exactly (see the contract), not every `f64`.
fn any_ratio() -> impl Strategy<Value = f64> {
    (0..=1000u32).prop_map(|thousandths| f64::from(thousandths) / 1000.0)
}

/// A route whose id is still to be given.
fn any_route() -> impl Strategy<Value = Route> {
    use {HealthStatus as H, RouteStatus as S, TrafficStatus as T};
    let revision = prop_oneof![3 => Just("v2"), 3 => Just("v1"), 1 => Just("v0")];
    let status = prop_oneof![
        8 => Just(S::Running), 2 => Just(S::Provisioning),
        1 => Just(S::Terminating), 1 => Just(S::Terminated), 1 => Just(S::FailedToStart),
    ];
    let health =
        prop_oneof![6 => Just(H::Healthy), 1 => Just(H::NotChecked), 1 => Just(H::Unhealthy), 1 => Just(H::Degraded)];
    let traffic = (select(vec![T::Active, T::Inactive]), prop_oneof![2 => Just(0.0), 2 => Just(1.0), 1 => any_ratio()]);
    (revision, status, health, traffic, any_moment(), option::of(any_moment())).prop_map(
        |(revision, status, health, (traffic_status, traffic_ratio), created_at, status_updated_at)| Route {
            id: String::new(),
            revision: revision.to_owned(),
            status,
            health,
            traffic_status,
            traffic_ratio,
            created_at,
            status_updated_at,
        },
    )
}

/// Up to nine valid routes of three revisions.
pub(crate) fn any_routes() -> impl Strategy<Value = Vec<Route>> {
    vec(any_route(), 0..10).prop_map(|mut routes| {
        for (i, route) in routes.iter_mut().enumerate() {
            route.id = format!("r-{i}");
        }
        routes
    })
}

/// A valid configuration of rolling update, as text.
pub(crate) fn any_rolling_update_config() -> impl Strategy<Value = String> {
    use pointsman::rolling_update::{
        IntOrPercent::{self, Int, Percent},
        RollingUpdateConfig,
    };
    let bound = |most| {
        let percent = prop_oneof![Just(0), Just(25), Just(most), 0..=most].prop_map(Percent);
        prop_oneof![2 => (0..6u32).prop_map(Int), 3 => percent, 1 => Just(Int(u32::MAX))]
    };
    let both_zero = |(surge, unavailable): &(IntOrPercent, IntOrPercent)| !(surge.is_zero() && unavailable.is_zero());
    let bounds = (bound(250), bound(100)).prop_filter("not both zero", both_zero);
    (bounds, option::of(1..120u32), any::<bool>()).prop_map(
        |((max_surge, max_unavailable), deadline_seconds, wait_for_termination)| {
            let deadline_seconds = deadline_seconds.and_then(std::num::NonZeroU32::new);
            let config = RollingUpdateConfig { max_surge, max_unavailable, deadline_seconds, wait_for_termination };
            serde_json::to_string(&config).expect("a config is JSON")
        },
    )
}

/// A valid configuration of blue-green, as text.
pub(crate) fn any_blue_green_config() -> impl Strategy<Value = String> {
    let seconds = || prop_oneof![4 => 0..120u32, 1 => Just(u32::MAX)];
    let deadline = option::of(prop_oneof![4 => 1..120u32, 1 => Just(u32::MAX)]);
    let replacements = prop_oneof![4 => 0..4u32, 1 => Just(u32::MAX)];
    let keep_blue = prop_oneof![1 => Just(0), 1 => seconds()];
    let preview = option::of(prop_oneof![4 => 1..4u32, 1 => Just(u32::MAX)]);
    (any::<bool>(), seconds(), deadline, replacements, keep_blue, preview).prop_map(
        |(auto_promote, promote_delay_seconds, deadline_seconds, max_replacements, keep_blue_seconds, preview)| {
            let config = pointsman::blue_green::BlueGreenConfig {
                auto_promote,
                promote_delay_seconds,
                deadline_seconds: deadline_seconds.and_then(std::num::NonZeroU32::new),
                max_replacements,
                keep_blue_seconds,
                preview_replicas: preview.and_then(std::num::NonZeroU32::new),
            };
            serde_json::to_string(&config).expect("a config is JSON")
        },
    )
}

/// A valid spec for `v2` and blue-green.
pub(crate) fn any_spec() -> impl Strategy<Value = Spec> {
    any_spec_with(any_blue_green_config())
}

/// A valid spec for `v2` with one of these configurations.
pub(crate) fn any_spec_with(config: impl Strategy<Value = String>) -> impl Strategy<Value = Spec> {
    use {CheckOutcome as C, OperatorRequest as O};
    let target = 0..6u32;
    let request = prop_oneof![3 => Just(None), 1 => Just(Some(O::Promote)), 1 => Just(Some(O::Abort))];
    let outcome = select(vec![C::Pending, C::Passed, C::Failed]);
    let checks = vec(("[a-z]{1,8}", outcome).prop_map(|(name, outcome)| Check { name, outcome }), 0..3);
    let moment = (0..200_000u64).prop_map(|millis| STARTED_AT - 100_000 + millis);
    // Those of blue-green, and others.
    let memo = prop_oneof![
        ("(promoted-at|topping-up-since|green-lost-at|waited-at) ", moment)
            .prop_map(|(word, at)| format!("{word}{at}")),
        "green-lost-at|promoted-at |promoted-at x",
        "[ -~]{0,20}",
    ];
    (target, any_moment(), any_moment(), request, checks, config, option::of(memo)).prop_map(
        |(target_replicas, started_at, now, operator_request, checks, config, memo)| Spec {
            deploying_revision: "v2".to_owned(),
            target_replicas,
            started_at,
            now,
            operator_request,
            checks,
            config,
            memo,
        },
    )
}
