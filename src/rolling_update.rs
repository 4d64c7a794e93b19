//! Rolling update: replace the old revision's routes by the new one's a few at a time, never with too few serving and never
//! with too many at once. The semantics are those of Kubernetes' [Deployments][kubernetes].
//!
//! New is the deploying revision, old is every other (green and blue in the contract's words). `target` is
//! `target_replicas`; `surge` and `unavailable` are `max_surge`, rounded up, and `max_unavailable`, rounded down, of it.
//! Where both come out as 0, `unavailable` is 1, because nothing could move. A cycle makes as many of these moves as are
//! allowed, all in one plan:
//!
//! | move | which | how many |
//! |---|---|---|
//! | return | ready old routes that are kept out of traffic ([`Route::is_kept`](crate::Route::is_kept)) and stay, where no other old one is in traffic | all |
//! | drain old | live old routes that are out of traffic, and do not return: they serve nobody | all |
//! | | live old routes in traffic, in the drain order | live old in traffic + ready new − (target − unavailable) |
//! | drain new | live new routes beyond the target, in the drain order | live new − target |
//! | promote | ready new routes that stay and are not yet active at ratio 1.0 | all |
//! | create | new routes, active, ratio 1.0 | the smaller of target − live new, and target + surge − live routes that stay; none during the back-off |
//!
//! What the plan says, and whether it makes the moves, is for the first row that matches:
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | ready new ≥ target, no live old | completed | drain new, promote | `rolled-out` |
//! | 2 | operator asked abort | rolling-back | undo | `aborted` |
//! | 3 | a check failed | rolling-back | undo | `check-failed` |
//! | 4 | ready new ≥ target | completed | drain all live old, drain new, promote | `rolled-out` |
//! | 5 | deadline reached since `started_at`, no operator promote | rolling-back | undo | `deadline-exceeded` |
//! | 6 | any move is allowed | provisioning | the moves | `replacing` |
//! | 7 | live new < target, and it is the back-off that keeps them from being created | provisioning | none; look again when it is over | `backing-off` |
//! | 8 | live new < target, and it is terminating routes that keep them from being created | provisioning | none | `waiting-for-termination` |
//! | 9 | any new provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 10 | else | provisioning | none | `waiting-for-ready` |
//!
//! - **Drain order**: not running, unhealthy, degraded, not checked, healthy and out of traffic, healthy; then oldest first,
//!   then by id.
//! - **A new revision that does not work costs nothing**: only ready new routes let old ones go, beyond the `unavailable` that
//!   were allowed from the start. An old route that is not ready counts as if it were, because it may recover; it goes first,
//!   in the place of a ready one.
//! - **Undo** returns what is kept and drains the new routes, in the drain order, down to those without which fewer would serve
//!   than min(serving, target): rolling back never lowers serving capacity. Where no old route is in traffic there is nothing
//!   to go back to, and a check or a deadline drains no more than what is beyond the target. Old routes that are gone cannot be brought back by
//!   this rollout, because a plan creates only the deploying revision; what is left of the new revision serves on until a
//!   person deploys the earlier one, which is a rolling update in the other direction.
//! - **An operator's promote** means: go on, whatever the deadline. It does not outweigh a failed check.
//! - **Back-off**: after a failure no new route is created for 10 s; for 20 s once more have failed than the target, for 40 s
//!   once more than twice as many have, up to 300 s, as Kubernetes [restarts containers][back-off]. So a crash-looping revision cannot
//!   create routes without end, and a rollout needs no person after a single failure. The last failure is the latest
//!   `status_updated_at` of a failed new route, or its `created_at`.
//! - **Terminating routes** are not counted, as in Kubernetes, so that with `max_surge` 0 a new route may start while an old
//!   one finishes; with `wait_for_termination` they are.
//! - Rows 6 to 10 ask to be evaluated again at the deadline or at the end of the back-off, whichever comes first, where it is
//!   ahead.
//! - A raised target is topped up within the surge; a lowered one drains what is beyond it.
//! - Old routes that are out of traffic are what a rollout left that was replaced before its routes were promoted, or what
//!   blue-green keeps for a way back, with their ratio. Nobody approved the former, so they are never put into traffic.
//!
//! [kubernetes]: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
//! [back-off]: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy

use std::{cmp::min, num::NonZeroU32};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EvaluationError, OperatorRequest, Rollout, RouteChanges, Strategy, Tally, Timestamp, wait::Wait};

mod int_or_percent;
mod moves;
mod plans;

pub use int_or_percent::IntOrPercent;
use moves::Moves;

/// The rolling update strategy; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct RollingUpdate;

/// Configuration of a rolling update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RollingUpdateConfig {
    /// How many live routes there may be above the target: a number, or a percentage of the target, rounded up.
    pub max_surge: IntOrPercent,
    /// How many routes fewer than the target may serve: a number, or a percentage of the target of at most 100%, rounded
    /// down. Not 0 where `max_surge` is 0.
    pub max_unavailable: IntOrPercent,
    /// Roll back if the new revision has not taken over after so many seconds.
    #[schemars(range(max = u32::MAX))]
    pub deadline_seconds: Option<NonZeroU32>,
    /// Count routes that are terminating against `max_surge`: no new route is created before there is room for it.
    pub wait_for_termination: bool,
}

