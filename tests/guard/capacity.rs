//! Rule 3: traffic is never concentrated on fewer routes than must carry it, and none is drained while they are too
//! few.

use TrafficStatus::{Active, Inactive, Standby};
use pointsman::{
    Route, RouteChanges, Spec, SubStep, TrafficStatus,
    guard::{Policy, ViolationCode as Code},
};
use rstest::rstest;

use crate::given::*;

const LOWERED: &[Code] = &[Code::CapacityLowered];
const SHORT: &[Code] = &[Code::DrainedWhileShort];
const BOTH: &[Code] = &[Code::CapacityLowered, Code::DrainedWhileShort];

fn assert_found(routes: &[Route], spec: &Spec, plan: &RouteChanges, expected: &[Code]) {
    assert_eq!(codes(routes, spec, plan), expected, "{:?}", found(routes, spec, plan));
}

/// Rounding errors of many ratios do not add up: ten thousand alike are ten thousand, whatever the ratio.
#[test]
fn many_alike_count_in_full() {
    for percent in 1..=100 {
        let routes = serving(1, 10_000, "v1", f64::from(percent) / 100.0);

        let capacity = pointsman::capacity::capacity(&routes);

        assert!((capacity - 10_000.0).abs() < pointsman::capacity::TOLERANCE / 10.0, "{percent} %: {capacity}");
    }
}

// === what serves now ===

/// Ten of v1 serve, and five of v2 are ready; eight of ten must serve.
#[rstest]
#[case::nothing(on_the_way(), &[])]
#[case::two_drained(on_the_way().draining(r(1..=2)), &[])]
#[case::three_drained(on_the_way().draining(r(1..=3)), BOTH)]
#[case::two_taken_out(on_the_way().setting(r(1..=2), Standby, 1.0), &[])]
#[case::three_taken_out(on_the_way().setting(r(1..=3), Standby, 1.0), LOWERED)]
#[case::three_silenced(on_the_way().raising(r(1..=3), 0.0), LOWERED)]
#[case::three_made_inactive(on_the_way().setting(r(1..=3), Inactive, 0.0), LOWERED)]
#[case::seven_replaced_by_five(on_the_way().promoting(r(11..=15)).draining(r(1..=7)), &[])]
#[case::eight_replaced_by_five(on_the_way().promoting(r(11..=15)).draining(r(1..=8)), BOTH)]
#[case::switched_to_five(on_the_way().promoting(r(11..=15)).setting(r(1..=10), Standby, 1.0), LOWERED)]
#[case::all_at_half(on_the_way().raising(r(1..=10), 0.5), &[])]
#[case::four_at_half(on_the_way().raising(r(1..=4), 0.5), &[])]
#[case::five_at_half(on_the_way().raising(r(1..=5), 0.5), LOWERED)]
#[case::one_weight_stands_out(on_the_way().raising(r(1..=9), 0.1), LOWERED)]
#[case::two_hairs_less_than_two(on_the_way().raising(r(1..=2), 1e-12), &[])]
#[case::everything_drained(on_the_way().draining(r(1..=10)), BOTH)]
fn ten_serve_and_eight_must(#[case] plan: RouteChanges, #[case] expected: &[Code]) {
    let routes = [serving(1, 10, "v1", 1.0), idle(11, 5, "v2")].concat();

    assert_found(&routes, &wanting(10), &plan, expected);
}

/// Nearly everything goes to the one that stands out.
#[test]
fn ten_at_next_to_nothing_beside_one() {
    let routes = serving(1, 11, "v1", 1.0);
    let dimmed = on_the_way().raising(r(1..=10), 0.0001);

    assert_found(&routes, &wanting(11), &dimmed, LOWERED);
    assert_found(&routes, &within(1, 22, wanting(11)), &dimmed, &[]);
    assert_found(&routes, &within(2, 22, wanting(11)), &dimmed, LOWERED);
}

