//! The guard's JSON entry point: plans to check as text, for hosts that run the guard as a component.

use serde::{Deserialize, Serialize};

use super::{Policy, Violation, check};
use crate::{Commitment, Route, RouteChanges, Spec, config, json::answer_each};

/// A plan and what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanToCheck {
    /// The routes that the plan was made from.
    #[serde(deserialize_with = "config::objects")]
    pub routes: Vec<Route>,
    /// The spec that the plan was made from.
    #[serde(deserialize_with = "config::object")]
    pub spec: Spec,
    /// The plan.
    #[serde(deserialize_with = "config::object")]
    pub plan: RouteChanges,
    /// The operator's policy; what is left out of it has its default.
    #[serde(default, deserialize_with = "config::object")]
    pub policy: Policy,
}

/// Answer to the check of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The violations of the plan; empty where there are none.
    Violations(Vec<Violation>),
    /// This cannot be checked: one sentence that names the field.
    Error(String),
}

/// Answers a JSON array of plans to check with a JSON array of verdicts, of the same length and order.
///
/// # Errors
/// One sentence, where `requests` is not a JSON array. What is wrong with one of them is its verdict.
pub fn check_plans(requests: &str) -> Result<String, String> {
    answer_each(requests, "plans to check", Verdict::on_plan, Verdict::Error)
}

/// A policy and the target that it is to be resolved at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToResolve {
    #[serde(default, deserialize_with = "config::object")]
    policy: Policy,
    target_replicas: u32,
}

/// Resolves a policy at a target, as JSON text: `{"policy", "target_replicas"}` in, a commitment out.
///
/// # Errors
/// One sentence that names the field, where the text is no such object.
pub fn resolve(request: &str) -> Result<String, String> {
    let ToResolve { policy, target_replicas } = config::parse(request)?;
    let limits: Commitment = policy.resolve(target_replicas);
    serde_json::to_string(&limits).map_err(|error| error.to_string())
}

// === impl Verdict ===

impl Verdict {
    /// The verdict on one plan.
    pub fn on(request: &str) -> Self {
        config::parse(request).map_or_else(Self::Error, |plan| Self::on_plan(&plan))
    }

    fn on_plan(request: &PlanToCheck) -> Self {
        Self::Violations(check(&request.routes, &request.spec, &request.plan, &request.policy))
    }
}
