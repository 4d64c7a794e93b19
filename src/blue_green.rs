//! Blue-green: create the new revision beside the old one, and switch traffic over in one step when all of it is ready.
//!
//! Green is the deploying revision, blue is every other. The first row that matches wins; `target` is `target_replicas`.
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | operator asked abort, and draining green keeps the serving floor (else past the point of return: the message says so and the rows below decide) | rolling-back | drain live green | `aborted` |
//! | 2 | ready green ≥ target, ≥ target of them already active, no live blue | completed | as 6, where anything is left to do | `already-promoted` |
//! | 3 | ready green ≥ target, and a ready green is already active (a promotion was cut off) | completed | as 6 | `resuming-promotion` |
//! | 4 | ready green ≥ target, not `auto_promote`, no operator promote | awaiting-promotion | none | `awaiting-approval` |
//! | 5 | ready green ≥ target, no operator promote, the newest ready green has been so for less than the delay | awaiting-promotion | none; look again when it will be | `awaiting-delay` |
//! | 6 | ready green ≥ target | completed | promote every ready green that is not yet active at ratio 1.0, drain live blue and live green that is not ready | `promoting` |
//! | 7 | failed green > `max_replacements`, no live green | rolling-back | none (nothing live is green) | `all-green-failed` |
//! | 8 | deadline reached since `started_at`, and draining green keeps the serving floor | rolling-back | drain live green | `deadline-exceeded` |
//! | 9 | live green + max(0, failed green − `max_replacements`) < target | provisioning | create the missing, inactive, ratio 0.0 | `creating-green` |
//! | 10 | any green provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 11 | else | provisioning | none | `waiting-for-ready` |
//!
//! - "Ready since" is [`Route::ready_since`]. Exactly the delay, or exactly the deadline, elapsed is enough. Arithmetic
//!   saturates. A health flap restarts the delay, because it moves `status_updated_at`.
//! - A failure occupies its slot until `max_replacements` allows a replacement, so a crash-looping revision cannot create
//!   routes without end. A raised target tops up; a lowered one promotes what is ready.
//! - Rows 9 to 11 ask to be evaluated again at the deadline, where one is set and still ahead. A deadline that has passed
//!   without row 8 being allowed to act must not: the host would evaluate without a pause.
//! - Waiting for approval never runs into the deadline: rows 2 to 6 stand above row 8.
//! - Checks are not looked at yet.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EvaluationError, OperatorRequest, Rollout, Route, RouteChanges, Strategy, Tally, Timestamp};

mod plans;

/// The blue-green strategy; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct BlueGreen;

/// Configuration of a blue-green rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BlueGreenConfig {
    /// Promote without an operator once every route of the new revision is ready.
    pub auto_promote: bool,
    /// With `auto_promote`: how long, in seconds, the new revision must have been ready before it is promoted.
    #[schemars(range(max = u32::MAX))]
    pub promote_delay_seconds: u32,
    /// Roll back if the new revision is not ready after so many seconds; waiting for its promotion does not count.
    #[schemars(range(max = u32::MAX))]
    pub deadline_seconds: Option<NonZeroU32>,
    /// How many failed routes of the new revision are replaced in the whole rollout.
    #[schemars(range(max = u32::MAX))]
    pub max_replacements: u32,
}

impl Strategy for BlueGreen {
    const NAME: &'static str = "blue-green";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str =
        "Creates the new revision beside the old one and switches traffic over in one step when all of it is ready.";

    type Config = BlueGreenConfig;

    fn config_schema() -> String {
        // Generated from `BlueGreenConfig`; tests/schemas.rs compares, and writes it with `BLESS=1`.
        include_str!("blue_green/config.schema.json").to_owned()
    }

    fn evaluate(rollout: &Rollout<'_>, config: &BlueGreenConfig) -> Result<RouteChanges, EvaluationError> {
        Ok(Cycle { rollout, config, tally: rollout.tally(), target: rollout.spec().target_replicas }.decide())
    }
}

