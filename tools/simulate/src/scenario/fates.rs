//! What routes are that are there before the rollout, and what becomes of those that are created.

use serde::Deserialize;

use super::RouteCount;

/// Routes that are there before the rollout, all alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Old {
    /// Of which revision. That of the rollout is allowed: it ran before, or a host was restarted.
    pub(crate) revision: String,
    /// Their number.
    pub(crate) count: RouteCount,
    /// Their state.
    #[serde(default)]
    pub(crate) state: OldState,
}

/// State of routes before the rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OldState {
    /// Ready and in traffic.
    #[default]
    Serving,
    /// Running and in traffic, but its health check fails.
    Unhealthy,
    /// Long gone: a row of history.
    Terminated,
    /// Long gone: it never came up.
    FailedToStart,
}

/// Fate of routes that are created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NewRoutes {
    /// They start, but for what chance says.
    #[default]
    Start,
    /// They fail to start.
    Fail,
    /// They are provisioning for ever.
    Hang,
    /// They run, and never pass a health check.
    Unhealthy,
    /// They get ready, and crash 5 seconds later.
    Crash,
}
