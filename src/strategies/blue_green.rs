//! Blue-green: create the new revision beside the old one, and switch traffic over in one step when all of it is ready.
//!
//! Green is the deploying revision, blue is every other. The first row that matches wins. `target` is
//! `target_replicas`; `goal` is `preview_replicas` before its gate is passed, where it is set and less, else `target`.
//! *Available* is ready for at least `min_ready_seconds`.
//!
//! | # | when | sub-step | changes | reason code |
//! |---|---|---|---|---|
//! | 1 | abort | roll back | roll back | `aborted` |
//! | 2 | a check failed | roll back | roll back | `check-failed` |
//! | 3 | green was promoted and is lost | roll back | roll back | `green-lost` |
//! | | *while green is promoted:* | | | |
//! | 4 | paused, and the least of the limits serves | finalizing | none | `paused` |
//! | 5 | available green that stays < target | finalizing | promote ready, create missing | `replacing-green` |
//! | 6 | blue is kept and the time is not over, or paused | finalizing | promote what is ready | `keeping-blue` |
//! | 7 | else | completed | promote, drain all else | `retiring-blue`, `already-promoted` |
//! | | *before, and the stable revision is restored in each plan:* | | | |
//! | 8 | available and serving green ≥ target, no live blue, not paused | completed | as 7 | `already-promoted` |
//! | 9 | rolled back for a deadline that is passed still, no promote | roll back | roll back | `deadline-exceeded` |
//! | 10 | paused | provisioning or awaiting-promotion | none | `paused` |
//! | 11 | available green ≥ goal > 0, a check pending, no promote | awaiting-promotion | none | `awaiting-checks` |
//! | 12 | available green ≥ goal > 0, the gate is not passed | awaiting-promotion | none | `awaiting-approval` |
//! | 13 | available green ≥ goal > 0, the delay not over, no promote | awaiting-promotion | none | `awaiting-delay` |
//! | 14 | available green ≥ target | finalizing or completed | switch over | `promoting` |
//! | 14a | given up, no blue to go back to, any available green, promote | finalizing | as 5 | `replacing-green` |
//! | 15 | failed green > `max_replacements`, no live green | roll back | roll back | `all-green-failed` |
//! | 16 | deadline passed, no promote | roll back | roll back | `deadline-exceeded` |
//! | 17 | live green + unreplaced < goal, and there is room | provisioning | create the missing | `creating-green` |
//! | 18 | live green + unreplaced < goal, and there is none | see below | make room | see below |
//! | 19 | any green provisioning | provisioning | none | `waiting-for-provisioning` |
//! | 20 | any green not ready | provisioning | none | `waiting-for-ready` |
//! | 21 | else | provisioning | none | `waiting-for-available` |
//!
//! - **Promises** ([`Strategy::commitment`]): the target always serves, and at most twice as many are live. Limits that
//!   allow less are refused at admission; a running rollout waits under them, with `no-budget`. With `no_room` as
//!   `turns` no more is promised than the limits ask for, and refused is only what leaves no move.
//! - **Roll back** is the same for every strategy: it returns to the stable revision, creates what is missing of it,
//!   and drains green once it is not needed. It ends as rolled-back. Under a pause its code is `paused`, it drains
//!   nothing, and does not end.
//! - **Restored**: what the stable revision lacks of the target is created, whatever made it short, before green is.
//! - **Green is promoted** as the memo says; or, where that was lost, where it is in traffic, ready or not, blue is on
//!   standby and none is active. Green in traffic beside active blue is no approval: somebody tries it out, or the host
//!   puts every route into traffic that has warmed up.
//! - **Green is lost** (row 3) where none is ready and blue on standby is, or as the memo says; nobody but another
//!   activation takes that back.
//! - **Switch over** promotes as many available green routes as the target, those in traffic first, and drains all
//!   other green. Blue is drained; where `keep_blue_seconds` or `drain_delay_seconds` is above 0 and any blue is
//!   active, that goes on standby instead, and leftovers with it only for the drain delay. The longer of both counts
//!   from the promotion, which the memo keeps; a lost memo restarts it. Its end takes [two cycles](super::due).
//! - **Nothing to go back to** (row 14a): a first deployment that is past its deadline keeps its ready green, which
//!   serves nobody. A promote puts what is available into traffic, and the rest follows as in row 5.
//! - **Unreplaced**: a failure occupies its slot until `max_replacements` allows a replacement, so that a crash-looping
//!   revision cannot create routes without end. Once promoted, green is always replaced, after a back-off.
//! - **Gates**: `preview`, where there are preview routes, and `promotion`. There is none where `auto_promote` is set,
//!   nor in a first deployment (no stable revision and no live blue), which has nothing to protect, but with
//!   `approve_first`.
//! - **Checks** count if they are [about what is there](super::checks); they hold again when a preview's rest is
//!   ready, as the gate does. The delay holds once.
//! - **Create** makes green inactive, ratio 0.0; in row 5 active, ratio 1.0. It drains leftovers, and blue beyond the
//!   target, those that serve only as far as the target still serves; in row 5 only what does not serve, and no more
//!   than there has to be room for.
//! - **No room** (row 18): `no-capacity` where free places are short, for all that is missing;
//!   `waiting-for-termination` where too much is live or still stopping; `no-budget` where as many are live as may be.
//!   In the first two cases what the creation would drain is drained already: it holds the places.
//! - **In turns** (row 18 with `no_room` as `turns`, where places are short or the limits too tight for two full sets):
//!   the rollout goes on as a [rolling update](super::rolling_update), within the limits, to its end. Green carries
//!   traffic from then on as it comes, so that approval is asked for first, at gate `turns`; then the code is
//!   `taking-turns`. Previews, delays and the way back are for two full sets, and there are none.
//! - **The deadline** is a [progress deadline](super::deadline), which gates, checks, delays and pauses do not spend,
//!   nor the drain delay of what makes room, as long as no green is on its way.
//! - Exactly the delay, the deadline or the window elapsed is enough. Arithmetic saturates. A health flap restarts the
//!   delay, because it moves `status_updated_at`.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    checks::Checks,
    deadline::{self, Deadline},
    departures::Departures,
    due::Due,
    failures::{self, Failures},
    memo::{Key, Memo},
    readiness::Readiness,
    remember,
    rolling_back::RollingBack,
    strength::{Strength, green_in_traffic},
    wait::Wait,
};
use crate::{
    Commitment, EvaluationError, Progress, Rollout, Route, RouteChanges, Strategy, SubStep, Tally, Timestamp,
    TrafficChange, TrafficStatus, capacity::carries,
};

