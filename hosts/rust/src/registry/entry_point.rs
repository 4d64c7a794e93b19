//! What is asked of a plugin: one cycle through the typed entry point, or requests as JSON; and what came of it.

use pointsman::{
    Route, RouteChanges, Spec,
    guard::{Policy, ViolationCode},
    json::{Answer, ErrorCode},
};
use serde_json::value::RawValue;

use super::{blame::Input, outcome::Outcome};
use crate::plugin::{AnswerKind, Decision, EvaluateCyclesError, EvaluateError, Plugin, PluginId, RequestWithPolicy};

/// One cycle of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Cycle<'a> {
    /// The key of the deployment, which no plugin sees: from 1 to 256 bytes.
    pub deployment: &'a str,
    /// All routes of the deployment, in any order.
    pub routes: &'a [Route],
    /// The rollout, its configuration, and the moment to decide at.
    pub spec: &'a Spec,
    /// The deployment's policy; none for that of the strategy. It has no say where the guard checks ids only.
    pub policy: Option<Policy>,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    /// Violations that the guard found.
    pub(super) violations: Vec<ViolationCode>,
}

/// A request that somebody keeps, to ask another version, or the same once more.
#[expect(clippy::large_enum_variant, reason = "it is moved once")]
pub(super) enum Kept {
    Cycle(RequestWithPolicy),
    Json(String),
}

/// Requests that were decided, with the decisions that counted.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are single cycles")]
pub(super) enum Observed {
    Cycle { plugin: PluginId, deployment: String, request: Box<RequestWithPolicy>, decision: Decision },
    Batch(Vec<ObservedRequest>),
}

/// A request of a batch.
pub(super) struct ObservedRequest {
    /// The plugin that decided it: of a pinned deployment the version before the current one.
    pub(super) plugin: PluginId,
    pub(super) deployment: String,
    pub(super) request: String,
    pub(super) decision: Decision,
}

// === impl Cycle ===

impl Cycle<'_> {
    pub(super) fn call(&self, plugin: &Plugin) -> Result<RouteChanges, EvaluateError> {
        match self.policy {
            Some(policy) => plugin.under(policy).evaluate_cycle(self.routes, self.spec),
            None => plugin.evaluate_cycle(self.routes, self.spec),
        }
    }

    pub(super) fn input(&self) -> Input {
        let Spec { config, deploying_revision, target_replicas, .. } = self.spec;
        Input::new(config, deploying_revision, *target_replicas)
    }

    pub(super) fn request(&self) -> RequestWithPolicy {
        RequestWithPolicy { routes: self.routes.to_vec(), spec: self.spec.clone(), policy: self.policy }
    }
}

// === impl Kept ===

impl Kept {
    /// Calls a plugin with it, in an instance of its own.
    pub(super) fn call(&self, plugin: &Plugin) -> Outcome {
        match self {
            Self::Cycle(RequestWithPolicy { routes, spec, policy }) => {
                let cycle = Cycle { deployment: "", routes, spec, policy: *policy };
                Judgement::of_cycle(&cycle.call(plugin)).outcome
            }
            Self::Json(request) => match plugin.answers(&format!("[{request}]")) {
                Ok(answers) => answers
                    .kinds
                    .into_iter()
                    .next()
                    .map_or(Outcome::Malformed, |kind| Judgement::of_answer(kind).outcome),
                Err(error) => outcome_of_batch(&error),
            },
        }
    }
}

// === impl Judgement ===

impl Judgement {
    pub(super) fn of_cycle(result: &Result<RouteChanges, EvaluateError>) -> Self {
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
        Self { outcome, violations }
    }

    pub(super) fn of_answer(kind: AnswerKind) -> Self {
        let (outcome, violations) = match kind {
            AnswerKind::Plan => (Outcome::Ok, vec![]),
            AnswerKind::Refused => (Outcome::Refused, vec![]),
            AnswerKind::Rejected(violations) => (Outcome::Rejected, violations),
        };
        Self { outcome, violations }
    }

    /// Of a call that failed.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self { outcome, violations: vec![] }
    }
}

/// The outcome of a call of several requests that gave no answers.
pub(super) fn outcome_of_batch(error: &EvaluateCyclesError) -> Outcome {
    match error {
        EvaluateCyclesError::InvalidRequests { .. } => Outcome::Refused,
        EvaluateCyclesError::Answers { .. } => Outcome::Malformed,
        EvaluateCyclesError::Call(error) => error.into(),
    }
}

/// The answers in a text, each as it stands there; none, where the text is no array.
pub(super) fn answers(text: &str) -> Vec<&RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

/// A decision from an answer's text.
pub(super) fn decision(answer: &str) -> Decision {
    match serde_json::from_str::<Answer>(answer) {
        Ok(Answer::Error { code: ErrorCode::PluginFailed, message, .. }) => Decision::Failed(message),
        Ok(answer) => Decision::Answer(answer),
        Err(error) => Decision::Failed(error.to_string()),
    }
}