/// What was lost before is not the plan's doing, whole routes are what counts, and the plan may not lose more.
#[rstest]
#[case::four_of_ten(4, on_the_way().raising(r([1]), 0.5), LOWERED)]
#[case::all_alike(4, on_the_way().raising(r(1..=10), 0.5), &[])]
#[case::those_that_serve_alike(4, on_the_way().raising(r(1..=4), 0.5), LOWERED)]
#[case::a_fraction_lost(5, on_the_way().raising(r([1]), 0.5).promoting(r([11])), &[])]
#[case::none_serves(0, on_the_way().promoting(r([11])), &[])]
fn fewer_serve_than_must(#[case] up: usize, #[case] plan: RouteChanges, #[case] expected: &[Code]) {
    let v1 = [serving(1, up, "v1", 1.0), down(1 + up, 10 - up, "v1", 1.0)];
    let routes = [v1.concat(), idle(11, 5, "v2")].concat();

    assert_found(&routes, &wanting(10), &plan, expected);
}

#[test]
fn a_part_of_a_route_is_none() {
    // 2.5 routes serve, two whole ones: down to two is no harm, below it is.
    let routes = [serving(1, 2, "v1", 1.0), serving(3, 1, "v1", 0.5)].concat();
    let spec = within(3, 6, wanting(3));

    assert_found(&routes, &spec, &on_the_way().setting(r([3]), Standby, 1.0), &[]);
    assert_found(&routes, &spec, &on_the_way().raising(r([2, 3]), 0.49), LOWERED);
}

/// Ten tenths come to a little less than one as floats are added.
#[test]
fn the_last_bit_of_a_sum_is_no_harm() {
    let spec = within(10, 20, wanting(10));
    for ratio in [0.1, 0.7, 1.0 / 3.0, f64::MIN_POSITIVE, f64::from_bits(1)] {
        let evenly = on_the_way().raising(r(1..=10), ratio);
        assert_found(&serving(1, 10, "v1", 1.0), &spec, &evenly, &[]);
        let one_less = on_the_way().raising(r(1..=9), ratio).draining(r([10]));
        assert_found(&serving(1, 10, "v1", 1.0), &spec, &one_less, BOTH);
    }
}

// === what is drained while short ===

#[test]
fn eight_drained_and_the_ninth_raised() {
    let routes = [serving(1, 8, "v1", 0.001), serving(9, 1, "v1", 0.5)].concat();
    let spec = wanting(10);
    let drains = on_the_way().raising(r([9]), 1.0).draining(r(1..=8));

    // One whole route serves before and after, and still they are needed.
    assert_eq!(found(&routes, &spec, &drains), [(Code::DrainedWhileShort, r(1..=8).join(" "))]);
    // Out of traffic they are there to return.
    assert_found(&routes, &spec, &on_the_way().setting(r(1..=8), Standby, 1.0), &[]);
    // Where one is enough, they may go.
    assert_found(&routes, &within(1, 20, spec), &drains, &[]);
}

#[rstest]
#[case::green_on_the_way(SubStep::Provisioning, &[9], SHORT)]
#[case::green_at_a_gate(SubStep::AwaitingPromotion, &[9], SHORT)]
#[case::green_once_promoted(SubStep::Finalizing, &[9], SHORT)]
#[case::green_while_rolling_back(SubStep::RollingBack, &[9], &[])]
#[case::stable_while_rolling_back(SubStep::RollingBack, &[1], SHORT)]
#[case::both_while_rolling_back(SubStep::RollingBack, &[1, 9], BOTH)]
fn only_rolling_back_drains_green_while_short(
    #[case] sub_step: SubStep,
    #[case] drained: &[usize],
    #[case] expected: &[Code],
) {
    // Eight of v1 and a part of one of v2 serve; ten must.
    let routes = [serving(1, 8, "v1", 1.0), serving(9, 1, "v2", 0.25)].concat();
    // Taking out of one of v1 what v2 had keeps eight whole ones where that returns.
    let plan = plan(sub_step).draining(r(drained.iter().copied()));
    let plan = if drained == [1] { plan.raising(r([9]), 1.0) } else { plan };

    assert_found(&routes, &within(10, 20, wanting(10)), &plan, expected);
}

