//! Why a plugin could not be tried.

use pointsman_host::{CheckConfigError, HostError, LoadError};

/// Reason why a plugin could not be tried. What it does wrong is no error, but in the [`Report`](crate::Report).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Represents limits that nothing can run under, or a system that refuses what a host needs.
    #[error("there is no sandbox")]
    Host(#[from] HostError),
    /// Represents a file that is no plugin.
    #[error("the plugin cannot be used")]
    Load(#[from] LoadError),
    /// Represents a configuration of the caller's that the plugin does not take.
    #[error("the plugin refuses configuration {number}: {message}")]
    RefusedConfig {
        /// Number of the one of [`Options::configs`](crate::Options::configs), from 1.
        number: usize,
        /// The plugin's words. They are untrusted text.
        message: String,
    },
    /// Represents a configuration of the caller's that the plugin could not check.
    #[error("the configuration was not checked")]
    CheckConfig(#[source] CheckConfigError),
}
