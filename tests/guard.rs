//! The guard: each rule by itself, and all of them against an oracle that applies the plan and looks.

#[path = "support/oracle.rs"]
mod oracle;
mod support;

use std::collections::BTreeMap;

use oracle::{any_draft, any_policy, deserved, found};
use pointsman::{
    HealthStatus, RolloutSpec, Route, RouteChanges, RouteStatus, Spec, SubStep, Timestamp, TrafficChange,
    TrafficStatus,
    guard::{self, Policy, Violation, ViolationCode as Code},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use rstest::rstest;
use support::{STARTED_AT, activate, any_routes, any_spec, routes, spec};

/// Three serving routes of v1, r-1 to r-3; ready ones of v2, r-4 to r-6; r-7 unhealthy and r-8 gone, of v2.
fn given() -> Vec<Route> {
    let mut routes = [routes(1, 3, "v1", activate), routes(4, 5, "v2", |_| {})].concat();
    routes[6].health = HealthStatus::Unhealthy;
    routes[7].status = RouteStatus::Terminated;
    routes
}

fn no_plan() -> RouteChanges {
    RouteChanges::none(SubStep::Provisioning, "test", String::new())
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn promote(routes: &[&str]) -> RouteChanges {
    RouteChanges { promote_route_ids: ids(routes), ..no_plan() }
}

fn drain(routes: &[&str]) -> RouteChanges {
    RouteChanges { drain_route_ids: ids(routes), ..no_plan() }
}

fn traffic(route: &str, traffic_status: TrafficStatus, traffic_ratio: f64) -> RouteChanges {
    RouteChanges {
        traffic_changes: vec![TrafficChange { route_id: route.to_owned(), traffic_status, traffic_ratio }],
        ..no_plan()
    }
}

fn create(count: u32, revision: &str, traffic_ratio: f64) -> RouteChanges {
    let revision = revision.to_owned();
    let created = RolloutSpec { count, revision, traffic_status: TrafficStatus::Inactive, traffic_ratio };
    RouteChanges { rollout_specs: vec![created], ..no_plan() }
}

/// The target is five: four of v2 are live, and three serve.
fn five() -> Spec {
    Spec { target_replicas: 5, ..spec(1000, "{}") }
}

fn violations(plan: &RouteChanges, policy: &Policy) -> Vec<(Code, Vec<String>)> {
    let violations = guard::check(&given(), &five(), plan, policy);
    violations.into_iter().map(|Violation { code, route_ids, .. }| (code, route_ids)).collect()
}

#[rstest]
#[case::nothing(no_plan())]
#[case::promotion(promote(&["r-4", "r-5"]))]
#[case::switch(RouteChanges { drain_route_ids: ids(&["r-1", "r-2", "r-3", "r-7"]), ..promote(&["r-4", "r-5", "r-6"]) })]
#[case::draining_what_does_not_serve(drain(&["r-4", "r-7"]))]
#[case::a_weight(traffic("r-1", TrafficStatus::Active, 0.1))]
#[case::the_last_missing(create(1, "v2", 0.0))]
#[case::replacing_an_unhealthy_one(RouteChanges { drain_route_ids: ids(&["r-7"]), ..create(2, "v2", 1.0) })]
#[case::later(RouteChanges { next_evaluation_at: Some(Timestamp::from_millis(STARTED_AT + 1001)), ..no_plan() })]
fn what_may_pass(#[case] plan: RouteChanges) {
    assert_eq!(violations(&plan, &Policy::default()), []);
}

#[rstest]
#[case::unknown(promote(&["r-4", "r-9"]), &[(Code::UnknownId, "r-9")])]
#[case::unknown_drained(drain(&["r-9"]), &[(Code::UnknownId, "r-9")])]
#[case::twice(promote(&["r-4", "r-4"]), &[(Code::DuplicateId, "r-4")])]
#[case::twice_drained(drain(&["r-7", "r-7"]), &[(Code::DuplicateId, "r-7")])]
#[case::promoted_and_drained(RouteChanges { drain_route_ids: ids(&["r-4"]), ..promote(&["r-4"]) }, &[(Code::ConflictingChanges, "r-4")])]
#[case::promoted_and_weighted(
    RouteChanges { promote_route_ids: ids(&["r-4"]), ..traffic("r-4", TrafficStatus::Active, 0.5) },
    &[(Code::ConflictingChanges, "r-4")]
)]
#[case::blue(promote(&["r-1"]), &[(Code::PromotedBlue, "r-1")])]
#[case::unhealthy(promote(&["r-7"]), &[(Code::PromotedNotReady, "r-7")])]
#[case::gone(promote(&["r-8"]), &[(Code::PromotedNotReady, "r-8")])]
#[case::unhealthy_into_traffic(traffic("r-7", TrafficStatus::Active, 1.0), &[(Code::ActivatedNotReady, "r-7")])]
#[case::gone_drained(drain(&["r-8"]), &[(Code::DrainedNotLive, "r-8")])]
#[case::old_revision(create(1, "v1", 0.0), &[(Code::CreatedOtherRevision, "")])]
#[case::zero(create(0, "v2", 0.0), &[(Code::EmptyCreation, "")])]
#[case::beyond_the_target(create(2, "v2", 0.0), &[(Code::TooManyRoutes, "")])]
#[case::ten_million(create(10_000_000, "v2", 0.0), &[(Code::CreationTooLarge, ""), (Code::TooManyRoutes, "")])]
#[case::created_with_nan(create(1, "v2", f64::NAN), &[(Code::RatioOutOfRange, "")])]
#[case::ratio_nan(traffic("r-1", TrafficStatus::Active, f64::NAN), &[(Code::RatioOutOfRange, "r-1")])]
#[case::ratio_above(traffic("r-1", TrafficStatus::Active, 1.5), &[(Code::RatioOutOfRange, "r-1")])]
#[case::ratio_below(traffic("r-7", TrafficStatus::Inactive, -0.5), &[(Code::RatioOutOfRange, "r-7")])]
#[case::active_with_nothing(traffic("r-1", TrafficStatus::Active, 0.0), &[(Code::RatioOutOfRange, "r-1")])]
#[case::drained_serving(drain(&["r-1", "r-3"]), &[(Code::ServingFloorBroken, "r-1 r-3")])]
#[case::taken_out(traffic("r-2", TrafficStatus::Inactive, 0.0), &[(Code::ServingFloorBroken, "r-2")])]
#[case::too_few_instead(RouteChanges { drain_route_ids: ids(&["r-1", "r-2", "r-3"]), ..promote(&["r-4", "r-5"]) },
    &[(Code::ServingFloorBroken, "r-1 r-2 r-3")])]
