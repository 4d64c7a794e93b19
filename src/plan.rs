//! Plans: what a strategy decides in one cycle, and why.

use serde::{Deserialize, Serialize};

use crate::{Commitment, Labels, Route, Timestamp, TrafficStatus};

/// How far the rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubStep {
    /// Green is created, is not ready yet, or replaces blue step by step.
    Provisioning,
    /// What this step needs is ready; a gate, delay, hold, check or pause comes first.
    AwaitingPromotion,
    /// Green carries the traffic; blue is kept for a return.
    Finalizing,
    /// Being given up; the host goes on evaluating.
    RollingBack,
    /// Green has taken over. Terminal: once this plan is applied the host stops evaluating.
    Completed,
    /// Given up, and the stable revision serves, or nothing better is possible. Terminal.
    RolledBack,
}

/// Routes to create, all alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutSpec {
    /// How many, at least 1.
    pub count: u32,
    /// Of which revision: the deploying or the stable one.
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

/// Why a plan is what it is, for the person who is woken by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// A stable kebab-case word of at most 64 bytes, documented by the strategy.
    pub code: String,
    /// One sentence with the numbers in it; a host shortens it to 1,024 bytes.
    pub message: String,
    /// The routes that the rollout waits for, or that made it be given up, in the order of their ids.
    pub blocking_route_ids: Vec<String>,
}

/// How far a rollout is, for people; decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Steps passed after this plan, 0 to `steps`.
    pub step: u32,
    /// Steps in all, at least 1.
    pub steps: u32,
    /// Green's share of traffic wanted after this plan, 0.0 to 1.0.
    pub share: f64,
}

/// A plan: everything to change in one cycle. A host applies it in one transaction, in the order create, promote,
/// change traffic, drain: there is no moment without a serving route.
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
    /// When to evaluate again even if nothing has changed; always after the `now` it was made at.
    pub next_evaluation_at: Option<Timestamp>,
    /// Handed back to the strategy in the next cycle; at most 4,096 bytes, no NUL. The host stores it with the plan.
    pub memo: Option<String>,
    /// What the strategy promises at this target, configuration and limits. [`evaluate_cycle`](crate::evaluate_cycle)
    /// fills it in, from [`Strategy::commitment`](crate::Strategy::commitment).
    #[serde(default = "no_commitment", deserialize_with = "crate::config::object")]
    pub commitment: Commitment,
    /// How far it is, for people.
    #[serde(default, deserialize_with = "crate::config::optional_object")]
    pub progress: Option<Progress>,
    /// For the host.
    #[serde(default)]
    pub labels: Labels,
}

/// Why there is no plan. Nothing must be applied.
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
    /// A plan that changes nothing. Set the public fields, or use the builders below, for one that does.
    pub fn none(sub_step: SubStep, code: &str, message: String) -> Self {
        Self {
            sub_step,
            rollout_specs: vec![],
            promote_route_ids: vec![],
            traffic_changes: vec![],
            drain_route_ids: vec![],
            reason: Reason { code: code.to_owned(), message, blocking_route_ids: vec![] },
            gate: None,
            next_evaluation_at: None,
            memo: None,
            commitment: Commitment::NONE,
            progress: None,
            labels: Labels::default(),
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

    /// Changes the traffic of routes. Where both lists are in the order of ids, so is what they come to.
    #[must_use]
    pub fn change_traffic(mut self, changes: impl IntoIterator<Item = TrafficChange>) -> Self {
        let mut given = std::mem::take(&mut self.traffic_changes).into_iter().peekable();
        for change in changes {
            while let Some(before) = given.next_if(|before| before.route_id <= change.route_id) {
                self.traffic_changes.push(before);
            }
            self.traffic_changes.push(change);
        }
        self.traffic_changes.extend(given);
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

    /// Waits at a gate.
    #[must_use]
    pub fn wait_at(mut self, gate: &str) -> Self {
        self.gate = Some(gate.to_owned());
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
