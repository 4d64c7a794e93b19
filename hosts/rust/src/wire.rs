//! The contract's types as the component ABI wants them: borrowed on the way in, owned on the way out.
//!
//! The crate `pointsman` knows no runtime, so its types cannot carry wasmtime's traits. These mirror them, field by field in
//! the order of `wit/strategy.wit`; loading checks them against the types that the component exports.

use pointsman as p;
use wasmtime::component::{ComponentType, Lift, Lower};

/// Two enums with the same cases.
macro_rules! mirror_enum {
    ($name:ident { $($wit:literal $case:ident),* $(,)? }) => {
        #[derive(Clone, Copy, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub(crate) enum $name {
            $(#[component(name = $wit)] $case,)*
        }

        impl From<p::$name> for $name {
            fn from(value: p::$name) -> Self {
                match value { $(p::$name::$case => Self::$case),* }
            }
        }

        impl From<$name> for p::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$case => Self::$case),* }
            }
        }
    };
}

mirror_enum!(RouteStatus {
    "provisioning" Provisioning, "running" Running, "terminating" Terminating, "terminated" Terminated,
    "failed-to-start" FailedToStart,
});
mirror_enum!(HealthStatus {
    "not-checked" NotChecked, "healthy" Healthy, "unhealthy" Unhealthy, "degraded" Degraded,
});
mirror_enum!(TrafficStatus { "active" Active, "inactive" Inactive });
mirror_enum!(OperatorRequest { "promote" Promote, "abort" Abort });
mirror_enum!(CheckOutcome { "pending" Pending, "passed" Passed, "failed" Failed });
mirror_enum!(SubStep {
    "provisioning" Provisioning, "awaiting-promotion" AwaitingPromotion, "finalizing" Finalizing,
    "rolling-back" RollingBack, "completed" Completed,
});

/// `route`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Route<'a> {
    id: &'a str,
    revision: &'a str,
    status: RouteStatus,
    health: HealthStatus,
    #[component(name = "traffic-status")]
    traffic_status: TrafficStatus,
    #[component(name = "traffic-ratio")]
    traffic_ratio: f64,
    #[component(name = "created-at")]
    created_at: u64,
    #[component(name = "status-updated-at")]
    status_updated_at: Option<u64>,
}

/// `check`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Check<'a> {
    name: &'a str,
    outcome: CheckOutcome,
}

/// `spec`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Spec<'a> {
    #[component(name = "deploying-revision")]
    deploying_revision: &'a str,
    #[component(name = "target-replicas")]
    target_replicas: u32,
    #[component(name = "started-at")]
    started_at: u64,
    now: u64,
    #[component(name = "operator-request")]
    operator_request: Option<OperatorRequest>,
    checks: Vec<Check<'a>>,
    config: &'a str,
    memo: Option<&'a str>,
}

/// `rollout-spec`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct RolloutSpec {
    count: u32,
    revision: String,
    #[component(name = "traffic-status")]
    traffic_status: TrafficStatus,
    #[component(name = "traffic-ratio")]
    traffic_ratio: f64,
}

/// `traffic-change`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct TrafficChange {
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
pub(crate) struct Reason {
    code: String,
    message: String,
    #[component(name = "blocking-route-ids")]
    blocking_route_ids: Vec<String>,
}

/// `route-changes`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct RouteChanges {
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
    #[component(name = "next-evaluation-at")]
    next_evaluation_at: Option<u64>,
    memo: Option<String>,
}

/// `evaluation-error`, received.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum EvaluationError {
    #[component(name = "invalid-config")]
    InvalidConfig(String),
    #[component(name = "invalid-routes")]
    InvalidRoutes(String),
}

/// `description`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Description {
    name: String,
    version: String,
    summary: String,
    #[component(name = "config-schema")]
    config_schema: String,
}

// === conversions ===

impl<'a> From<&'a p::Route> for Route<'a> {
    fn from(route: &'a p::Route) -> Self {
        Self {
            id: &route.id,
            revision: &route.revision,
            status: route.status.into(),
            health: route.health.into(),
            traffic_status: route.traffic_status.into(),
            traffic_ratio: route.traffic_ratio,
            created_at: route.created_at.as_millis(),
            status_updated_at: route.status_updated_at.map(p::Timestamp::as_millis),
        }
    }
}

impl<'a> From<&'a p::Spec> for Spec<'a> {
    fn from(spec: &'a p::Spec) -> Self {
        let check = |check: &'a p::Check| Check { name: &check.name, outcome: check.outcome.into() };
        Self {
            deploying_revision: &spec.deploying_revision,
            target_replicas: spec.target_replicas,
            started_at: spec.started_at.as_millis(),
            now: spec.now.as_millis(),
            operator_request: spec.operator_request.map(OperatorRequest::from),
            checks: spec.checks.iter().map(check).collect(),
            config: &spec.config,
            memo: spec.memo.as_deref(),
        }
    }
}

impl From<RouteChanges> for p::RouteChanges {
    fn from(plan: RouteChanges) -> Self {
        let rollout_spec = |spec: RolloutSpec| p::RolloutSpec {
            count: spec.count,
            revision: spec.revision,
            traffic_status: spec.traffic_status.into(),
            traffic_ratio: spec.traffic_ratio,
        };
        let traffic_change = |change: TrafficChange| p::TrafficChange {
            route_id: change.route_id,
            traffic_status: change.traffic_status.into(),
            traffic_ratio: change.traffic_ratio,
        };
        let Reason { code, message, blocking_route_ids } = plan.reason;
        Self {
            sub_step: plan.sub_step.into(),
            rollout_specs: plan.rollout_specs.into_iter().map(rollout_spec).collect(),
            promote_route_ids: plan.promote_route_ids,
            traffic_changes: plan.traffic_changes.into_iter().map(traffic_change).collect(),
            drain_route_ids: plan.drain_route_ids,
            reason: p::Reason { code, message, blocking_route_ids },
            next_evaluation_at: plan.next_evaluation_at.map(p::Timestamp::from_millis),
            memo: plan.memo,
        }
    }
}

impl From<EvaluationError> for p::EvaluationError {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::InvalidConfig(message) => Self::InvalidConfig(message),
            EvaluationError::InvalidRoutes(message) => Self::InvalidRoutes(message),
        }
    }
}

impl From<Description> for p::Description {
    fn from(Description { name, version, summary, config_schema }: Description) -> Self {
        Self { name, version, summary, config_schema }
    }
}
