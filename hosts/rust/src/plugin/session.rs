//! One instance of a plugin, for one call or for many.

use std::sync::Arc;

use pointsman::{Commitment, Description, EvaluationError, Route, RouteChanges, Spec, guard::Policy};
use wasmtime::component::{ComponentNamedList, Lift, Lower};

use super::{
    answers::Answers,
    batch::Batch,
    error::{CallError, CheckConfigError, EvaluateCyclesError, EvaluateError},
    guard::Guard,
    id::PluginId,
    instance::{Function, Instance, WrongType},
    loaded::Loaded,
    wire,
};
use crate::runtime::{Permit, Purpose};

/// An instance of a plugin that is used for many calls, which saves making one for each.
///
/// The price: whatever the plugin remembers from one call is there in the next, so a plugin that is wrong or hostile
/// can carry one deployment's routes into another's plan, and the memory it has taken is kept. After a failed call the
/// instance is thrown away and the next call has a new one. A session holds one of the host's
/// [`instances`](crate::Limits::instances) until it is dropped.
pub struct Session {
    loaded: Arc<Loaded>,
    guard: Guard,
    /// None after a failed call.
    instance: Option<Instance>,
    /// Below the instance, which is dropped first.
    _permit: Permit,
}

// === impl Session ===

impl Session {
    pub(super) fn new(loaded: Arc<Loaded>, guard: Guard, purpose: Purpose) -> Result<Self, CallError> {
        let Some(permit) = loaded.runtime.permit(purpose) else {
            let limit = loaded.runtime.limits().instances;
            return Err(CallError::Instances { plugin: loaded.id.clone(), limit });
        };
        let instance = Some(Instance::start(&loaded)?);
        Ok(Self { loaded, guard, instance, _permit: permit })
    }

