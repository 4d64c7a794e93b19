//! The Rust host, given any file: a plugin or an error that says why, and an answer, whatever the plugin does.

use std::{error::Error, fmt::Debug, sync::LazyLock, time::Duration};

use pointsman_host::{
    CallError, CheckConfigError, EvaluateCyclesError, EvaluateError, Host, Limits, LoadError, Plugin,
    pointsman::json::Request,
};
use pointsman_loader::{Budgets, Contract, Runtime, admit};

use crate::structured::{Case, PAGES};

const REQUEST: &str = include_str!("../../../examples/request.json");

/// A host that has little patience.
static HOST: LazyLock<Host> = LazyLock::new(|| {
    let memory = usize::try_from(PAGES << 16).expect("it is little");
    let limits = Limits { memory, time: Duration::from_millis(1), instances: 2, ..Limits::default() };
    Host::new(limits).expect("these limits work")
});

/// What the loader admits is compiled, and refused for nothing but its start; no call of it does more than fail.
pub(crate) fn hold(case: &Case) {
    let admitted = admit(&case.file, &Contract::STRATEGY, Runtime::Wasmtime, &Budgets::default());
    match (admitted, HOST.load_bytes("any.wasm", &case.file)) {
        (Ok(_), Ok(plugin)) => call(&plugin),
        (Ok(_), Err(LoadError::Memory { .. })) => {}
        (Ok(_), Err(LoadError::Start(error))) => is_its_own_fault(&error),
        (Err(refusal), Err(error)) if !matches!(error, LoadError::Panicked { .. }) => {
            // Each in its own words.
            assert!(!error.to_string().is_empty() && !refusal.to_string().is_empty());
        }
        // Instances multiply what each may have.
        (Ok(_), Err(error)) if case.core.is_none() && chain(&error).contains("pooling allocator") => {}
        (Ok(_), Err(error)) => panic!("the loader admits it, and the host: {}", chain(&error)),
        (Err(refusal), loaded) => panic!("the loader says {refusal}, the host {loaded:?}"),
    }
}

fn call(plugin: &Plugin) {
    let Request { routes, spec } = Request::parse(REQUEST).expect("it is an example");
    failed(&plugin.describe(), |error| Some(error));
    failed(&plugin.check_config(&spec.config, 3), |error| match error {
        CheckConfigError::Call(error) => Some(error),
        _ => None,
    });
    failed(&plugin.check_config_json(r#"{"config": {}, "target_replicas": 3}"#), |error| Some(error));
    failed(&plugin.evaluate_cycle(&routes, &spec), |error| match error {
        EvaluateError::Call(error) => Some(error),
        _ => None,
    });
    failed(&plugin.evaluate_cycles_json(&format!("[{REQUEST}]")), |error| match error {
        EvaluateCyclesError::Call(error) => Some(error),
        _ => None,
    });
}

fn failed<T: Debug, E>(result: &Result<T, E>, call: impl FnOnce(&E) -> Option<&CallError>) {
    if let Some(error) = result.as_ref().err().and_then(call) {
        is_its_own_fault(error);
    }
}

/// The host has done its part.
fn is_its_own_fault(error: &CallError) {
    assert!(!matches!(error, CallError::Runtime { .. } | CallError::Instances { .. }), "{error}: {error:?}");
}

/// An error with all its reasons.
fn chain(error: &dyn Error) -> String {
    let reason = error.source().map(|source| format!(": {}", chain(source)));
    format!("{error}{}", reason.unwrap_or_default())
}
