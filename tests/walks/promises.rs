//! What a plan must never do, judged by what truly happened, before it is applied.
//!
//! Harm is judged by the oracle that the guard's own tests use, which shares nothing with the guard; what a strategy
//! owes beyond that, here and in `patience.rs`.

use pointsman::{CheckOutcome, RouteChanges, RouteEnd, SubStep, TrafficStatus, guard::ViolationCode as Code};

use crate::{
    host::Broken,
    oracle::Opinion,
    past::{Memory, Past, is_rolling_back},
    patience,
    replica::{LEFTOVER, Life, Replica},
    setup::{Evaluate, Which},
    world::World,
};

pub(crate) const FLOOR: &str = "keeps the serving floor";
pub(crate) const BUDGET: &str = "stays within the budget";
pub(crate) const READY: &str = "puts only what is ready into traffic";
pub(crate) const APPROVED: &str = "returns only what was approved";
pub(crate) const ENDS: &str = "ends only when it is true";
pub(crate) const WISHES: &str = "takes no step against a person's wish";
pub(crate) const GATES: &str = "passes no gate unasked";
pub(crate) const REASON: &str = "gives up and waits only for a reason";
pub(crate) const CREATING: &str = "creates no routes without end";
pub(crate) const WAY_BACK: &str = "keeps the way back for as long as it says";
pub(crate) const DEADLINE: &str = "meets its deadline";
pub(crate) const GOOD: &str = "keeps what is good, and what may recover, until it is not needed";
pub(crate) const TARGET: &str = "promotes no more than the target";
pub(crate) const SPARES: &str = "spares what is out of traffic for a moment";
pub(crate) const SETTLES: &str = "ends, or waits for a person";

/// A cycle: a deployment, a plan, and what comes of it.
pub(crate) struct Cycle<'a> {
    pub(crate) before: &'a World,
    pub(crate) plan: &'a RouteChanges,
    /// The replicas in the same order, and then those that are created.
    pub(crate) after: &'a World,
    /// What is known of the past in this cycle.
    pub(crate) past: &'a Past,
}

/// Judges a plan.
///
/// # Errors
/// The first promise that it breaks.
pub(crate) fn judge(before: &World, plan: &RouteChanges, evaluate: Evaluate) -> Result<(), Broken> {
    let opinion = Opinion::of(&before.routes(), &before.spec(), plan, &before.policy());
    if let Some(code) = opinion.wrong.first() {
        return Err(Broken { promise: promise_of(*code), how: format!("{code:?}: {plan:?}") });
    }
    let (past, mut after) = (Past::sees(before), before.clone());
    after.change(plan);
    let cycle = Cycle { before, plan, after: &after, past: &past };
    let kept = [
        ("promises what was admitted", plan.commitment == before.bounds()),
        ("spends no places that are not free", before.free_places().is_none_or(|free| cycle.created() <= free)),
        (APPROVED, cycle.returns_approved()),
        (WISHES, !before.operator.abort || is_rolling_back(plan.sub_step)),
        (REASON, cycle.has_a_reason()),
        (CREATING, cycle.ends_creating()),
        (GATES, cycle.passes_no_gate()),
        (WAY_BACK, patience::keeps_the_way_back(&cycle)),
        (DEADLINE, patience::meets_its_deadline(&cycle)),
        (GOOD, patience::keeps_what_is_good(&cycle)),
        (TARGET, cycle.promotes_no_more_than_the_target()),
        (SPARES, cycle.spares_stable()),
    ];
    if let Some((promise, _)) = kept.into_iter().find(|(_, is_kept)| !is_kept) {
        return Err(Broken { promise, how: format!("{plan:?}") });
    }
    if !plan.is_empty() && !plan.sub_step.is_over() {
        let mut next = after;
        next.memo.clone_from(&plan.memo);
        let again = evaluate(&next.routes(), &next.spec()).ok();
        if again.as_ref().is_none_or(|again| !again.is_empty()) {
            let how = format!("{plan:?}, and then {again:?}");
            return Err(Broken { promise: "an applied plan needs no other", how });
        }
    }
    Ok(())
}

