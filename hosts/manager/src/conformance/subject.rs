//! The plugin that is tried: one fresh instance for each call, and what it decides whether the guard likes it or not.

use pointsman::{
    RouteChanges,
    guard::Violation,
    json::{Answer, Request},
};
use pointsman_host::{CallError, Decision, EvaluateCyclesError, EvaluateError, Guard, Plugin, Session};

use super::verdict::Failure;

/// The plugin, and the guard that its plans are judged by.
pub(super) struct Subject {
    /// Guarded by nothing but its ids, so that a harmful plan can be seen too.
    pub(super) plugin: Plugin,
    guard: Guard,
}

// === impl Subject ===

impl Subject {
    pub(super) fn new(plugin: &Plugin, guard: Guard) -> Self {
        Self { plugin: plugin.with_guard(Guard::IdsOnly), guard }
    }

    /// What it decides through the typed door, in a fresh instance.
    ///
    /// # Errors
    /// A call that failed.
    pub(super) fn decide(&self, request: &Request) -> Result<Result<RouteChanges, EvaluateError>, Failure> {
        answered(self.plugin.evaluate_cycle(&request.routes, &request.spec)).map_err(|failure| failure.at(request))
    }

    /// Its plan; none where it refuses the request, which is a rule of its own.
    ///
    /// # Errors
    /// A call that failed.
    pub(super) fn plan(&self, request: &Request) -> Result<Option<RouteChanges>, Failure> {
        Ok(plan_of(self.decide(request)?))
    }

    /// All that the guard has against a plan.
    pub(super) fn violations(&self, request: &Request, plan: &RouteChanges) -> Vec<Violation> {
        self.guard.check(&request.routes, &request.spec, plan)
    }

    /// What it decides through the JSON door, for an array of requests in one call.
    ///
    /// # Errors
    /// A call that failed, and answers that are not what the contract says.
    pub(super) fn answers(&self, requests: &str) -> Result<Vec<Decision>, Failure> {
        let answers = self.plugin.evaluate_cycles(requests).map_err(|error| match error {
            EvaluateCyclesError::Call(error) => Failure::of_call(&error),
            error => Failure::new(format!("the JSON door: {error}")),
        })?;
        let answers: Vec<Answer> = serde_json::from_str(&answers).map_err(|error| Failure::new(error.to_string()))?;
        Ok(answers.into_iter().map(Decision::Answer).collect())
    }

    /// One instance for many calls.
    ///
    /// # Errors
    /// An instance that does not start.
    pub(super) fn session(&self) -> Result<Session, Failure> {
        self.plugin.session().map_err(|error| Failure::of_call(&error))
    }
}

/// What was decided, where the call did not fail.
pub(super) fn answered(
    result: Result<RouteChanges, EvaluateError>,
) -> Result<Result<RouteChanges, EvaluateError>, Failure> {
    match result {
        Err(EvaluateError::Call(error)) => Err(Failure::of_call(&error)),
        result => Ok(result),
    }
}

/// The plan, also where its ids are wrong.
pub(super) fn plan_of(result: Result<RouteChanges, EvaluateError>) -> Option<RouteChanges> {
    match result {
        Ok(plan) => Some(plan),
        Err(EvaluateError::Rejected { plan, .. }) => Some(*plan),
        Err(_) => None,
    }
}

/// Whether a call took the whole time that it may.
pub(super) fn is_slow(error: &CallError) -> bool {
    matches!(error, CallError::Timeout { .. })
}