/// One cycle: what the rows of the table look at.
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a BlueGreenConfig,
    tally: Tally,
    target: u32,
}

// === impl Cycle: the table ===

impl Cycle<'_> {
    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        let Tally { ready_green, serving_green, live_green, live_blue, failed_green, provisioning_green, .. } = self.tally;
        let asked_to_abort = self.asked_to_abort();
        let asked_to_promote = self.asked_to_promote();
        let green_is_ready = ready_green >= self.target;

        if asked_to_abort && self.can_drain_green() {                                        // row 1
            return self.abort();
        }
        if green_is_ready {
            if serving_green >= self.target && live_blue == 0 {                              // row 2
                return self.already_promoted();
            }
            if serving_green > 0 {                                                           // row 3
                return self.resume_promotion();
            }
            if !self.config.auto_promote && !asked_to_promote {                              // row 4
                return self.await_approval();
            }
            if !asked_to_promote && let Some((newest, ready_at)) = self.delayed_by() {       // row 5
                return self.await_delay(newest, ready_at);
            }
            return self.promote();                                                           // row 6
        }
        if failed_green > self.config.max_replacements && live_green == 0 {                  // row 7
            return self.all_green_failed();
        }
        if self.deadline_is_reached() && self.can_drain_green() {                            // row 8
            return self.deadline_exceeded();
        }
        if self.missing() > 0 {                                                              // row 9
            return self.create_green();
        }
        if provisioning_green > 0 {                                                          // row 10
            return self.wait_for_provisioning();
        }
        self.wait_for_ready()                                                                // row 11
    }

    fn asked_to_abort(&self) -> bool {
        self.rollout.spec().operator_request == Some(OperatorRequest::Abort)
    }

    fn asked_to_promote(&self) -> bool {
        self.rollout.spec().operator_request == Some(OperatorRequest::Promote)
    }

    /// Whether draining green keeps the serving floor.
    fn can_drain_green(&self) -> bool {
        self.tally.can_do_without_green(self.target)
    }

    /// The newest ready green route, and when it will have been ready for the whole delay, if that is still ahead.
    fn delayed_by(&self) -> Option<(&Route, Timestamp)> {
        let now = self.rollout.spec().now;
        let delay = self.delay_millis();
        let newest =
            self.rollout.green().filter(|route| route.is_ready()).max_by_key(|route| route.ready_since(now))?;
        let ready_since = newest.ready_since(now);
        let is_early = now.saturating_millis_since(ready_since) < delay;
        is_early.then(|| (newest, ready_since.saturating_add_millis(delay)))
    }

    fn delay_millis(&self) -> u64 {
        u64::from(self.config.promote_delay_seconds) * 1000
    }

    fn deadline_millis(&self) -> Option<u64> {
        self.config.deadline_seconds.map(|seconds| u64::from(seconds.get()) * 1000)
    }

    fn elapsed_millis(&self) -> u64 {
        self.rollout.spec().now.saturating_millis_since(self.rollout.spec().started_at)
    }

    fn deadline_is_reached(&self) -> bool {
        self.deadline_millis().is_some_and(|deadline| self.elapsed_millis() >= deadline)
    }

    /// Failed green routes that are not to be replaced: each occupies a slot.
    fn unreplaced(&self) -> u32 {
        self.tally.failed_green.saturating_sub(self.config.max_replacements)
    }

    /// The deadline, where one is set and still ahead.
    fn deadline_ahead(&self) -> Option<Timestamp> {
        let at = self.rollout.spec().started_at.saturating_add_millis(self.deadline_millis()?);
        (at > self.rollout.spec().now).then_some(at)
    }

    /// How many green routes are to be created.
    fn missing(&self) -> u32 {
        self.target.saturating_sub(self.tally.live_green.saturating_add(self.unreplaced()))
    }
}
