//! Routes and specs for tests: builders, random ones over the whole range, and applying a plan to them.
//!
//! Every test binary includes this file, and none uses all of it.
#![allow(dead_code, unused_imports, reason = "shared by several test binaries")]

mod build;
pub(crate) mod rule;

pub(crate) use build::*;
use pointsman::{
    Amount, Check, CheckOutcome, HealthStatus, Labels, Operator, Route, RouteEnd, RouteStatus, Spec, Timestamp,
    TrafficStatus, blue_green::BlueGreenConfig, guard::Policy, rolling_update::RollingUpdateConfig,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// Moments around the start, and the ends of time.
pub(crate) fn any_moment() -> impl Strategy<Value = Timestamp> {
    let near = (0..200_000u64).prop_map(|millis| STARTED_AT - 100_000 + millis);
    let seconds = (0..200u64).prop_map(|seconds| STARTED_AT - 100_000 + 1000 * seconds);
    prop_oneof![4 => near, 4 => seconds, 1 => select(vec![0, 1, u64::MAX - 1, u64::MAX]), 1 => any::<u64>()]
        .prop_map(Timestamp::from_millis)
}

/// Any ratio that is right, of whatever bits: those of 0.0 to 1.0 are in the order of the numbers.
pub(crate) fn any_ratio() -> impl Strategy<Value = f64> {
    let bits = (0..=1.0_f64.to_bits()).prop_map(f64::from_bits);
    prop_oneof![2 => Just(0.0), 4 => Just(1.0), 2 => (0..=100u32).prop_map(|n| f64::from(n) / 100.0), 1 => bits]
}

fn any_labels() -> impl Strategy<Value = Labels> {
    prop_oneof![3 => Just(vec![]), 1 => vec(("[a-z]{1,8}", "\\PC{0,8}"), 0..3)].prop_map(|mut labels| {
        labels.sort();
        labels.dedup_by(|a, b| a.0 == b.0);
        Labels::from(labels)
    })
}

/// A route whose id is still to be given.
fn any_route() -> impl Strategy<Value = Route> {
    use {HealthStatus as H, RouteEnd as E, RouteStatus as S, TrafficStatus as T};
    let revision = prop_oneof![4 => Just("v2"), 4 => Just("v1"), 1 => Just("v0"), 1 => Just("")];
    let status = prop_oneof![
        8 => Just(S::Running), 2 => Just(S::Provisioning),
        1 => Just(S::Terminating), 1 => Just(S::Terminated), 1 => Just(S::FailedToStart),
    ];
    let health =
        prop_oneof![6 => Just(H::Healthy), 1 => Just(H::NotChecked), 1 => Just(H::Unhealthy), 1 => Just(H::Degraded)];
    let traffic = (select(vec![T::Active, T::Active, T::Standby, T::Inactive]), any_ratio());
    let end = option::of(select(vec![E::Drained, E::Evicted, E::Crashed]));
    (revision, status, health, traffic, any_moment(), option::of(any_moment()), end, any_labels()).prop_map(
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
                end: end.filter(|_| !matches!(status, S::Running | S::Provisioning)),
                labels,
            }
        },
    )
}

/// Up to nine valid routes of several revisions.
pub(crate) fn any_routes() -> impl Strategy<Value = Vec<Route>> {
    vec(any_route(), 0..10).prop_map(|mut routes| {
        for (i, route) in routes.iter_mut().enumerate() {
            route.id = format!("r-{i}");
        }
        routes
    })
}

/// An amount of routes: counts, whole percents and fractions of them, up to `most` percent.
pub(crate) fn any_amount(most: u32) -> impl Strategy<Value = Amount> {
    let percent = prop_oneof![Just(0), Just(25_000), Just(most * 1000), 0..=most * 1000].prop_map(Amount::Millipercent);
    prop_oneof![2 => (0..6u32).prop_map(Amount::Count), 3 => percent, 1 => Just(Amount::Count(u32::MAX))]
}

/// A valid configuration of rolling update, as text.
pub(crate) fn any_rolling_update_config() -> impl Strategy<Value = String> {
    let both_zero = |(surge, unavailable): &(Amount, Amount)| !(surge.is_zero() && unavailable.is_zero());
    let bounds = (any_amount(250), any_amount(100)).prop_filter("not both zero", both_zero);
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
            let config = BlueGreenConfig {
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

fn any_operator() -> impl Strategy<Value = Operator> {
    let wish = || prop::bool::weighted(0.2);
    let gates = vec(select(vec!["preview", "promotion", "no-such-gate"]).prop_map(str::to_owned), 0..3);
    (wish(), wish(), wish(), gates).prop_map(|(abort, pause, promote, passed_gates)| Operator {
        abort,
        pause,
        promote,
        passed_gates,
    })
}

fn any_checks() -> impl Strategy<Value = Vec<Check>> {
    use CheckOutcome as C;
    let outcome = select(vec![C::Pending, C::Passed, C::Passed, C::Passed, C::Failed, C::Inconclusive]);
    vec(("[a-z]{1,8}", outcome, option::of(any_moment())), 0..3).prop_map(|checks| {
        let mut checks: Vec<Check> =
            checks.into_iter().map(|(name, outcome, observed_at)| Check { name, outcome, observed_at }).collect();
        checks.sort_by(|a, b| a.name.cmp(&b.name));
        checks.dedup_by(|a, b| a.name == b.name);
        checks
    })
}

/// A valid spec for `v2` with one of these configurations.
pub(crate) fn any_spec_with(config: impl Strategy<Value = String>) -> impl Strategy<Value = Spec> {
    let stable = option::weighted(0.7, select(vec!["v1", "v1", "v1", "v0", "v2", ""]).prop_map(str::to_owned));
    // Limits are what a policy comes to at the target: others no host sends.
    let policy = (any_amount(100), any_amount(250), any_amount(100));
    let policy =
        policy.prop_map(|(max_unavailable, max_surge, complete_at)| Policy { max_unavailable, max_surge, complete_at });
    let limits = option::of(policy);
    let places = option::weighted(0.3, prop_oneof![4 => 0..5u32, 1 => Just(u32::MAX)]);
    let steps = prop_oneof![3 => Just(1u32), 1 => Just(0), 1 => Just(256), 1 => any::<u32>()];
    let moment = (0..200_000u64).prop_map(|millis| STARTED_AT - 100_000 + millis);
    // Those of blue-green, and others.
    let memo = prop_oneof![
        ("(promoted-at|topping-up-since|green-lost-at|waited-at) ", moment.clone(), option::of(moment)).prop_map(
            |(word, at, since)| format!(
                "{word}{at}{}",
                since.map_or_else(String::new, |at| format!(" ahead-since {at}"))
            )
        ),
        "green-lost-at|promoted-at |promoted-at x|promoted-at 1 ahead-since ",
        "[ -~]{0,20}",
    ];
    let world = (limits, places, steps, any_labels());
    (0..6u32, any_moment(), any_moment(), stable, any_operator(), any_checks(), world, config, option::of(memo))
        .prop_map(|(target_replicas, started_at, now, stable_revision, operator, checks, world, config, memo)| {
            let (limits, free_places, weight_steps, labels) = world;
            Spec {
                stable_revision,
                operator,
                checks,
                limits: limits.map(|policy| policy.resolve(target_replicas)),
                free_places,
                weight_steps,
                labels,
                config,
                memo,
                ..Spec::new("v2", target_replicas, started_at, now)
            }
        })
}
