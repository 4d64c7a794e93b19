//! Checking plans before they are returned; see [`pointsman::guard`] for the rules.

use pointsman::{
    Route, RouteChanges, Spec,
    guard::{self, Policy, Violation, ViolationCode},
    json::{Answer, ErrorCode, Request},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::session::Answers;

/// How plans are checked before they are returned. The default is [`Policy::default`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everything, under this policy.
    Policy(Policy),
    /// Only that the ids are right: given, once, and not in conflict. A plan may then take the service down. For a host
    /// that checks plans itself.
    IdsOnly,
}

impl Default for Guard {
    fn default() -> Self {
        Self::Policy(Policy::default())
    }
}

// === impl Guard ===

impl Guard {
    /// All that is wrong with a plan.
    pub fn check(&self, routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<Violation> {
        match self {
            Self::Policy(policy) => guard::check(routes, spec, plan, policy),
            Self::IdsOnly => guard::check_ids(routes, spec, plan),
        }
    }

    /// Puts an error in the place of each plan that is rejected.
    ///
    /// # Errors
    /// One sentence, where the answers are not what the contract says.
    pub(crate) fn check_answers(&self, requests: &str, answers: String) -> Result<Answers, String> {
        let requests: Vec<&RawValue> =
            serde_json::from_str(requests).map_err(|error| format!("it answers what is not a JSON array: {error}"))?;
        let given: Vec<&RawValue> =
            serde_json::from_str(&answers).map_err(|error| format!("its answers are not a JSON array: {error}"))?;
        if given.len() != requests.len() {
            return Err(format!("it gave {} answers to {} requests", given.len(), requests.len()));
        }
        let mut rejections = vec![];
        for (i, (request, answer)) in requests.iter().zip(&given).enumerate() {
            let answer: Answer =
                serde_json::from_str(answer.get()).map_err(|error| format!("its answer {i} is none: {error}"))?;
            let violations = self.violations(request.get(), answer)?;
            if !violations.is_empty() {
                rejections.push((i, violations));
            }
        }
        if rejections.is_empty() {
            return Ok(Answers { text: answers, violations: vec![] });
        }
        let mut checked: Vec<Box<RawValue>> = given.into_iter().map(ToOwned::to_owned).collect();
        let mut violations: Vec<ViolationCode> = vec![];
        for (i, found) in rejections {
            violations.extend(found.iter().map(|violation| violation.code));
            let code = ErrorCode::PlanRejected;
            let rejection = Answer::Error { code, message: summary(&found), violations: found };
            checked[i] = serde_json::value::to_raw_value(&rejection).map_err(|error| error.to_string())?;
        }
        let text = serde_json::to_string(&checked).map_err(|error| error.to_string())?;
        Ok(Answers { text, violations })
    }

    /// What is wrong with an answer.
    fn violations(&self, request: &str, answer: Answer) -> Result<Vec<Violation>, String> {
        let plan = match answer {
            // Nothing can be wrong with it.
            Answer::Ok(plan) if plan.is_empty() && plan.next_evaluation_at.is_none() => return Ok(vec![]),
            Answer::Ok(plan) => plan,
            Answer::Error { .. } => return Ok(vec![]),
        };
        let no_request = |error| format!("it has a plan for what is no request: {error}");
        // Most plans change nothing. To check those the routes need not be read.
        let (routes, spec) = if plan.is_empty() {
            let Skimmed { spec } = serde_json::from_str(request).map_err(|error| no_request(error.to_string()))?;
            (vec![], spec)
        } else {
            let Request { routes, spec } = Request::parse(request).map_err(no_request)?;
            (routes, spec)
        };
        Ok(self.check(&routes, &spec, &plan))
    }
}

/// A request without its routes.
#[derive(Deserialize)]
struct Skimmed {
    spec: Spec,
}

/// All violations in one line.
pub(crate) fn summary(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
