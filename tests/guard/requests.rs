//! Rule 6: an operator's request is not overtaken.

use TrafficStatus::{Active, Inactive, Standby};
use pointsman::{Route, RouteChanges, Spec, SubStep, TrafficStatus, guard::ViolationCode as Code};
use rstest::rstest;

use crate::given::*;

const AGAINST: &[Code] = &[Code::AgainstRequest];

/// Four of v1 serve (r-1 to r-4) and one is on standby (r-5); of v2 one serves at a half (r-6), two are idle (r-7,
/// r-8), one is on standby (r-9), one is in traffic at 0.0 (r-10).
fn routes() -> Vec<Route> {
    let v1 = [serving(1, 4, "v1", 1.0), standby(5, 1, "v1")];
    let v2 = [serving(6, 1, "v2", 0.5), idle(7, 2, "v2"), standby(9, 1, "v2"), serving(10, 1, "v2", 0.0)];
    [v1.concat(), v2.concat()].concat()
}

/// Four must serve, of four.
fn four() -> Spec {
    within(4, 20, wanting(4))
}

#[rstest]
#[case::green_created(on_the_way().creating(1, "v2", Inactive, 0.0), AGAINST, AGAINST)]
#[case::green_created_in_traffic(on_the_way().creating(1, "v2", Active, 1.0), AGAINST, AGAINST)]
#[case::stable_created(on_the_way().creating(1, "v1", Active, 1.0), &[], &[])]
#[case::green_promoted(on_the_way().promoting(r([7])), AGAINST, AGAINST)]
#[case::green_let_in(on_the_way().raising(r([7]), 0.01), AGAINST, AGAINST)]
#[case::green_from_standby(on_the_way().raising(r([9]), 1.0), AGAINST, AGAINST)]
#[case::blue_from_standby(on_the_way().raising(r([5]), 1.0), &[], &[])]
// Ratios of active routes are free.
#[case::green_raised(on_the_way().raising(r([6]), 1.0), &[], &[])]
#[case::green_promoted_that_is_in(on_the_way().promoting(r([6])), &[], &[])]
#[case::green_raised_from_nothing(on_the_way().raising(r([10]), 1.0), &[], &[])]
#[case::green_lowered(on_the_way().raising(r([6]), 0.1), &[], &[])]
#[case::green_on_standby(on_the_way().setting(r([6]), Standby, 1.0), &[], &[])]
#[case::green_taken_out(on_the_way().setting(r([6, 9]), Inactive, 0.0), &[], &[])]
#[case::idle_green_drained(on_the_way().draining(r([7, 8])), &[], &[])]
#[case::silent_green_drained(on_the_way().draining(r([10])), &[], &[])]
#[case::serving_green_drained(on_the_way().draining(r([6])), &[], &[])]
// One that served goes, and four go on.
#[case::one_returned_for_one_drained(on_the_way().raising(r([5]), 1.0).draining(r([1])), &[], &[])]
#[case::standby_blue_drained(on_the_way().draining(r([5])), &[], AGAINST)]
#[case::standby_green_drained(on_the_way().draining(r([9])), &[], AGAINST)]
fn requests(#[case] plan: RouteChanges, #[case] under_abort: &[Code], #[case] under_pause: &[Code]) {
    assert_eq!(codes(&routes(), &four(), &plan), [], "no request");
    assert_eq!(codes(&routes(), &aborted(four()), &plan), under_abort, "abort");
    assert_eq!(codes(&routes(), &paused(four()), &plan), under_pause, "pause");
    assert_eq!(codes(&routes(), &aborted(paused(four())), &plan), under_abort, "abort outweighs pause");
}

/// Under pause what serves may go as long as the whole target is carried, whatever must serve at least.
#[test]
fn a_pause_protects_the_whole_target() {
    let routes = serving(1, 6, "v1", 1.0);
    let spec = within(3, 20, wanting(5));
    let drains = |n: usize| on_the_way().draining(r(1..=n));

    assert_eq!(codes(&routes, &paused(spec.clone()), &drains(1)), []);
    assert_eq!(found(&routes, &paused(spec.clone()), &drains(2)), [(Code::AgainstRequest, "r-1 r-2".to_owned())]);
    // Nor where the target is not carried anyway.
    assert_eq!(codes(&routes[..4], &paused(spec.clone()), &drains(1)), AGAINST);
    assert_eq!(codes(&routes, &aborted(spec.clone()), &drains(3)), []);
    assert_eq!(codes(&routes, &spec, &drains(3)), []);
}

/// What is not ready on standby protects nothing.
#[test]
fn unready_standby_is_not_protected() {
    let unready = with(down(5, 1, "v1", 1.0), |route| route.traffic_status = Standby);
    let routes = [serving(1, 4, "v1", 1.0), unready].concat();

    assert_eq!(codes(&routes, &paused(four()), &on_the_way().draining(r([5]))), []);
}

/// The promotion of green and the end of blue, which an abort and a pause both forbid.
#[test]
fn a_switch_under_a_request() {
    let routes = [serving(1, 4, "v1", 1.0), idle(5, 4, "v2")].concat();
    let switches = plan(SubStep::Completed).promoting(r(5..=8)).draining(r(1..=4));

    assert_eq!(codes(&routes, &four(), &switches), []);
    for requested in [aborted(four()), paused(four())] {
        assert_eq!(codes(&routes, &requested, &switches), [Code::CompletedEarly, Code::AgainstRequest]);
    }
    assert_eq!(found(&routes, &aborted(four()), &switches)[1].1, "r-5 r-6 r-7 r-8");
}

/// Where too few serve, whatever repairs it is right.
#[rstest]
#[case::green_promoted(on_the_way().promoting(r([7])))]
#[case::green_from_standby(on_the_way().raising(r([9]), 1.0))]
#[case::green_created(on_the_way().creating(1, "v2", Active, 1.0))]
fn while_too_few_serve_requests_wait(#[case] plan: RouteChanges) {
    let routes = routes();
    // 4.5 serve.
    let short = within(5, 20, wanting(5));

    for requested in [aborted(short.clone()), paused(short.clone())] {
        assert_eq!(codes(&routes, &requested, &plan), []);
        let enough = Spec { limits: four().limits, ..requested };
        assert_eq!(codes(&routes, &enough, &plan), AGAINST);
        for promised in [5, 6, u32::MAX] {
            let promising = plan.clone().promising(promised, u32::MAX);
            assert!(codes(&routes, &enough, &promising).contains(&AGAINST[0]), "a promise of {promised} is no excuse");
        }
    }
}
