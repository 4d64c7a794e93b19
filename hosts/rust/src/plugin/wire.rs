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
mirror_enum!(TrafficStatus { "active" Active, "standby" Standby, "inactive" Inactive });
mirror_enum!(RouteEnd { "drained" Drained, "evicted" Evicted, "crashed" Crashed });
mirror_enum!(CheckOutcome { "pending" Pending, "passed" Passed, "failed" Failed, "inconclusive" Inconclusive });
mirror_enum!(SubStep {
    "provisioning" Provisioning, "awaiting-promotion" AwaitingPromotion, "finalizing" Finalizing,
    "rolling-back" RollingBack, "completed" Completed, "rolled-back" RolledBack,
});

/// `labels`, to be sent.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// `commitment`, both ways.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Commitment {
    #[component(name = "least-serving")]
    least_serving: u32,
    #[component(name = "most-live")]
    most_live: u32,
}

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
    end: Option<RouteEnd>,
    labels: Labels<'a>,
}

/// `operator`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Operator<'a> {
    abort: bool,
    pause: bool,
    promote: bool,
    #[component(name = "passed-gates")]
    passed_gates: &'a [String],
}

/// `check`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Check<'a> {
    name: &'a str,
    outcome: CheckOutcome,
    #[component(name = "observed-at")]
    observed_at: Option<u64>,
}

/// `spec`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Spec<'a> {
    #[component(name = "deploying-revision")]
    deploying_revision: &'a str,
    #[component(name = "stable-revision")]
    stable_revision: Option<&'a str>,
    #[component(name = "target-replicas")]
    target_replicas: u32,
    #[component(name = "started-at")]
    started_at: u64,
    now: u64,
    operator: Operator<'a>,
    checks: Vec<Check<'a>>,
    limits: Option<Commitment>,
    #[component(name = "free-places")]
    free_places: Option<u32>,
    #[component(name = "weight-steps")]
    weight_steps: u32,
    labels: Labels<'a>,
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
    labels: Vec<(String, String)>,
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

/// `progress`, received.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Progress {
    step: u32,
    steps: u32,
    share: f64,
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
pub(crate) enum EvaluationError {
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
pub(crate) struct Description {
    name: String,
    version: String,
    summary: String,
    #[component(name = "config-schema")]
    config_schema: String,
}

// === conversions ===

fn labels(labels: &p::Labels) -> Labels<'_> {
    labels.iter().collect()
}

impl From<p::Commitment> for Commitment {
    fn from(p::Commitment { least_serving, most_live }: p::Commitment) -> Self {
        Self { least_serving, most_live }
    }
}

impl From<Commitment> for p::Commitment {
    fn from(Commitment { least_serving, most_live }: Commitment) -> Self {
        Self { least_serving, most_live }
    }
}

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
            end: route.end.map(RouteEnd::from),
            labels: labels(&route.labels),
        }
    }
}

impl<'a> Spec<'a> {
    /// The spec as it is sent: with these limits where it has none of its own.
    pub(crate) fn new(spec: &'a p::Spec, limits: Option<p::Commitment>) -> Self {
        let check = |check: &'a p::Check| Check {
            name: &check.name,
            outcome: check.outcome.into(),
            observed_at: check.observed_at.map(p::Timestamp::as_millis),
        };
        let p::Operator { abort, pause, promote, passed_gates } = &spec.operator;
        Self {
            deploying_revision: &spec.deploying_revision,
            stable_revision: spec.stable_revision.as_deref(),
            target_replicas: spec.target_replicas,
            started_at: spec.started_at.as_millis(),
            now: spec.now.as_millis(),
            operator: Operator { abort: *abort, pause: *pause, promote: *promote, passed_gates },
            checks: spec.checks.iter().map(check).collect(),
            limits: spec.limits.or(limits).map(Commitment::from),
            free_places: spec.free_places,
            weight_steps: spec.weight_steps,
            labels: labels(&spec.labels),
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
