//! Outcomes of calls.

use crate::plugin::CallError;

/// Outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// With a plan that passed the guard, or a batch of answers in which none was rejected.
    Ok,
    /// The plugin's answer that its input is not right.
    Refused,
    /// The guard rejected a plan.
    Rejected,
    /// The plugin trapped.
    Trap,
    /// It ran for too long.
    Timeout,
    /// It requested too much memory.
    Memory,
    /// It returned too much.
    Response,
    /// It returned what the ABI or the contract does not allow.
    Malformed,
    /// The host could not run it: too many instances were in use, or the system had no memory. Not the plugin's fault.
    Host,
    /// It was not called: it fails for this deployment, or for all.
    CircuitOpen,
    /// It was not called in time: the time of the batch was over. Not the plugin's fault.
    Unavailable,
}

// === impl Outcome ===

impl Outcome {
    pub(super) const ALL: [Self; 11] = [
        Self::Ok,
        Self::Refused,
        Self::Rejected,
        Self::Trap,
        Self::Timeout,
        Self::Memory,
        Self::Response,
        Self::Malformed,
        Self::Host,
        Self::CircuitOpen,
        Self::Unavailable,
    ];

    /// Its label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Response => "response",
            Self::Malformed => "malformed",
            Self::Host => "host",
            Self::CircuitOpen => "circuit-open",
            Self::Unavailable => "unavailable",
        }
    }

    /// Tells whether it speaks against the plugin.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Ok | Self::Refused | Self::Host | Self::CircuitOpen | Self::Unavailable => false,
            Self::Rejected | Self::Trap | Self::Timeout | Self::Memory | Self::Response | Self::Malformed => true,
        }
    }
}

impl From<&CallError> for Outcome {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Trap { .. } => Self::Trap,
            CallError::Timeout { .. } => Self::Timeout,
            CallError::Memory { .. } => Self::Memory,
            CallError::Response { .. } => Self::Response,
            CallError::Malformed { .. } => Self::Malformed,
            CallError::Instances { .. } | CallError::Runtime { .. } => Self::Host,
        }
    }
}
