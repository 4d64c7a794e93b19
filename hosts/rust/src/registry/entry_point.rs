//! The two ways to ask a strategy, as the registry sees them: what is called, how that ended, and what a shadow is told of it.

use std::fmt::Display;

use pointsman::{
    Route, RouteChanges, Spec,
    guard::{Policy, ViolationCode},
    json::Answer,
};
use serde_json::value::RawValue;

use super::status::Outcome;
use crate::{CallError, Decision, EvaluateCyclesError, EvaluateError, Plugin, plugin::Answers};

/// A request or a batch of them, and how to ask a plugin for an answer.
pub(super) trait Door {
    type Value;
    type Error: Display;

    /// Asks.
    fn call(&self, plugin: &Plugin) -> Result<Self::Value, Self::Error>;

    /// How it ended.
    fn judge(&self, result: &Result<Self::Value, Self::Error>) -> Judgement;

    /// What was asked and answered, to ask another version the same.
    fn observe(&self, result: &Result<Self::Value, Self::Error>) -> Observed;
}

/// How a call ended.
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    /// What the guard found.
    pub(super) violations: Vec<ViolationCode>,
}

/// What was asked, and what was decided.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are single cycles")]
pub(super) enum Observed {
    Cycle { routes: Vec<Route>, spec: Box<Spec>, policy: Option<Policy>, decision: Decision },
    Batch { requests: String, decided: Batch },
}

/// What a batch came to: its answers as text, or the failure of all of them.
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

impl Door for Cycle<'_> {
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
        let (routes, spec, policy) = (self.routes.to_vec(), Box::new(self.spec.clone()), self.policy);
        Observed::Cycle { routes, spec, policy, decision: result.into() }
    }
}

// === impl Cycles ===

impl Door for Cycles<'_> {
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

/// What was decided for each request of a batch.
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

// === impl Outcome ===

impl From<&CallError> for Outcome {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Trap { .. } => Self::Trap,
            CallError::Timeout { .. } => Self::Timeout,
            CallError::Memory { .. } => Self::Memory,
            CallError::Response { .. } => Self::Response,
            CallError::Malformed { .. } => Self::Malformed,
            CallError::Instances { .. } | CallError::Runtime { .. } => Self::Host,
        }
    }
}