impl Default for RollingUpdateConfig {
    fn default() -> Self {
        let quarter = IntOrPercent::Percent(25);
        Self { max_surge: quarter, max_unavailable: quarter, deadline_seconds: None, wait_for_termination: false }
    }
}

impl Strategy for RollingUpdate {
    const NAME: &'static str = "rolling-update";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str =
        "Replaces the old revision's routes by the new one's a few at a time, as Kubernetes' Deployments do.";

    type Config = RollingUpdateConfig;

    fn config_schema() -> String {
        // Generated from `RollingUpdateConfig`; tests/schemas.rs compares, and writes it with `BLESS=1`.
        include_str!("rolling_update/config.schema.json").to_owned()
    }

    fn check_config(config: &RollingUpdateConfig) -> Result<(), String> {
        if config.max_surge.is_zero() && config.max_unavailable.is_zero() {
            return Err("`max_surge` and `max_unavailable` are both 0: nothing could be replaced".to_owned());
        }
        match config.max_unavailable {
            IntOrPercent::Percent(percent @ 101..) => {
                Err(format!("`max_unavailable`: {percent}% is more than all; it should be at most 100%"))
            }
            _ => Ok(()),
        }
    }

    fn evaluate(rollout: &Rollout<'_>, config: &RollingUpdateConfig) -> Result<RouteChanges, EvaluationError> {
        Ok(Cycle::new(rollout, config).decide())
    }
}

/// One cycle: what the rows of the table look at.
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a RollingUpdateConfig,
    tally: Tally,
    target: u32,
    surge: u32,
    unavailable: u32,
    /// How many live old routes count as in traffic: those that are, and those that were and are to come back.
    in_traffic: u32,
}

// === impl Cycle: the table ===

impl<'a> Cycle<'a> {
    fn new(rollout: &'a Rollout<'a>, config: &'a RollingUpdateConfig) -> Self {
        let target = rollout.spec().target_replicas;
        let surge = config.max_surge.of_rounded_up(target);
        let unavailable = config.max_unavailable.of_rounded_down(target);
        let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
        let tally = rollout.tally();
        // Beside old routes that serve, those that are kept were replaced before.
        let in_traffic = if tally.active_blue == 0 { tally.ready_kept_blue } else { tally.active_blue };
        Self { rollout, config, tally, target, surge, unavailable, in_traffic }
    }

    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        let Tally { ready_green, live_green, live_blue, provisioning_green, .. } = self.tally;
        let new_is_ready = ready_green >= self.target;
        let moves = self.moves();

        if new_is_ready && live_blue == 0 {                                                  // row 1
            return self.roll_out(&moves);
        }
        if self.rollout.spec().asks_to(OperatorRequest::Abort) {                             // row 2
            return self.abort();
        }
        if self.rollout.spec().failed_checks().next().is_some() {                            // row 3
            return self.check_failed();
        }
        if new_is_ready {                                                                    // row 4
            return self.roll_out(&moves);
        }
        if self.deadline().is_some_and(|deadline| deadline.is_over(self.now())) {            // row 5
            return self.deadline_exceeded();
        }
        if !moves.is_empty() {                                                               // row 6
            return self.replace(&moves);
        }
        if live_green < self.target && let Some(back_off) = self.back_off() {                // row 7
            return self.back_off_until(back_off.end());
        }
        if live_green < self.target && self.terminating_that_count() > 0 {                   // row 8
            return self.wait_for_termination();
        }
        if provisioning_green > 0 {                                                          // row 9
            return self.wait_for_provisioning();
        }
        self.wait_for_ready()                                                                // row 10
    }

    fn now(&self) -> Timestamp {
        self.rollout.spec().now
    }

    /// How many routes must serve while there are enough that can.
    fn least_available(&self) -> u32 {
        self.target.saturating_sub(self.unavailable)
    }

    /// How many routes there may be at once.
    fn most_live(&self) -> u32 {
        self.target.saturating_add(self.surge)
    }

    /// The deadline, unless an operator asked to go on.
    fn deadline(&self) -> Option<Wait> {
        let spec = self.rollout.spec();
        let seconds = self.config.deadline_seconds.filter(|_| !spec.asks_to(OperatorRequest::Promote))?;
        Some(Wait::new(spec.started_at, seconds.get()))
    }

    /// The back-off after the last failure, if it is not over.
    fn back_off(&self) -> Option<Wait> {
        let last_failure = self.rollout.failed_green().map(|route| route.changed_at(self.now())).max()?;
        let rounds = self.tally.failed_green.div_ceil(self.target.max(1));
        let seconds = min(10 << min(rounds - 1, 5), 300);
        Some(Wait::new(last_failure, seconds)).filter(|back_off| !back_off.is_over(self.now()))
    }

    /// When to look again even if nothing has changed: at the deadline, or when the back-off is over.
    fn look_again(&self) -> Option<Timestamp> {
        let waits = [self.deadline(), self.back_off().filter(|_| self.tally.live_green < self.target)];
        waits.into_iter().flatten().filter_map(|wait| wait.end_ahead(self.now())).min()
    }

    /// How many terminating routes take a place.
    fn terminating_that_count(&self) -> u32 {
        if self.config.wait_for_termination { self.tally.terminating } else { 0 }
    }
}
