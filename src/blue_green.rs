//! Blue-green: create the new revision beside the old one, and switch traffic over in one step when all of it is ready.
//!
//! Green is the deploying revision, blue is every other. The first row that matches wins. `target` is `target_replicas`;
//! `gate` is `preview_replicas`, where it is set and less, else `target`.
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | operator asked abort, and draining green keeps the serving floor (else past the point of return: the message says so and the rows below decide) | rolling-back | drain live green; return to blue, where it is kept | `aborted` |
//! | 2 | ready green ≥ target, ≥ target of them already active, no live blue; or green was promoted, as the memo says, any of it is ready or nothing should be, and no blue is kept or in traffic | completed | as 6, or as 2c, where anything is left to do | `already-promoted` |
//! | | *while blue is kept:* | | | |
//! | 2a | a check failed, and returning to blue keeps the serving floor | rolling-back | drain live green, return to blue | `check-failed` |
//! | 2b | no green route is ready although some should be, and a kept blue one is | rolling-back | drain live green, return to blue | `green-lost` |
//! | 2c | the window is over, and any green is ready or nothing should be | completed | drain live blue; promote ready green; where ready green ≥ target, drain the rest of it, else create the missing as 9 does, but active, ratio 1.0 | `retiring-blue` |
//! | 2d | else | finalizing | promote ready green, create the missing as 2c does | `keeping-blue` |
//! | | *else:* | | | |
//! | 2e | a check failed, and draining green keeps the serving floor | rolling-back | drain live green, return to blue | `check-failed` |
//! | 2f | traffic was returned by 2b, and draining green keeps the serving floor | rolling-back | drain live green, return to blue what was not ready then | `green-lost` |
//! | 3 | ready green ≥ target, and a ready green is already active (a promotion was cut off) | as 6 | as 6 | `resuming-promotion` |
//! | 3a | ready green ≥ gate, no operator promote, any check pending | awaiting-promotion | none | `awaiting-checks` |
//! | 4 | ready green ≥ gate, not `auto_promote`, no operator promote | awaiting-promotion | none | `awaiting-approval` |
//! | 5 | ready green ≥ gate, no operator promote, the newest ready green has been so for less than the delay | awaiting-promotion | none; look again when it will be | `awaiting-delay` |
//! | 6 | ready green ≥ target | completed; finalizing, where blue is to be kept and any is in traffic | promote every ready green that is not yet active at ratio 1.0, drain live blue (or take what is in traffic out of it, and drain the rest) and live green that is not ready | `promoting` |
//! | 7 | failed green > `max_replacements`, no live green | rolling-back | none (nothing live is green); return to blue, where it is kept | `all-green-failed` |
//! | 8 | deadline reached since `started_at`, and draining green keeps the serving floor | rolling-back | drain live green, return to blue | `deadline-exceeded` |
//! | 9 | live green + max(0, failed green − `max_replacements`) < goal | provisioning | create the missing, inactive, ratio 0.0 | `creating-green` |
//! | 10 | any green provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 11 | else | provisioning | none | `waiting-for-ready` |
//!
//! - "Ready since" is [`Route::ready_since`]. Exactly the delay, the deadline or the window elapsed is enough. Arithmetic
//!   saturates. A health flap restarts the delay, because it moves `status_updated_at`.
//! - A failure occupies its slot until `max_replacements` allows a replacement, so a crash-looping revision cannot create
//!   routes without end. A raised target tops up; a lowered one promotes what is ready.
//! - Rows 9 to 11 ask to be evaluated again at the deadline, where one is set and still ahead. A deadline that has passed
//!   without row 8 being allowed to act must not: the host would evaluate without a pause.
//! - Waiting for approval never runs into the deadline: rows 2 to 6 stand above row 8, and where a deadline is set, the memo
//!   of rows 3a to 5 keeps when all was ready last; the deadline counts from there. A flap after a long wait is no reason to
//!   roll back.
//! - Draining green **keeps the serving floor** where as many blue routes serve afterwards as the contract's floor asks for,
//!   and some do, if green is in traffic: green that is not ready may recover, and is not given up for nothing.
//! - **Checks**: an operator's promote outweighs a pending check, never a failed one.
//! - **Preview**: the goal of rows 9 to 11 is the gate, until a cycle in which the gates of rows 3a to 5 are passed; then it
//!   is the target. The memo keeps when that was: the gates of rows 3a to 5 are asked once more when all is ready, but not the
//!   delay, and the deadline counts from there, because waiting at a gate is not the new revision's fault. A lost memo asks the
//!   gates again.
//! - **Blue is kept** where `keep_blue_seconds` is above 0, green was promoted, as the memo or a live green route in traffic
//!   says, no blue route is in traffic, and some are [`Route::is_kept`]: out of traffic with the ratio that they had in it. That tells them from routes that were created for a rollout which nobody
//!   approved; those have the ratio 0.0, are drained with the promotion, and never come back. The window counts from the
//!   moment of the promotion, which the memo keeps; a lost memo restarts it. The deadline has no say in it, and neither has
//!   a raised target: it never gets longer.
//! - **Return to blue** puts every ready route that is kept into traffic, whichever row rolls back; but not beside blue that
//!   is in traffic: those were kept by the rollout before this one, and are drained with the promotion. It keeps the serving
//!   floor if as many are ready; else there is no way back, and the message says so. A rollout whose green was lost stays
//!   rolled back, although an operator's promote may still stand: to try again is to start another.
//!

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EvaluationError, OperatorRequest, Rollout, Route, RouteChanges, Strategy, Tally, Timestamp, wait::Wait};

