//! What the tests of the built components share.
#![forbid(unsafe_code)]

use std::{path::PathBuf, sync::LazyLock};

use pointsman::{EvaluationError, RouteChanges, Spec, Timestamp};
use pointsman_host::{EvaluateError, Host, Limits, Plugin};

/// A host with default limits, for all tests of one binary.
pub static HOST: LazyLock<Host> = LazyLock::new(|| Host::new(Limits::default()).expect("the default limits work"));

/// The blue-green component on [`HOST`].
pub static BLUE_GREEN: LazyLock<Plugin> = LazyLock::new(|| load(&HOST, "plugins/blue_green.wasm"));

/// The hostile guest on [`HOST`].
pub static HOSTILE: LazyLock<Plugin> = LazyLock::new(|| load(&HOST, "guests/hostile.wasm"));

/// Where a built component is.
///
/// # Panics
/// Where it was not built.
pub fn component(path: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target").join(path);
    assert!(path.exists(), "{} is not there: run `make components` first", path.display());
    path
}

/// Loads a built component.
///
/// # Panics
/// Where it cannot be loaded.
pub fn load(host: &Host, path: &str) -> Plugin {
    host.load(component(path)).unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

/// A spec for v2 and three replicas, one millisecond after the start.
pub fn spec(config: &str) -> Spec {
    Spec {
        deploying_revision: "v2".to_owned(),
        target_replicas: 3,
        started_at: Timestamp::from_millis(0),
        now: Timestamp::from_millis(1),
        operator_request: None,
        checks: vec![],
        config: config.to_owned(),
        memo: None,
    }
}

/// A spec that tells the hostile guest what to do.
pub fn misdeed(word: &str) -> Spec {
    spec(&format!(r#"{{"misdeed": "{word}"}}"#))
}

/// An evaluation's result in the native code's terms.
///
/// # Errors
/// What the plugin has against its input.
///
/// # Panics
/// Where the call failed, or the guard rejected the plan.
pub fn verdict(result: Result<RouteChanges, EvaluateError>) -> Result<RouteChanges, EvaluationError> {
    result.map_err(|error| match error {
        EvaluateError::InvalidConfig { message, .. } => EvaluationError::InvalidConfig(message),
        EvaluateError::InvalidRoutes { message, .. } => EvaluationError::InvalidRoutes(message),
        error @ (EvaluateError::Call(_) | EvaluateError::Rejected { .. }) => panic!("{error}"),
    })
}

/// The README's Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
