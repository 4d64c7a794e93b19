//! Wrong decisions of the first release, which played rollouts brought to light: each is made again, and a walk finds
//! it by a promise that it breaks. None is found by comparing plans.
//!
//! | case | found by |
//! |---|---|
//! | clock behind the start | creates no routes without end |
//! | route stamp ahead: delay, back-off | ends, or waits for a person |
//! | clock late for one cycle | keeps the way back for as long as it says |
//! | window over, green short; completed with half | ends only when it is true |
//! | abort with one kept short | takes no step against a person's wish |
//! | blip after promotion; deadline in an outage | keeps what is good, and what may recover, until it is not needed |
//! | active green is no approval, without and with a memo | passes no gate unasked |
//! | active at ratio zero, in both strategies | ends only when it is true |
//! | inactive with a ratio is not kept | returns only what was approved |
//! | drained is not failed; scaled down is not failed | gives up and waits only for a reason |
//! | no more than the target | promotes no more than the target |
//! | out of traffic for a moment | spares what is out of traffic for a moment |

use pointsman::{blue_green::BlueGreen, rolling_update::RollingUpdate};
use rstest::rstest;

use crate::{
    promises::{APPROVED, CREATING, ENDS, GATES, GOOD, REASON, SETTLES, SPARES, TARGET, WAY_BACK, WISHES},
    setup::{Evaluate, Strategies, Which},
    spoiled,
    walk::breaks,
};

/// More than any of them needs.
const WALKS: u64 = 20_000;

#[rstest]
#[case::clock_behind_the_start(spoiled::clock_behind_the_start, CREATING)]
#[case::route_stamp_ahead_delay(spoiled::route_stamp_ahead_delay, SETTLES)]
#[case::clock_late_for_one_cycle(spoiled::clock_late_for_one_cycle, WAY_BACK)]
#[case::window_over_green_short(spoiled::window_over_green_short, ENDS)]
#[case::completed_with_half(spoiled::completed_with_half, ENDS)]
#[case::abort_with_one_kept_short(spoiled::abort_with_one_kept_short, WISHES)]
#[case::blip_after_promotion(spoiled::blip_after_promotion, GOOD)]
#[case::deadline_in_an_outage(spoiled::deadline_in_an_outage, GOOD)]
#[case::active_green_is_no_approval(spoiled::active_green_is_no_approval, GATES)]
#[case::active_green_with_memo_waiting(spoiled::active_green_with_memo_waiting, GATES)]
#[case::active_at_ratio_zero(spoiled::active_at_ratio_zero::<BlueGreen>, ENDS)]
#[case::inactive_with_a_ratio_is_not_kept(spoiled::inactive_with_a_ratio_is_not_kept, APPROVED)]
#[case::drained_is_not_failed(spoiled::drained_is_failed::<BlueGreen>, REASON)]
#[case::no_more_than_the_target(spoiled::no_more_than_the_target, TARGET)]
fn a_wrong_decision_of_blue_green_is_found(#[case] blue_green: Evaluate, #[case] promise: &str) {
    let strategies = Strategies { blue_green, ..Strategies::SHIPPED };
    assert!(breaks(Which::BlueGreen, &strategies, promise, WALKS));
}

#[rstest]
#[case::route_stamp_ahead_back_off(spoiled::route_stamp_ahead_back_off, SETTLES)]
#[case::active_at_ratio_zero(spoiled::active_at_ratio_zero::<RollingUpdate>, ENDS)]
#[case::scaled_down_is_not_failed(spoiled::drained_is_failed::<RollingUpdate>, REASON)]
#[case::out_of_traffic_for_a_moment(spoiled::out_of_traffic_for_a_moment, SPARES)]
fn a_wrong_decision_of_rolling_update_is_found(#[case] rolling_update: Evaluate, #[case] promise: &str) {
    let strategies = Strategies { rolling_update, ..Strategies::SHIPPED };
    assert!(breaks(Which::RollingUpdate, &strategies, promise, WALKS));
}
