//! A started instance: calls under the limits, and the check of its functions' types.

use wasmtime::{
    Store,
    component::{self, ComponentExportIndex, ComponentNamedList, Lift, Lower, TypedFunc},
};

use super::{error::CallError, loaded::Loaded, wire};
use crate::{
    contract::Contract,
    runtime::{Failure, MemoryLimit},
};

/// One of the contract's functions.
pub(super) type Function = fn(&Contract) -> &ComponentExportIndex;

/// A started instance in a store of its own.
pub(super) struct Instance {
    store: Store<MemoryLimit>,
    instance: component::Instance,
}

/// A function whose type is not the contract's.
pub(crate) struct WrongType {
    pub(crate) export: &'static str,
}

// === impl Instance ===

impl Instance {
    pub(super) fn start(loaded: &Loaded) -> Result<Self, CallError> {
        let limits = loaded.runtime.limits();
        let mut store = loaded.runtime.store();
        store.set_epoch_deadline(limits.ticks());
        match loaded.pre.instantiate(&mut store) {
            Ok(instance) => Ok(Self { store, instance }),
            Err(error) => Err(CallError::new(loaded.id.clone(), Failure::of_start(error, limits))),
        }
    }

    /// Calls a function under the limits. After an error the instance is that of an interrupted program: it cannot be
    /// entered again, and must not.
    pub(super) fn call<P, R>(&mut self, loaded: &Loaded, function: Function, params: P) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let limits = loaded.runtime.limits();
        self.store.set_epoch_deadline(limits.ticks());
        let result = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, function(&loaded.contract))
            .and_then(|function| function.call(&mut self.store, params));
        result.map_err(|error| CallError::new(loaded.id.clone(), Failure::of_call(error, limits)))
    }

    /// Checks that every function has the contract's type.
    pub(super) fn check_types(&mut self, contract: &Contract) -> Result<(), WrongType> {
        type EvaluateCycle<'a> = (&'a [wire::Route<'a>], &'a wire::Spec<'a>);
        type Text = (Result<String, String>,);
        self.check_type::<EvaluateCycle, (Result<wire::RouteChanges, wire::EvaluationError>,)>(
            "evaluate-cycle",
            &contract.evaluate_cycle,
        )?;
        self.check_type::<(&str,), Text>("evaluate-cycles", &contract.evaluate_cycles)?;
        self.check_type::<(&str,), Text>("check-config", &contract.check_config_json)?;
        self.check_type::<(), (wire::Description,)>("describe", &contract.describe)?;
        self.check_type::<(&str, u32, Option<wire::Commitment>), (Result<wire::Commitment, String>,)>(
            "check-config",
            &contract.check_config,
        )
    }

    fn check_type<P, R>(&mut self, export: &'static str, function: &ComponentExportIndex) -> Result<(), WrongType>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let typed: wasmtime::Result<TypedFunc<P, R>> = self.instance.get_typed_func(&mut self.store, function);
        typed.map(drop).map_err(|_| WrongType { export })
    }
}
