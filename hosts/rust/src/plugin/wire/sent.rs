//! The records that a plugin is given, borrowed.

use pointsman as p;
use wasmtime::component::{ComponentType, Lower};

use super::both_ways::{CheckOutcome, Commitment, HealthStatus, RouteEnd, RouteStatus, TrafficStatus};

/// `labels`, to be sent.
type Labels<'a> = Vec<(&'a str, &'a str)>;
/// `route`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(in crate::plugin) struct Route<'a> {
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
pub(in crate::plugin) struct Operator<'a> {
    abort: bool,
    pause: bool,
    promote: bool,
    #[component(name = "passed-gates")]
    passed_gates: &'a [String],
}

/// `check`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(in crate::plugin) struct Check<'a> {
    name: &'a str,
    outcome: CheckOutcome,
    #[component(name = "observed-at")]
    observed_at: Option<u64>,
}

/// `spec`, to be sent.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(in crate::plugin) struct Spec<'a> {
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

// === conversions ===

fn labels(labels: &p::Labels) -> Labels<'_> {
    labels.iter().collect()
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
    pub(in crate::plugin) fn new(spec: &'a p::Spec, limits: Option<p::Commitment>) -> Self {
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
