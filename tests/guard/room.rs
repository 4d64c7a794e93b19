//! Rule 4: what a plan creates fits, beside what lives and beside what has not stopped yet.

use TrafficStatus::{Active, Inactive};
use pointsman::{
    Route, RouteEnd, Spec, Timestamp, TrafficStatus,
    guard::{Policy, ViolationCode as Code},
};
use rstest::rstest;

use crate::{
    given::*,
    support::{STARTED_AT, apply},
};

const LIVE: &[Code] = &[Code::TooManyLive];
const TERMINATING: &[Code] = &[Code::TooManyTerminating];

/// Three of v1 serve, one of v2 starts; six may live, at a target of three.
#[rstest]
#[case::two(2, 0, &[])]
#[case::three(3, 0, LIVE)]
#[case::more_than_there_are_numbers(u32::MAX, 0, &[Code::TooManyLive, Code::TooManyTerminating])]
#[case::three_for_one_that_leaves(3, 1, &[])]
#[case::four_for_one_that_leaves(4, 1, LIVE)]
fn live_after_the_plan(#[case] created: u32, #[case] drained: usize, #[case] expected: &[Code]) {
    let routes = [serving(2, 3, "v1", 1.0), starting(1, 1, "v2")].concat();
    let plan = on_the_way().creating(created, "v2", Inactive, 0.0).draining(r(1..=drained));

    assert_eq!(codes(&routes, &wanting(3), &plan), expected);
}

#[test]
fn all_creations_count_together() {
    let routes = serving(1, 3, "v1", 1.0);
    let plan = |stable| on_the_way().creating(2, "v2", Inactive, 0.0).creating(stable, "v1", Active, 1.0);

    assert_eq!(codes(&routes, &wanting(3), &plan(1)), []);
    assert_eq!(codes(&routes, &wanting(3), &plan(2)), LIVE);
}

/// A target or a policy that moved is no plan's doing.
#[test]
fn a_plan_that_creates_nothing_is_not_judged() {
    let routes = [serving(1, 9, "v1", 1.0), idle(10, 1, "v2"), stopping(11, 20, "v1", 0)].concat();

    assert_eq!(codes(&routes, &wanting(1), &on_the_way().promoting(r([10]))), []);
    assert_eq!(codes(&routes, &wanting(0), &on_the_way().draining(r([1]))), []);
    let creates_none = on_the_way().creating(0, "v2", Inactive, 0.0);
    assert_eq!(codes(&routes, &wanting(1), &creates_none), [Code::EmptyCreation]);
    // The least creation is.
    let creates = on_the_way().creating(1, "v2", Inactive, 0.0);
    assert_eq!(codes(&routes, &wanting(1), &creates), [Code::TooManyLive, Code::TooManyTerminating]);
}

/// The smaller of the limits' most and the plan's own.
#[rstest]
#[case::the_limits(within(0, 5, wanting(3)), 9, 2, &[])]
#[case::the_limits_exceeded(within(0, 5, wanting(3)), 9, 3, LIVE)]
#[case::the_promise(within(0, 9, wanting(3)), 5, 2, &[])]
#[case::the_promise_broken(within(0, 9, wanting(3)), 5, 3, LIVE)]
#[case::policy(wanting(3), u32::MAX, 3, &[])]
#[case::policy_exceeded(wanting(3), u32::MAX, 4, LIVE)]
fn the_smaller_most_counts(#[case] spec: Spec, #[case] promised: u32, #[case] created: u32, #[case] expected: &[Code]) {
    let plan = on_the_way().creating(created, "v2", Inactive, 0.0).promising(0, promised);

    assert_eq!(codes(&serving(1, 3, "v1", 1.0), &spec, &plan), expected);
}

#[test]
fn the_largest_target_has_room_for_all() {
    let spec = within(0, u32::MAX, wanting(u32::MAX));
    let routes = stopping(1, 3, "v1", 0);

    assert_eq!(codes(&routes, &spec, &on_the_way().creating(u32::MAX, "v2", Inactive, 0.0)), []);
    let two = on_the_way().creating(u32::MAX, "v2", Inactive, 0.0).creating(u32::MAX, "v2", Inactive, 0.0);
    assert_eq!(codes(&routes, &spec, &two), [Code::TooManyLive, Code::TooManyTerminating]);
}

// === what is still stopping ===

/// Three of v1 serve; six may live at a target of three, and nine places be taken: three created beside three that
/// stop.
#[rstest]
#[case::three(stopping(9, 3, "v2", 0), &[])]
#[case::four(stopping(9, 4, "v2", 0), TERMINATING)]
#[case::of_any_revision([stopping(6, 2, "v1", 5), stopping(8, 2, "v9", 5)].concat(), TERMINATING)]
#[case::evicted(with(stopping(9, 9, "v2", 0), |it| it.end = Some(RouteEnd::Evicted)), &[])]
#[case::drained(with(stopping(9, 4, "v2", 0), |it| it.end = Some(RouteEnd::Drained)), TERMINATING)]
#[case::crashed(with(stopping(9, 4, "v2", 0), |it| it.end = Some(RouteEnd::Crashed)), TERMINATING)]
#[case::before_the_start(stopping(9, 9, "v2", -1), &[])]
#[case::at_the_start(stopping(9, 9, "v2", 0), TERMINATING)]
#[case::ahead_of_the_clock(stopping(9, 9, "v2", 500_000), TERMINATING)]
#[case::at_an_unknown_moment(with(stopping(9, 4, "v2", 0), |it| it.status_updated_at = None), TERMINATING)]
#[case::unknown_but_created_long_ago(
    with(stopping(9, 4, "v2", 0), |it| (it.status_updated_at, it.created_at) = (None, Timestamp::default())),
    TERMINATING
)]
#[case::gone(gone(9, 9, "v2"), &[])]
fn beside_what_is_stopping(#[case] stopping: Vec<Route>, #[case] expected: &[Code]) {
    let routes = [serving(1, 3, "v1", 1.0), stopping].concat();

    assert_eq!(codes(&routes, &wanting(3), &on_the_way().creating(3, "v2", Inactive, 0.0)), expected);
}

