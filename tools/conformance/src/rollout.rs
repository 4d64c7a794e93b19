//! Simulated rollouts: a world, and a log of what happened in it, for people.

use pointsman::{Check, HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Timestamp, TrafficStatus};
use pointsman_simulate::{
    show::changes,
    world::{Fault, OperatorAction, Still, World, contract},
};

pub(super) use self::{
    event::{Event, events},
    start::{Start, starts},
};
use super::tried::Failure;

pub(super) mod course;
mod event;
mod start;

/// More routes than this are not created in a simulation: they would fill the machine.
pub(super) const MOST_CREATED: u64 = 10_000;

/// A rollout under way.
pub(super) struct Rollout {
    pub(super) world: World,
    /// Log of what happened, in words; what could not happen is not in it.
    pub(super) log: Vec<String>,
}

// === impl Rollout ===

impl Rollout {
    /// A rollout that starts.
    pub(super) fn new(config: &str, start: &Start) -> Self {
        Self { world: start.world(config), log: vec![start.to_string() + config] }
    }

    /// Says that an evaluation comes.
    pub(super) fn log_evaluation(&mut self, event: &Event) {
        let crashes = if matches!(event, Event::Crash) { ", and crashes before it applies the plan" } else { "" };
        self.log.push(format!("the host evaluates{crashes}"));
    }

    /// Applies a plan, and keeps its memo and its gate.
    ///
    /// # Errors
    /// A plan that cannot be applied.
    pub(super) fn apply(&mut self, plan: &RouteChanges) -> Result<(), Failure> {
        let created = contract::created(plan);
        if created > MOST_CREATED {
            return Err(Failure::new(format!("the plan creates {created} routes")));
        }
        self.world.apply(plan, &mut Still).map_err(|error| Failure::new(error.to_string()))?;
        if let Some(last) = self.log.last_mut() {
            last.push_str(&format!(" and applies `{}`: {}", plan.reason.code, changes(plan)));
        }
        Ok(())
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.world.advance(self.world.elapsed() + seconds * 1000);
    }

    /// Lets something happen, if it can.
    pub(super) fn happen(&mut self, event: &Event) {
        use {HealthStatus as H, RouteStatus as S};
        let any = |_: &Route| true;
        let said = match *event {
            Event::Wait(seconds) => {
                self.pass(seconds);
                Some(format!("{seconds} s pass"))
            }
            Event::AllReady => self.all_new(Fault::Ready, H::Healthy),
            Event::AllSick => self.all_new(Fault::Health(H::Unhealthy), H::Unhealthy),
            Event::Start(place) => {
                self.one(place, Fault::Start, any).map(|id| format!("{id} runs, and is not checked"))
            }
            Event::Health(place, health) => {
                let id = self.one(place, Fault::Health(health), any);
                id.map(|id| format!("{id} becomes {health:?}").to_lowercase())
            }
            Event::Fail(place) => self
                .one(place, Fault::Crash, |route| route.status == S::Provisioning)
                .or_else(|| self.one(place, Fault::Crash, any))
                .map(|id| said_of_end(&id, RouteEnd::Crashed)),
            Event::Drain(place) => self.one(place, Fault::Drain, any).map(|id| said_of_end(&id, RouteEnd::Drained)),
            Event::Evict(place) => self.one(place, Fault::Evict, any).map(|id| said_of_end(&id, RouteEnd::Evicted)),
            Event::Gone(place) => self.one(place, Fault::Gone, any).map(|id| format!("{id} is gone")),
            Event::Weigh(place, ratio) => {
                let fault = Fault::Traffic { status: TrafficStatus::Active, ratio };
                let id = self.one(place, fault, |route| route.traffic_status == TrafficStatus::Active);
                id.map(|id| format!("somebody sets the ratio of {id} to {ratio}"))
            }
            Event::WeighAll(ratio) => {
                let fault = Fault::Traffic { status: TrafficStatus::Active, ratio };
                let active = self.world.affected(fault).filter(|route| route.traffic_status == TrafficStatus::Active);
                let ids: Vec<String> = active.map(|route| route.id.clone()).collect();
                let weighed = self.world.inject(fault, &ids);
                (weighed > 0).then(|| format!("somebody sets the ratio of {} to {ratio}", ids.join(", ")))
            }
            Event::Move(place, status) => self.set_traffic(place, status),
            Event::Operate(ref action) => self.operate(action),
            Event::Rescale(target) => {
                self.world.rescale(target);
                Some(format!("{target} replicas are wanted"))
            }
            Event::Evaluate | Event::Crash => None,
            _ => self.happen_to_host(event),
        };
        self.log.extend(said);
    }

