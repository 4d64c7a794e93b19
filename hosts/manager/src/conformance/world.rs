//! A small world for simulated rollouts: routes, an operator, a clock, and what can happen to them.

use pointsman::{
    ApplyError, Check, CheckOutcome, HealthStatus, Operator, Route, RouteChanges, RouteEnd, RouteStatus, TrafficStatus,
    json::Request,
};
use proptest::{
    option,
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
    Drain(usize),
    /// A live route loses its place.
    Evict(usize),
    /// Somebody sets the ratio of a live route in traffic by hand.
    Weigh(usize, f64),
    /// A route that is terminating is gone.
    Gone(usize),
    /// The operator wishes for something, or takes it back.
    Wish(Wish),
    /// So many more routes can be placed; none for any number.
    Places(Option<u32>),
    /// The host's clock is set back by so many seconds.
    SetBack(u64),
    /// Another number of replicas is wanted.
    Rescale(u32),
    /// A check has an outcome.
    Verdict(CheckOutcome),
    /// The host loses the memo.
    LoseMemo,
    /// The host evaluates, and crashes before it applies the plan.
    Crash,
}

/// What an operator wishes for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Promote,
    Abort,
    Pause,
    Resume,
    /// Passes the gate that the last applied plan waits at.
    Advance,
    TakeBack,
}

/// What can happen, the plainest first.
pub(super) fn events() -> impl Strategy<Value = Event> {
    use {CheckOutcome as C, HealthStatus as H};
    let wish = prop_oneof![
        4 => Just(Wish::Promote), 4 => Just(Wish::Advance), 3 => Just(Wish::TakeBack), 1 => Just(Wish::Pause),
        2 => Just(Wish::Resume), 1 => Just(Wish::Abort),
    ];
    let health = select(vec![H::Healthy, H::Unhealthy, H::Degraded, H::NotChecked]);
    prop_oneof![
        12 => Just(Event::Evaluate),
        4 => (1..=120u64).prop_map(Event::Wait),
        8 => Just(Event::AllReady),
        3 => (0..8usize).prop_map(Event::Start),
        4 => (0..8usize, health).prop_map(|(place, health)| Event::Health(place, health)),
        1 => (0..8usize).prop_map(Event::Fail),
        1 => (0..8usize).prop_map(Event::Drain),
        1 => (0..8usize).prop_map(Event::Evict),
        1 => (0..8usize, select(vec![0.0, 0.01, 0.5, 1.0])).prop_map(|(place, ratio)| Event::Weigh(place, ratio)),
        1 => (0..8usize).prop_map(Event::Gone),
        // An abort ends most of what could still happen.
        2 => wish.prop_map(Event::Wish),
        1 => option::of(0..6u32).prop_map(Event::Places),
        1 => (1..=600u64).prop_map(Event::SetBack),
        1 => (0..6u32).prop_map(Event::Rescale),
        1 => select(vec![C::Passed, C::Failed, C::Pending, C::Inconclusive]).prop_map(Event::Verdict),
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
    /// The strategy has ended the rollout.
    pub(super) is_over: bool,
    /// The gate that the last applied plan waits at.
    gate: Option<String>,
}

// === impl World ===

impl World {
    /// `old` routes of the revision before serve, and a rollout to `target` routes starts.
    pub(super) fn new(config: &str, target: u32, old: u32) -> Self {
        let routes = (1..=old).map(|i| requests::serving_route(format!("r-{i}"))).collect();
        let request = Request { routes, spec: requests::spec(target, config) };
        let log = vec![format!("a rollout to {target} starts; {old} of the revision before serve; config {config}")];
        Self { request, log, is_over: false, gate: None }
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
        self.is_over = plan.sub_step.is_over();
        self.gate.clone_from(&plan.gate);
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
                .end(place, |route| route.status == S::Provisioning, S::FailedToStart, RouteEnd::Crashed)
                .or_else(|| self.end(place, |route| route.status == S::Running, S::Terminated, RouteEnd::Crashed)),
            Event::Drain(place) => self.end(place, Route::is_live, S::Terminating, RouteEnd::Drained),
            Event::Evict(place) => self.end(place, Route::is_live, S::Terminated, RouteEnd::Evicted),
            Event::Weigh(place, ratio) => self.weigh(place, ratio),
            Event::Gone(place) => {
                self.change(place, |route| route.status == S::Terminating, S::Terminated, H::NotChecked)
            }
            Event::Wish(wish) => self.wish(wish),
            Event::Places(free) => {
                self.request.spec.free_places = free;
                Some(free.map_or("there is room for any number".to_owned(), |free| format!("{free} places are free")))
            }
            Event::SetBack(seconds) => {
                let spec = &mut self.request.spec;
                spec.now = spec.now.saturating_sub_millis(seconds * 1000);
                Some(format!("the host's clock is set back by {seconds} s"))
            }
            Event::Rescale(target) => {
                self.request.spec.target_replicas = target;
                Some(format!("{target} replicas are wanted"))
            }
            Event::Verdict(outcome) => {
                self.request.spec.checks = vec![Check { name: "smoke".to_owned(), outcome, observed_at: None }];
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
            route.end = Some(RouteEnd::Crashed);
        });
        failed.count()
    }

    fn wish(&mut self, wish: Wish) -> Option<String> {
        let operator = &mut self.request.spec.operator;
        match wish {
            Wish::Promote => operator.promote = true,
            Wish::Abort => operator.abort = true,
            Wish::Pause => operator.pause = true,
            Wish::Resume => operator.pause = false,
            Wish::Advance => operator.passed_gates.push(self.gate.take()?),
            Wish::TakeBack => *operator = Operator::default(),
        }
        Some(match wish {
            Wish::TakeBack => "the operator takes all wishes back".to_owned(),
            Wish::Advance => format!("the operator passes {}", self.request.spec.operator.passed_gates.last()?),
            wish => format!("the operator asks to {wish:?}").to_lowercase(),
        })
    }

    fn weigh(&mut self, place: usize, ratio: f64) -> Option<String> {
        let in_traffic = |route: &&mut Route| route.is_live() && route.is_active() && route.traffic_ratio != ratio;
        let mut possible: Vec<&mut Route> = self.request.routes.iter_mut().filter(in_traffic).collect();
        let count = possible.len();
        let route = possible.get_mut(place.checked_rem(count)?)?;
        route.traffic_ratio = ratio;
        Some(format!("somebody sets the ratio of {} to {ratio}", route.id))
    }

    /// Ends one of the routes for which something holds.
    fn end(&mut self, place: usize, is: impl Fn(&Route) -> bool, status: RouteStatus, end: RouteEnd) -> Option<String> {
        let id = self.request.routes.iter().filter(|route| is(route)).count();
        let nth = place.checked_rem(id)?;
        let chosen = self.request.routes.iter().filter(|route| is(route)).nth(nth)?.id.clone();
        let told = self.change(place, is, status, HealthStatus::NotChecked)?;
        let route = self.request.routes.iter_mut().find(|route| route.id == chosen)?;
        route.end = Some(end);
        (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
        Some(format!("{told} ({})", end.as_str()))
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
    let created = u32::try_from(created(plan)).unwrap_or(u32::MAX);
    request.spec.free_places = request.spec.free_places.map(|free| free.saturating_sub(created));
    request.spec.memo.clone_from(&plan.memo);
    Ok(())
}
