//! A small world for simulated rollouts: routes, an operator, a clock, and what can happen to them.

use pointsman::{
    ApplyError, Check, CheckOutcome, HealthStatus, OperatorRequest, Route, RouteChanges, RouteStatus, SubStep,
    json::Request,
};
use proptest::{
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use super::{requests, verdict::Failure};
use crate::explain::changes;

/// More routes than this are not created in a simulation: they would fill the machine.
pub(super) const MOST_CREATED: u64 = 10_000;

/// Something that happens in a rollout. A number chooses among the routes that it can happen to.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// The host evaluates, and applies the plan.
    Evaluate,
    /// So many seconds pass.
    Wait(u64),
    /// Every new route becomes ready.
    AllReady,
    /// A route that is provisioning starts; whether it is healthy is not known yet.
    Start(usize),
    /// The health of a running route changes.
    Health(usize, HealthStatus),
    /// A live route ends by itself.
    Fail(usize),
    /// A live route is told to go, by somebody else.
    Evict(usize),
    /// A route that is terminating is gone.
    Gone(usize),
    /// The operator asks for something, or takes it back.
    Ask(Option<OperatorRequest>),
    /// Another number of replicas is wanted.
    Rescale(u32),
    /// A check has an outcome.
    Verdict(CheckOutcome),
    /// The host loses the memo.
    LoseMemo,
    /// The host evaluates, and crashes before it applies the plan.
    Crash,
}

/// What can happen, the plainest first.
pub(super) fn events() -> impl Strategy<Value = Event> {
    use {CheckOutcome as C, HealthStatus as H, OperatorRequest as O};
    let health = select(vec![H::Healthy, H::Unhealthy, H::Degraded, H::NotChecked]);
    prop_oneof![
        12 => Just(Event::Evaluate),
        4 => (1..=120u64).prop_map(Event::Wait),
        8 => Just(Event::AllReady),
        3 => (0..8usize).prop_map(Event::Start),
        4 => (0..8usize, health).prop_map(|(place, health)| Event::Health(place, health)),
        1 => (0..8usize).prop_map(Event::Fail),
        1 => (0..8usize).prop_map(Event::Evict),
        1 => (0..8usize).prop_map(Event::Gone),
        // An abort ends most of what could still happen.
        2 => prop_oneof![4 => Just(Some(O::Promote)), 3 => Just(None), 1 => Just(Some(O::Abort))].prop_map(Event::Ask),
        1 => (0..6u32).prop_map(Event::Rescale),
        1 => select(vec![C::Passed, C::Failed, C::Pending]).prop_map(Event::Verdict),
        1 => Just(Event::LoseMemo),
        1 => Just(Event::Crash),
    ]
}

/// A rollout under way.
pub(super) struct World {
    /// What the strategy would be told now.
    pub(super) request: Request,
    /// What happened, in words; what could not happen is not in it.
    pub(super) log: Vec<String>,
    /// The strategy has completed the rollout.
    pub(super) is_over: bool,
}

// === impl World ===

impl World {
    /// `old` routes of the revision before serve, and a rollout to `target` routes starts.
    pub(super) fn new(config: &str, target: u32, old: u32) -> Self {
        let routes = (1..=old).map(|i| requests::serving_route(format!("r-{i}"))).collect();
        let request = Request { routes, spec: requests::spec(target, config) };
        let log = vec![format!("a rollout to {target} starts; {old} of the revision before serve; config {config}")];
        Self { request, log, is_over: false }
    }

    /// Says that an evaluation comes.
    pub(super) fn log_evaluation(&mut self, event: &Event) {
        let crashes = if matches!(event, Event::Crash) { ", and crashes before it applies the plan" } else { "" };
        self.log.push(format!("the host evaluates{crashes}"));
    }

    /// Applies a plan, and keeps its memo.
    ///
    /// # Errors
    /// A plan that cannot be applied.
    pub(super) fn apply(&mut self, plan: &RouteChanges) -> Result<(), Failure> {
        if created(plan) > MOST_CREATED {
            return Err(Failure::new(format!("the plan creates {} routes", created(plan))));
        }
        apply(plan, &mut self.request).map_err(|error| Failure::new(error.to_string()))?;
        if let Some(last) = self.log.last_mut() {
            last.push_str(&format!(" and applies `{}`: {}", plan.reason.code, changes(plan)));
        }
        self.is_over = plan.sub_step == SubStep::Completed;
        Ok(())
    }

