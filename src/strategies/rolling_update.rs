//! Rolling update: replace the old revision's routes by the new one's a few at a time, never with too few serving and
//! never with too many at once. The semantics are those of Kubernetes' [Deployments][kubernetes].
//!
//! New is the deploying revision, old is every other (green and blue in the contract's words). `target` is
//! `target_replicas`; `surge` and `unavailable` are `max_surge`, rounded up, and `max_unavailable`, rounded down, of
//! it. Where both come out as 0, `unavailable` is 1, because nothing could move. Both stay within the operator's
//! limits. *Available* is ready for at least `min_ready_seconds`. A cycle makes as many of these moves as are allowed,
//! all in one plan:
//!
//! | move | which | how many |
//! |---|---|---|
//! | return | ready old routes on standby or active at ratio 0.0 | target − unavailable − old that serve − ready new |
//! | drain old | old routes that nobody returns to, and those on standby that are not needed | all |
//! | | other old routes in traffic, in the drain order | those + available new − (target − unavailable) |
//! | drain new | live new routes beyond the target, in the drain order | live new − target |
//! | promote | ready new routes that stay and are not yet active at ratio 1.0 | all |
//! | create | new routes, active, ratio 1.0 | target − live new, as far as there is room; none during the back-off |
//! | restore | routes of the stable revision, while no new one may be created | what is missing to the target |
//! | raise | what stays in traffic with less than 1.0, in a plan that makes any other move | all |
//!
//! What the plan says, and whether it makes the moves, is for the first row that matches:
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | abort | roll back | roll back | `aborted` |
//! | 2 | a check failed | roll back | roll back | `check-failed` |
//! | 3 | rolled back for a deadline that is passed still, no promote | roll back | roll back | `deadline-exceeded` |
//! | 4 | paused | provisioning | return, restore | `paused` |
//! | 5 | any new ready, a check pending, no promote | awaiting-promotion | return, restore | `awaiting-checks` |
//! | 6 | available new ≥ target | completed, or finalizing | drain old, drain new, promote | `rolled-out` |
//! | 7 | deadline passed, no promote | roll back | roll back | `deadline-exceeded` |
//! | 8 | any move is allowed | provisioning | the moves | `replacing` |
//! | 9 | live new < target, and the back-off keeps them from being created | provisioning | none | `backing-off` |
//! | 10 | old routes wait for their drain delay | provisioning | none | `waiting-for-drain-delay` |
//! | 11 | live new < target, and terminating routes take the room | provisioning | none | `waiting-for-termination` |
//! | 12 | live new < target, and free places are short | provisioning | none | `no-capacity` |
//! | 13 | nothing could ever move within the limits | provisioning | none | `no-budget` |
//! | 14 | any new provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 15 | any new not ready | provisioning | none | `waiting-for-ready` |
//! | 16 | else | provisioning | none | `waiting-for-available` |
//!
//! - **Promises** ([`Strategy::commitment`]): target − unavailable serve, and at most target + surge are live. Limits
//!   under which nothing could move are refused at admission; a running rollout waits under them.
//! - **Roll back** is the same for every strategy: it returns to the stable revision, creates what is missing of it,
//!   and drains the new routes once they are not needed. It ends as rolled-back. Under a pause its code is `paused`, it
//!   drains nothing, and does not end.
//! - **Drain order**: not running, unhealthy, degraded, not checked, healthy and not serving, serving; then oldest
//!   first, then by id. Leftovers go before the stable revision's.
//! - **Drain delay**: with `drain_delay_seconds` what goes leaves the traffic first, and is drained so long after the
//!   last of it did.
//! - **A new revision that does not work costs nothing**: only available new routes let old ones go, beyond the
//!   `unavailable` that were allowed from the start. An old route that is not ready, or out of traffic for a moment,
//!   counts as if it served, because it may recover; it goes first, in the place of one that does. After a failure that
//!   allowance is used only where no new route is on its way, and there is no room for one without it.
//! - **Return** also puts back what is active with no share, where it is missed: somebody muted it, and the promise
//!   comes first.
//! - **Nobody returns to** leftovers that do not serve, and where no stable revision is known to inactive old routes:
//!   nobody approved them.
//! - **A promote** means: go on, whatever the deadline and pending checks. It does not outweigh a failed check.
//! - **Checks** count if they are [about what is there](super::checks). One that is pending holds the rollout as soon
//!   as there is a ready new route to judge, so that a check which says when it was observed is requested again for
//!   each batch.
//! - **Back-off**: after a failure no new route is created for 10 s; for 20 s once more have failed than the target,
//!   for 40 s once more than twice as many have, up to 300 s, as Kubernetes [restarts containers][back-off]. So a
//!   crash-looping revision cannot create routes without end, and a rollout needs no person after a single failure.
//! - **Missing routes** are new ones, unless none may be created: then the [stable revision is
//!   restored](super::strength).
//! - **Terminating routes** are not counted against the surge, as in Kubernetes, so that with `max_surge` 0 a new route
//!   may start while an old one finishes; with `wait_for_termination` they are. They hold their places all the same:
//!   with them there are at most target + surge and another target.
//! - **The deadline** is a [progress deadline](super::deadline), which checks and pauses do not spend, nor the drain
//!   delay where nothing but that keeps the next new route from being created: all live new ones are available, none is
//!   created, and none backs off.
//! - Rows 8 to 16 ask to be evaluated again at the deadline, at the end of the back-off or when a route is available,
//!   whichever comes first, where it is ahead.
//! - A raised target is topped up within the surge; a lowered one drains what is beyond it.
//!
//! [kubernetes]: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
//! [back-off]: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    checks::Checks,
    deadline::{self, Deadline},
    departures::Departures,
    failures::{self, Failures},
    memo::{Key, Memo},
    readiness::Readiness,
    remember,
    wait::Wait,
};
use crate::{
    Amount, Commitment, EvaluationError, Progress, Rollout, RouteChanges, Strategy, SubStep, Tally, Timestamp,
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
    /// How many routes fewer than the target may serve: a number, or a percentage of the target of at most 100%,
    /// rounded down. Not 0 where `max_surge` is 0.
    pub max_unavailable: Amount,
    /// How long, in seconds, a new route must have been ready before it lets an old one go. Less than
    /// `progress_deadline_seconds`.
    #[schemars(range(max = u32::MAX))]
    pub min_ready_seconds: u32,
    /// Roll back if the new revision has got no further for so many seconds; waiting for checks does not count.
    #[schemars(range(max = u32::MAX))]
    pub progress_deadline_seconds: Option<NonZeroU32>,
    /// For how long, in seconds, a route is out of traffic before it is drained, so that every proxy knows.
    #[schemars(range(max = u32::MAX))]
    pub drain_delay_seconds: u32,
    /// Count routes that are terminating against `max_surge`: no new route is created before there is room for it.
    pub wait_for_termination: bool,
}

