//! The host's loop in virtual time: evaluate, guard, apply, and on to the next moment at which something can happen.

use std::{cmp, iter::Peekable, slice};

use pointsman::{Route, RouteChanges, Spec, SubStep};
use pointsman_host::{EvaluateError, Session};
use serde_json::{Map, Value};

use super::{
    record::{self, Cycle, Decision, Ended, Happening, Record, Sample},
    scenario::{Event, HostTrouble, Scenario, What},
    world::World,
};
use crate::error::CliError;

/// More routes than this, gone ones included, and the run ends: the guard was told to let much pass.
const MOST_ROUTES: usize = 10_000;

/// More cycles than this, and it ends: a plugin can ask for one each millisecond.
const MOST_CYCLES: usize = 100_000;

/// Plays a scenario with a plugin. Only what the plugin or the scenario does is in the record; that the plugin could not be
/// called at all is an error.
pub(super) fn play(session: &mut Session, scenario: &Scenario, seed: u64) -> Result<Record, CliError> {
    let mut host = Host::new(session, scenario, seed);
    let ended = host.go_on()?;
    Ok(host.finish(ended))
}

/// A host and the one deployment that it has. Times are milliseconds since the first rollout's start.
struct Host<'a> {
    session: &'a mut Session,
    scenario: &'a Scenario,
    world: World,
    events: Peekable<slice::Iter<'a, Event>>,
    spec: Spec,
    now: u64,
    /// When the last plan asks to be evaluated again.
    next_evaluation: Option<u64>,
    is_about_to_crash: bool,
    record: Record,
}

// === impl Host ===

impl<'a> Host<'a> {
    fn new(session: &'a mut Session, scenario: &'a Scenario, seed: u64) -> Self {
        let spec = Spec {
            deploying_revision: scenario.deploying_revision.clone(),
            target_replicas: scenario.target.0,
            started_at: World::timestamp(0),
            now: World::timestamp(0),
            operator_request: None,
            checks: scenario.checks.clone(),
            config: json(&scenario.config),
            memo: None,
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
            is_about_to_crash: false,
            record,
        }
    }

    /// Until the end.
    fn go_on(&mut self) -> Result<Ended, CliError> {
        let cycle = u64::from(self.scenario.cycle_seconds.get()) * 1000;
        let give_up = u64::from(self.scenario.give_up_seconds) * 1000;
        let mut next_cycle = 0;
        loop {
            let has_happened = self.happen();
            let is_asked_for = self.next_evaluation.is_some_and(|at| at <= self.now);
            let is_due = has_happened || is_asked_for || self.now == next_cycle;
            if is_due && let Some(ended) = self.evaluate()? {
                return Ok(ended);
            }
            next_cycle = cmp::max(next_cycle, self.now - self.now % cycle + cycle);
            let moments = [Some(next_cycle), self.next_event(), self.world.next_step(), self.next_evaluation];
            let next = moments.into_iter().flatten().min().unwrap_or(next_cycle);
            if next > give_up || self.record.cycles.len() >= MOST_CYCLES {
                return Ok(Ended::StillRunning);
            }
            self.now = next;
            self.world.advance(next);
            self.sample();
        }
    }

    /// When the next event is.
    fn next_event(&mut self) -> Option<u64> {
        self.events.peek().map(|event| u64::from(event.at_seconds) * 1000)
    }

    /// Lets the events of this moment happen; returns whether there were any.
    fn happen(&mut self) -> bool {
        let before = self.record.happenings.len();
        while let Some(event) = self.events.next_if(|event| u64::from(event.at_seconds) * 1000 <= self.now) {
            let mut what = event.what.to_string();
            match &event.what {
                What::Routes { revision, count, mishap } => {
                    let befallen = self.world.befall(revision, *count, *mishap);
                    if befallen < *count {
                        what.push_str(&format!(" (there {} {befallen})", if befallen == 1 { "was" } else { "were" }));
                    }
                }
                What::Operator(request) => self.spec.operator_request = *request,
                What::Rescale(target) => self.spec.target_replicas = *target,
                What::Check(check) => {
                    self.spec.checks.retain(|known| known.name != check.name);
                    self.spec.checks.push(check.clone());
                }
                What::Host(HostTrouble::Crash) => self.is_about_to_crash = true,
                What::Host(HostTrouble::LoseMemo) => self.spec.memo = None,
                What::NewRoutes(new_routes) => self.world.set_new_routes(*new_routes),
                What::Config(config) => self.spec.config = json(config),
                What::Deploy(revision) => self.deploy(revision),
            }
            self.record.happenings.push(Happening { at: self.now, what });
        }
        self.record.happenings.len() > before
    }

