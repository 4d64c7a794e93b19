//! Rolling update: replace the old revision's routes by the new one's a few at a time, never with too few serving and
//! never with too many at once. The semantics are those of Kubernetes' [Deployments][kubernetes].
//!
//! New is the deploying revision, old is every other (green and blue in the contract's words). `target` is
//! `target_replicas`; `surge` and `unavailable` are `max_surge`, rounded up, and `max_unavailable`, rounded down, of it.
//! Where both come out as 0, `unavailable` is 1, because nothing could move. Both stay within the operator's limits. A
//! cycle makes as many of these moves as are allowed, all in one plan:
//!
//! | move | which | how many |
//! |---|---|---|
//! | return | ready old routes on standby that stay: of the stable revision, or where no other is in traffic | all |
//! | drain old | old routes that nobody returns to, and that do not serve | all |
//! | | other live old routes, in the drain order | those + ready new − (target − unavailable) |
//! | drain new | live new routes beyond the target, in the drain order | live new − target |
//! | promote | ready new routes that stay and are not yet active at ratio 1.0 | all |
//! | create | new routes, active, ratio 1.0 | target − live new, as far as there is room; none during the back-off |
//! | raise | what stays in traffic with less than 1.0, in a plan that makes any other move | all |
//!
//! What the plan says, and whether it makes the moves, is for the first row that matches:
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | abort | roll back | roll back | `aborted` |
//! | 2 | paused | provisioning | none | `paused` |
//! | 3 | a check failed | roll back | roll back | `check-failed` |
//! | 4 | ready new ≥ target | completed | drain all live old, drain new, promote | `rolled-out` |
//! | 5 | deadline reached since `started_at`, no promote | roll back | roll back | `deadline-exceeded` |
//! | 6 | any move is allowed | provisioning | the moves | `replacing` |
//! | 7 | live new < target, and the back-off keeps them from being created | provisioning | none | `backing-off` |
//! | 8 | live new < target, and terminating routes do | provisioning | none | `waiting-for-termination` |
//! | 9 | live new < target, and free places are short | provisioning | none | `no-capacity` |
//! | 10 | nothing could ever move within the limits | provisioning | none | `no-budget` |
//! | 11 | any new provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 12 | else | provisioning | none | `waiting-for-ready` |
//!
//! - **Promises** ([`Strategy::commitment`]): target − unavailable serve, and at most target + surge are live. Limits
//!   under which nothing could move are refused at admission; a running rollout waits under them.
//! - **Roll back** is the same for every strategy: it returns to the stable revision, creates what is missing of it, and
//!   drains the new routes once they are not needed. It ends as rolled-back.
//! - **Drain order**: not running, unhealthy, degraded, not checked, healthy and not serving, serving; then oldest
//!   first, then by id. Leftovers go before the stable revision's.
//! - **A new revision that does not work costs nothing**: only ready new routes let old ones go, beyond the `unavailable`
//!   that were allowed from the start. An old route that is not ready, or out of traffic for a moment, counts as if it
//!   served, because it may recover; it goes first, in the place of one that does.
//! - **Nobody returns to** leftovers, and where no stable revision is known to inactive old routes: nobody approved
//!   them.
//! - **A promote** means: go on, whatever the deadline. It does not outweigh a failed check.
//! - **Back-off**: after a failure no new route is created for 10 s; for 20 s once more have failed than the target, for
//!   40 s once more than twice as many have, up to 300 s, as Kubernetes [restarts containers][back-off]. So a
//!   crash-looping revision cannot create routes without end, and a rollout needs no person after a single failure.
//! - **Terminating routes** are not counted against the surge, as in Kubernetes, so that with `max_surge` 0 a new route
//!   may start while an old one finishes; with `wait_for_termination` they are. They hold their places all the same:
//!   with them there are at most target + surge and another target.
//! - Rows 6 to 12 ask to be evaluated again at the deadline or at the end of the back-off, whichever comes first, where
//!   it is ahead.
//! - A raised target is topped up within the surge; a lowered one drains what is beyond it.
//!
//! [kubernetes]: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
//! [back-off]: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Amount, Commitment, EvaluationError, Progress, Rollout, RouteChanges, Strategy, SubStep, Tally, Timestamp,
    strategies::back_off::back_off, strategies::wait::Wait,
};

mod moves;
mod plans;

use moves::Moves;

/// The rolling update strategy; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct RollingUpdate;

/// Configuration of a rolling update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RollingUpdateConfig {
    /// How many live routes there may be above the target: a number, or a percentage of the target, rounded up.
    pub max_surge: Amount,
    /// How many routes fewer than the target may serve: a number, or a percentage of the target of at most 100%, rounded
    /// down. Not 0 where `max_surge` is 0.
    pub max_unavailable: Amount,
    /// Roll back if the new revision has not taken over after so many seconds.
    #[schemars(range(max = u32::MAX))]
    pub deadline_seconds: Option<NonZeroU32>,
    /// Count routes that are terminating against `max_surge`: no new route is created before there is room for it.
    pub wait_for_termination: bool,
}

