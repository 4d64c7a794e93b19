//! Blue-green: create the new revision beside the old one, and switch traffic over in one step when all of it is ready.
//!
//! Green is the deploying revision, blue is every other. The first row that matches wins. `target` is
//! `target_replicas`; `goal` is `preview_replicas` before its gate is passed, where it is set and less, else `target`.
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | abort | roll back | roll back | `aborted` |
//! | 2 | paused, promoted, and a check failed or green was lost | rolling-back | return to blue, green out | `paused` |
//! | 3 | a check failed, not paused | roll back | roll back | `check-failed` |
//! | 4 | green was lost, as the memo says, not paused | roll back | roll back | `green-lost` |
//! | | *while green is promoted:* | | | |
//! | 5 | no green is ready, and blue on standby is, not paused | roll back | roll back | `green-lost` |
//! | 6 | paused | finalizing | none | `paused` |
//! | 7 | ready green < target | finalizing | promote what is ready, create the missing | `replacing-green` |
//! | 8 | blue is kept, the window is not over | finalizing | promote what is ready | `keeping-blue` |
//! | 9 | else | completed | promote, drain all else | `retiring-blue`, `already-promoted` |
//! | | *before:* | | | |
//! | 10 | ready green ≥ target, ≥ target of it serves, no live blue, not paused | completed | as 9 | `already-promoted` |
//! | 11 | paused | provisioning, awaiting-promotion or rolling-back | none | `paused` |
//! | 12 | ready green ≥ goal, any check pending, no promote | awaiting-promotion | none | `awaiting-checks` |
//! | 13 | ready green ≥ goal, the gate is not passed | awaiting-promotion | none | `awaiting-approval` |
//! | 14 | ready green ≥ goal, ready for less than the delay, no promote | awaiting-promotion | none | `awaiting-delay` |
//! | 15 | ready green ≥ target | finalizing or completed | switch over | `promoting` |
//! | 16 | failed green > `max_replacements`, no live green | roll back | roll back | `all-green-failed` |
//! | 17 | deadline reached, no promote | roll back | roll back | `deadline-exceeded` |
//! | 18 | live green + unreplaced < goal, and there is room | provisioning | create the missing | `creating-green` |
//! | 19 | live green + unreplaced < goal, and there is none | provisioning | make room | see below |
//! | 20 | any green provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 21 | else | provisioning | none | `waiting-for-ready` |
//!
//! - **Promises** ([`Strategy::commitment`]): the target always serves, and at most twice as many are live. Limits that
//!   allow less are refused at admission; a running rollout waits under them, with `no-budget`.
//! - **Roll back** is the same for every strategy: it returns to the stable revision, creates what is missing of it, and
//!   drains green once it is not needed. It ends as rolled-back.
//! - **Row 2** after a failed check is for blue that carries the target; where no green is ready, any blue is better.
//! - **Green is promoted** as the memo says; or, where that was lost, where it serves, blue is on standby and none is
//!   active. Green in traffic beside active blue is no approval: somebody tries it out, or the host puts every route
//!   into traffic that has warmed up.
//! - **Switch over** promotes as many ready green routes as the target, those in traffic first, and drains all other
//!   green. Blue is drained; where `keep_blue_seconds` is above 0 and any blue is active, that goes on standby instead,
//!   but for leftovers. The window counts from the promotion, which the memo keeps; a lost memo restarts it.
//! - **Unreplaced**: a failure occupies its slot until `max_replacements` allows a replacement, so that a crash-looping
//!   revision cannot create routes without end. Once promoted, green is always replaced, after a back-off.
//! - **Gates**: `preview`, where there are preview routes, and `promotion`. Where `auto_promote` is set there is none.
//! - **Create** makes green inactive, ratio 0.0; in row 7 active, ratio 1.0. It drains leftovers, and blue beyond the
//!   target, those that serve only as far as the target still serves; in row 7 only what does not serve, and no more than
//!   there has to be room for.
//! - **No room** (row 19): `no-capacity` where free places are short, for all that is missing; `waiting-for-termination`
//!   where too much is live or still stopping; `no-budget` where as many are live as may be. In the first two cases what
//!   the creation would drain is drained already: it holds the places.
//! - "Ready since" is [`Route::ready_since`](crate::Route::ready_since). Exactly the delay, the deadline or the window
//!   elapsed is enough. Arithmetic saturates. A health flap restarts the delay, because it moves `status_updated_at`.
//! - Rows 18 to 21 ask to be evaluated again at the deadline, where one is set and still ahead.
//! - Waiting at a gate, for a check, a delay or a pause never runs into the deadline: where one is set, the memo keeps
//!   when the rollout waited last, and the deadline counts from there.
//! - A memo of another rollout, or of another strategy, is as good as none.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Commitment, EvaluationError, Progress, Rollout, RouteChanges, Strategy, SubStep, Tally, Timestamp,
    strategies::back_off::back_off, strategies::rolling_back::RollingBack,
};

