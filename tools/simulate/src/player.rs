//! The host's loop in virtual time: evaluate, guard, apply, and on to the next moment at which something can happen.

use std::{cmp, iter::Peekable, slice};

use pointsman::{Route, RouteChanges, Spec, SubStep, Timestamp};
use pointsman_host::{EvaluateError, Session};
use serde_json::{Map, Value};

use super::{
    record::{self, Cycle, Decision, Ended, Record, Sample, thousandths},
    scenario::{Event, Scenario, What},
    world::World,
};
use crate::PlayError;

mod events;

/// More routes than this, gone ones included, and the run ends: the guard was told to let much pass.
const MOST_ROUTES: usize = 10_000;

/// More cycles than this, and it ends: a plugin can ask for one each millisecond.
const MOST_CYCLES: usize = 100_000;

/// Plays a scenario with a session of a plugin, whose guard judges the plans. The same scenario, plugin and seed give the same
/// record. What the plugin refuses and what the guard rejects is in the record.
///
/// # Errors
/// [`PlayError`], where the plugin could not be called.
pub fn play(session: &mut Session, scenario: &Scenario, seed: u64) -> Result<Record, PlayError> {
    let mut player = Player::new(session, scenario, seed);
    let ended = player.go_on()?;
    Ok(player.finish(ended))
}

/// A host and the one deployment that it has. Times are milliseconds since the first rollout's start.
struct Player<'a> {
    session: &'a mut Session,
    scenario: &'a Scenario,
    world: World,
    events: Peekable<slice::Iter<'a, Event>>,
    spec: Spec,
    now: u64,
    /// When the last plan asks to be evaluated again.
    next_evaluation: Option<u64>,
    /// The gate that the last applied plan waits at.
    gate: Option<String>,
    /// Whether the last applied plan said that the new revision carries the traffic.
    was_promoted: bool,
    /// How the rollout ended, where the last applied plan was terminal: nothing is evaluated until another revision is
    /// deployed.
    over: Option<Ended>,
    /// By how much the host's clock is wrong, in milliseconds: for good, and in the next cycle only.
    clock: i64,
    blip: i64,
    is_about_to_crash: bool,
    record: Record,
}

// === impl Player ===

