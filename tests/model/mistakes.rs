//! The mistakes of others are found, each by the property that it breaks.

use std::collections::BTreeSet;

use rstest::rstest;
use stateright::{Checker, HasDiscoveries, Model};

use crate::{
    broken as bg, broken_rolling as ru,
    lists::{HANDS, ONCE, PLACES},
    rollouts::Rollouts,
    subject::{Limits, Subject},
    world::Budget,
};

const AUTO: &str = r#"{"auto_promote": true}"#;
const KEEP: &str = r#"{"auto_promote": true, "keep_blue_seconds": 20}"#;
const ONE_MORE: &str = r#"{"max_surge": 1, "max_unavailable": 0}"#;
const ONE_LESS: &str = r#"{"max_surge": 0, "max_unavailable": 1}"#;
const QUARTER: &str = r#"{"max_surge": 0, "max_unavailable": "25%"}"#;
const WAIT: &str = r#"{"max_surge": 0, "max_unavailable": 1, "wait_for_termination": true}"#;
const DELAY: &str = r#"{"auto_promote": true, "promote_delay_seconds": 10}"#;
const DEADLINE: &str = r#"{"progress_deadline_seconds": 20}"#;

/// Finds mistakes; those of blue-green first.
#[rstest]
#[case::drains_before_ready(Subject::blue_green::<bg::DrainsBeforeReady>(AUTO), "keeps the serving floor")]
#[case::counts_only_the_ready(Subject::blue_green::<bg::CountsOnlyTheReady>(AUTO), "stays within the budget")]
#[case::replaces_without_end(Subject::blue_green::<bg::ReplacesWithoutEnd>(AUTO), "creates no routes without end")]
#[case::waits_for_the_dead(Subject::blue_green::<bg::WaitsForTheDead>(AUTO), ENDS)]
#[case::waits_in_silence(Subject::blue_green::<bg::WaitsInSilence>(AUTO), ENDS)]
#[case::never_completes(Subject::blue_green::<bg::NeverCompletes>(AUTO), ENDS)]
#[case::abort_drains_all(Subject::blue_green::<bg::AbortDrainsAll>(AUTO), "keeps the serving floor")]
#[case::aborts_for_ever(Subject::blue_green::<bg::AbortsForEver>("{}"), ENDS)]
#[case::deadline_while_waiting(Subject::blue_green::<bg::DeadlineWhileWaiting>(DEADLINE), "meets its deadline")]
#[case::promotes_what_runs(Subject::blue_green::<bg::PromotesWhatRuns>(AUTO), "puts only what is ready into traffic")]
#[case::waits_for_exactly_the_target(Subject::blue_green::<bg::WaitsForExactlyTheTarget>(AUTO), ENDS)]
#[case::scales_nothing_while_keeping_blue(Subject::blue_green::<bg::ScalesNothingWhileKeepingBlue>(KEEP), ENDS)]
#[case::returns_to_anything(Subject::blue_green::<bg::ReturnsToAnything>("{}"), "returns only what was approved")]
#[case::returns_what_was_replaced(
    Subject::blue_green::<bg::ReturnsWhatWasReplaced>("{}"),
    "returns only what was approved"
)]
#[case::looks_again_at_once(Subject::blue_green::<bg::LooksAgainAtOnce>("{}"), "does not make the host spin")]
#[case::needs_no_approval(Subject::blue_green::<bg::NeedsNoApproval>("{}"), "passes no gate unapproved")]
#[case::needs_no_delay(Subject::blue_green::<bg::NeedsNoDelay>(DELAY), "passes no gate unapproved")]
#[case::needs_no_verdict(Subject::blue_green::<bg::NeedsNoVerdict>(AUTO).with_check(), "passes no gate unapproved")]
#[case::passes_every_gate_at_once(
    Subject::blue_green::<bg::PassesEveryGateAtOnce>(r#"{"preview_replicas": 1}"#),
    "passes no gate unapproved"
)]
#[case::promotes_under_abort(
    Subject::blue_green::<bg::PromotesUnderAbort>(AUTO),
    "takes no step against a person's wish"
)]
#[case::retires_under_pause(
    Subject::blue_green::<bg::RetiresUnderPause>(KEEP),
    "takes no step against a person's wish"
)]
#[case::ends_too_early(Subject::blue_green::<bg::EndsTooEarly>("{}"), "ends only when it is true")]
#[case::rolls_back_on_eviction(Subject::blue_green::<bg::RollsBackOnEviction>("{}"), "rolls back only for a reason")]
#[case::keeps_what_never_served(
    Subject::blue_green::<bg::KeepsWhatNeverServed>("{}"),
    "puts only what is ready into traffic"
)]
#[case::promises_nothing(Subject::blue_green::<bg::PromisesNothing>("{}"), "promises what was admitted")]
#[case::deadlocks(Subject::rolling_update::<ru::Deadlocks>(QUARTER), ENDS)]
#[case::counts_the_live_as_available(
    Subject::rolling_update::<ru::CountsTheLiveAsAvailable>(ONE_MORE),
    "keeps the serving floor"
)]
#[case::ignores_terminating(Subject::rolling_update::<ru::IgnoresTerminating>(WAIT), "stays within the budget")]
#[case::no_back_off(Subject::rolling_update::<ru::NoBackOff>(ONE_MORE), "creates no routes without end")]
#[case::no_back_off_on_the_way_back(
    Subject::rolling_update::<ru::NoBackOffOnTheWayBack>(ONE_MORE),
    "creates no routes without end"
)]
#[case::scales_up_and_down(Subject::rolling_update::<ru::ScalesUpAndDown>(ONE_MORE), "an applied plan needs no other")]
#[case::drains_under_pause(
    Subject::rolling_update::<ru::DrainsUnderPause>(ONE_LESS),
    "takes no step against a person's wish"
)]
#[case::goes_on_under_pause(
    Subject::rolling_update::<ru::GoesOnUnderPause>("{}"),
    "takes no step against a person's wish"
)]
#[case::leaves_old_at_less(
    Subject::rolling_update::<ru::LeavesOldAtLess>(ONE_MORE).with_weights(),
    "keeps the serving floor"
)]
#[case::spends_others_places(
    Subject::rolling_update::<ru::SpendsOthersPlaces>("{}").with_places(0),
    "spends no places that are not free"
)]
#[case::completes_too_early(Subject::rolling_update::<ru::CompletesTooEarly>("{}"), "ends only when it is true")]
#[case::never_late(Subject::rolling_update::<ru::NeverLate>(DEADLINE), "meets its deadline")]
#[case::ignores_failed_checks(
    Subject::rolling_update::<ru::IgnoresFailedChecks>("{}").with_check(),
    "passes no gate unapproved"
)]
fn a_mistake_is_found(#[case] subject: Subject, #[case] property: &'static str) {
    let model = Rollouts::new(vec![subject.within(Limits::None)], 2, ANYTHING);
    // No further than to it: all of a broken model proves nothing.
    let is_found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = model.checker().finish_when(is_found).spawn_bfs().join();

    let found: Vec<&str> = checker.discoveries().into_keys().collect();
    assert!(found.contains(&property), "found {found:?} in {} states", checker.unique_state_count());
}

const ENDS: &str = "ends, or waits for a person";

/// Each thing may go wrong once, but few in all.
const ANYTHING: Budget = Budget { in_all: 2, hands: HANDS.hands, places: PLACES.places, ..ONCE };