    /// As [`Plugin::evaluate_cycle`](crate::Plugin::evaluate_cycle).
    ///
    /// # Errors
    /// [`EvaluateError`].
    pub fn evaluate_cycle(&mut self, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluateError> {
        self.evaluate_guarded(self.guard, routes, spec)
    }

    /// As [`evaluate_cycle`](Self::evaluate_cycle), under the policy of the deployment instead of the plugin's. It has
    /// no say where the plugin's guard checks ids only.
    ///
    /// # Errors
    /// [`EvaluateError`].
    pub fn evaluate_cycle_under(
        &mut self,
        policy: Policy,
        routes: &[Route],
        spec: &Spec,
    ) -> Result<RouteChanges, EvaluateError> {
        self.evaluate_guarded(self.guard.under(policy), routes, spec)
    }

    fn evaluate_guarded(&mut self, guard: Guard, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluateError> {
        let limits = guard.limits(spec.target_replicas);
        let sent: Vec<wire::Route> = routes.iter().map(wire::Route::from).collect();
        let (result,): (Result<wire::RouteChanges, wire::EvaluationError>,) =
            self.call(|contract| &contract.evaluate_cycle, (&sent[..], &wire::Spec::new(spec, limits)))?;
        let plugin = self.plugin();
        match result {
            Ok(plan) => {
                let mut plan = RouteChanges::from(plan);
                let violations = guard.check(routes, spec, &plan);
                plan.tidy(spec.now);
                if violations.is_empty() {
                    return Ok(plan);
                }
                Err(EvaluateError::Rejected { plugin, plan: Box::new(plan), violations })
            }
            Err(error) => Err(match error.into() {
                EvaluationError::InvalidConfig(message) => EvaluateError::InvalidConfig { plugin, message },
                EvaluationError::InvalidSpec(message) => EvaluateError::InvalidSpec { plugin, message },
                EvaluationError::InvalidRoutes(message) => EvaluateError::InvalidRoutes { plugin, message },
            }),
        }
    }

    /// As [`Plugin::evaluate_cycles_json`](crate::Plugin::evaluate_cycles_json).
    ///
    /// # Errors
    /// [`EvaluateCyclesError`].
    pub fn evaluate_cycles_json(&mut self, requests: &str) -> Result<String, EvaluateCyclesError> {
        Ok(self.answers(requests)?.text)
    }

    /// As [`evaluate_cycles_json`](Self::evaluate_cycles_json), with what the guard found.
    pub(super) fn answers(&mut self, requests: &str) -> Result<Answers, EvaluateCyclesError> {
        let batch = Batch::new(requests, self.guard);
        let (result,): (Result<String, String>,) =
            self.call(|contract| &contract.evaluate_cycles, (batch.as_ref().map_or(requests, Batch::text),))?;
        let plugin = self.plugin();
        match (result, batch) {
            (Ok(answers), Some(batch)) => {
                batch.check(answers).map_err(|message| EvaluateCyclesError::Answers { plugin, message })
            }
            (Ok(_), None) => {
                let message = "it answers what is not a JSON array".to_owned();
                Err(EvaluateCyclesError::Answers { plugin, message })
            }
            (Err(message), None) => Err(EvaluateCyclesError::InvalidRequests { plugin, message }),
            (Err(message), Some(_)) => {
                // The contract has no other reason to answer none of them.
                let message = format!("it answers no request of an array: {message}");
                Err(EvaluateCyclesError::Answers { plugin, message })
            }
        }
    }

    /// As [`Plugin::describe`](crate::Plugin::describe).
    ///
    /// # Errors
    /// [`CallError`].
    pub fn describe(&mut self) -> Result<Description, CallError> {
        let (description,): (wire::Description,) = self.call(|contract| &contract.describe, ())?;
        Ok(description.into())
    }

    /// As [`Plugin::check_config`](crate::Plugin::check_config).
    ///
    /// # Errors
    /// [`CheckConfigError`].
    pub fn check_config(&mut self, config: &str, target_replicas: u32) -> Result<Commitment, CheckConfigError> {
        self.check_config_within(self.guard, config, target_replicas)
    }

    /// As [`check_config`](Self::check_config), within the limits that the policy of the deployment comes to.
    ///
    /// # Errors
    /// [`CheckConfigError`].
    pub fn check_config_under(
        &mut self,
        policy: Policy,
        config: &str,
        target_replicas: u32,
    ) -> Result<Commitment, CheckConfigError> {
        self.check_config_within(self.guard.under(policy), config, target_replicas)
    }

    fn check_config_within(
        &mut self,
        guard: Guard,
        config: &str,
        target_replicas: u32,
    ) -> Result<Commitment, CheckConfigError> {
        let limits = guard.limits(target_replicas).map(wire::Commitment::from);
        let (result,): (Result<wire::Commitment, String>,) =
            self.call(|contract| &contract.check_config, (config, target_replicas, limits))?;
        result.map(Commitment::from).map_err(|message| CheckConfigError::Invalid { plugin: self.plugin(), message })
    }

    /// As [`Plugin::check_config_json`](crate::Plugin::check_config_json).
    ///
    /// # Errors
    /// [`CallError`].
    pub fn check_config_json(&mut self, request: &str) -> Result<Result<String, String>, CallError> {
        let (result,): (Result<String, String>,) = self.call(|contract| &contract.check_config_json, (request,))?;
        Ok(result)
    }

    /// Checks that every function has the contract's type.
    pub(crate) fn check_types(&mut self) -> Result<(), WrongType> {
        self.instance.as_mut().map_or(Ok(()), |instance| instance.check_types(&self.loaded.contract))
    }

    fn plugin(&self) -> PluginId {
        self.loaded.id.clone()
    }

    /// Calls a function under the limits, on a new instance where the last was thrown away.
    fn call<P, R>(&mut self, function: Function, params: P) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => Instance::start(&self.loaded)?,
        };
        let result = instance.call(&self.loaded, function, params)?;
        self.instance = Some(instance);
        Ok(result)
    }
}
