//! The two entry points of a strategy, as the registry sees them: the call, its outcome, and what a shadow is told of
//! it.

use std::fmt::Display;

use pointsman::{
    Route, RouteChanges, Spec,
    guard::{Policy, ViolationCode},
    json::Answer,
};
use serde_json::value::RawValue;

use super::outcome::Outcome;
use crate::plugin::{Answers, Decision, EvaluateCyclesError, EvaluateError, Plugin, RequestWithPolicy};

/// A request or a batch of them, and how to call a plugin with it.
pub(super) trait EntryPoint {
    type Value;
    type Error: Display;

    /// Calls the plugin.
    fn call(&self, plugin: &Plugin) -> Result<Self::Value, Self::Error>;

    /// The outcome of the call.
    fn judge(&self, result: &Result<Self::Value, Self::Error>) -> Judgement;

    /// The request and its result, to call another version with the same.
    fn observe(&self, result: &Result<Self::Value, Self::Error>) -> Observed;
}

/// The outcome of a call.
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    /// Violations that the guard found.
    pub(super) violations: Vec<ViolationCode>,
}

/// A request or a batch, and what was decided.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are single cycles")]
pub(super) enum Observed {
    Cycle { request: Box<RequestWithPolicy>, decision: Decision },
    Batch { requests: String, decided: Batch },
}

/// Result of a batch: its answers as text, or the failure of all of them.
pub(super) type Batch = Result<String, String>;

/// One cycle, through the typed entry point.
pub(super) struct Cycle<'a> {
    pub(super) routes: &'a [Route],
    pub(super) spec: &'a Spec,
    /// The deployment's, where it has one of its own.
    pub(super) policy: Option<Policy>,
}

/// Many cycles, through the JSON entry point.
pub(super) struct Cycles<'a>(pub(super) &'a str);

// === impl Cycle ===

impl EntryPoint for Cycle<'_> {
    type Value = RouteChanges;
    type Error = EvaluateError;

    fn call(&self, plugin: &Plugin) -> Result<RouteChanges, EvaluateError> {
        match self.policy {
            Some(policy) => plugin.under(policy).evaluate_cycle(self.routes, self.spec),
            None => plugin.evaluate_cycle(self.routes, self.spec),
        }
    }

    fn judge(&self, result: &Result<RouteChanges, EvaluateError>) -> Judgement {
        let (outcome, violations) = match result {
            Ok(_) => (Outcome::Ok, vec![]),
            Err(
                EvaluateError::InvalidConfig { .. }
                | EvaluateError::InvalidSpec { .. }
                | EvaluateError::InvalidRoutes { .. },
            ) => (Outcome::Refused, vec![]),
            Err(EvaluateError::Rejected { violations, .. }) => {
                (Outcome::Rejected, violations.iter().map(|violation| violation.code).collect())
            }
            Err(EvaluateError::Call(error)) => (error.into(), vec![]),
        };
        Judgement { outcome, violations }
    }

    fn observe(&self, result: &Result<RouteChanges, EvaluateError>) -> Observed {
        let request = RequestWithPolicy { routes: self.routes.to_vec(), spec: self.spec.clone(), policy: self.policy };
        Observed::Cycle { request: Box::new(request), decision: result.into() }
    }
}

// === impl Cycles ===

impl EntryPoint for Cycles<'_> {
    type Value = Answers;
    type Error = EvaluateCyclesError;

    fn call(&self, plugin: &Plugin) -> Result<Answers, EvaluateCyclesError> {
        plugin.answers(self.0)
    }

    fn judge(&self, result: &Result<Answers, EvaluateCyclesError>) -> Judgement {
        let (outcome, violations) = match result {
            Ok(answers) if answers.violations.is_empty() => (Outcome::Ok, vec![]),
            Ok(answers) => (Outcome::Rejected, answers.violations.clone()),
            Err(EvaluateCyclesError::InvalidRequests { .. }) => (Outcome::Refused, vec![]),
            Err(EvaluateCyclesError::Answers { .. }) => (Outcome::Malformed, vec![]),
            Err(EvaluateCyclesError::Call(error)) => (error.into(), vec![]),
        };
        Judgement { outcome, violations }
    }

    fn observe(&self, result: &Result<Answers, EvaluateCyclesError>) -> Observed {
        Observed::Batch { requests: self.0.to_owned(), decided: batch(result) }
    }
}

// === impl Batch ===

pub(super) fn batch(result: &Result<Answers, EvaluateCyclesError>) -> Batch {
    match result {
        Ok(answers) => Ok(answers.text.clone()),
        Err(error) => Err(error.to_string()),
    }
}

/// The decisions of a batch, one for each request.
pub(super) fn decisions(batch: &Batch, requests: usize) -> Vec<Decision> {
    match batch {
        Ok(answers) => {
            let answers: Vec<Answer> = serde_json::from_str(answers).unwrap_or_default();
            answers.into_iter().map(Decision::Answer).collect()
        }
        Err(error) => vec![Decision::Failed(error.clone()); requests],
    }
}

/// The requests of a batch; none, where the text is no array of them.
pub(super) fn requests(text: &str) -> Vec<&RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}