mod kept;
mod memo;
mod plans;

use memo::Memo;

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
    /// For how long, in seconds, the old revision is kept out of traffic after the promotion, so that traffic can be returned
    /// to it at once; 0 drains it with the promotion.
    #[schemars(range(max = u32::MAX))]
    pub keep_blue_seconds: u32,
    /// Create only so many routes of the new revision before checks, approval and delay, and the rest after them.
    #[schemars(range(max = u32::MAX))]
    pub preview_replicas: Option<NonZeroU32>,
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
        Ok(Cycle::new(rollout, config).decide())
    }
}

/// One cycle: what the rows of the table look at.
#[derive(Clone, Copy)]
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a BlueGreenConfig,
    memo: Option<Memo>,
    tally: Tally,
    target: u32,
    /// How many green routes are to be ready at the current stage: the preview, or all.
    goal: u32,
    /// Since when the rest is created after the preview.
    topping_up: Option<Timestamp>,
}

// === impl Cycle: the table ===

impl<'a> Cycle<'a> {
    fn new(rollout: &'a Rollout<'a>, config: &'a BlueGreenConfig) -> Self {
        let spec = rollout.spec();
        let (tally, target) = (rollout.tally(), spec.target_replicas);
        // A moment before the start is of another rollout.
        let is_of_this = |memo: &Memo| memo.moment() >= spec.started_at.min(spec.now);
        let memo = spec.memo.as_deref().and_then(|memo| memo.parse().ok()).filter(is_of_this);
        let topping_up = if let Some(Memo::ToppingUp(at)) = memo { Some(at.min(spec.now)) } else { None };
        let cycle = Self { rollout, config, memo, tally, target, goal: target, topping_up };
        let is_preview = topping_up.is_none() && !cycle.was_promoted() && tally.ready_green < target;
        if is_preview { Self { goal: cycle.gate(), ..cycle } } else { cycle }
    }

    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        let Tally { ready_green, serving_green, live_blue, kept_blue, active_blue, .. } = self.tally;
        let asked_to_promote = self.asked_to(OperatorRequest::Promote);
        let green_is_ready = ready_green >= self.target;
        let check_failed = self.rollout.spec().failed_checks().next().is_some();

