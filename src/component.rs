//! The glue between the component's exports and a [`Strategy`]: generated bindings, and conversions that move.
//!
//! Only compiled for WebAssembly. Not part of the API: use [`export_strategy!`](crate::export_strategy).

pub mod guard;

use std::marker::PhantomData;

use bindings::{
    exports::pointsman::strategy::{strategy::Guest, strategy_json},
    pointsman::strategy::types as wit,
};

use crate::{
    Check, CheckOutcome, Commitment, EvaluationError, HealthStatus, Labels, Operator, Progress, Reason, RolloutSpec,
    Route, RouteChanges, RouteEnd, RouteStatus, Spec, Strategy, SubStep, Timestamp, TrafficChange, TrafficStatus,
};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "pointsman::component::bindings",
    });
}

/// The exports of a strategy.
pub struct Plugin<S>(PhantomData<S>);

impl<S: Strategy> Guest for Plugin<S> {
    fn evaluate_cycle(routes: Vec<wit::Route>, spec: wit::Spec) -> Result<wit::RouteChanges, wit::EvaluationError> {
        let routes: Vec<Route> = routes.into_iter().map(Route::from).collect();
        match crate::evaluate_cycle::<S>(&routes, &spec.into()) {
            Ok(plan) => Ok(plan.into()),
            Err(EvaluationError::InvalidConfig(message)) => Err(wit::EvaluationError::InvalidConfig(message)),
            Err(EvaluationError::InvalidSpec(message)) => Err(wit::EvaluationError::InvalidSpec(message)),
            Err(EvaluationError::InvalidRoutes(message)) => Err(wit::EvaluationError::InvalidRoutes(message)),
        }
    }

    fn describe() -> wit::Description {
        let crate::Description { name, version, summary, config_schema } = crate::describe::<S>();
        wit::Description { name, version, summary, config_schema }
    }

    fn check_config(
        config: String,
        target_replicas: u32,
        limits: Option<wit::Commitment>,
    ) -> Result<wit::Commitment, String> {
        let limits = limits.map(Commitment::from);
        crate::check_config::<S>(&config, target_replicas, limits).map(wit::Commitment::from)
    }
}

impl<S: Strategy> strategy_json::Guest for Plugin<S> {
    fn evaluate_cycles(requests: String) -> Result<String, String> {
        crate::json::evaluate_cycles::<S>(&requests)
    }

    fn check_config(request: String) -> Result<String, String> {
        crate::json::check_config::<S>(&request)
    }
}

// === conversions ===

/// Two enums with the same cases.
macro_rules! convert_enum {
    ($from:ty => $to:ty { $($case:ident),* }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value { $(<$from>::$case => Self::$case),* }
            }
        }
    };
}

convert_enum!(wit::RouteStatus => RouteStatus { Provisioning, Running, Terminating, Terminated, FailedToStart });
convert_enum!(wit::HealthStatus => HealthStatus { NotChecked, Healthy, Unhealthy, Degraded });
convert_enum!(wit::TrafficStatus => TrafficStatus { Active, Standby, Inactive });
convert_enum!(TrafficStatus => wit::TrafficStatus { Active, Standby, Inactive });
convert_enum!(wit::RouteEnd => RouteEnd { Drained, Evicted, Crashed });
convert_enum!(wit::CheckOutcome => CheckOutcome { Pending, Passed, Failed, Inconclusive });
convert_enum!(SubStep => wit::SubStep {
    Provisioning, AwaitingPromotion, Finalizing, RollingBack, Completed, RolledBack
});
convert_enum!(wit::SubStep => SubStep {
    Provisioning, AwaitingPromotion, Finalizing, RollingBack, Completed, RolledBack
});