impl<'a> Player<'a> {
    fn new(session: &'a mut Session, scenario: &'a Scenario, seed: u64) -> Self {
        let start = World::timestamp(0);
        let spec = Spec {
            stable_revision: scenario.stable_revision(),
            checks: scenario.checks.clone(),
            config: json(&scenario.config),
            weight_steps: scenario.weight_steps,
            ..Spec::new(&scenario.deploying_revision, scenario.target.0, start, start)
        };
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
        };
        Self {
            session,
            scenario,
            world: World::new(scenario, seed),
            events: scenario.events.iter().peekable(),
            spec,
            now: 0,
            next_evaluation: None,
            gate: None,
            was_promoted: false,
            over: None,
            clock: 0,
            blip: 0,
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
            let is_asked_for = self.next_evaluation.is_some_and(|at| at <= self.now);
            let is_due = has_happened || is_asked_for || self.now == next_cycle;
            if is_due
                && self.over.is_none()
                && let Some(ended) = self.evaluate()?
            {
                return Ok(ended);
            }
            next_cycle = cmp::max(next_cycle, self.now - self.now % cycle + cycle);
            let moments = [Some(next_cycle), self.next_event(), self.world.next_step(), self.next_evaluation];
            let next = moments.into_iter().flatten().min().unwrap_or(next_cycle);
            if next > give_up || self.record.cycles.len() >= MOST_CYCLES {
                return Ok(self.over.take().unwrap_or(Ended::StillRunning));
            }
            self.now = next;
            self.world.advance(next);
            self.sample();
        }
    }

    /// The moment as the host's clock tells it.
    fn clock(&self) -> Timestamp {
        let now = World::timestamp(self.now).as_millis();
        Timestamp::from_millis(now.saturating_add_signed(self.clock + self.blip))
    }

    /// One cycle; returns how the run ended, if this ended it.
    fn evaluate(&mut self) -> Result<Option<Ended>, PlayError> {
        self.sample();
        self.spec.now = self.clock();
        self.blip = 0;
        self.spec.free_places = self.world.free_places();
        let decision = match self.session.evaluate_cycle(self.world.routes(), &self.spec) {
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
            Err(error @ EvaluateError::Call(_)) => return Err(PlayError::Call(error)),
        };
        let routes = self.world.routes();
        let number = |is: fn(&Route) -> bool| routes.iter().map(|route| u32::from(is(route))).sum();
        let cycle = Cycle {
            at: self.now,
            classes: self.world.classes(&self.spec.deploying_revision).collect(),
            serving: number(Route::is_serving),
            capacity: capacity(routes),
            ready: number(Route::is_ready),
            live: number(Route::is_live),
            decision,
        };
        let ended = self.carry_out(&cycle);
        self.record.cycles.push(cycle);
        ended
    }

    /// What a host does with a decision; returns how the run ended, if this ended it.
    fn carry_out(&mut self, cycle: &Cycle) -> Result<Option<Ended>, PlayError> {
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
        self.record.created += self.world.apply(plan)?;
        self.spec.memo.clone_from(&plan.memo);
        self.gate.clone_from(&plan.gate);
        self.was_promoted = plan.sub_step == SubStep::Finalizing || plan.sub_step == SubStep::Completed;
        // A host waits for so long, whatever its clock says. A guard that checks ids only lets pass what is not ahead.
        let pause = |at: Timestamp| at.saturating_millis_since(self.spec.now);
        let ahead = plan.next_evaluation_at.map(pause).filter(|millis| *millis > 0);
        self.next_evaluation = ahead.map(|millis| self.now.saturating_add(millis));
        self.sample();
        Ok(self.end(plan))
    }

    /// How the run ended, if an applied plan ended it. A rollout that is over does not end it while another is to come.
    fn end(&mut self, plan: &RouteChanges) -> Option<Ended> {
        self.over = match plan.sub_step {
            SubStep::Completed => Some(Ended::Completed),
            SubStep::RolledBack => Some(Ended::RolledBack),
            _ => None,
        };
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

    /// Whether nothing happens any more by itself.
    fn is_at_rest(&mut self) -> bool {
        self.events.peek().is_none() && self.world.next_step().is_none()
    }

    /// Notes how the routes stand, if that has changed.
    fn sample(&mut self) {
        let counts = record::count(self.world.classes(&self.spec.deploying_revision));
        let routes = self.world.routes();
        let number = |is: fn(&Route) -> bool| routes.iter().map(|route| u32::from(is(route))).sum();
        let (serving, live) = (number(Route::is_serving), number(Route::is_live));
        let capacity = thousandths(capacity(routes));
        let sample = Sample { at: self.now, counts, serving, capacity, live, target: self.spec.target_replicas };
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
        self.record.ended_at = self.now;
        self.record.left_over = self.events.len();
        self.record.last_classes = self.world.classes(&self.spec.deploying_revision).collect();
        let until = self.now + u64::from(self.scenario.termination_seconds) * 1000;
        while let Some(at) = self.world.next_step().filter(|at| *at <= until) {
            self.now = at;
            self.world.advance(at);
            self.sample();
        }
        self.record
    }
}

/// The serving capacity of routes, whatever their order.
fn capacity(routes: &[Route]) -> f64 {
    let mut routes: Vec<&Route> = routes.iter().collect();
    routes.sort_by(|a, b| a.id.cmp(&b.id));
    pointsman::capacity::capacity(routes)
}

fn json(config: &Map<String, Value>) -> String {
    serde_json::to_string(config).expect("an object of JSON values is JSON")
}