        if self.asked_to(OperatorRequest::Abort) && self.can_drain_green() {                 // row 1
            return self.abort();
        }
        let no_way_back = self.was_promoted() && kept_blue + active_blue == 0 && (ready_green > 0 || self.target == 0);
        if no_way_back || green_is_ready && serving_green >= self.target && live_blue == 0 { // row 2
            return self.already_promoted();
        }
        if self.blue_is_kept() {                                                             // rows 2a to 2d
            return Self { goal: self.target, ..*self }.decide_while_blue_is_kept(check_failed);
        }
        if check_failed && self.can_drain_green() {                                          // row 2e
            return self.check_failed();
        }
        if matches!(self.memo, Some(Memo::GreenLost(_))) && self.can_drain_green() {         // row 2f
            return self.green_lost();
        }
        if green_is_ready && serving_green > 0 {                                             // row 3
            return self.resume_promotion();
        }
        if ready_green >= self.goal {
            if !asked_to_promote && self.rollout.spec().pending_checks().next().is_some() {  // row 3a
                return self.await_checks();
            }
            if !self.config.auto_promote && !asked_to_promote {                              // row 4
                return self.await_approval();
            }
            if !asked_to_promote && let Some((newest, delay)) = self.delayed_by() {          // row 5
                return self.await_delay(newest, delay);
            }
            if green_is_ready {                                                              // row 6
                return self.promote();
            }
            return self.top_up().provision();
        }
        self.provision()
    }

    /// Rows 7 to 11.
    #[rustfmt::skip]
    fn provision(&self) -> RouteChanges {
        if self.tally.failed_green > self.config.max_replacements && self.tally.live_green == 0 { // row 7
            return self.all_green_failed();
        }
        if self.deadline().is_some_and(|deadline| deadline.is_over(self.now())) && self.can_drain_green() { // row 8
            return self.deadline_exceeded();
        }
        if self.missing() > 0 {                                                              // row 9
            return self.create_green();
        }
        if self.tally.provisioning_green > 0 {                                               // row 10
            return self.wait_for_provisioning();
        }
        self.wait_for_ready()                                                                // row 11
    }

    fn asked_to(&self, request: OperatorRequest) -> bool {
        self.rollout.spec().asks_to(request)
    }

    fn now(&self) -> Timestamp {
        self.rollout.spec().now
    }

    /// Whether the memo says that green was promoted.
    fn was_promoted(&self) -> bool {
        matches!(self.memo, Some(Memo::Promoted(_)))
    }

    /// How many green routes are to be ready before checks, approval and delay.
    fn gate(&self) -> u32 {
        self.config.preview_replicas.map_or(self.target, |preview| preview.get().min(self.target))
    }

    /// The gates are passed with less than the target: from now on the goal is the target.
    fn top_up(&self) -> Self {
        Self { goal: self.target, topping_up: Some(self.now()), ..*self }
    }

    /// Whether draining green keeps the serving floor, if traffic is returned to blue where it is kept. Green that is in
    /// traffic and not ready may recover; it is not given up for nothing.
    fn can_drain_green(&self) -> bool {
        let blue = self.blue_after_return();
        let is_all_there_is = blue == 0 && self.tally.active_green > 0 && self.target > 0;
        blue >= self.tally.serving_floor(self.target) && !is_all_there_is
    }

    /// The newest ready green route and its delay, if that is not over. The preview's delay is asked for once.
    fn delayed_by(&self) -> Option<(&'a Route, Wait)> {
        let ready = self.rollout.green().filter(|route| route.is_ready() && self.topping_up.is_none());
        let newest = ready.max_by_key(|route| route.ready_since(self.now()))?;
        let delay = Wait::new(newest.ready_since(self.now()), self.config.promote_delay_seconds);
        (!delay.is_over(self.now())).then_some((newest, delay))
    }

    /// The deadline, where one is set. It is met once green was promoted.
    fn deadline(&self) -> Option<Wait> {
        if self.was_promoted() {
            return None;
        }
        self.config.deadline_seconds.map(|seconds| Wait::new(self.deadline_since(), seconds.get()))
    }

    /// From when the deadline counts: waiting at a gate is not the new revision's fault.
    fn deadline_since(&self) -> Timestamp {
        match (self.topping_up, self.memo) {
            (Some(at), _) => at,
            (None, Some(Memo::Waited(at))) => at.min(self.now()),
            _ => self.rollout.spec().started_at,
        }
    }

    /// Failed green routes that are not to be replaced: each occupies a slot.
    fn unreplaced(&self) -> u32 {
        self.tally.failed_green.saturating_sub(self.config.max_replacements)
    }

    /// How many green routes are to be created.
    fn missing(&self) -> u32 {
        self.goal.saturating_sub(self.tally.live_green.saturating_add(self.unreplaced()))
    }
}