impl Default for RollingUpdateConfig {
    fn default() -> Self {
        let quarter = Amount::percent(25);
        Self {
            max_surge: quarter,
            max_unavailable: quarter,
            min_ready_seconds: 0,
            progress_deadline_seconds: None,
            drain_delay_seconds: 0,
            wait_for_termination: false,
        }
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
            _ => deadline::check_config(config.progress_deadline_seconds, config.min_ready_seconds),
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
        Ok(evaluate_as(Self::NAME, rollout, config, None))
    }
}

/// Evaluates a cycle for the strategy whose name its memo carries, and remembers something more, if anything.
pub(super) fn evaluate_as(
    name: &'static str,
    rollout: &Rollout<'_>,
    config: &RollingUpdateConfig,
    happens: Option<Key>,
) -> RouteChanges {
    let cycle = Cycle::new(name, rollout, config);
    let mut plan = cycle.decide();
    plan.progress = Some(cycle.progress(plan.sub_step));
    let only_departs = cycle.only_departs(&plan);
    if plan.sub_step == SubStep::Provisioning && !rollout.spec().is_paused() {
        plan = plan.evaluate_again(cycle.deadline.and_then(|deadline| deadline.look_again_at(only_departs)));
    }
    let mut memo = cycle.memo;
    if plan.sub_step == SubStep::Finalizing {
        deadline::forget(&mut memo);
    }
    if let Some(key) = happens {
        memo.happens(key);
    }
    remember::finish(rollout, memo, plan, &cycle.departures, only_departs)
}

/// Whether a route may be missing or added, so that anything can be replaced.
fn can_move(bounds: Commitment, target: u32) -> bool {
    target == 0 || bounds.least_serving < target || bounds.most_live > target
}

/// One cycle: what the rows of the table look at.
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a RollingUpdateConfig,
    /// What is remembered, with what this cycle has seen.
    memo: Memo,
    tally: Tally,
    readiness: Readiness,
    /// How many new routes are available.
    available: u32,
    failures: Failures<'a>,
    /// The back-off after the last failure, if it is not over.
    back_off: Option<Wait>,
    checks: Checks<'a>,
    deadline: Option<Deadline>,
    departures: Departures,
    target: u32,
    bounds: Commitment,
}

// === impl Cycle: what it sees ===

