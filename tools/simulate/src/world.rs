//! One deployment in a world of its own: routes, clocks, an operator, and what can happen to them.
//!
//! A [`World`] is what a host would know, and what is behind it: routes that start and end by themselves as a
//! [`Behaviour`] says, places that are free or not, and clocks that need not agree. Its caller evaluates, applies and
//! [injects](World::inject); it never draws a number and never waits.
//!
//! | file | what it is for |
//! |---|---|
//! | `contract.rs` | [`contract`]: the contract's words and its applier, written anew |
//! | `routes.rs` | routes: applying, injecting, steps, places |
//! | `clock.rs` | the clocks |
//! | `life.rs` | [`Behaviour`]: what routes do by themselves |
//! | `fault.rs` | [`Fault`]: what is done to routes |
//! | `operator.rs` | [`OperatorAction`] |
//! | `budget.rs` | [`Budget`]: what an operator allows |
//!
//! Simulations and conformance share it. The model check (`tests/model`) keeps a world of its own, because an oracle
//! must be independent of what it judges.

use pointsman::{Check, Operator, Route, RouteChanges, Spec, SubStep, Timestamp, json::Request};

pub use self::{
    budget::Budget,
    fault::Fault,
    life::{Behaviour, Step, Still},
    operator::OperatorAction,
};
use self::{
    clock::Clocks,
    life::{Life, Place},
};

mod budget;
mod clock;
pub mod contract;
mod fault;
mod life;
mod operator;
mod routes;
#[cfg(test)]
mod tests;

/// One deployment, the host that has it, and the world around them. Times are milliseconds since it began.
#[derive(Clone, Debug)]
pub struct World {
    routes: Vec<Route>,
    /// One for each route.
    lives: Vec<Life>,
    /// The spec as the host keeps it. Its moment, free places and limits are put in when they are read.
    spec: Spec,
    clocks: Clocks,
    /// Number of routes that there is room for, those that are still stopping included; none for any number.
    places: Option<u32>,
    budget: Option<Budget>,
    /// The gate that the last applied plan waits at, and its sub-step.
    gate: Option<String>,
    sub_step: Option<SubStep>,
}

// === impl World ===

impl World {
    /// A world that begins at the spec's moment, with as many free places as the spec says. Its clocks agree.
    pub fn new(spec: Spec, routes: Vec<Route>) -> Self {
        let place = |route: &Route| {
            let is_gone = !contract::is_live(route) && route.status != pointsman::RouteStatus::Terminating;
            if is_gone { Place::None } else { Place::Held }
        };
        let lives = routes.iter().map(|route| Life { place: place(route), ..Life::default() }).collect();
        let (clocks, free_places) = (Clocks::new(spec.now), spec.free_places);
        let mut world = Self { routes, lives, spec, clocks, places: None, budget: None, gate: None, sub_step: None };
        world.set_free_places(free_places);
        world
    }

    /// All routes that there ever were, in the order of creation.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Each route, and when it crashed or was evicted in this world, in milliseconds since it began; none where it did
    /// neither.
    pub fn fates(&self) -> impl Iterator<Item = (&Route, Option<u64>)> {
        self.routes.iter().zip(&self.lives).map(|(route, life)| (route, life.lost_at))
    }

    /// The spec that the strategy is given now.
    pub fn spec(&self) -> Spec {
        Spec {
            now: self.clocks.host(),
            free_places: self.free_places(),
            limits: self.budget.map(|budget| budget.at(self.spec.target_replicas)),
            ..self.spec.clone()
        }
    }

    /// The request that the strategy is given now.
    pub fn request(&self) -> Request {
        Request { routes: self.routes.clone(), spec: self.spec() }
    }

    /// The revision that is rolled out.
    pub fn deploying_revision(&self) -> &str {
        &self.spec.deploying_revision
    }

    /// The target: routes that should serve.
    pub fn target(&self) -> u32 {
        self.spec.target_replicas
    }

    /// The gate that the last applied plan waits at.
    pub fn gate(&self) -> Option<&str> {
        self.gate.as_deref()
    }

    /// The sub-step with which the last applied plan ended the rollout; none where it goes on.
    pub fn ended(&self) -> Option<SubStep> {
        self.sub_step.filter(|sub_step| contract::is_terminal(*sub_step))
    }

    // Clocks.

    /// Milliseconds since the world began.
    pub fn elapsed(&self) -> u64 {
        self.clocks.elapsed
    }

    /// The moment as the host's clock tells it.
    pub fn host_clock(&self) -> Timestamp {
        self.clocks.host()
    }

    /// The moment as the clock tells it that stamps routes.
    pub fn stamping_clock(&self) -> Timestamp {
        self.clocks.stamp()
    }

    /// Sets how far ahead the clock is that stamps routes, in milliseconds; negative where it is behind.
    pub fn set_stamps_ahead(&mut self, millis: i64) {
        self.clocks.stamps = millis;
    }

    /// Sets the host's clock by so many milliseconds, for good.
    pub fn step_clock(&mut self, millis: i64) {
        self.clocks.host = self.clocks.host.saturating_add(millis);
    }

    /// Makes the host's clock wrong by so many milliseconds, until the next evaluation is [over](Self::evaluated).
    pub fn blip_clock(&mut self, millis: i64) {
        self.clocks.blip = self.clocks.blip.saturating_add(millis);
    }

    /// Ends an evaluation: a clock that was wrong for it is right again.
    pub fn evaluated(&mut self) {
        self.clocks.blip = 0;
    }

    // What the host keeps.

    /// Lets an operator do something; returns whether it had an effect.
    pub fn operate(&mut self, action: &OperatorAction) -> bool {
        action.record(&mut self.spec.operator, self.gate.as_deref())
    }

    /// Sets the target.
    pub fn rescale(&mut self, target: u32) {
        self.spec.target_replicas = target;
    }

    /// Sets what the operator allows; none for the guard's policy.
    pub fn set_budget(&mut self, budget: Option<Budget>) {
        self.budget = budget;
    }

    /// Sets the outcome of a check, by its name.
    pub fn set_check(&mut self, check: Check) {
        self.spec.checks.retain(|known| known.name != check.name);
        self.spec.checks.push(check);
    }

    /// Sets the strategy's configuration. Gates that were passed were those of the one before.
    pub fn set_config(&mut self, config: String) {
        self.spec.config = config;
        self.spec.operator.passed_gates.clear();
    }

    /// Loses the strategy's memo; returns whether there was one.
    pub fn lose_memo(&mut self) -> bool {
        self.spec.memo.take().is_some()
    }

    /// Rolls out another revision. What was requested, found out and remembered was about the one before, which is
    /// returned to where it carried the traffic; `checks` are how they stand now.
    pub fn deploy(&mut self, revision: &str, checks: Vec<Check>) {
        if matches!(self.sub_step, Some(SubStep::Finalizing | SubStep::Completed)) {
            self.spec.stable_revision = Some(self.spec.deploying_revision.clone());
        }
        revision.clone_into(&mut self.spec.deploying_revision);
        self.spec.started_at = self.clocks.host();
        self.spec.operator = Operator::default();
        (self.spec.checks, self.spec.memo) = (checks, None);
        (self.gate, self.sub_step) = (None, None);
    }

    /// Keeps what a host keeps of a plan that it applied.
    fn keep(&mut self, plan: &RouteChanges) {
        self.spec.memo.clone_from(&plan.memo);
        self.gate.clone_from(&plan.gate);
        self.sub_step = Some(plan.sub_step);
    }
}
