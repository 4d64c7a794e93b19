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
    Check, CheckOutcome, EvaluationError, HealthStatus, OperatorRequest, Reason, RolloutSpec, Route, RouteChanges,
    RouteStatus, Spec, Strategy, SubStep, Timestamp, TrafficChange, TrafficStatus,
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
            Err(EvaluationError::InvalidRoutes(message)) => Err(wit::EvaluationError::InvalidRoutes(message)),
        }
    }

    fn describe() -> wit::Description {
        let crate::Description { name, version, summary, config_schema } = crate::describe::<S>();
        wit::Description { name, version, summary, config_schema }
    }

    fn check_config(config: String) -> Result<(), String> {
        crate::check_config::<S>(&config)
    }
}

impl<S: Strategy> strategy_json::Guest for Plugin<S> {
    fn evaluate_cycles(requests: String) -> Result<String, String> {
        crate::json::evaluate_cycles::<S>(&requests)
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
convert_enum!(wit::TrafficStatus => TrafficStatus { Active, Inactive });
convert_enum!(TrafficStatus => wit::TrafficStatus { Active, Inactive });
convert_enum!(wit::OperatorRequest => OperatorRequest { Promote, Abort });
convert_enum!(wit::CheckOutcome => CheckOutcome { Pending, Passed, Failed });
convert_enum!(SubStep => wit::SubStep { Provisioning, AwaitingPromotion, Finalizing, RollingBack, Completed });
convert_enum!(wit::SubStep => SubStep { Provisioning, AwaitingPromotion, Finalizing, RollingBack, Completed });

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
        }
    }
}

impl From<wit::Spec> for Spec {
    fn from(spec: wit::Spec) -> Self {
        let check = |check: wit::Check| Check { name: check.name, outcome: check.outcome.into() };
        Self {
            deploying_revision: spec.deploying_revision,
            target_replicas: spec.target_replicas,
            started_at: Timestamp::from_millis(spec.started_at),
            now: Timestamp::from_millis(spec.now),
            operator_request: spec.operator_request.map(OperatorRequest::from),
            checks: spec.checks.into_iter().map(check).collect(),
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

convert_record!(RolloutSpec => wit::RolloutSpec { count, revision, traffic_status, traffic_ratio });
convert_record!(wit::RolloutSpec => RolloutSpec { count, revision, traffic_status, traffic_ratio });
convert_record!(TrafficChange => wit::TrafficChange { route_id, traffic_status, traffic_ratio });
convert_record!(wit::TrafficChange => TrafficChange { route_id, traffic_status, traffic_ratio });
convert_record!(Reason => wit::Reason { code, message, blocking_route_ids });
convert_record!(wit::Reason => Reason { code, message, blocking_route_ids });

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
            next_evaluation_at: plan.next_evaluation_at.map(Timestamp::as_millis),
            memo: plan.memo,
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
            next_evaluation_at: plan.next_evaluation_at.map(Timestamp::from_millis),
            memo: plan.memo,
        }
    }
}
