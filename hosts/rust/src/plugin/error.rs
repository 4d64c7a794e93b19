//! Reasons why a plugin gave no result: one error for each operation.

use std::time::Duration;

use pointsman::{RouteChanges, guard::Violation};

use super::{guard::summary, id::PluginId};
use crate::{
    runtime::{Cause, Failure, Trap},
    text::shown,
};

/// Represents a call into a plugin without a result. The instance is thrown away; plugin and host go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Represents a trap: a bug in the plugin.
    #[error("plugin {plugin} trapped: {trap}")]
    Trap {
        /// The plugin.
        plugin: PluginId,
        /// The kind of trap.
        trap: Trap,
        /// The runtime's words, with the plugin's stack.
        source: Cause,
    },
    /// Represents a call that ran for longer than the limit.
    #[error("plugin {plugin} ran for longer than {limit:?}")]
    Timeout {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::time`](crate::Limits::time).
        limit: Duration,
    },
    /// Represents a call that took more memory than the limit.
    #[error("plugin {plugin} requested more than {limit} bytes of memory")]
    Memory {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::memory`](crate::Limits::memory).
        limit: usize,
    },
    /// Represents a result that is larger than the limit.
    #[error("plugin {plugin} returned more than {limit} bytes")]
    Response {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::response`](crate::Limits::response).
        limit: usize,
        /// The runtime's words.
        source: Cause,
    },
    /// Represents a call that was not made, because too many instances are in use. Not the plugin's fault: try again,
    /// or raise the limit.
    #[error("plugin {plugin} was not called: {limit} instances are in use already")]
    Instances {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::instances`](crate::Limits::instances).
        limit: u32,
    },
    /// Represents a runtime that could not do its part: the system has no memory left, or gives none. Not the plugin's
    /// fault.
    #[error("plugin {plugin} could not be run")]
    Runtime {
        /// The plugin.
        plugin: PluginId,
        /// The reason.
        source: Cause,
    },
    /// Represents a result that the component ABI does not allow: a string that is not UTF-8, a pointer to nowhere.
    #[error("plugin {plugin} returned a malformed response")]
    Malformed {
        /// The plugin.
        plugin: PluginId,
        /// The runtime's words.
        source: Cause,
    },
}

/// Represents an evaluation without a plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// Represents the plugin's answer that it does not take the configuration; the text names the key.
    #[error("plugin {plugin}: invalid config: {}", shown(message))]
    InvalidConfig {
        /// The plugin.
        plugin: PluginId,
        /// The plugin's words.
        message: String,
    },
    /// Represents the plugin's answer that another field of the spec cannot be right; the text names it.
    #[error("plugin {plugin}: invalid spec: {}", shown(message))]
    InvalidSpec {
        /// The plugin.
        plugin: PluginId,
        /// The plugin's words.
        message: String,
    },
    /// Represents the plugin's answer that the routes cannot be right; the text names the route.
    #[error("plugin {plugin}: invalid routes: {}", shown(message))]
    InvalidRoutes {
        /// The plugin.
        plugin: PluginId,
        /// The plugin's words.
        message: String,
    },
    /// Represents a plan that the guard rejected. Nothing of it may be applied.
    #[error("plugin {plugin}: plan rejected: {}", shown(&summary(violations)))]
    Rejected {
        /// The plugin.
        plugin: PluginId,
        /// The plan, for people to look at.
        plan: Box<RouteChanges>,
        /// All violations of the guard's rules.
        violations: Vec<Violation>,
    },
    /// Represents a call that failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Represents a call of the JSON entry point without answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateCyclesError {
    /// Represents answers that are not what the contract says, so none is to be trusted.
    #[error("plugin {plugin} broke the contract: {}", shown(message))]
    Answers {
        /// The plugin.
        plugin: PluginId,
        /// One sentence that says what is wrong with them.
        message: String,
    },
    /// Represents the plugin's answer that the text is not a JSON array. (One bad request in an array has its answer in
    /// the result.)
    #[error("plugin {plugin}: {}", shown(message))]
    InvalidRequests {
        /// The plugin.
        plugin: PluginId,
        /// The plugin's words.
        message: String,
    },
    /// Represents a call that failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Represents a configuration that is not good, or could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckConfigError {
    /// Represents a configuration that the plugin does not take, or that leaves it no move within the limits; the text
    /// names the key or the budget.
    #[error("plugin {plugin}: invalid config: {}", shown(message))]
    Invalid {
        /// The plugin.
        plugin: PluginId,
        /// The plugin's words.
        message: String,
    },
    /// Represents a call that failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

// === impl CallError ===

impl CallError {
    /// The failure of this plugin.
    pub(super) fn new(plugin: PluginId, failure: Failure) -> Self {
        match failure {
            Failure::Trap { trap, source } => Self::Trap { plugin, trap, source },
            Failure::Timeout { limit } => Self::Timeout { plugin, limit },
            Failure::Memory { limit } => Self::Memory { plugin, limit },
            Failure::Response { limit, source } => Self::Response { plugin, limit, source },
            Failure::Runtime { source } => Self::Runtime { plugin, source },
            Failure::Malformed { source } => Self::Malformed { plugin, source },
        }
    }
}