mod gates;
mod plans;
mod promoted;
mod turns;

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
    /// How long, in seconds, a route must have been ready before it counts; nothing skips it. Less than
    /// `progress_deadline_seconds`.
    #[schemars(range(max = u32::MAX))]
    pub min_ready_seconds: u32,
    /// Roll back if the new revision has got no further for so many seconds; waiting for its promotion does not count.
    #[schemars(range(max = u32::MAX))]
    pub progress_deadline_seconds: Option<NonZeroU32>,
    /// How many failed routes of the new revision are replaced in the whole rollout.
    #[schemars(range(max = u32::MAX))]
    pub max_replacements: u32,
    /// For how long, in seconds, the old revision is kept out of traffic after the promotion, so that traffic can be
    /// returned to it at once; 0 drains it with the promotion.
    #[schemars(range(max = u32::MAX))]
    pub keep_blue_seconds: u32,
    /// For how long, in seconds, a route is out of traffic before it is drained, so that every proxy knows.
    #[schemars(range(max = u32::MAX))]
    pub drain_delay_seconds: u32,
    /// Create only so many routes of the new revision before checks, approval and delay, and the rest after them.
    #[schemars(range(max = u32::MAX))]
    pub preview_replicas: Option<NonZeroU32>,
    /// Wait for approval in a first deployment, too, where there is nothing to protect.
    pub approve_first: bool,
    /// What to do where there is no room for a full set of the new revision beside the old one.
    pub no_room: NoRoom,
}

