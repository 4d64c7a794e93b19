//! Rule 5: a rollout ends when nothing is left to do.

use TrafficStatus::{Active, Inactive, Standby};
use pointsman::{
    Route, RouteChanges, Spec, SubStep, TrafficStatus,
    guard::{Policy, ViolationCode as Code},
};
use rstest::rstest;

use crate::given::*;

const COMPLETED: &[Code] = &[Code::CompletedEarly];
const ROLLED_BACK: &[Code] = &[Code::RolledBackEarly];

fn complete() -> RouteChanges {
    plan(SubStep::Completed)
}

fn rolled_back() -> RouteChanges {
    plan(SubStep::RolledBack)
}

/// At how much of the target a rollout is complete.
fn complete_at(amount: &str) -> Policy {
    Policy { complete_at: amount.parse().unwrap(), ..Policy::default() }
}

// === completed ===

#[rstest]
#[case::all_serve(serving(1, 4, "v2", 1.0), complete(), &[])]
#[case::all_are_promoted(idle(1, 4, "v2"), complete().promoting(r(1..=4)), &[])]
#[case::three_of_four(serving(1, 3, "v2", 1.0), complete(), COMPLETED)]
#[case::one_more_created([serving(1, 3, "v2", 1.0)].concat(), complete().creating(1, "v2", Active, 1.0), COMPLETED)]
#[case::one_not_promoted(idle(1, 4, "v2"), complete().promoting(r(1..=3)), COMPLETED)]
#[case::one_down([serving(1, 3, "v2", 1.0), down(4, 1, "v2", 1.0)].concat(), complete(), COMPLETED)]
#[case::one_at_half([serving(1, 3, "v2", 1.0), serving(4, 1, "v2", 0.5)].concat(), complete(), COMPLETED)]
#[case::one_more_than_needed([serving(1, 3, "v2", 1.0), serving(4, 2, "v2", 0.5)].concat(), complete(), &[])]
#[case::all_at_half(serving(1, 4, "v2", 0.5), complete(), &[])]
#[case::others_gone([serving(1, 4, "v2", 1.0), gone(5, 1, "v1"), stopping(6, 1, "v0", 0)].concat(), complete(), &[])]
#[case::others_drained(
    [serving(1, 4, "v2", 1.0), serving(5, 2, "v1", 1.0)].concat(),
    complete().draining(r([5, 6])),
    &[]
)]
#[case::one_kept([serving(1, 4, "v2", 1.0), serving(5, 2, "v1", 1.0)].concat(), complete().draining(r([5])), COMPLETED)]
#[case::one_on_standby([serving(1, 4, "v2", 1.0), standby(5, 1, "v1")].concat(), complete(), COMPLETED)]
#[case::a_leftover([serving(1, 4, "v2", 1.0), starting(5, 1, "v0")].concat(), complete(), COMPLETED)]
#[case::one_without_a_revision([serving(1, 4, "v2", 1.0), idle(5, 1, "")].concat(), complete(), COMPLETED)]
#[case::stable_created(serving(1, 4, "v2", 1.0), complete().creating(1, "v1", Inactive, 0.0), COMPLETED)]
#[case::green_created(serving(1, 4, "v2", 1.0), complete().creating(1, "v2", Inactive, 0.0), &[])]
// Old capacity is none of the new revision's.
#[case::old_capacity_does_not_count(
    [serving(1, 3, "v2", 1.0), serving(4, 4, "v1", 1.0)].concat(),
    complete(),
    COMPLETED
)]
fn completed(#[case] routes: Vec<Route>, #[case] plan: RouteChanges, #[case] expected: &[Code]) {
    assert_eq!(codes(&routes, &wanting(4), &plan), expected);
}

#[rstest]
#[case::three_quarters("75%", 4, 3)]
#[case::rounded_up("51%", 4, 3)]
#[case::half("50%", 4, 2)]
#[case::count("1", 4, 1)]
#[case::all("100%", 4, 4)]
#[case::at_least_one("0%", 4, 1)]
#[case::at_least_one_of_a_count("0", 4, 1)]
#[case::at_most_the_target("7", 4, 4)]
#[case::at_most_all("150%", 4, 4)]
#[case::a_thousandth("0.001%", 10_000, 1)]
#[case::nothing_at_target_zero("100%", 0, 0)]
fn completed_by_policy(#[case] amount: &str, #[case] target: u32, #[case] needed: usize) {
    let found = |serve: usize| {
        let spec = within(0, 20_000, wanting(target));
        found_under(&serving(1, serve, "v2", 1.0), &spec, &complete(), &complete_at(amount))
    };

    assert_eq!(found(needed), []);
    if needed > 0 {
        assert_eq!(found(needed - 1), [(Code::CompletedEarly, String::new())]);
    }
}

