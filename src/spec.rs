//! What a host wants of a rollout, and what time it is.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What an operator asked for since the rollout started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorRequest {
    /// Promote as soon as enough is ready: approvals and delays are skipped, readiness is not.
    Promote,
    /// Give the rollout up and keep the old revision, while the serving floor allows it.
    Abort,
}

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// No verdict yet.
    Pending,
    /// Good.
    Passed,
    /// Bad.
    Failed,
}

/// A verdict that the host gathered elsewhere: metrics, smoke tests, approvals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The host's name for it, for messages.
    pub name: String,
    /// How it stands.
    #[serde(deserialize_with = "crate::config::word")]
    pub outcome: CheckOutcome,
}

/// What is wanted, and what time it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The revision being rolled out.
    pub deploying_revision: String,
    /// How many routes should serve when the rollout ends; 0 is valid.
    pub target_replicas: u32,
    /// When this rollout started.
    pub started_at: Timestamp,
    /// The host's clock at this cycle: the only clock there is.
    pub now: Timestamp,
    /// What an operator asked for, if anything.
    #[serde(default, deserialize_with = "crate::config::optional_word")]
    pub operator_request: Option<OperatorRequest>,
    /// The verdicts gathered so far, in any order.
    #[serde(default, deserialize_with = "crate::config::objects")]
    pub checks: Vec<Check>,
    /// The strategy's own configuration, one JSON object as text. In a JSON request it is an inline object, and `{}` where
    /// it is left out.
    #[serde(default = "empty_object", with = "crate::json::inline")]
    pub config: String,
    /// The memo of the last applied plan of this rollout.
    #[serde(default)]
    pub memo: Option<String>,
}

// === impl Spec ===

impl Spec {
    /// Whether an operator asked for this.
    pub fn asks_to(&self, request: OperatorRequest) -> bool {
        self.operator_request == Some(request)
    }

    /// How long ago the rollout started, in milliseconds; 0 where that is ahead.
    pub fn elapsed_millis(&self) -> u64 {
        self.now.saturating_millis_since(self.started_at)
    }

    /// The names of the checks that failed, in the order in which they were given.
    pub fn failed_checks(&self) -> impl Iterator<Item = &str> {
        self.checks_that_are(CheckOutcome::Failed)
    }

    /// The names of the checks that have no verdict yet, in the order in which they were given.
    pub fn pending_checks(&self) -> impl Iterator<Item = &str> {
        self.checks_that_are(CheckOutcome::Pending)
    }

    fn checks_that_are(&self, outcome: CheckOutcome) -> impl Iterator<Item = &str> {
        self.checks.iter().filter(move |check| check.outcome == outcome).map(|check| check.name.as_str())
    }
}

fn empty_object() -> String {
    "{}".to_owned()
}
