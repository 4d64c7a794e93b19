//! One instance of a plugin, for one call or for many.

use pointsman::{
    Commitment, Description, EvaluationError, Route, RouteChanges, Spec,
    guard::{Policy, ViolationCode},
};
use wasmtime::{
    Store,
    component::{ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc},
};

use crate::{
    CallError, CheckConfigError, EvaluateCyclesError, EvaluateError, Guard, LoadError, Plugin,
    admission::Contract,
    batch::Batch,
    instances::Permit,
    sandbox::{self, Sandbox},
    wire,
};

/// An instance of a plugin that is used for many calls, which saves making one for each.
///
/// The price: whatever the plugin remembers from one call is there in the next, so a plugin that is wrong or hostile can
/// carry one deployment's routes into another's plan, and the memory it has taken is kept. After a failed call the
/// instance is thrown away and the next call has a new one. A session holds one of the host's
/// [`instances`](crate::Limits::instances) until it is dropped.
pub struct Session {
    plugin: Plugin,
    instance: Option<(Store<Sandbox>, Instance)>,
    /// Below the instance, which is dropped first.
    _permit: Permit,
}

/// What the JSON entry point gave.
pub(crate) struct Answers {
    /// The answers.
    pub(crate) text: String,
    /// What the guard found in them.
    pub(crate) violations: Vec<ViolationCode>,
}

// === impl Session ===

impl Session {
    pub(crate) fn new(plugin: Plugin) -> Result<Self, CallError> {
        let Some(permit) = Permit::take(plugin.host(), plugin.purpose()) else {
            let limit = plugin.host().limits.instances;
            return Err(CallError::Instances { plugin: plugin.id().clone(), limit });
        };
        let mut session = Self { plugin, instance: None, _permit: permit };
        session.start()?;
        Ok(session)
    }