/// What to do where there is no room for both revisions at full strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoRoom {
    /// Wait until there is.
    #[default]
    Wait,
    /// Go on as a rolling update within the operator's limits, in the room that there is.
    Turns,
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

    fn check_config(config: &BlueGreenConfig) -> Result<(), String> {
        deadline::check_config(config.progress_deadline_seconds, config.min_ready_seconds)
    }

    fn commitment(config: &BlueGreenConfig, target: u32, limits: Option<Commitment>) -> Commitment {
        let least_serving = match config.no_room {
            NoRoom::Wait => target,
            NoRoom::Turns => turns::least_serving(target, limits),
        };
        let own = Commitment { least_serving, most_live: both_sets(target) };
        own.and(limits.unwrap_or(Commitment::NONE))
    }

    fn admit(config: &BlueGreenConfig, target: u32, limits: Option<Commitment>) -> Result<(), String> {
        if config.no_room == NoRoom::Turns {
            return turns::admit(config, target, limits);
        }
        match limits {
            Some(limits) if limits.most_live < both_sets(target) => Err(format!(
                "needs max_surge 100%: beside {target} routes another {target} are created, and at most {} may be \
                 live; or set `no_room` to `turns`",
                limits.most_live
            )),
            _ => Ok(()),
        }
    }

    fn evaluate(rollout: &Rollout<'_>, config: &BlueGreenConfig) -> Result<RouteChanges, EvaluationError> {
        let cycle = Cycle::new(rollout, config);
        if cycle.takes_turns() {
            return Ok(turns::go_on(rollout, config));
        }
        let mut plan = cycle.decide();
        if plan.reason.code == turns::TAKING_TURNS {
            return Ok(turns::begin(rollout, config, &plan.reason.message));
        }
        plan.progress = Some(progress(plan.sub_step));
        let (memo, only_departs) = (cycle.remember(&plan), cycle.only_departs(&plan));
        Ok(remember::finish(rollout, memo, plan, &cycle.departures, only_departs))
    }
}

/// How many routes are live at most: a full set of each colour.
fn both_sets(target: u32) -> u32 {
    target.saturating_mul(2)
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

/// One cycle: what the rows of the table look at.
struct Cycle<'a> {
    rollout: &'a Rollout<'a>,
    config: &'a BlueGreenConfig,
    /// What is remembered, with what this cycle has seen.
    memo: Memo,
    tally: Tally,
    readiness: Readiness,
    /// How many green routes are available.
    available: u32,
    failures: Failures<'a>,
    checks: Checks<'a>,
    deadline: Option<Deadline>,
    /// Whether the time to go back is over.
    window: Due,
    /// What the stable revision lacks, before green is promoted.
    strength: Option<Strength<'a>>,
    departures: Departures,
    bounds: Commitment,
    target: u32,
    /// How many green routes are to be available at the current stage: the preview, or all.
    goal: u32,
    is_promoted: bool,
    /// Whether green was promoted, and blue serves better.
    is_lost: bool,
}

// === impl Cycle: what it sees ===

impl<'a> Cycle<'a> {
    fn new(rollout: &'a Rollout<'a>, config: &'a BlueGreenConfig) -> Self {
        let spec = rollout.spec();
        let (tally, target) = (rollout.tally(), spec.target_replicas);
        let mut memo = Memo::read(spec, BlueGreen::NAME);
        let readiness = Readiness::new(rollout, &mut memo, config.min_ready_seconds);
        failures::note_ahead(rollout, &mut memo);
        let is_promoted = is_promoted(rollout, &memo, &tally);
        let has_deadline = config.progress_deadline_seconds.filter(|_| !is_promoted);
        let mut cycle = Self {
            rollout,
            config,
            tally,
            readiness,
            available: readiness.available(rollout),
            failures: Failures::of_green(rollout, &memo),
            checks: Checks::new(rollout, &readiness, &memo),
            deadline: Deadline::new(rollout, &tally, &mut memo, has_deadline),
            window: Due::NotYet,
            strength: if is_promoted { None } else { Strength::new(rollout, &memo, green_in_traffic(rollout), &[]) },
            departures: Departures::new(rollout, &memo, config.drain_delay_seconds),
            bounds: BlueGreen::commitment(config, target, spec.limits),
            target,
            goal: target,
            is_promoted,
            is_lost: memo.has(Key::GreenLost) || is_promoted && tally.has_lost_green(target),
            memo,
        };
        if is_promoted {
            let is_over = tally.standby_blue > 0 && cycle.kept().is_over(spec.now);
            cycle.window = Due::judge(&mut cycle.memo, Key::DueWindow, is_over, spec.now);
        }
        cycle.choose_goal();
        cycle
    }