#[rstest]
#[case::aborted(aborted(wanting(4)))]
#[case::paused(paused(wanting(4)))]
#[case::both(aborted(paused(wanting(4))))]
fn not_completed_under_abort_or_pause(#[case] spec: Spec) {
    assert_eq!(codes(&serving(1, 4, "v2", 1.0), &spec, &complete()), COMPLETED);
}

#[test]
fn whoever_is_in_the_way_is_named() {
    let routes = [serving(1, 4, "v2", 1.0), standby(6, 1, "v1"), idle(5, 1, "v0")].concat();

    assert_eq!(found(&routes, &wanting(4), &complete()), [(Code::CompletedEarly, "r-5 r-6".to_owned())]);
}

// === rolled back: (a) to the stable revision ===

#[rstest]
#[case::all_serve(serving(1, 3, "v1", 1.0), rolled_back(), &[])]
#[case::all_return(standby(1, 3, "v1"), rolled_back().raising(r(1..=3), 1.0), &[])]
#[case::green_drained(
    [serving(1, 3, "v1", 1.0), serving(4, 1, "v2", 1.0)].concat(),
    rolled_back().draining(r([4])),
    &[]
)]
#[case::two_serve(serving(1, 2, "v1", 1.0), rolled_back(), ROLLED_BACK)]
#[case::one_not_returned(standby(1, 3, "v1"), rolled_back().raising(r(1..=2), 1.0), ROLLED_BACK)]
#[case::one_down([serving(1, 2, "v1", 1.0), down(3, 1, "v1", 1.0)].concat(), rolled_back(), ROLLED_BACK)]
#[case::one_at_half([serving(1, 2, "v1", 1.0), serving(3, 1, "v1", 0.5)].concat(), rolled_back(), ROLLED_BACK)]
#[case::one_more_created(serving(1, 2, "v1", 1.0), rolled_back().creating(1, "v1", Active, 1.0), ROLLED_BACK)]
#[case::green_lives([serving(1, 3, "v1", 1.0), idle(4, 1, "v2")].concat(), rolled_back(), ROLLED_BACK)]
#[case::green_serves([serving(1, 3, "v1", 1.0), serving(4, 3, "v2", 1.0)].concat(), rolled_back(), ROLLED_BACK)]
#[case::a_leftover_lives([serving(1, 3, "v1", 1.0), serving(4, 1, "v0", 1.0)].concat(), rolled_back(), ROLLED_BACK)]
#[case::leftovers_do_not_carry(
    [serving(1, 2, "v1", 1.0), serving(3, 2, "v0", 1.0)].concat(),
    rolled_back(),
    ROLLED_BACK
)]
#[case::green_created(serving(1, 3, "v1", 1.0), rolled_back().creating(1, "v2", Inactive, 0.0), ROLLED_BACK)]
#[case::stable_created(serving(1, 3, "v1", 1.0), rolled_back().creating(1, "v1", Inactive, 0.0), &[])]
// A stable revision that does not start stays `rolling-back`.
#[case::stable_does_not_start(gone(1, 3, "v1"), rolled_back(), ROLLED_BACK)]
fn back_to_stable(#[case] routes: Vec<Route>, #[case] plan: RouteChanges, #[case] expected: &[Code]) {
    assert_eq!(codes(&routes, &wanting(3), &plan), expected);
}

#[rstest]
#[case::under_abort(aborted(wanting(3)))]
#[case::under_pause(paused(wanting(3)))]
#[case::with_another_complete_at(wanting(3))]
fn back_to_stable_needs_all_of_the_target(#[case] spec: Spec) {
    let found = |n| found_under(&serving(1, n, "v1", 1.0), &spec, &rolled_back(), &complete_at("1"));

    assert_eq!(found(3), []);
    assert_eq!(found(2)[0].0, Code::RolledBackEarly);
}

/// At target 0 the stable revision carries all there is to carry.
#[test]
fn back_to_nothing() {
    assert_eq!(codes(&[], &wanting(0), &rolled_back()), []);
    assert_eq!(codes(&idle(1, 1, "v2"), &wanting(0), &rolled_back()), ROLLED_BACK);
    assert_eq!(codes(&idle(1, 1, "v2"), &wanting(0), &rolled_back().draining(r([1]))), []);
}

// === rolled back: (b) with no stable revision ===