/// The promise that a harm breaks.
fn promise_of(code: Code) -> &'static str {
    match code {
        Code::CapacityLowered | Code::DrainedWhileShort => FLOOR,
        Code::TooManyLive | Code::TooManyTerminating => BUDGET,
        Code::ChangedNotLive | Code::PromotedNotReady | Code::ActivatedNotReady => READY,
        Code::StandbyNotApproved | Code::PromotedNotGreen => APPROVED,
        Code::CompletedEarly | Code::RolledBackEarly => ENDS,
        Code::AgainstRequest => WISHES,
        Code::InvalidMemo | Code::NextEvaluationNotAhead => "does not make the host spin",
        _ => "names what is there, once, and in the proxy's ratios",
    }
}

// === impl Cycle ===

impl<'a> Cycle<'a> {
    /// Each replica before and after.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'a Replica, &'a Replica)> {
        self.before.replicas.iter().zip(&self.after.replicas)
    }

    pub(crate) fn drained(&self) -> impl Iterator<Item = &'a Replica> {
        self.pairs().filter(|(was, is)| was.is_live() && is.life == Life::Stopping).map(|(was, _)| was)
    }

    fn new_ones(&self) -> &'a [Replica] {
        &self.after.replicas[self.before.replicas.len()..]
    }

    pub(crate) fn created(&self) -> u32 {
        u32::try_from(self.new_ones().len()).expect("few replicas")
    }

    fn let_in(&self) -> impl Iterator<Item = (&'a Replica, &'a Replica)> {
        self.pairs().filter(|(was, is)| !was.is_in_traffic() && is.is_in_traffic())
    }

    /// Whether blue that comes into traffic was in it before, and is of the revision to return to, where there is one.
    fn returns_approved(&self) -> bool {
        let is_wrong = |was: &Replica| {
            let is_nobodys = self.before.setup.has_stable() && was.revision == LEFTOVER;
            // A stable route that is active at 0.0 was approved; a leftover there keeps what it has.
            !was.is_new() && (!was.is_approved() || is_nobodys && was.is_on_standby())
        };
        !self.let_in().any(|(was, _)| is_wrong(was))
    }

    /// Whether a rollout that is given up has a reason for it, and a back-off: something failed.
    fn has_a_reason(&self) -> bool {
        let world = self.before;
        let says_so =
            self.plan.reason.code == "backing-off" || self.plan.reason.message.contains("raise max_replacements");
        if says_so && world.failed() == 0 && self.past.memory != Memory::Wrong {
            return false;
        }
        let has_failed = world.check.is_some_and(|verdict| verdict.outcome == CheckOutcome::Failed);
        if !is_rolling_back(self.plan.sub_step) || world.operator.abort || has_failed {
            return true;
        }
        // How late it must be for it is judged elsewhere.
        let is_late = match world.which {
            Which::BlueGreen => world.setup.blue_green.progress_deadline_seconds.is_some(),
            Which::RollingUpdate => world.setup.rolling_update.progress_deadline_seconds.is_some(),
        };
        let too_much_failed =
            world.which == Which::BlueGreen && world.failed() > world.setup.blue_green.max_replacements;
        let is_lost = world.which == Which::BlueGreen && self.past.was_lost;
        is_late || too_much_failed || is_lost || self.past.memory == Memory::Wrong
    }

    /// Whether blue-green creates no more green before its promotion than the target and its replacements, whatever
    /// failed. What is created where clocks go back is bounded when a walk ends.
    fn ends_creating(&self) -> bool {
        let world = self.before;
        let is_told = world.setup.keeping.tells_ends && !world.clock.has_gone_back;
        let creates = self.new_ones().iter().any(Replica::is_new);
        if world.which != Which::BlueGreen || !creates || !is_told || self.plan.sub_step == SubStep::Finalizing {
            return true;
        }
        let counts = |it: &Replica| it.is_new() && (it.is_live() || it.ended_by(RouteEnd::Crashed));
        self.after.count(counts) <= world.target + world.setup.blue_green.max_replacements
    }

    /// Whether green that is not promoted is held back by a check that failed, and in blue-green by all that comes
    /// first.
    fn passes_no_gate(&self) -> bool {
        let (world, config) = (self.before, &self.before.setup.blue_green);
        let let_in = || self.let_in().map(|(was, _)| was).filter(|was| was.is_new());
        let goes = let_in().count() > 0 || matches!(self.plan.sub_step, SubStep::Finalizing | SubStep::Completed);
        let creates = self.new_ones().iter().any(Replica::is_new);
        let verdict = world.check.map_or(CheckOutcome::Passed, |verdict| verdict.outcome);
        let is_always = world.check.is_some_and(|verdict| verdict.observed.is_none());
        if verdict == CheckOutcome::Failed && is_always && (goes || creates) {
            return false;
        }
        if world.which != Which::BlueGreen || self.carries_the_traffic() || world.target == 0 {
            return true;
        }
        // How long what is stamped by a right clock has been ready is known.
        let is_told = world.setup.keeping.stamps_ahead == Some(0) && !world.clock.is_wrong();
        let is_fresh = |replica: &Replica, seconds: u32| {
            is_told && world.clock.may_seem(replica.since) < u64::from(seconds) * 1000
        };
        if let_in().any(|replica| is_fresh(replica, config.min_ready_seconds)) {
            return false;
        }
        if world.operator.promote {
            return true;
        }
        let is_first = !world.setup.has_stable() && world.count(|it| it.is_live() && !it.is_new()) == 0;
        let is_auto = config.auto_promote || is_first && !config.approve_first;
        let has_passed = |gate: &str| world.operator.passed_gates.iter().any(|passed| passed == gate);
        let ready = || world.replicas.iter().filter(|replica| replica.is_new() && replica.is_ready());
        let is_early =
            config.preview_replicas.is_none() && ready().any(|replica| is_fresh(replica, config.promote_delay_seconds));
        let is_stale = world.check.and_then(|verdict| verdict.observed).is_some_and(|(observed, _)| {
            let is_right = is_told && !world.clock.was_ever_wrong;
            is_right && ready().any(|replica| !observed.is_since(replica.since))
        });
        let has_verdict = verdict == CheckOutcome::Passed && !is_stale;
        let preview = config.preview_replicas.filter(|_| !is_first || config.approve_first);
        let goes_on = preview.is_some_and(|preview| {
            creates
                && self.after.count(|it| it.is_new() && it.is_live()) > preview.get().max(self.live_new())
                && ready().count() < world.target as usize
                && !self.has_topped_up()
        });
        (!goes || has_verdict && !is_early && (is_auto || has_passed("promotion")))
            && (!goes_on || has_verdict && (is_auto || has_passed("preview")))
    }

    fn live_new(&self) -> u32 {
        self.before.count(|it| it.is_new() && it.is_live())
    }

    /// Whether the preview is over, as the memo says: verdicts and gates are of the next stage then.
    fn has_topped_up(&self) -> bool {
        self.before.memo.as_ref().is_some_and(|memo| memo.contains("topped-up"))
    }

    /// Whether green is promoted: as the last applied plan said, or as it looks.
    fn carries_the_traffic(&self) -> bool {
        let world = self.before;
        let is_memo_wrong = self.past.memory == Memory::Wrong;
        let looks_so = world.count(|it| it.is_new() && it.is_in_traffic()) > 0
            && world.count(|it| !it.is_new() && it.traffic == TrafficStatus::Active && it.is_live()) == 0;
        self.past.is_promoted || is_memo_wrong || looks_so
    }

    /// Whether of ready green only so much comes into traffic as the target.
    fn promotes_no_more_than_the_target(&self) -> bool {
        let serving = |world: &World| world.count(|it| it.is_new() && it.serves());
        serving(self.after) <= self.before.target.max(serving(self.before))
    }

    /// Whether stable routes that live, in traffic or out of it for a moment, leave no faster than green gets ready.
    fn spares_stable(&self) -> bool {
        let may_serve = |it: &Replica| match it.traffic {
            _ if !it.is_live() => false,
            TrafficStatus::Inactive => it.is_stable(),
            TrafficStatus::Active => it.ratio > 0.0 && (it.is_stable() || it.serves()) && !it.is_new(),
            TrafficStatus::Standby => it.is_stable() && it.is_ready(),
        };
        let counts = |it: &Replica| may_serve(it) || it.is_new() && it.is_ready();
        let leaves = self.pairs().any(|(was, is)| was.is_stable() && may_serve(was) && !may_serve(is));
        let least = self.before.bounds().least_serving.min(self.before.count(counts));
        let is_judged = self.before.setup.has_stable() && leaves && !is_rolling_back(self.plan.sub_step);
        !is_judged || self.after.count(counts) >= least
    }
}
