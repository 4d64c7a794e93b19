//! Routes and specs for tests: builders, random ones over the whole range, and applying a plan to them.
//!
//! Every test binary includes this file, and none uses all of it.
#![allow(dead_code, unused_imports, reason = "shared by several test binaries")]

mod build;
pub(crate) mod rule;

pub(crate) use build::*;
use std::num::NonZeroU32;

use pointsman::{
    Amount, Check, CheckOutcome, HealthStatus, Labels, Operator, Route, RouteEnd, RouteStatus, Spec, Timestamp,
    TrafficStatus,
    blue_green::{BlueGreenConfig, NoRoom},
    guard::Policy,
    rolling_update::RollingUpdateConfig,
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

/// Seconds of a delay: often none.
fn any_seconds() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0), 3 => 0..120u32, 1 => Just(u32::MAX)]
}

/// How long a route must be ready, and a deadline that is longer.
fn any_deadline() -> impl Strategy<Value = (u32, Option<NonZeroU32>)> {
    let deadline = option::of(prop_oneof![4 => 1..120u32, 1 => Just(u32::MAX)]);
    (prop_oneof![2 => Just(0), 1 => 0..60u32], deadline).prop_map(|(min_ready, deadline)| {
        let deadline = deadline.map(|seconds| seconds.max(min_ready + 1));
        (min_ready, deadline.and_then(NonZeroU32::new))
    })
}

/// A valid configuration of rolling update, as text.
pub(crate) fn any_rolling_update_config() -> impl Strategy<Value = String> {
    let both_zero = |(surge, unavailable): &(Amount, Amount)| !(surge.is_zero() && unavailable.is_zero());
    let bounds = (any_amount(250), any_amount(100)).prop_filter("not both zero", both_zero);
    (bounds, any_deadline(), any_seconds(), any::<bool>()).prop_map(
        |((max_surge, max_unavailable), deadline, drain_delay_seconds, wait_for_termination)| {
            let (min_ready_seconds, progress_deadline_seconds) = deadline;
            let config = RollingUpdateConfig {
                max_surge,
                max_unavailable,
                min_ready_seconds,
                progress_deadline_seconds,
                drain_delay_seconds,
                wait_for_termination,
            };
            serde_json::to_string(&config).expect("a config is JSON")
        },
    )
}

/// A valid configuration of blue-green, as text.
pub(crate) fn any_blue_green_config() -> impl Strategy<Value = String> {
    let replacements = prop_oneof![4 => 0..4u32, 1 => Just(u32::MAX)];
    let preview = option::of(prop_oneof![4 => 1..4u32, 1 => Just(u32::MAX)]);
    let no_room = prop_oneof![Just(NoRoom::Wait), Just(NoRoom::Turns)];
    let gates = (any::<bool>(), any_seconds(), preview, prop::bool::weighted(0.3), no_room);
    (gates, any_deadline(), replacements, any_seconds(), any_seconds()).prop_map(
        |(gates, deadline, max_replacements, keep_blue_seconds, drain_delay_seconds)| {
            let (auto_promote, promote_delay_seconds, preview, approve_first, no_room) = gates;
            let (min_ready_seconds, progress_deadline_seconds) = deadline;
            let config = BlueGreenConfig {
                auto_promote,
                promote_delay_seconds,
                min_ready_seconds,
                progress_deadline_seconds,
                max_replacements,
                keep_blue_seconds,
                drain_delay_seconds,
                preview_replicas: preview.and_then(NonZeroU32::new),
                approve_first,
                no_room,
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

/// Memos of the shipped strategies, of this rollout (`START`) and others, in the format of today and the one before,
/// and what is none.
/// Boxed, because what is nested so deeply takes more of a test's stack than there is.
fn any_memo() -> BoxedStrategy<String> {
    let moment = || any_moment().prop_map(|at| at.as_millis().to_string());
    let moments = select(vec![
        "promoted",
        "green-lost",
        "topped-up",
        "given-up",
        "progressed",
        "held",
        "due-deadline",
        "due-window",
        "stamped-ahead",
        "left-traffic",
    ]);
    let ahead = prop_oneof![3 => Just(String::new()), 1 => moment().prop_map(|at| format!(" ahead-since {at}"))];
    let moments = (moments, moment(), ahead).prop_map(|(word, at, ahead)| format!(" {word} {at}{ahead}"));
    let numbers = select(vec!["ahead", "mark", "gone", "lowered", "highest", "drained"]);
    let numbers = (numbers, prop_oneof![4 => 0..6u64, 1 => any::<u64>()]).prop_map(|(word, n)| format!(" {word} {n}"));
    let strategy = select(vec!["blue-green", "rolling-update"]);
    let rollout = prop_oneof![8 => Just("START".to_owned()), 1 => moment()];
    let entries = vec(prop_oneof![2 => moments, 1 => numbers], 0..6);
    let ours =
        (strategy, rollout, entries).prop_map(|(name, at, entries)| format!("{name} 2 {at}{}", entries.concat()));
    let before = ("(promoted-at|topping-up-since|green-lost-at|waited-at) ", moment(), option::of(moment()));
    let before = before.prop_map(|(word, at, since)| match since {
        Some(since) => format!("{word}{at} ahead-since {since}"),
        None => format!("{word}{at}"),
    });
    prop_oneof![6 => ours, 1 => before, 1 => "green-lost-at|promoted-at |blue-green 2 START x", 1 => "[ -~]{0,20}"]
        .boxed()
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
    let world = (limits, places, steps, any_labels());
    (0..6u32, any_moment(), any_moment(), stable, any_operator(), any_checks(), world, config, option::of(any_memo()))
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
                memo: memo.map(|memo| memo.replace("START", &started_at.as_millis().to_string())),
                ..Spec::new("v2", target_replicas, started_at, now)
            }
        })
}