    /// Determines whether the goal is the preview or the target, and remembers when the preview has passed its gate.
    fn choose_goal(&mut self) {
        let spec = self.rollout.spec();
        if self.is_promoted
            || self.takes_what_is_ready()
            || self.memo.has(Key::ToppedUp)
            || self.tally.ready_green >= self.target
        {
            return;
        }
        self.goal = self.preview();
        let is_stopped = spec.operator.abort || spec.operator.pause || self.checks.have_failed() || self.is_lost;
        if self.goal < self.target && self.available >= self.goal && !is_stopped && self.hold().is_none() {
            self.goal = self.target;
            self.memo.happens(Key::ToppedUp);
            // A step is progress.
            deadline::forget(&mut self.memo);
            let seconds = self.config.progress_deadline_seconds;
            self.deadline = Deadline::new(self.rollout, &self.tally, &mut self.memo, seconds);
        }
    }

    fn now(&self) -> Timestamp {
        self.rollout.spec().now
    }

    /// How long blue stays after the promotion, from when that was.
    fn kept(&self) -> Wait {
        let promoted = self.memo.moment(Key::Promoted).unwrap_or(self.now());
        Wait::new(promoted, self.config.keep_blue_seconds.max(self.config.drain_delay_seconds))
    }

    /// Whether this is a first deployment, with nothing to protect.
    fn is_first(&self) -> bool {
        self.rollout.spec().stable().is_none() && self.tally.live_blue == 0
    }

    /// Whether an operator promotes what is available of a first deployment that was given up: nothing serves that
    /// could be protected.
    fn takes_what_is_ready(&self) -> bool {
        let is_promoting = self.rollout.spec().operator.promote && self.available > 0;
        is_promoting && !self.is_promoted && self.is_first() && self.memo.has(Key::GivenUp)
    }

    /// Whether less serves than the operator's limits ask for.
    fn is_short(&self) -> bool {
        let limits = self.rollout.spec().limits;
        limits.is_some_and(|limits| !carries(self.rollout.capacity(), limits.least_serving))
    }

    /// The deadline, if it has passed.
    fn passed_deadline(&self) -> Option<Deadline> {
        self.deadline.filter(Deadline::has_passed)
    }

    /// Failed green routes that are not to be replaced: each occupies a slot. Once green carries the traffic none does.
    fn unreplaced(&self) -> u32 {
        if self.is_promoted || self.takes_what_is_ready() {
            0
        } else {
            self.failures.count().saturating_sub(self.config.max_replacements)
        }
    }

    /// How many green routes are to be created.
    fn missing(&self) -> u32 {
        self.goal.saturating_sub(self.tally.live_green.saturating_add(self.unreplaced()))
    }

    /// Whether nothing but a drain delay keeps the next green route from being created.
    fn only_departs(&self, plan: &RouteChanges) -> bool {
        let deploying = &self.rollout.spec().deploying_revision;
        let creates = plan.rollout_specs.iter().any(|rollout| rollout.revision == *deploying);
        let is_on_its_way = creates || self.tally.live_green > self.available;
        !is_on_its_way && self.missing() > 0 && self.departures.are_under_way(self.rollout, plan)
    }

    /// What a plan of this cycle leaves to remember.
    fn remember(&self, plan: &RouteChanges) -> Memo {
        let mut memo = self.memo;
        match plan.sub_step {
            SubStep::Finalizing | SubStep::Completed => {
                let is_blue = |id| self.rollout.find(id).is_some_and(|route| !self.rollout.is_green(route));
                let is_put = |change: &TrafficChange| change.traffic_status == TrafficStatus::Standby;
                if plan.traffic_changes.iter().any(|change| is_put(change) && is_blue(&change.route_id)) {
                    memo.happens(Key::Promoted);
                    memo.forget(Key::DueWindow);
                }
                memo.happens_once(Key::Promoted);
                deadline::forget(&mut memo);
            }
            SubStep::RollingBack | SubStep::RolledBack => {
                memo.forget(Key::Promoted);
                memo.forget(Key::DueWindow);
                if self.is_lost {
                    memo.happens_once(Key::GreenLost);
                }
            }
            _ => {}
        }
        memo
    }
}

