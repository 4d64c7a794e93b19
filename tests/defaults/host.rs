//! A host that shows each plan to the guard before it applies it.

use pointsman::{
    HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Spec, SubStep, Timestamp, TrafficStatus,
    guard::{self, Policy},
};
use proptest::{prelude::*, sample::Index};

use crate::{
    configs::Subject,
    support::{self, routes, spec},
};

/// So many cycles are enough for any rollout here; one that replaces one route at a time takes two for each.
const ENOUGH: usize = 1000;

/// A deployment that a strategy rolls out: from v1 to v2.
#[derive(Debug)]
pub(crate) struct Host {
    subject: Subject,
    routes: Vec<Route>,
    spec: Spec,
    created: usize,
    /// The last plans, in a line each.
    told: Vec<String>,
    end: Option<SubStep>,
    is_quiet: bool,
}

/// Something that happens to a deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mishap {
    /// Nothing but time passes, in seconds.
    Nothing(u64),
    Unhealthy(Index),
    Ready(Index),
    Crashed(Index),
    Evicted(Index),
    Gone(Index),
    Retarget(u32),
    Pause,
    Resume,
    Promote,
    Abort,
    FreePlaces(Option<u32>),
    /// The clock goes back, in seconds.
    ClockBack(u64),
    LostMemo,
}

impl Mishap {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let index = any::<Index>;
        prop_oneof![
            4 => (1..100u64).prop_map(Self::Nothing),
            3 => index().prop_map(Self::Unhealthy),
            8 => index().prop_map(Self::Ready),
            3 => index().prop_map(Self::Crashed),
            2 => index().prop_map(Self::Evicted),
            3 => index().prop_map(Self::Gone),
            1 => (0..13u32).prop_map(Self::Retarget),
            1 => Just(Self::Pause),
            1 => Just(Self::Resume),
            1 => Just(Self::Promote),
            1 => Just(Self::Abort),
            1 => proptest::option::of(0..6u32).prop_map(Self::FreePlaces),
            1 => (1..100u64).prop_map(Self::ClockBack),
            1 => Just(Self::LostMemo),
        ]
    }
}

impl Host {
    /// With as many routes of v1 as the target, all serving, and nothing of v2.
    pub(crate) fn new(subject: Subject, target: u32) -> Self {
        let spec = Spec { target_replicas: target, ..spec(0, subject.config) };
        let routes = routes(1, target as usize, "v1", support::activate);
        Self { subject, routes, spec, created: 0, told: vec![], end: None, is_quiet: true }
    }

    /// And so many of v0 that an earlier rollout left behind; every second one serves.
    pub(crate) fn with_leftovers(mut self, n: u32) -> Self {
        let mut leftovers = routes(100, n as usize, "v0", |_| {});
        leftovers.iter_mut().step_by(2).for_each(support::activate);
        self.routes.extend(leftovers);
        self
    }

    pub(crate) fn with_weight_steps(mut self, weight_steps: u32) -> Self {
        self.spec.weight_steps = weight_steps;
        self
    }

    pub(crate) fn target(&self) -> u32 {
        self.spec.target_replicas
    }

    pub(crate) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    pub(crate) fn retarget(&mut self, target: u32) {
        self.spec.target_replicas = target;
    }

    pub(crate) fn abort(&mut self) {
        self.spec.operator.abort = true;
    }

    /// Makes so many routes of a revision crash.
    pub(crate) fn crash(&mut self, revision: &str, n: u32) {
        let now = self.spec.now;
        for route in self.routes.iter_mut().filter(|it| it.revision == revision && it.is_live()).take(n as usize) {
            (route.status, route.end, route.status_updated_at) =
                (RouteStatus::Terminated, Some(RouteEnd::Crashed), Some(now));
        }
    }

    pub(crate) fn serving(&self, revision: &str) -> usize {
        self.routes.iter().filter(|route| route.revision == revision && route.is_serving()).count()
    }

    pub(crate) fn live(&self, revision: &str) -> usize {
        self.routes.iter().filter(|route| route.revision == revision && route.is_live()).count()
    }

    /// The last plan.
    pub(crate) fn told(&self) -> &str {
        self.told.last().map_or("", String::as_str)
    }

    /// The last plans.
    pub(crate) fn story(&self) -> String {
        let from = self.told.len().saturating_sub(12);
        let route = |route: &Route| {
            let Route { id, revision, status, health, traffic_status, traffic_ratio, end, .. } = route;
            format!("{id} {revision} {status:?} {health:?} {traffic_status:?} {traffic_ratio} {end:?}")
        };
        let routes: Vec<String> = self.routes.iter().take(20).map(route).collect();
        format!("\n{}\n{}\n", self.told[from..].join("\n"), routes.join("\n"))
    }

    /// Cycles until the rollout is over; none if it never is.
    pub(crate) fn run(&mut self) -> Option<SubStep> {
        for _ in 0..ENOUGH {
            if self.step().is_some() {
                break;
            }
        }
        self.end
    }

