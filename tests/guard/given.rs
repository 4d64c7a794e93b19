//! Routes, specs and plans to check, in few words. Routes are `r-1`, `r-2` and so on; v2 is deployed after v1.

use pointsman::{
    Commitment, HealthStatus, Labels, RolloutSpec, Route, RouteChanges, RouteEnd, RouteStatus, Spec, SubStep,
    Timestamp, TrafficChange, TrafficStatus,
    guard::{self, Policy, ViolationCode as Code},
};

use crate::support::{STARTED_AT, routes, spec};

// === routes, numbered from `first` ===

/// Serving at a ratio.
pub(crate) fn serving(first: usize, n: usize, revision: &str, ratio: f64) -> Vec<Route> {
    routes(first, n, revision, |route| {
        (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Active, ratio);
    })
}

/// In traffic at a ratio, and unhealthy.
pub(crate) fn down(first: usize, n: usize, revision: &str, ratio: f64) -> Vec<Route> {
    with(serving(first, n, revision, ratio), |route| route.health = HealthStatus::Unhealthy)
}

/// Ready, and never in traffic.
pub(crate) fn idle(first: usize, n: usize, revision: &str) -> Vec<Route> {
    routes(first, n, revision, |_| {})
}

/// Ready, and on standby.
pub(crate) fn standby(first: usize, n: usize, revision: &str) -> Vec<Route> {
    routes(first, n, revision, |route| (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Standby, 1.0))
}

/// Starting, and out of traffic.
pub(crate) fn starting(first: usize, n: usize, revision: &str) -> Vec<Route> {
    with(idle(first, n, revision), |route| {
        (route.status, route.health) = (RouteStatus::Provisioning, HealthStatus::NotChecked);
    })
}

/// Asked to stop so many milliseconds after the start, for an unknown reason.
pub(crate) fn stopping(first: usize, n: usize, revision: &str, after_start: i64) -> Vec<Route> {
    with(idle(first, n, revision), |route| {
        route.status = RouteStatus::Terminating;
        route.status_updated_at = Some(Timestamp::from_millis(STARTED_AT.strict_add_signed(after_start)));
    })
}

/// Gone.
pub(crate) fn gone(first: usize, n: usize, revision: &str) -> Vec<Route> {
    let ended = |route: &mut Route| (route.status, route.end) = (RouteStatus::Terminated, Some(RouteEnd::Crashed));
    with(idle(first, n, revision), ended)
}

/// All of them, changed.
pub(crate) fn with(mut routes: Vec<Route>, change: impl Fn(&mut Route)) -> Vec<Route> {
    routes.iter_mut().for_each(change);
    routes
}

/// The ids of these numbers.
pub(crate) fn r(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("r-{n}")).collect()
}

// === specs ===

/// So many replicas of v2 after v1, a second after the start, on a proxy that takes any ratio.
pub(crate) fn wanting(target_replicas: u32) -> Spec {
    Spec { target_replicas, weight_steps: 0, ..spec(1000, "{}") }
}

/// With limits.
pub(crate) fn within(least_serving: u32, most_live: u32, spec: Spec) -> Spec {
    Spec { limits: Some(Commitment { least_serving, most_live }), ..spec }
}

/// With no stable revision.
pub(crate) fn unstable(spec: Spec) -> Spec {
    Spec { stable_revision: None, ..spec }
}

pub(crate) fn aborted(mut spec: Spec) -> Spec {
    spec.operator.abort = true;
    spec
}

pub(crate) fn paused(mut spec: Spec) -> Spec {
    spec.operator.pause = true;
    spec
}

// === plans ===

/// A plan that does nothing and promises nothing, yet.
pub(crate) fn plan(sub_step: SubStep) -> RouteChanges {
    RouteChanges::none(sub_step, "test", String::new())
}

/// A plan on the way.
pub(crate) fn on_the_way() -> RouteChanges {
    plan(SubStep::Provisioning)
}

/// Steps of building a plan.
pub(crate) trait Doing: Sized {
    fn promoting(self, ids: Vec<String>) -> Self;
    fn draining(self, ids: Vec<String>) -> Self;
    fn setting(self, ids: Vec<String>, status: TrafficStatus, ratio: f64) -> Self;
    fn creating(self, count: u32, revision: &str, status: TrafficStatus, ratio: f64) -> Self;
    fn promising(self, least_serving: u32, most_live: u32) -> Self;

    fn raising(self, ids: Vec<String>, ratio: f64) -> Self {
        self.setting(ids, TrafficStatus::Active, ratio)
    }
}

impl Doing for RouteChanges {
    fn promoting(mut self, ids: Vec<String>) -> Self {
        self.promote_route_ids.extend(ids);
        self
    }

    fn draining(mut self, ids: Vec<String>) -> Self {
        self.drain_route_ids.extend(ids);
        self
    }

    fn setting(mut self, ids: Vec<String>, traffic_status: TrafficStatus, traffic_ratio: f64) -> Self {
        let change = |route_id| TrafficChange { route_id, traffic_status, traffic_ratio };
        self.traffic_changes.extend(ids.into_iter().map(change));
        self
    }

    fn creating(self, count: u32, revision: &str, traffic_status: TrafficStatus, traffic_ratio: f64) -> Self {
        let revision = revision.to_owned();
        self.create(RolloutSpec { count, revision, traffic_status, traffic_ratio, labels: Labels::default() })
    }

    fn promising(self, least_serving: u32, most_live: u32) -> Self {
        Self { commitment: Commitment { least_serving, most_live }, ..self }
    }
}

// === verdicts ===

/// Violations under the default policy, and whom each names.
pub(crate) fn found(routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<(Code, String)> {
    found_under(routes, spec, plan, &Policy::default())
}

/// Violations under a policy, and whom each names.
pub(crate) fn found_under(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Vec<(Code, String)> {
    let violations = guard::check(routes, spec, plan, policy);
    violations.into_iter().map(|violation| (violation.code, violation.route_ids.join(" "))).collect()
}

/// Which rules a plan breaks under the default policy, each once.
pub(crate) fn codes(routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<Code> {
    let mut codes: Vec<Code> = found(routes, spec, plan).into_iter().map(|(code, _)| code).collect();
    codes.dedup();
    codes
}