#[test]
fn what_does_not_serve_is_drained_at_any_time() {
    let v1 = [serving(1, 2, "v1", 1.0), down(3, 2, "v1", 1.0), standby(5, 1, "v1"), serving(6, 1, "v1", 0.0)];
    let routes = [v1.concat(), idle(7, 2, "v2"), starting(9, 2, "v2")].concat();

    assert_found(&routes, &within(10, 20, wanting(10)), &on_the_way().draining(r(3..=10)), &[]);
}

/// A canary of 1% is given up while two of ten old ones are down: nothing is lost by it.
#[rstest]
#[case::default_policy(wanting(10))]
#[case::all_must_serve(within(10, 20, wanting(10)))]
fn abort_of_a_canary_while_two_are_down(#[case] spec: Spec) {
    // One of v2 gets 1% beside ten: x / y = w s / ((1 - w) c).
    let x = 0.01 * 10.0 / 0.99;
    let routes = [serving(1, 8, "v1", 1.0), down(9, 2, "v1", 1.0), serving(11, 1, "v2", x)].concat();
    let gives_up = |sub_step| plan(sub_step).draining(r([11]));

    assert_found(&routes, &aborted(spec.clone()), &gives_up(SubStep::RollingBack), &[]);
    let replaces = gives_up(SubStep::RollingBack).creating(2, "v1", Active, 1.0);
    assert_found(&routes, &aborted(spec.clone()), &replaces, &[]);
    let first_out = plan(SubStep::RollingBack).setting(r([11]), Inactive, 0.0);
    assert_found(&routes, &aborted(spec.clone()), &first_out, &[]);
    // Another of the old ones is too much.
    let more = gives_up(SubStep::RollingBack).draining(r([8]));
    assert_found(&routes, &aborted(spec), &more, BOTH);
}

// === what will serve ===

#[rstest]
// Once it is ready it gets nine tenths of the traffic.
#[case::one_large(on_the_way().creating(1, "v2", Active, 1.0), LOWERED)]
#[case::one_alike(on_the_way().creating(1, "v2", Active, 0.01), &[])]
#[case::one_small(on_the_way().creating(1, "v2", Active, 0.001), &[])]
#[case::a_fifth_more(on_the_way().creating(1, "v2", Active, 0.0125), &[])]
#[case::more_than_a_fifth(on_the_way().creating(1, "v2", Active, 0.0126), LOWERED)]
#[case::out_of_traffic(on_the_way().creating(1, "v2", Inactive, 0.0), &[])]
#[case::at_nothing(on_the_way().creating(1, "v2", Active, 0.0), &[])]
#[case::all_raised_with_it(on_the_way().raising(r(1..=10), 1.0).creating(1, "v2", Active, 1.0), &[])]
#[case::all_but_two_raised(on_the_way().raising(r(1..=8), 1.0).creating(1, "v2", Active, 1.0), &[])]
#[case::all_but_three_raised(on_the_way().raising(r(1..=7), 1.0).creating(1, "v2", Active, 1.0), LOWERED)]
#[case::one_promoted(on_the_way().promoting(r([11])), LOWERED)]
#[case::one_promoted_and_all_raised(on_the_way().promoting(r([11])).raising(r(1..=10), 1.0), &[])]
#[case::one_let_in(on_the_way().raising(r([11]), 0.01), &[])]
fn ten_at_a_hundredth(#[case] plan: RouteChanges, #[case] expected: &[Code]) {
    let routes = [serving(1, 10, "v1", 0.01), idle(11, 1, "v2")].concat();

    assert_found(&routes, &wanting(10), &plan, expected);
}

/// What is in traffic and not ready takes its share as soon as it is.
#[rstest]
#[case::raised(on_the_way().raising(r([11]), 1.0), LOWERED)]
#[case::raised_with_all(on_the_way().raising(r(1..=11), 1.0), &[])]
#[case::as_it_is(on_the_way().raising(r([1]), 0.1), &[])]
#[case::lowered(on_the_way().raising(r([11]), 0.01), &[])]
#[case::the_others_lowered(on_the_way().raising(r(1..=10), 0.01), LOWERED)]
#[case::the_others_and_it_lowered(on_the_way().raising(r(1..=11), 0.01), &[])]
#[case::the_others_lowered_and_it_drained(on_the_way().raising(r(1..=10), 0.01).draining(r([11])), &[])]
fn ten_at_a_tenth_and_one_down(#[case] plan: RouteChanges, #[case] expected: &[Code]) {
    let routes = [serving(1, 10, "v1", 0.1), down(11, 1, "v1", 0.1)].concat();

    assert_found(&routes, &wanting(10), &plan, expected);
}