#[case::again_now(RouteChanges { next_evaluation_at: Some(Timestamp::from_millis(STARTED_AT + 1000)), ..no_plan() }, &[(Code::NextEvaluationNotAhead, "")])]
#[case::all_at_once(
    RouteChanges { drain_route_ids: ids(&["r-1", "r-9"]), ..promote(&["r-7", "r-2"]) },
    &[(Code::UnknownId, "r-9"), (Code::PromotedBlue, "r-2"), (Code::PromotedNotReady, "r-7"), (Code::ServingFloorBroken, "r-1")]
)]
fn what_may_not(#[case] plan: RouteChanges, #[case] expected: &[(Code, &str)]) {
    let expected: Vec<(Code, Vec<String>)> =
        expected.iter().map(|(code, routes)| (*code, routes.split_whitespace().map(str::to_owned).collect())).collect();

    assert_eq!(violations(&plan, &Policy::default()), expected);
}

#[rstest]
#[case::surge(create(2, "v2", 0.0), Policy { surge_limit: 1, ..Policy::default() }, true)]
#[case::more_than_the_surge(create(3, "v2", 0.0), Policy { surge_limit: 1, ..Policy::default() }, false)]
#[case::largest_creation(create(2, "v2", 0.0), Policy { surge_limit: 9, largest_creation: 2, ..Policy::default() }, true)]
#[case::more_than_the_largest(create(3, "v2", 0.0), Policy { surge_limit: 9, largest_creation: 2, ..Policy::default() }, false)]
// 40 % of five are two; 41 % are 2.05, rounded up three.
#[case::floor(drain(&["r-1"]), Policy { serving_floor_percent: 40, ..Policy::default() }, true)]
#[case::rounded_up(drain(&["r-1"]), Policy { serving_floor_percent: 41, ..Policy::default() }, false)]
#[case::no_floor(drain(&["r-1", "r-2", "r-3"]), Policy { serving_floor_percent: 0, ..Policy::default() }, true)]
#[case::more_than_all(drain(&["r-1"]), Policy { serving_floor_percent: u32::MAX, ..Policy::default() }, false)]
fn what_a_policy_changes(#[case] plan: RouteChanges, #[case] policy: Policy, #[case] passes: bool) {
    assert_eq!(violations(&plan, &policy).is_empty(), passes);
}