    fn happen_to_host(&mut self, event: &Event) -> Option<String> {
        let world = &mut self.world;
        match *event {
            Event::Places(free) => {
                world.set_free_places(free);
                Some(free.map_or("there is room for any number".to_owned(), |free| format!("{free} places are free")))
            }
            Event::Budget(budget) => {
                world.set_budget(budget);
                Some(budget.map_or("it has no budget of its own".to_owned(), |budget| format!("it has a {budget:?}")))
            }
            Event::ClockStep(seconds) => {
                world.step_clock(seconds * 1000);
                Some(format!("the host's clock is set by {seconds:+} s"))
            }
            Event::ClockBlip(seconds) => {
                world.blip_clock(seconds * 1000);
                Some(format!("for the next evaluation the host's clock is wrong by {seconds:+} s"))
            }
            Event::Check(outcome, ago) => {
                let earlier = |seconds: i64| world.host_clock().as_millis().saturating_add_signed(-seconds * 1000);
                let observed_at = ago.map(|seconds| Timestamp::from_millis(earlier(seconds)));
                world.set_check(Check { name: "smoke".to_owned(), outcome, observed_at });
                let when = ago.map_or(String::new(), |seconds| format!(", as of {seconds} s ago"));
                Some(format!("the check `smoke` is {outcome:?}{when}").to_lowercase())
            }
            Event::LoseMemo => world.lose_memo().then(|| "the host loses the memo".to_owned()),
            _ => None,
        }
    }

    fn operate(&mut self, action: &OperatorAction) -> Option<String> {
        let gate = self.world.gate();
        let at = if *action == OperatorAction::Advance { format!(" past the gate {}", gate?) } else { String::new() };
        self.world.operate(action).then(|| format!("the {action}{at}"))
    }

    fn set_traffic(&mut self, place: usize, status: TrafficStatus) -> Option<String> {
        let ratio = if status == TrafficStatus::Inactive { 0.0 } else { 1.0 };
        let id = self.one(place, Fault::Traffic { status, ratio }, |route| match status {
            TrafficStatus::Active => contract::is_ready(route),
            _ => route.traffic_status == TrafficStatus::Active,
        })?;
        Some(format!("somebody makes {id} {status:?}").to_lowercase())
    }

    /// Does something to one of the routes that it can happen to and for which something holds; returns which.
    fn one(&mut self, place: usize, fault: Fault, is: impl Fn(&Route) -> bool) -> Option<String> {
        let possible: Vec<&Route> = self.world.affected(fault).filter(|route| is(route)).collect();
        let id = possible.get(place.checked_rem(possible.len())?)?.id.clone();
        self.world.inject(fault, std::slice::from_ref(&id));
        Some(id)
    }

    /// Does something to every route of the deploying revision that it can happen to.
    fn all_new(&mut self, fault: Fault, health: HealthStatus) -> Option<String> {
        let ids = self.green(fault);
        self.world.inject(fault, &ids);
        (!ids.is_empty()).then(|| format!("{} become {health:?}", ids.join(", ")).to_lowercase())
    }

    /// Ids of the routes of the deploying revision that something can happen to.
    fn green(&self, fault: Fault) -> Vec<String> {
        let spec = self.world.spec();
        let green = self.world.affected(fault).filter(|route| contract::is_green(route, &spec));
        green.map(|route| route.id.clone()).collect()
    }
}

fn said_of_end(id: &str, end: RouteEnd) -> String {
    format!("{id} ends: {}", end.as_str())
}