    /// As [`Plugin::evaluate_cycle`].
    ///
    /// # Errors
    /// [`EvaluateError`].
    pub fn evaluate_cycle(&mut self, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluateError> {
        self.evaluate_guarded(self.plugin.guard(), routes, spec)
    }

    /// As [`evaluate_cycle`](Self::evaluate_cycle), under the policy of the deployment instead of the plugin's. It has no say
    /// where the plugin's guard checks ids only.
    ///
    /// # Errors
    /// [`EvaluateError`].
    pub fn evaluate_cycle_under(
        &mut self,
        policy: Policy,
        routes: &[Route],
        spec: &Spec,
    ) -> Result<RouteChanges, EvaluateError> {
        self.evaluate_guarded(self.plugin.guard().under(policy), routes, spec)
    }

    fn evaluate_guarded(&mut self, guard: Guard, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluateError> {
        let limits = guard.limits(spec.target_replicas);
        let sent: Vec<wire::Route> = routes.iter().map(wire::Route::from).collect();
        let (result,): (Result<wire::RouteChanges, wire::EvaluationError>,) =
            self.call(|contract| &contract.evaluate_cycle, (&sent[..], &wire::Spec::new(spec, limits)))?;
        let plugin = || self.plugin.id().clone();
        match result {
            Ok(plan) => {
                let mut plan = RouteChanges::from(plan);
                let violations = guard.check(routes, spec, &plan);
                plan.tidy(spec.now);
                if violations.is_empty() {
                    return Ok(plan);
                }
                Err(EvaluateError::Rejected { plugin: plugin(), plan: Box::new(plan), violations })
            }
            Err(error) => Err(match error.into() {
                EvaluationError::InvalidConfig(message) => EvaluateError::InvalidConfig { plugin: plugin(), message },
                EvaluationError::InvalidSpec(message) => EvaluateError::InvalidSpec { plugin: plugin(), message },
                EvaluationError::InvalidRoutes(message) => EvaluateError::InvalidRoutes { plugin: plugin(), message },
            }),
        }
    }

    /// As [`Plugin::evaluate_cycles_json`].
    ///
    /// # Errors
    /// [`EvaluateCyclesError`].
    pub fn evaluate_cycles_json(&mut self, requests: &str) -> Result<String, EvaluateCyclesError> {
        Ok(self.answers(requests)?.text)
    }

    /// As [`evaluate_cycles_json`](Self::evaluate_cycles_json), with what the guard found.
    pub(crate) fn answers(&mut self, requests: &str) -> Result<Answers, EvaluateCyclesError> {
        let batch = Batch::new(requests, self.plugin.guard());
        let (result,): (Result<String, String>,) =
            self.call(|contract| &contract.evaluate_cycles, (batch.as_ref().map_or(requests, Batch::text),))?;
        let plugin = || self.plugin.id().clone();
        match (result, batch) {
            (Ok(answers), Some(batch)) => {
                batch.check(answers).map_err(|message| EvaluateCyclesError::Answers { plugin: plugin(), message })
            }
            (Ok(_), None) => {
                let message = "it answers what is not a JSON array".to_owned();
                Err(EvaluateCyclesError::Answers { plugin: plugin(), message })
            }
            (Err(message), None) => Err(EvaluateCyclesError::InvalidRequests { plugin: plugin(), message }),
            (Err(message), Some(_)) => {
                // The contract has no other reason to answer none of them.
                let message = format!("it answers no request of an array: {message}");
                Err(EvaluateCyclesError::Answers { plugin: plugin(), message })
            }
        }
    }

    /// As [`Plugin::describe`].
    ///
    /// # Errors
    /// [`CallError`].
    pub fn describe(&mut self) -> Result<Description, CallError> {
        let (description,): (wire::Description,) = self.call(|contract| &contract.describe, ())?;
        Ok(description.into())
    }

    /// As [`Plugin::check_config`].
    ///
    /// # Errors
    /// [`CheckConfigError`].
    pub fn check_config(&mut self, config: &str, target_replicas: u32) -> Result<Commitment, CheckConfigError> {
        self.check_config_within(self.plugin.guard(), config, target_replicas)
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
        self.check_config_within(self.plugin.guard().under(policy), config, target_replicas)
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
        result
            .map(Commitment::from)
            .map_err(|message| CheckConfigError::Invalid { plugin: self.plugin.id().clone(), message })
    }

    /// As [`Plugin::check_config_json`].
    ///
    /// # Errors
    /// [`CallError`].
    pub fn check_config_json(&mut self, request: &str) -> Result<Result<String, String>, CallError> {
        let (result,): (Result<String, String>,) = self.call(|contract| &contract.check_config_json, (request,))?;
        Ok(result)
    }

    /// Checks that every function has the contract's type.
    pub(crate) fn check_types(&mut self) -> Result<(), LoadError> {
        type EvaluateCycle<'a> = (&'a [wire::Route<'a>], &'a wire::Spec<'a>);
        self.check_type::<EvaluateCycle, (Result<wire::RouteChanges, wire::EvaluationError>,)>(
            "evaluate-cycle",
            |contract| &contract.evaluate_cycle,
        )?;
        self.check_type::<(&str,), (Result<String, String>,)>("evaluate-cycles", |contract| &contract.evaluate_cycles)?;
        self.check_type::<(&str,), (Result<String, String>,)>("check-config", |contract| &contract.check_config_json)?;
        self.check_type::<(), (wire::Description,)>("describe", |contract| &contract.describe)?;
        self.check_type::<(&str, u32, Option<wire::Commitment>), (Result<wire::Commitment, String>,)>(
            "check-config",
            |contract| &contract.check_config,
        )
    }

    fn check_type<P, R>(&mut self, export: &'static str, function: Find) -> Result<(), LoadError>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let plugin = self.plugin.clone();
        let (store, instance) = self.start().map_err(LoadError::Start)?;
        let typed: wasmtime::Result<TypedFunc<P, R>> = instance.get_typed_func(store, function(plugin.contract()));
        let name = || plugin.id().name().to_owned();
        typed.map(drop).map_err(|source| LoadError::WrongType { name: name(), export, source: source.into() })
    }

    /// Calls a function under the limits.
    fn call<P, R>(&mut self, function: Find, params: P) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let plugin = self.plugin.clone();
        let (store, instance) = self.start()?;
        store.set_epoch_deadline(plugin.host().limits.ticks());
        let result = instance
            .get_typed_func::<P, R>(&mut *store, function(plugin.contract()))
            .and_then(|function| function.call(store, params));
        result.map_err(|error| {
            // It cannot be entered again, and must not: its state is that of an interrupted program.
            self.instance = None;
            sandbox::call_failure(error, plugin.id(), plugin.host())
        })
    }

    /// The instance; a new one where there is none or the last was thrown away.
    fn start(&mut self) -> Result<&mut (Store<Sandbox>, Instance), CallError> {
        if self.instance.is_none() {
            let mut store = Sandbox::store(self.plugin.host());
            store.set_epoch_deadline(self.plugin.host().limits.ticks());
            let instance = self.plugin.pre().instantiate(&mut store);
            let instance =
                instance.map_err(|error| sandbox::start_failure(error, self.plugin.id(), self.plugin.host()))?;
            self.instance = Some((store, instance));
        }
        Ok(self.instance.as_mut().expect("it was just made"))
    }
}

/// Finds one of the contract's functions.
type Find = fn(&Contract) -> &ComponentExportIndex;
