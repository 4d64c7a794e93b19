//! One loaded version of a strategy.

use std::sync::Arc;

use pointsman::Description;

use super::status::VersionStatus;
use crate::plugin::Plugin;

/// A plugin under the strategy's guard, and its description of itself.
pub(super) struct Version {
    pub(super) plugin: Plugin,
    pub(super) description: Description,
    /// Its file, where a state folder may have to keep it.
    pub(super) content: Option<Arc<[u8]>>,
}

// === impl Version ===

impl Version {
    pub(super) fn digest(&self) -> &str {
        self.plugin.id().digest()
    }

    pub(super) fn status(&self) -> VersionStatus {
        VersionStatus { plugin: self.plugin.id().clone(), version: self.description.version.clone() }
    }
}