    /// One cycle, and what a world without mishaps makes of it: what was created gets ready, what was asked to stop is
    /// gone, a person passes the gate, and time passes.
    pub(crate) fn step(&mut self) -> Option<SubStep> {
        if self.end.is_some() {
            return self.end;
        }
        let plan = self.cycle();
        self.spec.operator.passed_gates.extend(plan.gate.clone());
        if self.is_quiet {
            self.settle();
        }
        let soon = self.spec.now.saturating_add_millis(5000);
        // Where nothing happens, the host sleeps until it is asked to look again.
        let is_still = self.is_quiet && plan.is_empty();
        self.spec.now = plan.next_evaluation_at.filter(|at| is_still || *at < soon).unwrap_or(soon);
        self.end
    }

    /// Evaluates, checks and applies.
    fn cycle(&mut self) -> RouteChanges {
        self.spec.limits = Some(Policy::default().resolve(self.spec.target_replicas));
        let plan = self.subject.evaluate(&self.routes, &self.spec).expect("a valid request");
        self.told.push(format!("{} {}", support::summary(&plan), plan.reason.message));
        let violations = guard::check(&self.routes, &self.spec, &plan, &Policy::default());
        assert_eq!(violations, [], "{:?}{}\n{plan:#?}\n{:#?}", self.subject, self.story(), self.spec);
        let created = &mut self.created;
        let new_id = || {
            *created += 1;
            format!("new-{created}")
        };
        plan.apply(&mut self.routes, self.spec.now, new_id).expect("a plan names given routes");
        if let Some(free) = self.spec.free_places {
            let left = free.checked_sub(plan.rollout_specs.iter().map(|created| created.count).sum());
            assert!(left.is_some(), "more are created than {free} places: {:?}{}", self.subject, self.story());
            self.spec.free_places = left;
        }
        self.spec.memo.clone_from(&plan.memo);
        self.end = plan.sub_step.is_over().then_some(plan.sub_step);
        plan
    }

    fn settle(&mut self) {
        let now = self.spec.now;
        for route in &mut self.routes {
            match route.status {
                RouteStatus::Provisioning => {
                    (route.status, route.health) = (RouteStatus::Running, HealthStatus::Healthy);
                    route.status_updated_at = Some(now);
                }
                RouteStatus::Terminating => {
                    (route.status, route.status_updated_at) = (RouteStatus::Terminated, Some(now));
                }
                _ => {}
            }
        }
    }

    // === mishaps ===

    /// Has something happen. What gets ready and what goes is then up to mishaps, until all [recovers](Self::recover).
    pub(crate) fn suffer(&mut self, mishap: Mishap) {
        use {HealthStatus as H, RouteEnd as E, RouteStatus as S};

        self.is_quiet = false;
        let now = self.spec.now;
        let set = |route: Option<&mut Route>, status, health, end| {
            if let Some(route) = route {
                (route.status, route.health, route.end, route.status_updated_at) = (status, health, end, Some(now));
                if end.is_some() {
                    (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
                }
            }
        };
        let routes = &mut self.routes;
        match mishap {
            Mishap::Nothing(seconds) => self.spec.now = now.saturating_add_millis(seconds * 1000),
            Mishap::Unhealthy(i) => set(pick(routes, i, |it| it.status == S::Running), S::Running, H::Unhealthy, None),
            Mishap::Ready(i) => set(pick(routes, i, |it| it.is_live() && !it.is_ready()), S::Running, H::Healthy, None),
            Mishap::Crashed(i) => set(pick(routes, i, Route::is_live), S::Terminated, H::NotChecked, Some(E::Crashed)),
            Mishap::Evicted(i) => set(pick(routes, i, Route::is_live), S::Terminated, H::NotChecked, Some(E::Evicted)),
            Mishap::Gone(i) => {
                let end = Some(E::Drained);
                set(pick(routes, i, |it| it.status == S::Terminating), S::Terminated, H::NotChecked, end);
            }
            Mishap::Retarget(target) => self.retarget(target),
            Mishap::Pause => self.spec.operator.pause = true,
            Mishap::Resume => self.spec.operator.pause = false,
            Mishap::Promote => self.spec.operator.promote = true,
            Mishap::Abort => self.abort(),
            Mishap::FreePlaces(free) => self.spec.free_places = free,
            Mishap::ClockBack(seconds) => self.spec.now = Timestamp::from_millis(now.as_millis() - seconds * 1000),
            Mishap::LostMemo => self.spec.memo = None,
        }
    }

    /// Nothing more goes wrong: what lives gets ready, there is room, and nobody pauses.
    pub(crate) fn recover(&mut self) {
        self.is_quiet = true;
        self.spec.operator.pause = false;
        self.spec.free_places = None;
        let now = self.spec.now;
        for route in self.routes.iter_mut().filter(|route| route.is_live() && !route.is_ready()) {
            (route.status, route.health, route.status_updated_at) =
                (RouteStatus::Running, HealthStatus::Healthy, Some(now));
        }
        self.settle();
    }
}

/// One of those routes for which something holds.
fn pick(routes: &mut [Route], index: Index, is: fn(&Route) -> bool) -> Option<&mut Route> {
    let mut found: Vec<&mut Route> = routes.iter_mut().filter(|route| is(route)).collect();
    (!found.is_empty()).then(|| found.swap_remove(index.index(found.len())))
}
