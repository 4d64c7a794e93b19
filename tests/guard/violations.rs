//! Violations as they are told: codes, ids in order, and one sentence with numbers.

use TrafficStatus::{Active, Inactive, Standby};
use pointsman::{
    RouteChanges, SubStep, TrafficStatus,
    guard::{self, Policy, Violation, ViolationCode as Code},
};
use rstest::rstest;

use crate::given::*;

/// All there are, in the order in which the guard finds them.
pub(crate) const CODES: [Code; 22] = [
    Code::InvalidRoutes,
    Code::UnknownId,
    Code::DuplicateId,
    Code::ConflictingChanges,
    Code::ChangedNotLive,
    Code::PromotedNotGreen,
    Code::PromotedNotReady,
    Code::ActivatedNotReady,
    Code::StandbyNotApproved,
    Code::CreatedOtherRevision,
    Code::EmptyCreation,
    Code::RatioOutOfRange,
    Code::RatioNotPossible,
    Code::CapacityLowered,
    Code::DrainedWhileShort,
    Code::TooManyLive,
    Code::TooManyTerminating,
    Code::CompletedEarly,
    Code::RolledBackEarly,
    Code::AgainstRequest,
    Code::InvalidMemo,
    Code::NextEvaluationNotAhead,
];

#[test]
fn every_code_is_its_word_in_json_and_in_the_contract() {
    let contract = include_str!("../../wit/guard/guard.wit");
    for code in CODES {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert!(contract.contains(&format!(" {}", code.as_str())), "{code:?} is not in the contract");
    }
}

#[rstest]
#[case::capacity(
    on_the_way().draining(r(1..=2)),
    "capacity-lowered: the plan takes serving capacity from 4 to 2; 3 must stay"
)]
#[case::soon(
    on_the_way().raising(r(1..=4), 0.5).creating(1, "v2", Active, 1.0),
    "capacity-lowered: the plan takes serving capacity from 4 to 2, once all that is in traffic is ready; 3 must stay"
)]
#[case::live(
    on_the_way().creating(6, "v2", Inactive, 0.0),
    "too-many-live: the plan creates 6 and makes it 12 live routes; 8 may be"
)]
#[case::more_than_three(
    on_the_way().setting(r(1..=4), Standby, 1.0).draining(r(11..=15)),
    "unknown-id: not among the given routes: `r-11`, `r-12`, `r-13` and 2 more"
)]
#[case::revision(
    on_the_way().creating(2, "v7", Inactive, 0.0),
    "created-other-revision: the plan creates 2 of v7; the deploying revision is v2, the stable one v1"
)]
#[case::completed(
    plan(SubStep::Completed),
    "completed-early: the plan completes the rollout, but the new revision carries 0 of 4"
)]
#[case::rolled_back(
    plan(SubStep::RolledBack),
    "rolled-back-early: the plan ends the rollout as rolled back, but routes of other revisions are live: 2"
)]
fn one_sentence_with_numbers(#[case] plan: RouteChanges, #[case] sentence: &str) {
    let routes = [serving(1, 4, "v1", 1.0), idle(5, 2, "v2")].concat();

    let violations = guard::check(&routes, &wanting(4), &plan, &Policy::default());

    assert_eq!(violations[0].to_string(), sentence);
}

/// Every rule at once; each is found, and none hides another.
#[test]
fn all_that_is_wrong_is_said_at_once() {
    let v1 = [serving(1, 3, "v1", 1.0), idle(4, 1, "v1"), standby(5, 1, "v1")];
    let v2 = [starting(6, 2, "v2"), gone(8, 1, "v2"), idle(9, 1, "v2"), stopping(20, 30, "v2", 0)];
    let routes = [v1.concat(), v2.concat()].concat();
    let mut harm = plan(SubStep::Completed)
        .promoting(r([1, 6, 8, 99]))
        .setting(r([4]), Standby, 0.3)
        .setting(r([7]), Active, 1.0)
        .setting(r([9]), Active, 2.0)
        .draining(r([1, 2, 3, 3]))
        .creating(0, "v9", Inactive, 0.0)
        .creating(30, "v2", Active, 1.0);
    harm.memo = Some("\0".to_owned());
    let spec = pointsman::Spec { weight_steps: 1, ..paused(wanting(3)) };
    harm.next_evaluation_at = Some(spec.now);

    // `rolled-back-early` is for another end; routes that cannot be right are all that is found.
    let expected: Vec<Code> =
        CODES.into_iter().filter(|code| ![Code::InvalidRoutes, Code::RolledBackEarly].contains(code)).collect();
    assert_eq!(codes(&routes, &spec, &harm), expected);
    let ids = |violation: Violation| violation.route_ids;
    for ids in guard::check(&routes, &spec, &harm, &Policy::default()).into_iter().map(ids) {
        assert!(ids.is_sorted(), "{ids:?}");
    }
}
