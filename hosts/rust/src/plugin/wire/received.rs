//! The records that a plugin returns, owned.

use pointsman as p;
use wasmtime::component::{ComponentType, Lift};

use super::both_ways::{Commitment, SubStep, TrafficStatus};

/// `rollout-spec`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::plugin) struct RolloutSpec {
    count: u32,
    revision: String,
    #[component(name = "traffic-status")]
    traffic_status: TrafficStatus,
    #[component(name = "traffic-ratio")]
    traffic_ratio: f64,
    labels: Vec<(String, String)>,
}

/// `traffic-change`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::plugin) struct TrafficChange {
    #[component(name = "route-id")]
    route_id: String,
    #[component(name = "traffic-status")]
    traffic_status: TrafficStatus,
    #[component(name = "traffic-ratio")]
    traffic_ratio: f64,
}

/// `reason`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::plugin) struct Reason {
    code: String,
    message: String,
    #[component(name = "blocking-route-ids")]
    blocking_route_ids: Vec<String>,
}

/// `progress`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::plugin) struct Progress {
    step: u32,
    steps: u32,
    share: f64,
}

/// `route-changes`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::plugin) struct RouteChanges {
    #[component(name = "sub-step")]
    sub_step: SubStep,
    #[component(name = "rollout-specs")]
    rollout_specs: Vec<RolloutSpec>,
    #[component(name = "promote-route-ids")]
    promote_route_ids: Vec<String>,
    #[component(name = "traffic-changes")]
    traffic_changes: Vec<TrafficChange>,
    #[component(name = "drain-route-ids")]
    drain_route_ids: Vec<String>,
    reason: Reason,
    gate: Option<String>,
    #[component(name = "next-evaluation-at")]
    next_evaluation_at: Option<u64>,
    memo: Option<String>,
    commitment: Commitment,
    progress: Option<Progress>,
    labels: Vec<(String, String)>,
}

/// `evaluation-error`, received.
#[derive(ComponentType, Lift)]
#[component(variant)]
#[expect(clippy::enum_variant_names, reason = "the names are the contract's")]
pub(in crate::plugin) enum EvaluationError {
    #[component(name = "invalid-config")]
    InvalidConfig(String),
    #[component(name = "invalid-spec")]
    InvalidSpec(String),
    #[component(name = "invalid-routes")]
    InvalidRoutes(String),
}

/// `description`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(in crate::plugin) struct Description {
    name: String,
    version: String,
    summary: String,
    #[component(name = "config-schema")]
    config_schema: String,
}

// === conversions ===

impl From<RouteChanges> for p::RouteChanges {
    fn from(plan: RouteChanges) -> Self {
        let rollout_spec = |spec: RolloutSpec| p::RolloutSpec {
            count: spec.count,
            revision: spec.revision,
            traffic_status: spec.traffic_status.into(),
            traffic_ratio: spec.traffic_ratio,
            labels: spec.labels.into(),
        };
        let traffic_change = |change: TrafficChange| p::TrafficChange {
            route_id: change.route_id,
            traffic_status: change.traffic_status.into(),
            traffic_ratio: change.traffic_ratio,
        };
        let Reason { code, message, blocking_route_ids } = plan.reason;
        let progress = |Progress { step, steps, share }| p::Progress { step, steps, share };
        Self {
            sub_step: plan.sub_step.into(),
            rollout_specs: plan.rollout_specs.into_iter().map(rollout_spec).collect(),
            promote_route_ids: plan.promote_route_ids,
            traffic_changes: plan.traffic_changes.into_iter().map(traffic_change).collect(),
            drain_route_ids: plan.drain_route_ids,
            reason: p::Reason { code, message, blocking_route_ids },
            gate: plan.gate,
            next_evaluation_at: plan.next_evaluation_at.map(p::Timestamp::from_millis),
            memo: plan.memo,
            commitment: plan.commitment.into(),
            progress: plan.progress.map(progress),
            labels: plan.labels.into(),
        }
    }
}

impl From<EvaluationError> for p::EvaluationError {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::InvalidConfig(message) => Self::InvalidConfig(message),
            EvaluationError::InvalidSpec(message) => Self::InvalidSpec(message),
            EvaluationError::InvalidRoutes(message) => Self::InvalidRoutes(message),
        }
    }
}

impl From<Description> for p::Description {
    fn from(Description { name, version, summary, config_schema }: Description) -> Self {
        Self { name, version, summary, config_schema }
    }
}
