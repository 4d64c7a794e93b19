//! Plans: what a strategy decides in one cycle, and why.

use serde::{Deserialize, Serialize};

use crate::{Route, Timestamp, TrafficStatus};

/// How far the rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubStep {
    /// The new revision is being created or is not ready yet.
    Provisioning,
    /// The new revision is ready and something must happen first: an operator, a delay, a check.
    AwaitingPromotion,
    /// The new revision serves, and the old one is kept for a quick return.
    Finalizing,
    /// The rollout is being given up; the old revision goes on serving.
    RollingBack,
    /// The new revision has taken over. Once this plan is applied the rollout is over.
    Completed,
}

/// Routes to create, all alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutSpec {
    /// How many, at least 1.
    pub count: u32,
    /// Of which revision.
    pub revision: String,
    /// Their traffic status from the start.
    #[serde(deserialize_with = "crate::config::word")]
    pub traffic_status: TrafficStatus,
    /// Their traffic ratio from the start, 0.0 to 1.0.
    pub traffic_ratio: f64,
}

/// New traffic settings for a route that stays alive: what promotion and draining cannot say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficChange {
    /// The route.
    pub route_id: String,
    /// Its new traffic status.
    #[serde(deserialize_with = "crate::config::word")]
    pub traffic_status: TrafficStatus,
    /// Its new traffic ratio, 0.0 to 1.0.
    pub traffic_ratio: f64,
}

/// Why a plan is what it is, for the person who is woken by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A stable kebab-case word, documented by the strategy.
    pub code: String,
    /// One sentence with the numbers in it.
    pub message: String,
    /// The routes that the rollout waits for, if it waits for routes.
    pub blocking_route_ids: Vec<String>,
}

/// A plan: everything to change in one cycle. A host applies it in one transaction, in the order rollout, promote, traffic
/// changes, drain: there is no moment without a serving route.
///
/// It is a diff: a route is named only if something about it must change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteChanges {
    /// How far the rollout is.
    #[serde(deserialize_with = "crate::config::word")]
    pub sub_step: SubStep,
    /// Routes to create.
    #[serde(deserialize_with = "crate::config::objects")]
    pub rollout_specs: Vec<RolloutSpec>,
    /// Routes to promote: traffic status active, ratio 1.0.
    pub promote_route_ids: Vec<String>,
    /// Routes whose traffic changes otherwise.
    #[serde(deserialize_with = "crate::config::objects")]
    pub traffic_changes: Vec<TrafficChange>,
    /// Routes to drain: status terminating, traffic status inactive, ratio 0.0.
    pub drain_route_ids: Vec<String>,
    /// Why.
    #[serde(deserialize_with = "crate::config::object")]
    pub reason: Reason,
    /// When to evaluate again even if nothing has changed; always after the `now` it was made at.
    pub next_evaluation_at: Option<Timestamp>,
    /// Handed back to the strategy in the next cycle.
    pub memo: Option<String>,
}

/// Why there is no plan. Nothing must be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The configuration is not what the strategy takes; the text names the key.
    #[error("invalid config: {0}")]
    InvalidConfig(String),
    /// The routes cannot be right; the text names the route.
    #[error("invalid routes: {0}")]
    InvalidRoutes(String),
}

// === impl SubStep ===

impl SubStep {
    /// The contract's word for it, such as `awaiting-promotion`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::AwaitingPromotion => "awaiting-promotion",
            Self::Finalizing => "finalizing",
            Self::RollingBack => "rolling-back",
            Self::Completed => "completed",
        }
    }
}

// === impl RouteChanges ===

impl RouteChanges {
    /// A plan that changes nothing. Set the public fields, or use the builders below, for one that does.
    pub fn none(sub_step: SubStep, code: &str, message: String) -> Self {
        Self {
            sub_step,
            rollout_specs: vec![],
            promote_route_ids: vec![],
            traffic_changes: vec![],
            drain_route_ids: vec![],
            reason: Reason { code: code.to_owned(), message, blocking_route_ids: vec![] },
            next_evaluation_at: None,
            memo: None,
        }
    }

    /// Creates routes as `rollout` says.
    #[must_use]
    pub fn create(mut self, rollout: RolloutSpec) -> Self {
        self.rollout_specs.push(rollout);
        self
    }

    /// Promotes `routes`, without those that are promoted already.
    #[must_use]
    pub fn promote<'a>(mut self, routes: impl IntoIterator<Item = &'a Route>) -> Self {
        let routes = routes.into_iter().filter(|route| !route.is_promoted());
        self.promote_route_ids.extend(routes.map(|route| route.id.clone()));
        self
    }

    /// Drains `routes`, without those that are no longer live.
    #[must_use]
    pub fn drain<'a>(mut self, routes: impl IntoIterator<Item = &'a Route>) -> Self {
        let routes = routes.into_iter().filter(|route| route.is_live());
        self.drain_route_ids.extend(routes.map(|route| route.id.clone()));
        self
    }

    /// Names the routes that the rollout waits for.
    #[must_use]
    pub fn blocked_by<'a>(mut self, routes: impl IntoIterator<Item = &'a Route>) -> Self {
        self.reason.blocking_route_ids.extend(routes.into_iter().map(|route| route.id.clone()));
        self
    }

    /// Asks for the next evaluation at `at`.
    #[must_use]
    pub fn evaluate_again(mut self, at: Option<Timestamp>) -> Self {
        self.next_evaluation_at = at;
        self
    }

    /// Whether applying it changes nothing about any route.
    pub fn is_empty(&self) -> bool {
        self.rollout_specs.is_empty()
            && self.promote_route_ids.is_empty()
            && self.traffic_changes.is_empty()
            && self.drain_route_ids.is_empty()
    }
}