/// Harm that is there already is not the plan's: one that is down stands out, whatever is done.
#[test]
fn one_that_stands_out_already() {
    let routes = [serving(1, 10, "v1", 0.1), down(11, 1, "v1", 1.0)].concat();

    // Were it ready, there would be a capacity of one.
    assert_found(&routes, &wanting(10), &on_the_way().draining(r(1..=2)), LOWERED);
    assert_found(&routes, &wanting(10), &on_the_way().raising(r([1]), 0.09), LOWERED);
    assert_found(&routes, &wanting(10), &on_the_way().raising(r([1]), 0.1), &[]);
    assert_found(&routes, &wanting(10), &on_the_way().draining(r([1, 2, 11])), &[]);
}

/// An old one at a half beside a new one at a whole is half a route.
#[test]
fn promoted_beside_one_at_a_half() {
    let routes = [serving(1, 2, "v1", 0.5), idle(3, 1, "v2")].concat();
    let spec = within(2, 4, wanting(2));
    let replaces = on_the_way().promoting(r([3])).draining(r([1]));

    assert_found(&routes, &spec, &replaces, BOTH);
    assert_found(&routes, &spec, &replaces.raising(r([2]), 1.0), &[]);
    // Beside two of them it is as much as they were.
    assert_found(&routes, &spec, &on_the_way().promoting(r([3])), &[]);
    let three = [serving(1, 3, "v1", 0.5), idle(4, 1, "v2")].concat();
    assert_found(&three, &within(3, 6, wanting(3)), &on_the_way().promoting(r([4])), LOWERED);
    assert_found(&three, &within(3, 6, wanting(3)), &on_the_way().promoting(r([4])).raising(r([1]), 1.0), &[]);
}

// === how much must serve ===

/// The larger of the limits' least and the plan's own.
#[rstest]
#[case::the_limits(within(4, 10, wanting(5)), 3, 1, &[])]
#[case::the_limits_exceeded(within(4, 10, wanting(5)), 3, 2, BOTH)]
#[case::the_promise(within(3, 10, wanting(5)), 4, 1, &[])]
#[case::the_promise_broken(within(3, 10, wanting(5)), 4, 2, BOTH)]
#[case::policy(wanting(5), 0, 1, &[])]
#[case::policy_exceeded(wanting(5), 0, 2, BOTH)]
#[case::policy_and_promise(wanting(5), 5, 1, BOTH)]
#[case::nothing_must(within(0, 10, wanting(5)), 0, 5, &[])]
fn the_larger_least_counts(
    #[case] spec: Spec,
    #[case] promised: u32,
    #[case] drained: usize,
    #[case] expected: &[Code],
) {
    let plan = on_the_way().draining(r(1..=drained)).promising(promised, u32::MAX);

    assert_found(&serving(1, 5, "v1", 1.0), &spec, &plan, expected);
}

/// Limits are the policy, resolved: where they are given, the request's policy has no say.
#[test]
fn limits_outweigh_the_policy() {
    let routes = serving(1, 4, "v1", 1.0);
    let drains = on_the_way().draining(r(1..=2));
    let lenient = Policy { max_unavailable: "50%".parse().unwrap(), ..Policy::default() };

    assert_eq!(found_under(&routes, &wanting(4), &drains, &lenient), []);
    let limited = within(3, 8, wanting(4));
    let codes: Vec<Code> = found_under(&routes, &limited, &drains, &lenient).into_iter().map(|it| it.0).collect();
    assert_eq!(codes, BOTH);
}

/// At a target of 0 nothing must serve.
#[test]
fn nothing_must_serve_at_target_zero() {
    let routes = [serving(1, 4, "v1", 1.0), serving(5, 2, "v2", 1.0)].concat();

    assert_found(&routes, &wanting(0), &on_the_way().draining(r(1..=6)), &[]);
}
