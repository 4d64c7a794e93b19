//! The guard's JSON door: plans to check as text, for hosts that run the guard as a component.

use serde::{Deserialize, Serialize};

use super::{Policy, Violation, check};
use crate::{Route, RouteChanges, Spec, config, json::answer_each};

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
    /// How much it may do.
    #[serde(default, deserialize_with = "config::object")]
    pub policy: Policy,
}

/// What came of checking a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All that is wrong with it; empty where nothing is.
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
