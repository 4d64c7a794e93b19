//! Rule 7: what a plan requests of the host; and what is no violation.

use pointsman::{
    RouteChanges, Spec, SubStep, Timestamp,
    guard::{self, Policy, ViolationCode as Code},
};
use rstest::rstest;

use crate::{given::*, support::STARTED_AT};

fn remembering(memo: &str) -> RouteChanges {
    RouteChanges { memo: Some(memo.to_owned()), ..on_the_way() }
}

#[rstest]
#[case::none("", &[])]
#[case::longest(&"x".repeat(4096), &[])]
#[case::too_long(&"x".repeat(4097), &[Code::InvalidMemo])]
// Bytes count, not characters.
#[case::longest_in_bytes(&"é".repeat(2048), &[])]
#[case::too_long_in_bytes(&"é".repeat(2049), &[Code::InvalidMemo])]
#[case::any_other_character("\u{1}\n\u{10ffff} \"", &[])]
#[case::nul("a\0b", &[Code::InvalidMemo])]
#[case::only_nul("\0", &[Code::InvalidMemo])]
#[case::both(&"\0".repeat(4097), &[Code::InvalidMemo])]
fn memos(#[case] memo: &str, #[case] expected: &[Code]) {
    assert_eq!(codes(&[], &wanting(3), &remembering(memo)), expected);
    assert_eq!(codes(&[], &wanting(3), &on_the_way()), [], "no memo at all");
}

#[rstest]
#[case::never(None, 1000, &[])]
#[case::ahead(Some(1001), 1000, &[])]
#[case::far_ahead(Some(i64::MAX), 1000, &[])]
#[case::now(Some(1000), 1000, &[Code::NextEvaluationNotAhead])]
#[case::past(Some(999), 1000, &[Code::NextEvaluationNotAhead])]
#[case::before_the_start(Some(-1), 1000, &[Code::NextEvaluationNotAhead])]
#[case::clock_behind_the_start(Some(-999), -1000, &[])]
fn next_evaluation(#[case] at: Option<i64>, #[case] now: i64, #[case] expected: &[Code]) {
    let moment = |millis| Timestamp::from_millis(STARTED_AT.saturating_add_signed(millis));
    let spec = Spec { now: moment(now), ..wanting(3) };
    let plan = RouteChanges { next_evaluation_at: at.map(moment), ..on_the_way() };

    assert_eq!(codes(&[], &spec, &plan), expected);
}

#[test]
fn at_the_end_of_time_there_is_nothing_ahead() {
    let spec = Spec { now: Timestamp::from_millis(u64::MAX), ..wanting(3) };
    let plan = RouteChanges { next_evaluation_at: Some(Timestamp::from_millis(u64::MAX)), ..on_the_way() };

    assert_eq!(codes(&[], &spec, &plan), [Code::NextEvaluationNotAhead]);
}

/// It is found whatever else the plan does, and whatever the routes are.
#[test]
fn the_hosts_rule_stands_beside_the_others() {
    let again = Some(wanting(3).now);
    let routes = serving(1, 3, "v2", 1.0);
    let drains = RouteChanges { next_evaluation_at: again, ..remembering("\0") }.draining(r([9]));
    assert_eq!(
        codes(&routes, &wanting(3), &drains),
        [Code::UnknownId, Code::InvalidMemo, Code::NextEvaluationNotAhead]
    );
    let ends = RouteChanges { next_evaluation_at: again, ..plan(SubStep::Completed) };
    assert_eq!(codes(&routes, &wanting(3), &ends), [Code::NextEvaluationNotAhead]);
    // Ids alone are another matter.
    assert_eq!(guard::check_ids(&routes, &wanting(3), &remembering("\0")), []);
}

/// The host shortens texts, and puts off an evaluation that is requested too soon.
#[test]
fn not_violations() {
    let mut plan = on_the_way().draining(r([4]));
    plan.reason.message = "\u{1b}".repeat(2000);
    plan.reason.code = "x".repeat(65);
    plan.gate = Some("y\n".repeat(65));
    plan.next_evaluation_at = Some(wanting(3).now.saturating_add_millis(1));

    assert_eq!(guard::check(&serving(1, 4, "v1", 1.0), &wanting(3), &plan, &Policy::default()), []);
}