#[test]
fn a_drain_makes_room_for_a_creation_only_if_it_frees_a_live_green_route() {
    let replaced = |leaving: &str| RouteChanges { drain_route_ids: ids(&[leaving]), ..create(2, "v2", 0.0) };

    assert_eq!(violations(&replaced("r-7"), &Policy::default()), []);
    let codes = violations(&replaced("r-1"), &Policy::default()).into_iter().map(|(code, _)| code);
    assert_eq!(codes.collect::<Vec<_>>(), [Code::TooManyRoutes, Code::ServingFloorBroken]);
}

#[test]
fn routes_above_the_target_are_no_violation_of_a_plan_that_creates_none() {
    let lowered = Spec { target_replicas: 1, ..five() };

    assert_eq!(guard::check(&given(), &lowered, &promote(&["r-4"]), &Policy::default()), []);
}

#[test]
fn several_creations_count_together() {
    let two = RouteChanges {
        rollout_specs: [create(1, "v2", 0.0), create(1, "v2", 0.0)].map(|plan| plan.rollout_specs[0].clone()).into(),
        ..no_plan()
    };

    assert_eq!(violations(&two, &Policy::default()), [(Code::TooManyRoutes, vec![])]);
}

#[test]
fn the_ids_are_checked_even_where_nothing_else_is() {
    let plan = RouteChanges { drain_route_ids: ids(&["r-1", "r-4", "r-9"]), ..promote(&["r-4", "r-7", "r-7"]) };

    let codes: Vec<Code> = guard::check_ids(&given(), &five(), &plan).iter().map(|violation| violation.code).collect();

    assert_eq!(codes, [Code::UnknownId, Code::DuplicateId, Code::ConflictingChanges]);
}

#[test]
fn routes_that_cannot_be_right_are_a_violation() {
    let routes = [given(), given()].concat();

    let violations = guard::check(&routes, &five(), &promote(&["r-4"]), &Policy::default());

    assert_eq!(violations.iter().map(|violation| violation.code).collect::<Vec<_>>(), [Code::InvalidRoutes]);
}

#[test]
fn a_violation_says_its_numbers() {
    let violations = guard::check(&given(), &five(), &drain(&["r-1", "r-2"]), &Policy::default());

    assert_eq!(
        violations[0].to_string(),
        "serving-floor-broken: the plan leaves 1 of 3 serving routes; the floor is 3"
    );
}

#[test]
fn every_code_is_its_serde_word() {
    for code in CODES {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}

const CODES: [Code; 15] = [
    Code::InvalidRoutes,
    Code::UnknownId,
    Code::DuplicateId,
    Code::ConflictingChanges,
    Code::PromotedBlue,
    Code::PromotedNotReady,
    Code::ActivatedNotReady,
    Code::DrainedNotLive,
    Code::CreatedOtherRevision,
    Code::EmptyCreation,
    Code::CreationTooLarge,
    Code::TooManyRoutes,
    Code::RatioOutOfRange,
    Code::ServingFloorBroken,
    Code::NextEvaluationNotAhead,
];

#[test]
fn the_guard_finds_what_the_oracle_finds_and_nothing_else() {
    const PLANS: usize = 100_000;
    let mut runner = TestRunner::deterministic();
    let input = (any_routes(), any_spec(), any_draft(), any_policy());
    let mut seen: BTreeMap<Code, usize> = BTreeMap::new();
    let mut harmless_changes = 0;
    for _ in 0..PLANS {
        let (routes, spec, draft, policy) = input.new_tree(&mut runner).unwrap().current();
        let plan = draft.plan(&routes, &spec);

        let codes = found(&routes, &spec, &plan, &policy);

        assert_eq!(
            codes,
            deserved(&routes, &spec, &plan, &policy),
            "{plan:?} of {routes:?} and {spec:?} under {policy:?}"
        );
        harmless_changes += usize::from(codes.is_empty() && !plan.is_empty());
        for code in codes {
            *seen.entry(code).or_default() += 1;
        }
    }

    // So that neither direction is proved of nothing.
    assert!(harmless_changes > PLANS / 20, "only {harmless_changes} harmless plans that change something");
    for code in CODES.into_iter().filter(|code| *code != Code::InvalidRoutes) {
        assert!(seen.get(&code).is_some_and(|n| *n > PLANS / 200), "{code:?} was seen {:?} times", seen.get(&code));
    }
}
