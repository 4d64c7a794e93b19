//! Plans: what a strategy decides in one cycle, and why.

mod build;

use serde::{Deserialize, Serialize};

use crate::{Commitment, Labels, Timestamp, TrafficStatus};

/// Stage of the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubStep {
    /// Green is created, is not ready yet, or replaces blue step by step.
    Provisioning,
    /// All that this step needs is ready; a gate, delay, hold, check or pause comes first.
    AwaitingPromotion,
    /// Green carries the traffic; blue is kept for a return.
    Finalizing,
    /// On the way back to the stable revision; the host goes on evaluating.
    RollingBack,
    /// Green has taken over. Terminal: once this plan is applied the host stops evaluating.
    Completed,
    /// The stable revision serves again, or nothing better is possible. Terminal.
    RolledBack,
}

/// Routes to create, all alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutSpec {
    /// Their number, at least 1.
    pub count: u32,
    /// The deploying or the stable revision.
    pub revision: String,
    /// Their traffic status from the start: active or inactive.
    #[serde(deserialize_with = "crate::config::word")]
    pub traffic_status: TrafficStatus,
    /// Their traffic ratio from the start, 0.0 to 1.0; 0.0 where inactive.
    pub traffic_ratio: f64,
    /// For the host, such as spot or zone.
    #[serde(default)]
    pub labels: Labels,
}

/// New traffic settings for a live route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficChange {
    /// The route.
    pub route_id: String,
    /// Its new traffic status.
    #[serde(deserialize_with = "crate::config::word")]
    pub traffic_status: TrafficStatus,
    /// Its new traffic ratio, 0.0 to 1.0; 0.0 where inactive, what it returns with where on standby.
    pub traffic_ratio: f64,
}

/// Reason of a plan, for the person who is woken by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A stable kebab-case word of at most 64 bytes, documented by the strategy.
    pub code: String,
    /// One sentence with the numbers in it; a host shortens it to 1,024 bytes.
    pub message: String,
    /// The routes that the rollout waits for, or that made it go back, in the order of their ids.
    pub blocking_route_ids: Vec<String>,
}

/// Progress of a rollout, for people; decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Steps passed after this plan, 0 to `steps`.
    pub step: u32,
    /// Steps in all, at least 1.
    pub steps: u32,
    /// Green's intended share of traffic after this plan, 0.0 to 1.0.
    pub share: f64,
}

/// A plan: everything to change in one cycle. A host applies it in one transaction, in the order create, promote,
/// change traffic, drain: there is no moment without a serving route.
///
/// It is a diff: a route is named only if something about it must change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteChanges {
    /// Stage of the rollout.
    #[serde(deserialize_with = "crate::config::word")]
    pub sub_step: SubStep,
    /// Routes to create.
    #[serde(deserialize_with = "crate::config::objects")]
    pub rollout_specs: Vec<RolloutSpec>,
    /// Ready routes of the deploying revision to promote: traffic status active, ratio 1.0.
    pub promote_route_ids: Vec<String>,
    /// Routes whose traffic changes otherwise.
    #[serde(deserialize_with = "crate::config::objects")]
    pub traffic_changes: Vec<TrafficChange>,
    /// Live routes to drain: status terminating, traffic status inactive, ratio 0.0, end drained.
    pub drain_route_ids: Vec<String>,
    /// Why.
    #[serde(deserialize_with = "crate::config::object")]
    pub reason: Reason,
    /// The gate that the rollout waits at, kebab-case, at most 64 bytes; none where it waits at none.
    pub gate: Option<String>,
    /// Moment to evaluate again even if nothing has changed; always after the `now` it was made at.
    pub next_evaluation_at: Option<Timestamp>,
    /// Handed back to the strategy in the next cycle; at most 4,096 bytes, no NUL. The host stores it with the plan.
    pub memo: Option<String>,
    /// Promise of the strategy at this target, configuration and limits. [`evaluate_cycle`](crate::evaluate_cycle)
    /// fills it in, from [`Strategy::commitment`](crate::Strategy::commitment).
    #[serde(default = "no_commitment", deserialize_with = "crate::config::object")]
    pub commitment: Commitment,
    /// Progress, for people.
    #[serde(default, deserialize_with = "crate::config::optional_object")]
    pub progress: Option<Progress>,
    /// For the host.
    #[serde(default)]
    pub labels: Labels,
}

/// Represents an evaluation without a plan. Nothing must be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The configuration is not what the strategy takes; the text names the key.
    #[error("invalid config: {0}")]
    InvalidConfig(String),
    /// Another field of the spec cannot be right; the text names it.
    #[error("invalid spec: {0}")]
    InvalidSpec(String),
    /// The routes cannot be right; the text names the route.
    #[error("invalid routes: {0}")]
    InvalidRoutes(String),
}

fn no_commitment() -> Commitment {
    Commitment::NONE
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
            Self::RolledBack => "rolled-back",
        }
    }

    /// Whether the rollout is over once the plan is applied: completed or rolled back.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::RolledBack)
    }
}

// === impl RolloutSpec ===

impl RolloutSpec {
    /// `count` routes of a revision in traffic from the start, at a full share.
    pub fn active(count: u32, revision: &str) -> Self {
        Self { traffic_status: TrafficStatus::Active, traffic_ratio: 1.0, ..Self::inactive(count, revision) }
    }

    /// `count` routes of a revision out of traffic.
    pub fn inactive(count: u32, revision: &str) -> Self {
        Self {
            count,
            revision: revision.to_owned(),
            traffic_status: TrafficStatus::Inactive,
            traffic_ratio: 0.0,
            labels: Labels::default(),
        }
    }
}

// === impl RouteChanges ===

impl RouteChanges {
    /// Whether applying it changes nothing about any route.
    pub fn is_empty(&self) -> bool {
        self.rollout_specs.is_empty()
            && self.promote_route_ids.is_empty()
            && self.traffic_changes.is_empty()
            && self.drain_route_ids.is_empty()
    }
}
