//! Reasons why a registry does not change a version, or has no result.

use std::{fmt, io, time::Duration};

use super::outcome::Outcome;
use crate::{
    loading::LoadError,
    plugin::{CallError, CheckConfigError, EvaluateCyclesError, PluginId},
    text,
};

/// Represents a strategy without a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no strategy `{}`; there is {}", text::shown(name), names(known))]
pub struct UnknownStrategy {
    /// The name that was given.
    pub name: String,
    /// The names there are.
    pub known: Vec<String>,
}

/// Represents a version that was not switched to. The current one is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// Represents a file that is no plugin.
    #[error("the new version cannot be loaded")]
    Load(#[from] LoadError),
    /// Represents a plugin that does not describe itself.
    #[error("the new version does not describe itself")]
    Describe(#[source] CallError),
    /// Represents a description that breaks the contract's rules.
    #[error("plugin {plugin} describes itself wrongly: {problem}")]
    Description {
        /// The new plugin.
        plugin: PluginId,
        /// One sentence that says what is wrong, and what would be right.
        problem: String,
    },
    /// Represents a plugin of another strategy.
    #[error("plugin {plugin} is the strategy `{found}`, not `{expected}`")]
    Name {
        /// The new plugin.
        plugin: PluginId,
        /// The name it was to have.
        expected: String,
        /// The name in its description.
        found: String,
    },
    /// Represents a file beside which another of its folder is the one to run: a newer version of the strategy, or
    /// another of the same version.
    #[error("{problem}")]
    Rival {
        /// The new plugin.
        plugin: PluginId,
        /// One sentence that names the other file, and what to do about it.
        problem: String,
    },
    /// Represents a plugin that does not take a configuration in use.
    #[error("the new version does not take a configuration in use, {}", text::shown(config))]
    Config {
        /// The configuration.
        config: String,
        /// The reason.
        source: CheckConfigError,
    },
    /// Represents a plugin that does not answer a request whose answer is known.
    #[error("the new version fails on vector `{}`", text::shown(vector))]
    VectorFailed {
        /// The vector's name.
        vector: String,
        /// The reason.
        source: EvaluateCyclesError,
    },
    /// Represents a plugin that answers otherwise than is known.
    #[error(
        "the new version answers vector `{}` with {} instead of {}",
        text::shown(vector),
        text::shown(found),
        text::shown(expected)
    )]
    Vector {
        /// The vector's name.
        vector: String,
        /// The answer it must give.
        expected: String,
        /// The answer it gives.
        found: String,
    },
    /// Represents a trial that does not begin, for lack of a thread.
    #[error("the new version cannot be tried")]
    Shadow(#[source] io::Error),
}

/// Represents a version that is tried, and was not promoted or discarded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromoteError {
    /// Represents a strategy without a plugin.
    #[error(transparent)]
    Unknown(#[from] UnknownStrategy),
    /// Represents a strategy without a version that is tried, or waits to be promoted.
    #[error("no version of `{}` is tried in the shadow of the current one", text::shown(name))]
    NoShadow {
        /// The strategy.
        name: String,
    },
    /// Represents a version that does not pass the checks that are set by now. It goes on being tried.
    #[error(transparent)]
    Check(#[from] SwapError),
}

/// Represents a key that no deployment can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of a deployment has {length} bytes; it should have from 1 to {LONGEST_KEY}")]
pub struct InvalidDeployment {
    /// Bytes of the key that was given.
    pub length: usize,
}

/// Represents a call that was not made, because a circuit is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitOpen {
    /// The plugin.
    pub plugin: PluginId,
    /// The deployment that it fails for; none where it fails for all, and there is no version to revert to.
    pub deployment: Option<String>,
    /// Its failures in a row; where it fails for all, the deployments that it failed for.
    pub failures: u32,
    /// Time for which calls will still be answered with this; none while a probe is under way.
    pub remaining: Duration,
}