impl Default for RollingUpdateConfig {
    fn default() -> Self {
        let quarter = Amount::percent(25);
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
            amount @ Amount::Millipercent(100_001..) => {
                Err(format!("`max_unavailable`: {amount} is more than all; it should be at most 100%"))
            }
            _ => Ok(()),
        }
    }

    fn commitment(config: &RollingUpdateConfig, target: u32, limits: Option<Commitment>) -> Commitment {
        let surge = config.max_surge.rounded_up(target);
        let unavailable = config.max_unavailable.rounded_down(target).min(target);
        let unavailable = if surge == 0 { unavailable.max(1).min(target) } else { unavailable };
        let own = Commitment { least_serving: target - unavailable, most_live: target.saturating_add(surge) };
        let own = if target == 0 { Commitment { least_serving: 0, most_live: 0 } } else { own };
        own.and(limits.unwrap_or(Commitment::NONE))
    }

    fn admit(config: &RollingUpdateConfig, target: u32, limits: Option<Commitment>) -> Result<(), String> {
        if can_move(Self::commitment(config, target, limits), target) {
            return Ok(());
        }
        let surge = config.max_surge.rounded_up(target);
        let needed = if surge == 0 { "max_unavailable" } else { "max_surge" };
        let whole = if target == 1 { " 100%" } else { " of at least 1" };
        Err(format!("needs {needed}{whole}: within the limits no route of {target} may be missing, and none be added"))
    }

    fn evaluate(rollout: &Rollout<'_>, config: &RollingUpdateConfig) -> Result<RouteChanges, EvaluationError> {
        let cycle = Cycle::new(rollout, config);
        let mut plan = cycle.decide();
        plan.progress = Some(cycle.progress(plan.sub_step));
        Ok(plan)
    }
}

/// Whether a route may be missing or added, so that anything can be replaced.
fn can_move(bounds: Commitment, target: u32) -> bool {
    target == 0 || bounds.least_serving < target || bounds.most_live > target
}

/// One cycle: what the rows of the table look at.
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a RollingUpdateConfig,
    tally: Tally,
    target: u32,
    bounds: Commitment,
}

// === impl Cycle: the table ===

impl<'a> Cycle<'a> {
    fn new(rollout: &'a Rollout<'a>, config: &'a RollingUpdateConfig) -> Self {
        let spec = rollout.spec();
        let target = spec.target_replicas;
        let bounds = RollingUpdate::commitment(config, target, spec.limits);
        Self { rollout, config, tally: rollout.tally(), target, bounds }
    }

    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        let Tally { ready_green, live_green, provisioning_green, .. } = self.tally;
        let spec = self.rollout.spec();

        if spec.operator.abort {                                                             // row 1
            return self.roll_back("aborted", "an operator asked to abort");
        }
        if spec.is_paused() {                                                                // row 2
            return self.pause();
        }
        if spec.failed_checks().next().is_some() {                                           // row 3
            return self.check_failed();
        }
        if ready_green >= self.target {                                                      // row 4
            return self.roll_out();
        }
        if self.deadline().is_some_and(|deadline| deadline.is_over(self.now())) {            // row 5
            return self.deadline_exceeded();
        }
        let moves = self.moves();
        if !moves.is_empty() {                                                               // row 6
            return self.replace(&moves);
        }
        if live_green < self.target && let Some(back_off) = self.back_off() {                // row 7
            return self.back_off_until(back_off);
        }
        if live_green < self.target && self.waits_for_termination() {                        // row 8
            return self.wait_for_termination();
        }
        if live_green < self.target && spec.free_places == Some(0) {                         // row 9
            return self.wait_for_places();
        }
        if !can_move(self.bounds, self.target) {                                             // row 10
            return self.wait_for_budget();
        }
        if provisioning_green > 0 {                                                          // row 11
            return self.wait_for_provisioning();
        }
        self.wait_for_ready()                                                                // row 12
    }

    fn now(&self) -> Timestamp {
        self.rollout.spec().now
    }

    /// The deadline, unless an operator asked to go on.
    fn deadline(&self) -> Option<Wait> {
        let spec = self.rollout.spec();
        let seconds = self.config.deadline_seconds.filter(|_| !spec.operator.promote)?;
        Some(Wait::new(spec.started_at, seconds.get()))
    }

    /// The back-off after the last failure, if it is not over.
    fn back_off(&self) -> Option<Wait> {
        back_off(self.rollout.failed_green(), self.target, self.now())
    }

    /// When to look again even if nothing has changed: at the deadline, or when the back-off is over.
    fn look_again(&self) -> Option<Timestamp> {
        let waits = [self.deadline(), self.back_off().filter(|_| self.tally.live_green < self.target)];
        waits.into_iter().flatten().filter_map(|wait| wait.end_ahead(self.now())).min()
    }

    /// New routes that are ready, of those that should be.
    fn progress(&self, sub_step: SubStep) -> Progress {
        let (steps, ready) = (self.target.max(1), self.tally.ready_green.min(self.target));
        let (step, share) = match sub_step {
            SubStep::RollingBack | SubStep::RolledBack => (0, 0.0),
            SubStep::Completed => (steps, 1.0),
            _ => (ready, f64::from(ready) / f64::from(steps)),
        };
        Progress { step, steps, share }
    }
}