impl From<wit::Route> for Route {
    fn from(route: wit::Route) -> Self {
        Self {
            id: route.id,
            revision: route.revision,
            status: route.status.into(),
            health: route.health.into(),
            traffic_status: route.traffic_status.into(),
            traffic_ratio: route.traffic_ratio,
            created_at: Timestamp::from_millis(route.created_at),
            status_updated_at: route.status_updated_at.map(Timestamp::from_millis),
            end: route.end.map(RouteEnd::from),
            labels: Labels::from(route.labels),
        }
    }
}

impl From<wit::Check> for Check {
    fn from(check: wit::Check) -> Self {
        let observed_at = check.observed_at.map(Timestamp::from_millis);
        Self { name: check.name, outcome: check.outcome.into(), observed_at }
    }
}

impl From<wit::Spec> for Spec {
    fn from(spec: wit::Spec) -> Self {
        let wit::Operator { abort, pause, promote, passed_gates } = spec.operator;
        Self {
            deploying_revision: spec.deploying_revision,
            stable_revision: spec.stable_revision,
            target_replicas: spec.target_replicas,
            started_at: Timestamp::from_millis(spec.started_at),
            now: Timestamp::from_millis(spec.now),
            operator: Operator { abort, pause, promote, passed_gates },
            checks: convert_list(spec.checks),
            limits: spec.limits.map(Commitment::from),
            free_places: spec.free_places,
            weight_steps: spec.weight_steps,
            labels: Labels::from(spec.labels),
            config: spec.config,
            memo: spec.memo,
        }
    }
}

/// Two records with the same fields, whose types convert.
macro_rules! convert_record {
    ($from:ty => $to:ty { $($field:ident),* }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                Self { $($field: value.$field.into()),* }
            }
        }
    };
}

convert_record!(RolloutSpec => wit::RolloutSpec { count, revision, traffic_status, traffic_ratio, labels });
convert_record!(wit::RolloutSpec => RolloutSpec { count, revision, traffic_status, traffic_ratio, labels });
convert_record!(TrafficChange => wit::TrafficChange { route_id, traffic_status, traffic_ratio });
convert_record!(wit::TrafficChange => TrafficChange { route_id, traffic_status, traffic_ratio });
convert_record!(Reason => wit::Reason { code, message, blocking_route_ids });
convert_record!(wit::Reason => Reason { code, message, blocking_route_ids });
convert_record!(Commitment => wit::Commitment { least_serving, most_live });
convert_record!(wit::Commitment => Commitment { least_serving, most_live });
convert_record!(Progress => wit::Progress { step, steps, share });
convert_record!(wit::Progress => Progress { step, steps, share });

fn convert_list<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}

impl From<RouteChanges> for wit::RouteChanges {
    fn from(plan: RouteChanges) -> Self {
        Self {
            sub_step: plan.sub_step.into(),
            rollout_specs: convert_list(plan.rollout_specs),
            promote_route_ids: plan.promote_route_ids,
            traffic_changes: convert_list(plan.traffic_changes),
            drain_route_ids: plan.drain_route_ids,
            reason: plan.reason.into(),
            gate: plan.gate,
            next_evaluation_at: plan.next_evaluation_at.map(Timestamp::as_millis),
            memo: plan.memo,
            commitment: plan.commitment.into(),
            progress: plan.progress.map(Into::into),
            labels: plan.labels.into(),
        }
    }
}

impl From<wit::RouteChanges> for RouteChanges {
    fn from(plan: wit::RouteChanges) -> Self {
        Self {
            sub_step: plan.sub_step.into(),
            rollout_specs: convert_list(plan.rollout_specs),
            promote_route_ids: plan.promote_route_ids,
            traffic_changes: convert_list(plan.traffic_changes),
            drain_route_ids: plan.drain_route_ids,
            reason: plan.reason.into(),
            gate: plan.gate,
            next_evaluation_at: plan.next_evaluation_at.map(Timestamp::from_millis),
            memo: plan.memo,
            commitment: plan.commitment.into(),
            progress: plan.progress.map(Into::into),
            labels: plan.labels.into(),
        }
    }
}