    /// Another revision is rolled out: what was asked for, found out and remembered was about the one before.
    fn deploy(&mut self, revision: &str) {
        revision.clone_into(&mut self.spec.deploying_revision);
        self.spec.started_at = World::timestamp(self.now);
        self.spec.operator_request = None;
        self.spec.checks.clone_from(&self.scenario.checks);
        self.spec.memo = None;
        self.record.deployed.push(revision.to_owned());
    }

    /// One cycle; returns how the run ended, if this ended it.
    fn evaluate(&mut self) -> Result<Option<Ended>, CliError> {
        self.sample();
        self.spec.now = World::timestamp(self.now);
        let decision = match self.session.evaluate_cycle(self.world.routes(), &self.spec) {
            Ok(plan) => {
                let is_applied = plan.is_empty() || !self.is_about_to_crash;
                Decision::Plan { plan: Box::new(plan), is_applied }
            }
            Err(EvaluateError::Rejected { plan, violations, .. }) => Decision::Rejected { plan, violations },
            Err(EvaluateError::InvalidConfig { message, .. }) => {
                Decision::Refused { message: format!("invalid config: {message}") }
            }
            Err(EvaluateError::InvalidRoutes { message, .. }) => {
                Decision::Refused { message: format!("invalid routes: {message}") }
            }
            Err(error @ EvaluateError::Call(_)) => return Err(CliError::Evaluate(error)),
        };
        let routes = self.world.routes();
        let number = |is: fn(&Route) -> bool| routes.iter().map(|route| u32::from(is(route))).sum();
        let cycle = Cycle {
            at: self.now,
            classes: self.world.classes(&self.spec.deploying_revision).collect(),
            serving: number(Route::is_serving),
            ready: number(Route::is_ready),
            live: number(Route::is_live),
            decision,
        };
        let ended = self.carry_out(&cycle);
        self.record.cycles.push(cycle);
        ended
    }

    /// What a host does with a decision; returns how the run ended, if this ended it.
    fn carry_out(&mut self, cycle: &Cycle) -> Result<Option<Ended>, CliError> {
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
        self.record.created += self.world.apply(plan).map_err(|error| CliError::Answers(error.to_string()))?;
        self.spec.memo.clone_from(&plan.memo);
        // A guard that checks ids only lets pass what is not ahead.
        self.next_evaluation = plan.next_evaluation_at.map(World::millis).filter(|at| *at > self.now);
        self.sample();
        Ok(self.end(plan))
    }

    /// How the run ended, if an applied plan ended it.
    fn end(&mut self, plan: &RouteChanges) -> Option<Ended> {
        let is_new_live = |route: &Route| route.is_live() && route.revision == self.spec.deploying_revision;
        if plan.sub_step == SubStep::Completed {
            return Some(Ended::Completed);
        }
        if !plan.is_empty() {
            return None;
        }
        let is_rolled_back = plan.sub_step == SubStep::RollingBack && !self.world.routes().iter().any(is_new_live);
        // While something is still to happen it may be taken back, so a host need not call it the end.
        if is_rolled_back && self.events.peek().is_none() {
            return Some(Ended::RolledBack);
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
        let sample = Sample { at: self.now, counts, serving, live, target: self.spec.target_replicas };
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

fn json(config: &Map<String, Value>) -> String {
    serde_json::to_string(config).expect("an object of JSON values is JSON")
}
