//! The plugin that is tried: one fresh instance for each call, and what it decides whether the guard likes it or not.

use std::{cell::RefCell, collections::BTreeSet, mem};

use pointsman::{
    RouteChanges,
    guard::Violation,
    json::{Answer, Request},
};
use pointsman_host::{CallError, Decision, EvaluateCyclesError, EvaluateError, Guard, Plugin, Session};

use super::{trial::Work, tried::Failure};

/// Cost of a call that took the whole time it may take, and of one that failed otherwise, in units of work.
const SLOW: u64 = 800;
const FAILED: u64 = 20;

/// Ids, and bytes of text, that make a plan one unit of work more.
const IDS: usize = 40;
const BYTES: usize = 4000;

/// Most reason codes that are listed, and the longest in bytes: a plugin may make them up as it goes.
const MOST_REASONS: usize = 100;
const LONGEST_REASON: usize = 64;

/// The plugin, and the guard that its plans are judged by.
pub(crate) struct Subject {
    /// Guarded by nothing but its ids, so that a harmful plan can be seen too.
    pub(crate) plugin: Plugin,
    guard: Guard,
    /// Cost of its calls so far.
    pub(crate) work: Work,
    /// The reason codes of its plans, since they were last taken.
    reasons: RefCell<BTreeSet<String>>,
}

// === impl Subject ===

impl Subject {
    pub(crate) fn new(plugin: &Plugin, guard: Guard) -> Self {
        Self { plugin: plugin.with_guard(Guard::IdsOnly), guard, work: Work::default(), reasons: RefCell::default() }
    }

    /// A request as a host hands it over: with the limits that the policy comes to, where it has none.
    pub(crate) fn limited(&self, request: &Request) -> Request {
        let mut limited = request.clone();
        if let (None, Guard::Policy(policy)) = (limited.spec.limits, self.guard) {
            limited.spec.limits = Some(policy.resolve(limited.spec.target_replicas));
        }
        limited
    }

    /// Its decision through the typed entry point, in a fresh instance.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) fn decide(&self, request: &Request) -> Result<Result<RouteChanges, EvaluateError>, Failure> {
        self.answered(self.plugin.evaluate_cycle(&request.routes, &request.spec)).map_err(|failure| failure.at(request))
    }

    /// Its plan; none where it refuses the request, which is a rule of its own.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) fn plan(&self, request: &Request) -> Result<Option<RouteChanges>, Failure> {
        Ok(plan_of(self.decide(request)?))
    }

    /// All that the guard has against a plan.
    pub(crate) fn violations(&self, request: &Request, plan: &RouteChanges) -> Vec<Violation> {
        self.guard.check(&request.routes, &request.spec, plan)
    }

    /// Its decisions through the JSON entry point, for an array of requests in one call.
    ///
    /// # Errors
    /// A call that failed, and answers that are not what the contract says.
    pub(crate) fn answers(&self, requests: &str) -> Result<Vec<Decision>, Failure> {
        let answers = self.plugin.evaluate_cycles_json(requests).map_err(|error| match error {
            EvaluateCyclesError::Call(error) => self.failed(&error),
            error => Failure::new(format!("the JSON entry point: {error}")),
        })?;
        self.work.add((1 + answers.len() / BYTES) as u64);
        let answers: Vec<Answer> = serde_json::from_str(&answers).map_err(|error| Failure::new(error.to_string()))?;
        Ok(answers.into_iter().map(Decision::Answer).collect())
    }

    /// Notes a decision and what it cost, where the call did not fail.
    ///
    /// # Errors
    /// A call that failed.
    pub(crate) fn answered(
        &self,
        result: Result<RouteChanges, EvaluateError>,
    ) -> Result<Result<RouteChanges, EvaluateError>, Failure> {
        match result {
            Err(EvaluateError::Call(error)) => Err(self.failed(&error)),
            decided => {
                match &decided {
                    Ok(plan) => self.saw(plan),
                    Err(EvaluateError::Rejected { plan, .. }) => self.saw(plan),
                    Err(_) => self.work.add(1),
                }
                Ok(decided)
            }
        }
    }

    /// Notes a plan.
    fn saw(&self, plan: &RouteChanges) {
        self.work.add(weight(plan));
        let mut reasons = self.reasons.borrow_mut();
        let code = &plan.reason.code;
        if reasons.len() < MOST_REASONS && code.len() <= LONGEST_REASON && !reasons.contains(code) {
            reasons.insert(code.clone());
        }
    }

    /// The reason codes since they were last taken, in alphabetical order.
    pub(crate) fn take_reasons(&self) -> Vec<String> {
        mem::take(&mut *self.reasons.borrow_mut()).into_iter().collect()
    }

    /// A call that failed, and what that cost.
    pub(crate) fn failed(&self, error: &CallError) -> Failure {
        self.work.add(if matches!(error, CallError::Timeout { .. }) { SLOW } else { FAILED });
        Failure::of_call(error)
    }

    /// One instance for many calls.
    ///
    /// # Errors
    /// An instance that does not start.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        self.plugin.session().map_err(|error| Failure::of_call(&error))
    }
}

/// Cost of a plan to whoever looks at it.
pub(crate) fn weight(plan: &RouteChanges) -> u64 {
    let ids = plan.promote_route_ids.len()
        + plan.traffic_changes.len()
        + plan.drain_route_ids.len()
        + plan.reason.blocking_route_ids.len();
    let bytes = plan.reason.message.len() + plan.reason.code.len() + plan.memo.as_ref().map_or(0, String::len);
    (1 + ids / IDS + bytes / BYTES) as u64
}

/// The plan, also where its ids are wrong.
pub(crate) fn plan_of(result: Result<RouteChanges, EvaluateError>) -> Option<RouteChanges> {
    match result {
        Ok(plan) => Some(plan),
        Err(EvaluateError::Rejected { plan, .. }) => Some(*plan),
        Err(_) => None,
    }
}