impl<'a> Cycle<'a> {
    fn new(name: &'static str, rollout: &'a Rollout<'a>, config: &'a RollingUpdateConfig) -> Self {
        let spec = rollout.spec();
        let (tally, target) = (rollout.tally(), spec.target_replicas);
        let mut memo = Memo::read(spec, name);
        let readiness = Readiness::new(rollout, &mut memo, config.min_ready_seconds);
        failures::note_ahead(rollout, &mut memo);
        let failures = Failures::of_green(rollout, &memo);
        Self {
            rollout,
            config,
            tally,
            readiness,
            available: readiness.available(rollout),
            back_off: failures.back_off(rollout),
            failures,
            checks: Checks::new(rollout, &readiness, &memo),
            deadline: Deadline::new(rollout, &tally, &mut memo, config.progress_deadline_seconds),
            departures: Departures::new(rollout, &memo, config.drain_delay_seconds),
            target,
            bounds: RollingUpdate::commitment(config, target, spec.limits),
            memo,
        }
    }

    fn now(&self) -> Timestamp {
        self.rollout.spec().now
    }

    /// The deadline, if it has passed.
    fn passed_deadline(&self) -> Option<Deadline> {
        self.deadline.filter(Deadline::has_passed)
    }

    /// When to look again even if nothing has changed: when the back-off is over, when a route is available, or when
    /// what left the traffic may be drained.
    fn look_again(&self) -> Option<Timestamp> {
        let now = self.now();
        let back_off = self.back_off.filter(|_| self.tally.live_green < self.target);
        let available = self.readiness.next_available_at(self.rollout);
        let departed = self.departures.look_again_at().filter(|_| self.tally.standby_blue > 0);
        [back_off.and_then(|wait| wait.end_ahead(now)), available, departed].into_iter().flatten().min()
    }

    /// Whether nothing but a drain delay keeps the next new route from being created.
    fn only_departs(&self, plan: &RouteChanges) -> bool {
        let deploying = &self.rollout.spec().deploying_revision;
        let creates = plan.rollout_specs.iter().any(|rollout| rollout.revision == *deploying);
        let is_on_its_way = creates || self.tally.live_green > self.available;
        !is_on_its_way && self.back_off.is_none() && self.departures.are_under_way(self.rollout, plan)
    }

    /// New routes that are available, of those that should be.
    fn progress(&self, sub_step: SubStep) -> Progress {
        let (steps, done) = (self.target.max(1), self.available.min(self.target));
        let (step, share) = match sub_step {
            SubStep::RollingBack | SubStep::RolledBack => (0, 0.0),
            SubStep::Completed => (steps, 1.0),
            _ => (done, f64::from(done) / f64::from(steps)),
        };
        Progress { step, steps, share }
    }
}

// === impl Cycle: the table ===

impl Cycle<'_> {
    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        let Tally { ready_green, live_green, provisioning_green, .. } = self.tally;
        let spec = self.rollout.spec();

        if spec.operator.abort {                                                             // row 1
            return self.roll_back("aborted", "an operator asked to abort");
        }
        if self.checks.have_failed() {                                                       // row 2
            return self.check_failed();
        }
        if self.memo.has(Key::Late) && let Some(deadline) = self.passed_deadline() {         // row 3
            return self.deadline_exceeded(&deadline);
        }
        if spec.is_paused() {                                                                // row 4
            return self.pause();
        }
        if ready_green.min(self.target) > 0 && self.checks.are_pending()
            && !spec.operator.promote {                                                      // row 5
            return self.await_checks();
        }
        if self.available >= self.target {                                                   // row 6
            return self.roll_out();
        }
        if let Some(deadline) = self.passed_deadline() {                                     // row 7
            return self.deadline_exceeded(&deadline);
        }
        let moves = self.moves();
        if !moves.is_empty() {                                                               // row 8
            return self.replace(&moves);
        }
        if live_green < self.target && let Some(back_off) = self.back_off {                  // row 9
            return self.back_off_until(back_off);
        }
        if moves.leaving.waiting > 0 {                                                       // row 10
            return self.wait_for_drain_delay(moves.leaving.waiting);
        }
        if live_green < self.target && self.waits_for_termination() {                        // row 11
            return self.wait_for_termination();
        }
        if live_green < self.target && spec.free_places == Some(0) {                         // row 12
            return self.wait_for_places();
        }
        if !can_move(self.bounds, self.target) {                                             // row 13
            return self.wait_for_budget();
        }
        if provisioning_green > 0 {                                                          // row 14
            return self.wait_for_provisioning();
        }
        if ready_green < live_green {                                                        // row 15
            return self.wait_for_ready();
        }
        self.wait_for_available()                                                            // row 16
    }
}