/// What the plan drains stops from now on.
#[test]
fn what_the_plan_drains_counts_as_stopping() {
    let routes = [serving(1, 3, "v1", 1.0), starting(4, 3, "v2"), stopping(7, 2, "v2", 0)].concat();
    let replaces = |n: u32| on_the_way().creating(n, "v2", Inactive, 0.0).draining(r(4..4 + n as usize));

    assert_eq!(codes(&routes, &wanting(3), &replaces(1)), []);
    assert_eq!(codes(&routes, &wanting(3), &replaces(2)), TERMINATING);
}

/// With a clock behind the start nobody can tell what stopped since: all that stops counts, and evicted ones do not.
#[test]
fn a_clock_behind_the_start() {
    let behind = Spec { now: Timestamp::from_millis(STARTED_AT - 1), ..wanting(3) };
    let creates = on_the_way().creating(3, "v2", Inactive, 0.0);
    let beside = |stopping| [serving(1, 3, "v1", 1.0), stopping].concat();

    for stamp in [-500_000, -2, 0, 500_000] {
        assert_eq!(codes(&beside(stopping(9, 3, "v2", stamp)), &behind, &creates), [], "{stamp}");
        assert_eq!(codes(&beside(stopping(9, 4, "v2", stamp)), &behind, &creates), TERMINATING, "{stamp}");
    }
    let evicted = with(stopping(9, 9, "v2", -2), |it| it.end = Some(RouteEnd::Evicted));
    assert_eq!(codes(&beside(evicted), &behind, &creates), []);
}

/// Whoever drains and creates for ever fills the hosts with what has not stopped yet.
#[rstest]
#[case::at_the_start(0)]
#[case::behind_the_start(-3600)]
fn green_drained_and_created_for_ever(#[case] clock: i64) {
    let mut routes = [serving(1, 3, "v1", 1.0), starting(4, 3, "v2")].concat();
    let mut refused = None;
    for cycle in 0..10 {
        let now = Timestamp::from_millis(STARTED_AT.strict_add_signed(1000 * (clock + cycle)));
        let spec = Spec { now, ..wanting(3) };
        let green = routes.iter().rfind(|route| route.is_live() && route.revision == "v2").unwrap();
        let plan = on_the_way().draining(vec![green.id.clone()]).creating(1, "v2", Inactive, 0.0);
        let codes = codes(&routes, &spec, &plan);
        if !codes.is_empty() {
            refused = Some((cycle, codes));
            break;
        }
        routes = apply(&plan, &routes, &spec);
        routes.last_mut().unwrap().id = format!("s-{cycle}");
    }

    assert_eq!(refused, Some((3, TERMINATING.to_vec())), "three stop beside six that live");
}

/// Where too few serve, repairs do not wait for what is stopping; they stay within the surge.
#[rstest]
#[case::enough_serve(3, 3, TERMINATING)]
#[case::two_of_three(2, 4, &[])]
#[case::too_many_live(2, 5, LIVE)]
#[case::none_serves(0, 6, &[])]
fn repairs_do_not_wait(#[case] serve: usize, #[case] created: u32, #[case] expected: &[Code]) {
    let routes = [serving(1, serve, "v1", 1.0), stopping(9, 9, "v2", 0)].concat();
    let spec = within(3, 6, wanting(3));

    assert_eq!(codes(&routes, &spec, &on_the_way().creating(created, "v2", Inactive, 0.0)), expected);
}

/// Too few is what the operator's limits say: a promise is no excuse.
#[test]
fn a_promise_does_not_make_it_short() {
    let routes = [serving(1, 2, "v1", 1.0), stopping(9, 9, "v2", 0)].concat();
    let creates = on_the_way().creating(1, "v2", Inactive, 0.0);
    let spec = within(2, 6, wanting(3));

    assert_eq!(codes(&routes, &spec, &creates), TERMINATING);
    assert_eq!(codes(&routes, &spec, &creates.clone().promising(3, u32::MAX)), TERMINATING);
    assert_eq!(codes(&routes, &within(3, 6, wanting(3)), &creates), []);
}

#[test]
fn the_policy_says_how_many() {
    let surge = |surge: &str| Policy { max_surge: surge.parse().unwrap(), ..Policy::default() };
    let routes = serving(1, 4, "v1", 1.0);
    let creates = |n| on_the_way().creating(n, "v2", Inactive, 0.0);

    for (max_surge, fits) in [("0", 1), ("0%", 1), ("1", 1), ("25%", 1), ("26%", 2), ("3", 3), ("250%", 10)] {
        let found = |n| found_under(&routes, &wanting(4), &creates(n), &surge(max_surge));
        assert_eq!(found(fits), [], "{max_surge}");
        assert_eq!(found(fits + 1)[0].0, Code::TooManyLive, "{max_surge}");
    }
}
