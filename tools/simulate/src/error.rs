//! One error per operation.

use std::error::Error;

use pointsman::ApplyError;
use pointsman_host::EvaluateError;

/// Reason why a text is not a scenario.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Represents a text that is neither TOML nor JSON, or one without a key that must be there.
    #[error("{0}")]
    Text(#[source] Box<dyn Error + Send + Sync>),
    /// Represents a key that there is none of, or one with a value that it cannot have.
    #[error("`{key}` is wrong")]
    Key {
        /// Where it is: `events[0].fail`.
        key: String,
        /// The reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Represents an event about a revision that no route ever has.
    #[error("`{key}` is wrong: there is no revision `{revision}`; there is {known}")]
    UnknownRevision {
        /// Where it is: `events[0].fail`.
        key: String,
        /// The name that is nowhere else.
        revision: String,
        /// The revisions that there are, for people.
        known: String,
    },
}

/// Reason why a scenario could not be played to its end. What the plugin decides, and that it refuses, is no error but
/// in the
/// [`Record`](crate::Record).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// Represents a plugin that could not be called: a trap, a limit, a malformed answer.
    #[error("no plan")]
    Call(#[source] EvaluateError),
    /// Represents a plan that passed the guard and names a route that is not there.
    #[error("the plugin's answers are not what the contract says")]
    Apply(#[from] ApplyError),
}
