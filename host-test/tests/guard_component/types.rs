//! The contract's types as the guard component's typed entry point takes and gives them.

use bindings::{
    exports::pointsman::guard::guard::{Amount, Policy, Violation},
    pointsman::strategy::types as wit,
};
use pointsman as p;

pub(crate) use bindings::GuardPlugin;

#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: ["../wit/strategy.wit", "../wit/guard/guard.wit"],
        world: "pointsman:guard/guard-plugin",
    });
}

/// Converts between two enums with the same cases.
macro_rules! case {
    ($value:expr, $name:ident { $($case:ident)* }) => {
        match $value { $(p::$name::$case => wit::$name::$case),* }
    };
}

fn labels(labels: &p::Labels) -> Vec<(String, String)> {
    labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn traffic_status(status: p::TrafficStatus) -> wit::TrafficStatus {
    case!(status, TrafficStatus { Active Standby Inactive })
}

fn commitment(p::Commitment { least_serving, most_live }: p::Commitment) -> wit::Commitment {
    wit::Commitment { least_serving, most_live }
}

pub(crate) fn route(route: &p::Route) -> wit::Route {
    wit::Route {
        id: route.id.clone(),
        revision: route.revision.clone(),
        status: case!(route.status, RouteStatus { Provisioning Running Terminating Terminated FailedToStart }),
        health: case!(route.health, HealthStatus { NotChecked Healthy Unhealthy Degraded }),
        traffic_status: traffic_status(route.traffic_status),
        traffic_ratio: route.traffic_ratio,
        created_at: route.created_at.as_millis(),
        status_updated_at: route.status_updated_at.map(p::Timestamp::as_millis),
        end: route.end.map(|end| case!(end, RouteEnd { Drained Evicted Crashed })),
        labels: labels(&route.labels),
    }
}

pub(crate) fn spec(spec: &p::Spec) -> wit::Spec {
    let check = |check: &p::Check| wit::Check {
        name: check.name.clone(),
        outcome: case!(check.outcome, CheckOutcome { Pending Passed Failed Inconclusive }),
        observed_at: check.observed_at.map(p::Timestamp::as_millis),
    };
    let p::Operator { abort, pause, promote, passed_gates } = spec.operator.clone();
    wit::Spec {
        deploying_revision: spec.deploying_revision.clone(),
        stable_revision: spec.stable_revision.clone(),
        target_replicas: spec.target_replicas,
        started_at: spec.started_at.as_millis(),
        now: spec.now.as_millis(),
        operator: wit::Operator { abort, pause, promote, passed_gates },
        checks: spec.checks.iter().map(check).collect(),
        limits: spec.limits.map(commitment),
        free_places: spec.free_places,
        weight_steps: spec.weight_steps,
        labels: labels(&spec.labels),
        config: spec.config.clone(),
        memo: spec.memo.clone(),
    }
}

pub(crate) fn plan(plan: &p::RouteChanges) -> wit::RouteChanges {
    let created = |created: &p::RolloutSpec| wit::RolloutSpec {
        count: created.count,
        revision: created.revision.clone(),
        traffic_status: traffic_status(created.traffic_status),
        traffic_ratio: created.traffic_ratio,
        labels: labels(&created.labels),
    };
    let change = |change: &p::TrafficChange| wit::TrafficChange {
        route_id: change.route_id.clone(),
        traffic_status: traffic_status(change.traffic_status),
        traffic_ratio: change.traffic_ratio,
    };
    let p::Reason { code, message, blocking_route_ids } = plan.reason.clone();
    wit::RouteChanges {
        sub_step: case!(plan.sub_step, SubStep {
            Provisioning AwaitingPromotion Finalizing RollingBack Completed RolledBack
        }),
        rollout_specs: plan.rollout_specs.iter().map(created).collect(),
        promote_route_ids: plan.promote_route_ids.clone(),
        traffic_changes: plan.traffic_changes.iter().map(change).collect(),
        drain_route_ids: plan.drain_route_ids.clone(),
        reason: wit::Reason { code, message, blocking_route_ids },
        gate: plan.gate.clone(),
        next_evaluation_at: plan.next_evaluation_at.map(p::Timestamp::as_millis),
        memo: plan.memo.clone(),
        commitment: commitment(plan.commitment),
        progress: plan.progress.map(|it| wit::Progress { step: it.step, steps: it.steps, share: it.share }),
        labels: labels(&plan.labels),
    }
}

pub(crate) fn policy(policy: p::guard::Policy) -> Policy {
    let amount = |amount| match amount {
        p::Amount::Count(count) => Amount::Count(count),
        p::Amount::Millipercent(part) => Amount::Millipercent(part),
    };
    Policy {
        max_unavailable: amount(policy.max_unavailable),
        max_surge: amount(policy.max_surge),
        complete_at: amount(policy.complete_at),
    }
}

pub(crate) fn violation(Violation { code, route_ids, message }: Violation) -> p::guard::Violation {
    let code = serde_json::from_value(code.clone().into()).unwrap_or_else(|error| panic!("`{code}`: {error}"));
    p::guard::Violation { code, route_ids, message }
}
