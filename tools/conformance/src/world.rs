//! A small world for simulated rollouts: routes, an operator, clocks, and what can happen to them.

use pointsman::{
    Check, HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Timestamp, TrafficStatus, json::Request,
};
use pointsman_simulate::{OperatorAction, show::changes};

pub(crate) use self::{
    event::{Event, events},
    start::{Start, starts},
};
use super::{
    requests::Budget,
    tried::Failure,
    words::{self, created, is_live, is_ready},
};

mod event;
mod start;

/// More routes than this are not created in a simulation: they would fill the machine.
pub(crate) const MOST_CREATED: u64 = 10_000;

/// A rollout under way.
pub(crate) struct World {
    /// What the strategy would be told now, but for its limits.
    pub(crate) request: Request,
    /// What happened, in words; what could not happen is not in it.
    pub(crate) log: Vec<String>,
    /// The strategy has ended the rollout.
    pub(crate) is_over: bool,
    /// The gate that the last applied plan waits at.
    gate: Option<String>,
    budget: Option<Budget>,
    /// Of the clock that stamps routes, in milliseconds.
    stamps: Timestamp,
    /// By how much the host's clock is wrong until the next evaluation is over, in milliseconds.
    blip: i64,
}

// === impl World ===

impl World {
    /// A rollout that starts.
    pub(crate) fn new(config: &str, start: &Start) -> Self {
        let request = start.request(config);
        let stamps = moved(request.spec.now, start.stamps_ahead_seconds * 1000);
        Self {
            request,
            log: vec![start.to_string() + config],
            is_over: false,
            gate: None,
            budget: None,
            stamps,
            blip: 0,
        }
    }

    /// What the strategy is told: within the budget, at this target.
    pub(crate) fn asked(&self) -> Request {
        let mut asked = self.request.clone();
        asked.spec.limits = self.budget.map(|budget| budget.at(asked.spec.target_replicas));
        asked
    }

    /// Says that an evaluation comes.
    pub(crate) fn log_evaluation(&mut self, event: &Event) {
        let crashes = if matches!(event, Event::Crash) { ", and crashes before it applies the plan" } else { "" };
        self.log.push(format!("the host evaluates{crashes}"));
    }

    /// Applies a plan, and keeps its memo and its gate.
    ///
    /// # Errors
    /// A plan that cannot be applied.
    pub(crate) fn apply(&mut self, plan: &RouteChanges) -> Result<(), Failure> {
        if created(plan) > MOST_CREATED {
            return Err(Failure::new(format!("the plan creates {} routes", created(plan))));
        }
        words::apply(plan, &mut self.request).map_err(Failure::new)?;
        if let Some(last) = self.log.last_mut() {
            last.push_str(&format!(" and applies `{}`: {}", plan.reason.code, changes(plan)));
        }
        self.is_over = words::is_terminal(plan.sub_step);
        self.gate.clone_from(&plan.gate);
        Ok(())
    }

    /// An evaluation is over: a clock that was wrong for it is right again.
    pub(crate) fn evaluated(&mut self) {
        let spec = &mut self.request.spec;
        spec.now = moved(spec.now, -std::mem::take(&mut self.blip));
    }

    /// Lets something happen, if it can.
    pub(crate) fn happen(&mut self, event: &Event) {
        use {HealthStatus as H, RouteEnd as E, RouteStatus as S};
        let told = match *event {
            Event::Wait(seconds) => {
                self.pass(seconds);
                Some(format!("{seconds} s pass"))
            }
            Event::AllReady => self.all_new(|route| is_live(route) && !is_ready(route), H::Healthy),
            Event::AllSick => self.all_new(is_ready, H::Unhealthy),
            Event::Start(place) => {
                self.change(place, |route| route.status == S::Provisioning, S::Running, H::NotChecked)
            }
            Event::Health(place, health) => {
                self.change(place, |route| route.status == S::Running && route.health != health, S::Running, health)
            }
            Event::Fail(place) => {
                let told = self
                    .end(place, |route| route.status == S::Provisioning, S::FailedToStart, E::Crashed)
                    .or_else(|| self.end(place, |route| route.status == S::Running, S::Terminated, E::Crashed));
                self.give_back(told.is_some());
                told
            }
            Event::Drain(place) => self.end(place, is_live, S::Terminating, E::Drained),
            Event::Evict(place) => self.end(place, is_live, S::Terminating, E::Evicted),
            Event::Gone(place) => {
                let is_stopping = |route: &Route| route.status == S::Terminating;
                // What was evicted has lost its place to something else.
                let is_evicted = self.pick(place, is_stopping).is_some_and(|route| route.end == Some(E::Evicted));
                let told = self.change(place, is_stopping, S::Terminated, H::NotChecked);
                self.give_back(told.is_some() && !is_evicted);
                told
            }
            Event::Weigh(place, ratio) => self.weigh(place, ratio),
            Event::Move(place, status) => self.set_traffic(place, status),
            Event::Operate(ref action) => self.operate(action),
            Event::Rescale(target) => {
                self.request.spec.target_replicas = target;
                Some(format!("{target} replicas are wanted"))
            }
            Event::Evaluate | Event::Crash => None,
            _ => self.happen_to_host(event),
        };
        self.log.extend(told);
    }