/// Whether green carries the traffic, or should: as the memo says, or, where there is none, as blue on standby tells.
fn is_promoted(rollout: &Rollout<'_>, memo: &Memo, tally: &Tally) -> bool {
    let is_kept = |route: &Route| route.is_standby() && !rollout.is_leftover(route);
    // Ready or not: where green was lost with the memo, blue has to come back.
    let looks_so = || green_in_traffic(rollout) > 0 && tally.active_blue == 0 && rollout.blue().any(is_kept);
    memo.has(Key::Promoted) || !memo.is_known() && looks_so()
}

// === impl Cycle: the table ===

impl Cycle<'_> {
    /// The table, row by row.
    #[rustfmt::skip]
    fn decide(&self) -> RouteChanges {
        if self.rollout.spec().operator.abort {                                              // row 1
            return self.roll_back("aborted", "an operator asked to abort");
        }
        if self.checks.have_failed() {                                                       // row 2
            return self.check_failed();
        }
        if self.is_lost {                                                                    // row 3
            return self.green_lost();
        }
        if self.is_promoted { self.decide_once_promoted() } else { self.decide_before() }
    }

    /// Rows 4 to 7.
    #[rustfmt::skip]
    fn decide_once_promoted(&self) -> RouteChanges {
        if self.rollout.spec().is_paused() && !self.is_short() {                             // row 4
            return self.pause(SubStep::Finalizing);
        }
        // What stays is judged: beyond the target there may be some that are available, and go.
        let stay = self.chosen();
        let available = stay.iter().filter(|route| self.readiness.is_available(route)).count();
        if available < self.target as usize {                                                // row 5
            return self.replace_green();
        }
        if self.tally.standby_blue > 0 && !self.window.is_now()
            || self.rollout.spec().is_paused() {                                             // row 6
            return self.keep_blue();
        }
        self.retire_blue()                                                                   // row 7
    }

    /// Rows 8 to 10, and on to the others.
    #[rustfmt::skip]
    fn decide_before(&self) -> RouteChanges {
        let spec = self.rollout.spec();
        let Tally { serving_green, live_blue, .. } = self.tally;

        if self.available >= self.target && serving_green >= self.target
            && live_blue == 0 && !spec.is_paused() {                                         // row 8
            return self.retire_blue();
        }
        if self.memo.has(Key::Late) && let Some(deadline) = self.passed_deadline() {         // row 9
            return self.deadline_exceeded(&deadline);
        }
        if spec.is_paused() {                                                                // row 10
            let is_ready = self.available >= self.goal;
            let sub_step = if is_ready { SubStep::AwaitingPromotion } else { SubStep::Provisioning };
            return self.restore(self.pause(sub_step));
        }
        if self.available >= self.goal {
            if let Some(hold) = self.hold() {                                                // rows 11 to 13
                return self.restore(self.wait_at(&hold));
            }
            if self.available >= self.target {                                               // row 14
                return self.promote();
            }
        }
        if self.takes_what_is_ready() {                                                      // row 14a
            return self.replace_green();
        }
        self.provision()
    }

    /// Rows 15 to 21.
    #[rustfmt::skip]
    fn provision(&self) -> RouteChanges {
        let Tally { live_green, provisioning_green, ready_green, .. } = self.tally;

        if self.failures.count() > self.config.max_replacements && live_green == 0 {         // row 15
            return self.all_green_failed();
        }
        if let Some(deadline) = self.passed_deadline() {                                     // row 16
            return self.deadline_exceeded(&deadline);
        }
        if self.missing() > 0 {                                                              // rows 17 and 18
            return self.create_green();
        }
        if provisioning_green > 0 {                                                          // row 19
            return self.restore(self.wait_for_provisioning());
        }
        if ready_green < live_green || ready_green < self.goal {                             // row 20
            return self.restore(self.wait_for_ready());
        }
        self.restore(self.wait_for_available())                                              // row 21
    }
}