mod gates;
mod memo;
mod plans;
mod promoted;

use memo::{Memo, What};

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

    fn commitment(_: &BlueGreenConfig, target: u32, limits: Option<Commitment>) -> Commitment {
        let own = Commitment { least_serving: target, most_live: both_sets(target) };
        own.and(limits.unwrap_or(Commitment::NONE))
    }

    fn admit(_: &BlueGreenConfig, target: u32, limits: Option<Commitment>) -> Result<(), String> {
        match limits {
            Some(limits) if limits.most_live < both_sets(target) => Err(format!(
                "needs max_surge 100%: beside {target} routes another {target} are created, and at most {} may be live",
                limits.most_live
            )),
            _ => Ok(()),
        }
    }

    fn evaluate(rollout: &Rollout<'_>, config: &BlueGreenConfig) -> Result<RouteChanges, EvaluationError> {
        let cycle = Cycle::new(rollout, config);
        let mut plan = cycle.decide();
        plan.progress = Some(Cycle::progress(plan.sub_step));
        Ok(plan)
    }
}

/// How many routes are live at most: a full set of each colour.
fn both_sets(target: u32) -> u32 {
    target.saturating_mul(2)
}

/// One cycle: what the rows of the table look at.
#[derive(Clone, Copy)]
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a BlueGreenConfig,
    memo: Option<Memo>,
    tally: Tally,
    bounds: Commitment,
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
        let is_of_this = |memo: &Memo| memo.at >= spec.beginning();
        let memo: Option<Memo> = spec.memo.as_deref().and_then(|memo| memo.parse().ok()).filter(is_of_this);
        let memo = memo.map(|memo| memo.seen(spec.now));
        let topping_up = memo.filter(|memo| memo.what == What::ToppingUp).map(|memo| memo.at.min(spec.now));
        let bounds = BlueGreen::commitment(config, target, spec.limits);
        let cycle = Self { rollout, config, memo, tally, bounds, target, goal: target, topping_up };
        let is_preview = topping_up.is_none() && !cycle.is_promoted() && tally.ready_green < target;
        if is_preview { Self { goal: cycle.preview(), ..cycle } } else { cycle }
    }

    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        let spec = self.rollout.spec();
        let check_failed = spec.failed_checks().next().is_some();

        if spec.operator.abort {                                                             // row 1
            return self.roll_back("aborted", "an operator asked to abort");
        }
        if spec.is_paused() && self.returns_while_paused(check_failed) {                     // row 2
            return self.return_while_paused();
        }
        if check_failed && !spec.is_paused() {                                               // row 3
            return self.check_failed();
        }
        if self.remembers(What::GreenLost) && !spec.is_paused() {                            // row 4
            return self.green_lost();
        }
        if self.is_promoted() {
            return self.decide_once_promoted();
        }
        let Tally { ready_green, serving_green, live_blue, .. } = self.tally;
        if ready_green >= self.target && serving_green >= self.target && live_blue == 0 && !spec.is_paused() {
            return self.retire_blue();                                                       // row 10
        }
        self.decide_before()
    }

    /// Rows 5 to 9.
    #[rustfmt::skip]
    fn decide_once_promoted(&self) -> RouteChanges {
        if self.green_is_lost() && self.tally.ready_standby_blue > 0 {                       // row 5
            return self.green_lost();
        }
        if self.rollout.spec().is_paused() {                                                 // row 6
            return self.pause(SubStep::Finalizing);
        }
        if self.tally.ready_green < self.target {                                            // row 7
            return self.replace_green();
        }
        if self.tally.standby_blue > 0 && !self.window().is_over(self.now()) {               // row 8
            return self.keep_blue();
        }
        self.retire_blue()                                                                   // row 9
    }

    /// Rows 11 to 15, and on to the others.
    #[rustfmt::skip]
    fn decide_before(&self) -> RouteChanges {
        let spec = self.rollout.spec();
        let is_ready = self.tally.ready_green >= self.goal;

        if spec.is_paused() {                                                                // row 11
            return self.pause(match is_ready {
                _ if self.remembers(What::GreenLost) => SubStep::RollingBack,
                true => SubStep::AwaitingPromotion,
                false => SubStep::Provisioning,
            });
        }
        if is_ready {
            if !spec.operator.promote && spec.pending_checks().next().is_some() {            // row 12
                return self.await_checks();
            }
            if !self.config.auto_promote && !spec.has_passed(self.gate()) {                  // row 13
                return self.await_approval();
            }
            if !spec.operator.promote && let Some((newest, delay)) = self.delayed_by() {     // row 14
                return self.await_delay(newest, delay);
            }
            if self.tally.ready_green >= self.target {                                       // row 15
                return self.promote();
            }
            return self.top_up().provision();
        }
        self.provision()
    }

    /// Rows 16 to 21.
    #[rustfmt::skip]
    fn provision(&self) -> RouteChanges {
        let Tally { failed_green, live_green, provisioning_green, .. } = self.tally;

        if failed_green > self.config.max_replacements && live_green == 0 {                  // row 16
            return self.all_green_failed();
        }
        if self.deadline().is_some_and(|deadline| deadline.is_over(self.now())) {            // row 17
            return self.deadline_exceeded();
        }
        if self.missing() > 0 {                                                              // rows 18 and 19
            return self.create_green();
        }
        if provisioning_green > 0 {                                                          // row 20
            return self.wait_for_provisioning();
        }
        self.wait_for_ready()                                                                // row 21
    }

    /// The memo, where this is what it says.
    fn remembered(&self, what: What) -> Option<Memo> {
        self.memo.filter(|memo| memo.what == what)
    }

    /// Whether this is what the memo says.
    fn remembers(&self, what: What) -> bool {
        self.remembered(what).is_some()
    }

    fn now(&self) -> Timestamp {
        self.rollout.spec().now
    }

    /// The gates are passed with less than the target: from now on the goal is the target.
    fn top_up(&self) -> Self {
        Self { goal: self.target, topping_up: Some(self.now()), ..*self }
    }

    /// Failed green routes that are not to be replaced: each occupies a slot. Once green carries the traffic none does.
    fn unreplaced(&self) -> u32 {
        if self.is_promoted() { 0 } else { self.tally.failed_green.saturating_sub(self.config.max_replacements) }
    }

    /// How many green routes are to be created.
    fn missing(&self) -> u32 {
        self.goal.saturating_sub(self.tally.live_green.saturating_add(self.unreplaced()))
    }

    /// Ready, promoted, and blue retired.
    fn progress(sub_step: SubStep) -> Progress {
        let (step, share) = match sub_step {
            SubStep::Provisioning | SubStep::RollingBack | SubStep::RolledBack => (0, 0.0),
            SubStep::AwaitingPromotion => (1, 0.0),
            SubStep::Finalizing => (2, 1.0),
            SubStep::Completed => (3, 1.0),
        };
        Progress { step, steps: 3, share }
    }
}