    fn happen_to_host(&mut self, event: &Event) -> Option<String> {
        let spec = &mut self.request.spec;
        match *event {
            Event::Places(free) => {
                spec.free_places = free;
                Some(free.map_or("there is room for any number".to_owned(), |free| format!("{free} places are free")))
            }
            Event::Budget(budget) => {
                self.budget = budget;
                Some(budget.map_or("it has no budget of its own".to_owned(), |budget| format!("it has a {budget:?}")))
            }
            Event::ClockStep(seconds) => {
                spec.now = moved(spec.now, seconds * 1000);
                Some(format!("the host's clock is set by {seconds:+} s"))
            }
            Event::ClockBlip(seconds) => {
                let before = spec.now;
                spec.now = moved(spec.now, seconds * 1000);
                // At the ends of time it cannot be as wrong as that.
                self.blip += i64::try_from(i128::from(spec.now.as_millis()) - i128::from(before.as_millis())).ok()?;
                Some(format!("for the next evaluation the host's clock is wrong by {seconds:+} s"))
            }
            Event::Check(outcome, ago) => {
                let observed_at = ago.map(|seconds| moved(spec.now, -seconds * 1000));
                spec.checks = vec![Check { name: "smoke".to_owned(), outcome, observed_at }];
                let when = ago.map_or(String::new(), |seconds| format!(", as of {seconds} s ago"));
                Some(format!("the check `smoke` is {outcome:?}{when}").to_lowercase())
            }
            Event::LoseMemo => spec.memo.take().map(|_| "the host loses the memo".to_owned()),
            _ => None,
        }
    }

    /// Gives the place back of a route that is gone, if it is.
    fn give_back(&mut self, is_gone: bool) {
        let spec = &mut self.request.spec;
        spec.free_places = spec.free_places.map(|free| free.saturating_add(is_gone.into()));
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: u64) {
        let millis = seconds * 1000;
        let spec = &mut self.request.spec;
        (spec.now, self.stamps) = (spec.now.saturating_add_millis(millis), self.stamps.saturating_add_millis(millis));
    }

    /// Every live route of the deploying revision fails to start or ends. How many did.
    pub(crate) fn fail_all_new(&mut self) -> usize {
        let stamp = self.stamps;
        let Request { routes, spec } = &mut self.request;
        let failed = routes.iter_mut().filter(|route| is_live(route) && words::is_green(route, spec)).map(|route| {
            (route.status, route.end) = (RouteStatus::FailedToStart, Some(RouteEnd::Crashed));
            route.status_updated_at = Some(stamp);
        });
        failed.count()
    }

    fn operate(&mut self, action: &OperatorAction) -> Option<String> {
        let gate = self.gate.as_deref();
        let at = if *action == OperatorAction::Advance { format!(" past the gate {}", gate?) } else { String::new() };
        action.record(&mut self.request.spec.operator, gate).then(|| format!("the {action}{at}"))
    }

    fn weigh(&mut self, place: usize, ratio: f64) -> Option<String> {
        let is_weighed = |route: &Route| is_live(route) && route.traffic_status == TrafficStatus::Active;
        let route = self.pick(place, is_weighed)?;
        route.traffic_ratio = ratio;
        Some(format!("somebody sets the ratio of {} to {ratio}", route.id))
    }

    fn set_traffic(&mut self, place: usize, status: TrafficStatus) -> Option<String> {
        let route = self.pick(place, |route| match status {
            TrafficStatus::Active => is_ready(route),
            _ => is_live(route) && route.traffic_status == TrafficStatus::Active,
        })?;
        route.traffic_status = status;
        route.traffic_ratio = if status == TrafficStatus::Inactive { 0.0 } else { 1.0 };
        Some(format!("somebody makes {} {status:?}", route.id).to_lowercase())
    }

    /// Ends one of the routes for which something holds. It gets no traffic any more.
    fn end(&mut self, place: usize, is: impl Fn(&Route) -> bool, status: RouteStatus, end: RouteEnd) -> Option<String> {
        let stamp = self.stamps;
        let route = self.pick(place, is)?;
        (route.status, route.end, route.status_updated_at) = (status, Some(end), Some(stamp));
        (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
        Some(format!("{} ends: {end:?}", route.id).to_lowercase())
    }

    /// Every route of the deploying revision for which something holds runs, and has this health.
    fn all_new(&mut self, is: impl Fn(&Route) -> bool, health: HealthStatus) -> Option<String> {
        let stamp = self.stamps;
        let Request { routes, spec } = &mut self.request;
        let mut changed = vec![];
        for route in routes.iter_mut().filter(|route| words::is_green(route, spec) && is(route)) {
            (route.status, route.health) = (RouteStatus::Running, health);
            route.status_updated_at = Some(stamp);
            changed.push(route.id.clone());
        }
        (!changed.is_empty()).then(|| format!("{} become {health:?}", changed.join(", ")).to_lowercase())
    }

    /// Changes one of the routes for which something holds.
    fn change(
        &mut self,
        place: usize,
        is: impl Fn(&Route) -> bool,
        status: RouteStatus,
        health: HealthStatus,
    ) -> Option<String> {
        let stamp = self.stamps;
        let route = self.pick(place, is)?;
        (route.status, route.health, route.status_updated_at) = (status, health, Some(stamp));
        Some(format!("{} becomes {status:?} and {health:?}", route.id).to_lowercase())
    }

    /// One of the routes for which something holds.
    fn pick(&mut self, place: usize, is: impl Fn(&Route) -> bool) -> Option<&mut Route> {
        let mut possible: Vec<&mut Route> = self.request.routes.iter_mut().filter(|route| is(route)).collect();
        let chosen = place.checked_rem(possible.len())?;
        Some(possible.swap_remove(chosen))
    }
}

/// A moment so many milliseconds later or earlier, or an end of time.
fn moved(moment: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(moment.as_millis().saturating_add_signed(millis))
}
