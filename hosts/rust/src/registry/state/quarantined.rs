//! A version that was reverted.

use serde::{Deserialize, Serialize};

/// A version that was reverted. It is not loaded from a folder again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quarantined {
    /// Digest of its file: `sha256:` and 64 hex digits.
    pub(super) digest: String,
    /// The strategy that it is a version of.
    pub(super) strategy: String,
    /// The version that it says it has.
    pub(super) version: String,
    /// Why it was reverted.
    pub(super) reason: String,
    /// When it was, in milliseconds since the Unix epoch. For people: it decides nothing.
    pub(super) at: u64,
}
