//! The host's loop in virtual time: evaluate, guard, apply, and on to the next moment at which something can happen.

use std::{cmp, iter::Peekable, slice};

use pointsman::{Route, RouteChanges, RouteEnd, SubStep, Timestamp};
use pointsman_host::{EvaluateError, Session};

use crate::{
    Class, PlayError,
    load::Load,
    outage,
    record::{self, Cycle, Decision, Ended, Record, Sample, thousandths},
    scenario::{Drawn, Event, Percent, Scenario, What},
    world::{World, contract},
};

mod events;

/// More routes than this, gone ones included, and the run ends: the guard was told to let much pass.
const MOST_ROUTES: usize = 10_000;

/// So many cycles long what failed or was evicted is seen. All that ever did would bury what is there.
const KEPT_CYCLES: u64 = 3;

/// More cycles than this, and it ends: a plugin can ask for one each millisecond.
const MOST_CYCLES: usize = 100_000;

/// Plays a scenario with a session of a plugin, whose guard judges the plans. The same scenario, plugin and seed give
/// the same record. What the plugin refuses and what the guard rejects is in the record.
///
/// # Errors
/// [`PlayError`], where the plugin could not be called.
pub fn play(session: &mut Session, scenario: &Scenario, seed: u64) -> Result<Record, PlayError> {
    let mut player = Player::new(session, scenario, seed);
    let ended = player.go_on()?;
    Ok(player.finish(ended))
}

/// A host, and its one deployment in a world.
struct Player<'a> {
    session: &'a mut Session,
    scenario: &'a Scenario,
    world: World,
    behaviour: Drawn,
    events: Peekable<slice::Iter<'a, Event>>,
    /// When the last plan asks to be evaluated again, in milliseconds since the first rollout's start.
    next_evaluation: Option<u64>,
    /// The end of the rollout, where the last applied plan was terminal: nothing is evaluated until another revision is
    /// deployed.
    over: Option<Ended>,
    is_about_to_crash: bool,
    record: Record,
}

// === impl Player ===

impl<'a> Player<'a> {
    fn new(session: &'a mut Session, scenario: &'a Scenario, seed: u64) -> Self {
        let record = Record {
            deployed: vec![scenario.deploying_revision.clone()],
            cycles: vec![],
            happenings: vec![],
            samples: vec![],
            ended: Ended::StillRunning,
            ended_at: 0,
            created: 0,
            left_over: 0,
            last_classes: vec![],
            failed: 0,
            evicted: 0,
            outages: vec![],
        };
        Self {
            session,
            scenario,
            world: scenario.world(),
            behaviour: scenario.behaviour(seed),
            events: scenario.events.iter().peekable(),
            next_evaluation: None,
            over: None,
            is_about_to_crash: false,
            record,
        }
    }

    /// Until the end.
    fn go_on(&mut self) -> Result<Ended, PlayError> {
        let cycle = u64::from(self.scenario.cycle_seconds.get()) * 1000;
        let give_up = u64::from(self.scenario.give_up_seconds) * 1000;
        let mut next_cycle = 0;
        loop {
            let has_happened = self.happen();
            let is_asked_for = self.next_evaluation.is_some_and(|at| at <= self.now());
            let is_due = has_happened || is_asked_for || self.now() == next_cycle;
            if is_due
                && self.over.is_none()
                && let Some(ended) = self.evaluate()?
            {
                return Ok(ended);
            }
            next_cycle = cmp::max(next_cycle, self.now() - self.now() % cycle + cycle);
            let moments = [Some(next_cycle), self.next_event(), self.world.next_step(), self.next_evaluation];
            let next = moments.into_iter().flatten().min().unwrap_or(next_cycle);
            if next > give_up || self.record.cycles.len() >= MOST_CYCLES {
                return Ok(self.over.take().unwrap_or(Ended::StillRunning));
            }
            self.world.advance(next);
            self.sample();
        }
    }

    /// Milliseconds since the first rollout's start.
    fn now(&self) -> u64 {
        self.world.elapsed()
    }

    /// One cycle; returns how the run ended, if this ended it.
    fn evaluate(&mut self) -> Result<Option<Ended>, PlayError> {
        self.sample();
        let spec = self.world.spec();
        self.world.evaluated();
        let decision = match self.session.evaluate_cycle(self.world.routes(), &spec) {
            Ok(plan) => {
                let is_applied = plan.is_empty() || !self.is_about_to_crash;
                Decision::Plan { plan: Box::new(plan), is_applied }
            }
            Err(EvaluateError::Rejected { plan, violations, .. }) => Decision::Rejected { plan, violations },
            Err(EvaluateError::InvalidConfig { message, .. }) => {
                Decision::Refused { message: format!("invalid config: {message}") }
            }
            Err(EvaluateError::InvalidSpec { message, .. }) => {
                Decision::Refused { message: format!("invalid spec: {message}") }
            }
            Err(EvaluateError::InvalidRoutes { message, .. }) => {
                Decision::Refused { message: format!("invalid routes: {message}") }
            }
            Err(error) => return Err(PlayError::Call(error)),
        };
        let routes = self.world.routes();
        let number = |is: fn(&Route) -> bool| routes.iter().map(|route| u32::from(is(route))).sum();
        let cycle = Cycle {
            at: self.now(),
            classes: self.classes().collect(),
            serving: number(contract::is_serving),
            capacity: contract::capacity(routes),
            load: Load::of(routes),
            ready: number(contract::is_ready),
            live: number(contract::is_live),
            decision,
        };
        let ended = self.carry_out(&cycle, spec.now);
        self.record.cycles.push(cycle);
        ended
    }