#[rstest]
#[case::nothing_lives(gone(1, 3, "v2"), rolled_back(), &[])]
#[case::green_serves([serving(1, 2, "v2", 1.0)].concat(), rolled_back(), &[])]
#[case::blue_serves(serving(1, 2, "v1", 1.0), rolled_back(), &[])]
#[case::both_serve([serving(1, 1, "v1", 1.0), serving(2, 1, "v2", 0.5)].concat(), rolled_back(), &[])]
#[case::idle_blue_stays([serving(1, 1, "v2", 1.0), idle(2, 1, "v1")].concat(), rolled_back(), &[])]
#[case::what_waits_is_not_ready(
    [serving(1, 1, "v2", 1.0), with(down(2, 1, "v1", 1.0), |it| it.traffic_status = Standby)].concat(),
    rolled_back(),
    &[]
)]
#[case::idle_green_goes([serving(1, 1, "v2", 1.0), idle(2, 1, "v2")].concat(), rolled_back().draining(r([2])), &[])]
#[case::standby_returns(
    [serving(1, 1, "v2", 1.0), standby(2, 1, "v1")].concat(),
    rolled_back().raising(r([2]), 1.0),
    &[]
)]
#[case::standby_leaves([serving(1, 1, "v2", 1.0), standby(2, 1, "v1")].concat(), rolled_back().draining(r([2])), &[])]
#[case::green_is_idle([serving(1, 2, "v1", 1.0), idle(3, 1, "v2")].concat(), rolled_back(), ROLLED_BACK)]
#[case::green_starts([serving(1, 2, "v1", 1.0), starting(3, 1, "v2")].concat(), rolled_back(), ROLLED_BACK)]
#[case::green_is_down([serving(1, 2, "v1", 1.0), down(3, 1, "v2", 1.0)].concat(), rolled_back(), ROLLED_BACK)]
#[case::green_serves_at_nothing(
    [serving(1, 2, "v1", 1.0), serving(3, 1, "v2", 0.0)].concat(),
    rolled_back(),
    ROLLED_BACK
)]
#[case::green_is_put_on_standby(
    serving(1, 2, "v2", 1.0),
    rolled_back().setting(r([1]), Standby, 1.0),
    &[Code::CapacityLowered, Code::RolledBackEarly]
)]
#[case::standby_stays([serving(1, 1, "v2", 1.0), standby(2, 1, "v1")].concat(), rolled_back(), ROLLED_BACK)]
#[case::blue_is_put_on_standby(
    [serving(1, 2, "v2", 1.0), serving(3, 1, "v1", 1.0)].concat(),
    rolled_back().setting(r([3]), Standby, 1.0),
    ROLLED_BACK
)]
#[case::something_created(serving(1, 2, "v2", 1.0), rolled_back().creating(1, "v2", Active, 1.0), ROLLED_BACK)]
fn left_as_it_is(#[case] routes: Vec<Route>, #[case] plan: RouteChanges, #[case] expected: &[Code]) {
    assert_eq!(codes(&routes, &unstable(wanting(3)), &plan), expected);
}

/// The way (b) is for where there is no stable revision, and (a) for where there is one.
#[test]
fn one_way_is_not_the_other() {
    let green_serves = serving(1, 3, "v2", 1.0);
    assert_eq!(codes(&green_serves, &unstable(wanting(3)), &rolled_back()), []);
    assert_eq!(codes(&green_serves, &wanting(3), &rolled_back()), ROLLED_BACK);
}

#[test]
fn whoever_keeps_it_from_being_rolled_back_is_named() {
    let routes = [serving(1, 1, "v2", 1.0), idle(2, 2, "v2"), standby(4, 2, "v1")].concat();
    let named = |routes: &[Route], spec: Spec, plan: &RouteChanges| found(routes, &spec, plan)[0].1.clone();

    assert_eq!(named(&routes, unstable(wanting(1)), &rolled_back()), "r-2 r-3");
    assert_eq!(named(&routes, unstable(wanting(1)), &rolled_back().draining(r([2, 3]))), "r-4 r-5");
    assert_eq!(named(&[routes, serving(6, 1, "v1", 1.0)].concat(), wanting(1), &rolled_back()), "r-1 r-2 r-3");
}

// === not ended ===

#[rstest]
fn other_sub_steps_end_nothing(
    #[values(SubStep::Provisioning, SubStep::AwaitingPromotion, SubStep::Finalizing, SubStep::RollingBack)]
    sub_step: SubStep,
) {
    let routes = [serving(1, 1, "v1", 1.0), idle(2, 1, "v2"), standby(3, 1, "v0")].concat();
    for spec in [wanting(3), unstable(wanting(3)), aborted(wanting(3)), paused(wanting(3))] {
        assert_eq!(codes(&routes, &spec, &plan(sub_step)), []);
    }
}
