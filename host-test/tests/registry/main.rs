//! The registry: swaps that work, swaps that must not, reverts, and open circuits.

mod blame;
mod checks;
mod failures;
mod rivals;
mod state;
mod swaps;

use host_test::{Folder, HOST, cycle, misdeed};
use pointsman_host::{
    EvaluateError, Registry,
    registry::{Options, RegistryError, StrategyStatus, Swap},
};

/// A registry with the first version of the hostile guest.
pub(crate) fn hostile(folder: &Folder, options: Options) -> Registry {
    let registry = Registry::new(HOST.clone(), options);
    assert!(matches!(registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)), Ok(Swap::Loaded(_))));
    registry
}

/// The file whose version gave a harmless plan.
pub(crate) fn answered_by(registry: &Registry) -> String {
    registry.evaluate_cycle("hostile", &cycle(&[], &misdeed("none"))).unwrap().plugin.name().to_owned()
}

pub(crate) fn fail(registry: &Registry, word: &str) -> EvaluateError {
    match registry.evaluate_cycle("hostile", &cycle(&[], &misdeed(word))) {
        Err(RegistryError::Evaluate(error)) => error,
        other => panic!("`{word}` gave {other:?}"),
    }
}

pub(crate) fn status(registry: &Registry) -> StrategyStatus {
    registry.status().into_iter().find(|status| status.name == "hostile").unwrap()
}