    /// Does what a host does with a decision; returns how the run ended, if this ended it.
    fn carry_out(&mut self, cycle: &Cycle, decided_at: Timestamp) -> Result<Option<Ended>, PlayError> {
        self.next_evaluation = None;
        let plan = match &cycle.decision {
            Decision::Plan { plan, is_applied: true } => plan,
            Decision::Plan { is_applied: false, .. } => {
                // The next process finds everything as it was.
                self.is_about_to_crash = false;
                return Ok(None);
            }
            Decision::Rejected { .. } => return Ok(self.is_at_rest().then_some(Ended::Rejected)),
            Decision::Refused { .. } => return Ok(self.is_at_rest().then_some(Ended::Refused)),
        };
        let new = plan.rollout_specs.iter().map(|spec| spec.count as usize).sum::<usize>();
        if self.world.routes().len().saturating_add(new) > MOST_ROUTES {
            return Ok(Some(Ended::TooManyRoutes));
        }
        // Only a guard that checks nothing could let pass a route that is not there, and none does.
        self.record.created += self.world.apply(plan, &mut self.behaviour)?;
        // A host waits for so long, whatever its clock says. A guard that checks ids only lets pass what is not ahead.
        let pause = |at: Timestamp| at.saturating_millis_since(decided_at);
        let ahead = plan.next_evaluation_at.map(pause).filter(|millis| *millis > 0);
        self.next_evaluation = ahead.map(|millis| self.now().saturating_add(millis));
        self.sample();
        Ok(self.end(plan))
    }

    /// Finds how the run ended, if an applied plan ended it. A rollout that is over does not end it while another is to
    /// come.
    fn end(&mut self, plan: &RouteChanges) -> Option<Ended> {
        self.over = self.world.ended().map(|sub_step| match sub_step {
            SubStep::RolledBack => Ended::RolledBack,
            _ => Ended::Completed,
        });
        if self.over.is_some() {
            self.next_evaluation = None;
            let another = self.events.clone().any(|event| matches!(event.what, What::Deploy(_)));
            return if another { None } else { self.over.take() };
        }
        if !plan.is_empty() {
            return None;
        }
        let is_over = plan.next_evaluation_at.is_none() && self.is_at_rest();
        is_over.then(|| Ended::Waiting(plan.reason.code.clone()))
    }

    /// Returns whether nothing happens any more by itself.
    fn is_at_rest(&mut self) -> bool {
        self.events.peek().is_none() && self.world.next_step().is_none()
    }

    /// Notes how the routes stand, if that has changed.
    fn sample(&mut self) {
        let counts = record::count(self.classes());
        let routes = self.world.routes();
        let number = |is: fn(&Route) -> bool| routes.iter().map(|route| u32::from(is(route))).sum();
        let (serving, live) = (number(contract::is_serving), number(contract::is_live));
        let capacity = thousandths(contract::capacity(routes));
        let (load, target) = (Load::of(routes), self.world.target());
        let sample = Sample { at: self.now(), counts, serving, capacity, load, live, target };
        let samples = &mut self.record.samples;
        // What lasts for no time is not seen.
        samples.pop_if(|last| last.at == sample.at);
        if samples.last().is_none_or(|last| Sample { at: sample.at, ..last.clone() } != sample) {
            samples.push(sample);
        }
    }

    /// The record, with what becomes of the routes that are on their way out.
    fn finish(mut self, ended: Ended) -> Record {
        self.record.ended = ended;
        self.record.ended_at = self.now();
        self.record.left_over = self.events.len();
        self.record.last_classes = self.classes().collect();
        let lost = || self.world.fates().filter(|(_, lost_at)| lost_at.is_some());
        let evicted = lost().filter(|(route, _)| route.end == Some(RouteEnd::Evicted)).count();
        let counted = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (self.record.failed, self.record.evicted) = (counted(lost().count() - evicted), counted(evicted));
        let floor = self.scenario.serving_floor_percent.map(|Percent(percent)| percent);
        self.record.outages = outage::find(&self.record.samples, self.now(), floor);
        let until = self.now() + u64::from(self.scenario.termination_seconds) * 1000;
        while let Some(at) = self.world.next_step().filter(|at| *at <= until) {
            self.world.advance(at);
            self.sample();
        }
        self.record
    }

    /// Classes of routes, in the order of creation; those that are gone are left out, and those that failed or were
    /// evicted some time ago.
    fn classes(&self) -> impl Iterator<Item = Class> {
        let kept = KEPT_CYCLES * u64::from(self.scenario.cycle_seconds.get()) * 1000;
        let is_seen = move |at: u64| self.now() < at.saturating_add(kept);
        let fates = self.world.fates().map(move |(route, lost_at)| (route, lost_at.is_some_and(is_seen)));
        fates.filter_map(|(route, is_lost)| Class::of(route, is_lost, self.world.deploying_revision()))
    }
}