/// Represents a call of a registry without a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError<E> {
    /// Represents a strategy without a plugin.
    #[error(transparent)]
    Unknown(#[from] UnknownStrategy),
    /// Represents a key that no deployment can have.
    #[error(transparent)]
    Deployment(#[from] InvalidDeployment),
    /// Represents a call that was not made, because the plugin fails for this deployment or for all.
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
    /// Represents a request that was not reached before the time of its batch was over.
    #[error("not called: the time of the batch, {}, is over", text::length(*limit))]
    Unavailable {
        /// [`Options::batch_time`](super::Options::batch_time).
        limit: Duration,
    },
    /// Represents an evaluation without a result.
    #[error(transparent)]
    Evaluate(E),
}

/// Most bytes of the key of a deployment.
const LONGEST_KEY: usize = 256;

// === impl SwapError ===

impl SwapError {
    /// Whether the same file may load later: it could not be read, or the host could not run it.
    pub(super) fn may_pass(&self) -> bool {
        let is_of_host = |error: &CallError| Outcome::from(error) == Outcome::Host;
        match self {
            Self::Load(LoadError::Read { .. }) | Self::Shadow(_) => true,
            Self::Load(LoadError::Start(error))
            | Self::Describe(error)
            | Self::Config { source: CheckConfigError::Call(error), .. }
            | Self::VectorFailed { source: EvaluateCyclesError::Call(error), .. } => is_of_host(error),
            _ => false,
        }
    }
}

// === impl InvalidDeployment ===

impl InvalidDeployment {
    /// Checks a key.
    pub(super) fn check(deployment: &str) -> Result<(), Self> {
        let length = deployment.len();
        if (1..=LONGEST_KEY).contains(&length) { Ok(()) } else { Err(Self { length }) }
    }
}

// === impl CircuitOpen ===

impl std::error::Error for CircuitOpen {}

impl fmt::Display for CircuitOpen {
    /// ``circuit of deployment `a` open for 4 s: plugin … failed 3 times in a row``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, deployment, failures, remaining } = self;
        match deployment {
            Some(deployment) => write!(f, "circuit of deployment `{}` ", text::shown(deployment))?,
            None => f.write_str("circuit ")?,
        }
        if remaining.is_zero() {
            f.write_str("half-open, and a probe is under way")?;
        } else {
            write!(f, "open for {}", text::length(*remaining))?;
        }
        match deployment {
            Some(_) => write!(f, ": plugin {plugin} failed {failures} times in a row"),
            None => write!(f, ": plugin {plugin} failed for {failures} deployments in a row"),
        }
    }
}

/// The names of the strategies that there are.
pub(super) fn names(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use std::{io::ErrorKind, time::Duration};

    use super::{CallError, LoadError, PluginId, SwapError};

    fn plugin() -> PluginId {
        PluginId::new("a.wasm", b"")
    }

    fn busy() -> CallError {
        CallError::Instances { plugin: plugin(), limit: 1 }
    }

    #[rstest]
    #[case::not_read(LoadError::Read { path: "a.wasm".into(), source: ErrorKind::PermissionDenied.into() }, true)]
    #[case::no_instance_to_start_it(LoadError::Start(busy()), true)]
    #[case::does_not_start(LoadError::Start(CallError::Memory { plugin: plugin(), limit: 1 }), false)]
    #[case::no_plugin(LoadError::NotWasm { name: "a.wasm".to_owned() }, false)]
    fn what_may_pass_of_a_load(#[case] error: LoadError, #[case] may_pass: bool) {
        assert_eq!(SwapError::Load(error).may_pass(), may_pass);
    }

    #[rstest]
    #[case::no_instance_to_ask_it(SwapError::Describe(busy()), true)]
    #[case::never_ends(SwapError::Describe(CallError::Timeout { plugin: plugin(), limit: Duration::MAX }), false)]
    #[case::no_instance_to_check_it(SwapError::Config { config: String::new(), source: busy().into() }, true)]
    #[case::a_rival(SwapError::Rival { plugin: plugin(), problem: String::new() }, false)]
    fn what_may_pass_of_a_swap(#[case] error: SwapError, #[case] may_pass: bool) {
        assert_eq!(error.may_pass(), may_pass);
    }

    /// Nothing that a plugin says begins a line of its own, or acts on a terminal.
    #[rstest]
    #[case(SwapError::Config { config: "a\nERROR forged \u{1b}[2J\u{202e}".to_owned(), source: busy().into() })]
    #[case(SwapError::Load(LoadError::NotWasm { name: "a\nERROR forged \u{9b}2J.wasm".to_owned() }))]
    fn texts_of_others_are_escaped(#[case] error: SwapError) {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            assert!(!error.to_string().contains(|c: char| c.is_control() || c == '\u{202e}'), "{error}");
            cause = error.source();
        }
    }
}
