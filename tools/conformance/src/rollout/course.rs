//! A rollout's course where all goes well, but for what a case does to it: until it ends, or longer than it may take.
//!
//! Every route that is created is ready a moment later, what is drained is gone a moment later, checks pass, an
//! operator lets the rollout past each gate, and the host evaluates when the plan asks for it.

use pointsman::{Check, CheckOutcome, RouteChanges, SubStep, json::Request};
use pointsman_simulate::world::{Budget, Fault, OperatorAction, contract};
use proptest::prelude::{Strategy, any};

use super::{Event, MOST_CREATED, Rollout, Start, starts};
use crate::{bench::Bench, requests, tried::Failure};

/// Cycles that a rollout may take, and those for each replica that was ever wanted of it.
pub(crate) const CYCLES: u32 = 40;
pub(crate) const CYCLES_OF_A_REPLICA: u32 = 10;

/// From one cycle to the next where nothing is asked for; twice as long after each in which nothing changes.
const CYCLE_SECONDS: u64 = 10;

/// The longest such pause is so many times doubled.
const DOUBLINGS: u32 = 16;

/// After so many cycles an operator asks to promote, where that is how the gates are passed.
const PROMOTED_IN: u32 = 4;

/// The last lines of a log that are shown, and the first ones.
const LAST_LINES: usize = 12;
const FIRST_LINES: usize = 4;

/// A rollout that nothing is in the way of.
#[derive(Clone, Debug)]
pub(crate) struct Favourable {
    pub(crate) start: Start,
    /// The deployment's own budget; none for the caller's policy.
    budget: Option<Budget>,
    /// True where an operator asks to promote, and lets it past no single gate.
    is_promoted: bool,
    /// True where there is a check. It passes in every cycle.
    has_check: bool,
}

/// How a rollout came out.
pub(crate) struct Outcome {
    /// How it ended; none where it did not within [its cycles](most_cycles).
    pub(crate) ended: Option<SubStep>,
    /// Routes that were created.
    pub(crate) created: u64,
    /// How long it took.
    pub(crate) seconds: u64,
    pub(crate) last_request: Request,
    pub(crate) last_plan: RouteChanges,
}

/// Rollouts that nothing is in the way of, the plainest first.
pub(crate) fn favourable() -> impl Strategy<Value = Favourable> {
    (starts(), requests::budgets(), any::<bool>(), any::<bool>()).prop_map(|(start, budget, is_promoted, has_check)| {
        Favourable {
            // Room, and clocks that agree.
            start: Start { free_places: None, stamps_ahead_seconds: 0, ..start },
            budget,
            is_promoted,
            has_check,
        }
    })
}

/// Cycles in which a rollout to so many replicas ends.
pub(crate) fn most_cycles(target: u32) -> u32 {
    CYCLES + CYCLES_OF_A_REPLICA * target
}

// === impl Favourable ===

impl Favourable {
    /// The rollout that starts.
    pub(crate) fn rollout(&self, config: &str) -> Rollout {
        let mut rollout = Rollout::new(config, &self.start);
        if self.budget.is_some() {
            rollout.happen(&Event::Budget(self.budget));
        }
        rollout
    }

    /// Plays it to its end. What befalls it does so before the cycle of that number, counted from 0; each plan is
    /// judged before it is applied. None where there is no plan or it cannot be applied, which other rules see.
    ///
    /// # Errors
    /// A call that failed, and what the judge has against a plan.
    pub(crate) fn play(
        &self,
        bench: &Bench<'_>,
        rollout: &mut Rollout,
        befalls: &[(u32, Event)],
        mut judge: impl FnMut(&Request, &RouteChanges) -> Result<(), Failure>,
    ) -> Result<Option<Outcome>, Failure> {
        let (mut created, mut highest, mut idle) = (0, rollout.world.target(), 0);
        let mut last = None;
        for cycle in 0.. {
            if self.has_check {
                rollout.pass_check();
            }
            for (_, event) in befalls.iter().filter(|(at, _)| *at == cycle) {
                rollout.happen(event);
            }
            highest = highest.max(rollout.world.target());
            if cycle >= most_cycles(highest) {
                break;
            }
            rollout.log_evaluation(&Event::Evaluate);
            let request = bench.subject.limited(&rollout.world.request());
            rollout.world.evaluated();
            let failed = |failure: Failure| failure.at(&request).after(rollout.told());
            let Some(plan) = bench.subject.plan(&request).map_err(failed)? else { return Ok(None) };
            judge(&request, &plan).map_err(failed)?;
            created += contract::created(&plan);
            if created > MOST_CREATED || rollout.apply(&plan).is_err() {
                return Ok(None);
            }
            let pause = plan.next_evaluation_at.map(|at| at.saturating_millis_since(request.spec.now).div_ceil(1000));
            last = Some((request, plan));
            if rollout.world.ended().is_some() {
                break;
            }
            let mut goes_on = rollout.goes_well();
            goes_on |= !self.is_promoted && rollout.world.operate(&OperatorAction::Advance);
            if self.is_promoted && cycle == PROMOTED_IN {
                rollout.happen(&Event::Operate(OperatorAction::Promote));
                goes_on = true;
            }
            idle = if goes_on { 0 } else { idle + 1 };
            // What happens is evaluated soon; else a host waits as it is asked to.
            let seconds = match pause.filter(|seconds| *seconds > 0) {
                _ if goes_on => 1,
                Some(seconds) => seconds,
                None => CYCLE_SECONDS << idle.min(DOUBLINGS),
            };
            rollout.pass(seconds);
        }
        let seconds = rollout.world.elapsed() / 1000;
        let ended = rollout.world.ended();
        Ok(last.map(|(last_request, last_plan)| Outcome { ended, created, seconds, last_request, last_plan }))
    }
}

// === impl Rollout ===

impl Rollout {
    /// Makes every live route ready that is not, and lets every route go that is terminating; returns whether any was.
    fn goes_well(&mut self) -> bool {
        [Fault::Ready, Fault::Gone].into_iter().fold(false, |any, fault| {
            let ids: Vec<String> = self.world.affected(fault).map(|route| route.id.clone()).collect();
            any | (self.world.inject(fault, &ids) > 0)
        })
    }

    /// Lets the check pass, as of now.
    fn pass_check(&mut self) {
        let observed_at = Some(self.world.host_clock());
        self.world.set_check(Check { name: "smoke".to_owned(), outcome: CheckOutcome::Passed, observed_at });
    }

    /// Its log, without the middle of a long one.
    pub(crate) fn told(&self) -> Vec<String> {
        let log = &self.log;
        if log.len() <= FIRST_LINES + LAST_LINES {
            return log.clone();
        }
        let (first, last) = (&log[..FIRST_LINES], &log[log.len() - LAST_LINES..]);
        let between = format!("… {} more", log.len() - FIRST_LINES - LAST_LINES);
        first.iter().cloned().chain([between]).chain(last.iter().cloned()).collect()
    }
}