    /// Lets something happen, if it can.
    pub(super) fn happen(&mut self, event: &Event) {
        use {HealthStatus as H, RouteStatus as S};
        let told = match *event {
            Event::Wait(seconds) => {
                self.pass(seconds);
                Some(format!("{seconds} s pass"))
            }
            Event::AllReady => self.all_ready(),
            Event::Start(place) => {
                self.change(place, |route| route.status == S::Provisioning, S::Running, H::NotChecked)
            }
            Event::Health(place, health) => {
                self.change(place, |route| route.status == S::Running && route.health != health, S::Running, health)
            }
            Event::Fail(place) => self
                .change(place, |route| route.status == S::Provisioning, S::FailedToStart, H::NotChecked)
                .or_else(|| self.change(place, |route| route.status == S::Running, S::Terminated, H::Unhealthy)),
            Event::Evict(place) => self.change(place, Route::is_live, S::Terminating, H::NotChecked),
            Event::Gone(place) => {
                self.change(place, |route| route.status == S::Terminating, S::Terminated, H::NotChecked)
            }
            Event::Ask(asked) => {
                self.request.spec.operator_request = asked;
                Some(asked.map_or("the operator takes the request back".to_owned(), |asked| {
                    format!("the operator asks to {asked:?}").to_lowercase()
                }))
            }
            Event::Rescale(target) => {
                self.request.spec.target_replicas = target;
                Some(format!("{target} replicas are wanted"))
            }
            Event::Verdict(outcome) => {
                self.request.spec.checks = vec![Check { name: "smoke".to_owned(), outcome }];
                Some(format!("the check `smoke` is {outcome:?}").to_lowercase())
            }
            Event::LoseMemo => self.request.spec.memo.take().map(|_| "the host loses the memo".to_owned()),
            Event::Evaluate | Event::Crash => None,
        };
        self.log.extend(told);
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, seconds: u64) {
        let spec = &mut self.request.spec;
        spec.now = spec.now.saturating_add_millis(seconds * 1000);
    }

    /// Every live route of the deploying revision fails to start or ends. How many did.
    pub(super) fn fail_all_new(&mut self) -> usize {
        let now = self.request.spec.now;
        let green = |route: &&mut Route| route.is_live() && route.revision == requests::GREEN;
        let failed = self.request.routes.iter_mut().filter(green).map(|route| {
            route.status = RouteStatus::FailedToStart;
            route.status_updated_at = Some(now);
        });
        failed.count()
    }

    fn all_ready(&mut self) -> Option<String> {
        let now = self.request.spec.now;
        let mut changed = vec![];
        for route in &mut self.request.routes {
            if route.revision == requests::GREEN && route.is_live() && !route.is_ready() {
                (route.status, route.health) = (RouteStatus::Running, HealthStatus::Healthy);
                route.status_updated_at = Some(now);
                changed.push(route.id.clone());
            }
        }
        (!changed.is_empty()).then(|| format!("{} become ready", changed.join(", ")))
    }

    /// Changes one of the routes for which something holds. A route that is not live gets no traffic.
    fn change(
        &mut self,
        place: usize,
        is: impl Fn(&Route) -> bool,
        status: RouteStatus,
        health: HealthStatus,
    ) -> Option<String> {
        let now = self.request.spec.now;
        let mut possible: Vec<&mut Route> = self.request.routes.iter_mut().filter(|route| is(route)).collect();
        let count = possible.len();
        let route = possible.get_mut(place.checked_rem(count)?)?;
        (route.status, route.health, route.status_updated_at) = (status, health, Some(now));
        Some(format!("{} becomes {}", route.id, route.condition()))
    }
}

/// How many routes a plan creates.
pub(super) fn created(plan: &RouteChanges) -> u64 {
    plan.rollout_specs.iter().map(|spec| u64::from(spec.count)).sum()
}

/// Makes of a request what a host makes of it that applies the plan: routes with ids that are not there yet, and the memo.
pub(super) fn apply(plan: &RouteChanges, request: &mut Request) -> Result<(), ApplyError> {
    // Ids count on, and rows are never deleted here.
    let mut last = request.routes.len();
    let new_id = || {
        last += 1;
        format!("r-{last}")
    };
    plan.apply(&mut request.routes, request.spec.now, new_id)?;
    request.spec.memo.clone_from(&plan.memo);
    Ok(())
}
