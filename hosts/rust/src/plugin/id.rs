//! Identity of a plugin.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};

use crate::text::shown;

/// Hex digits of a digest that a message shows.
const SHOWN_DIGITS: usize = 12;

/// Identity of a plugin: the name it was loaded under, and the digest of its bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PluginId(Arc<(String, String)>);

// === impl PluginId ===

impl PluginId {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        Self(Arc::new((name.to_owned(), format!("sha256:{:x}", Sha256::digest(bytes)))))
    }

    /// The name it was loaded under: that of its file.
    pub fn name(&self) -> &str {
        &self.0.0
    }

    /// `sha256:` and 64 hex digits: the digest of the component's bytes.
    pub fn digest(&self) -> &str {
        &self.0.1
    }
}

impl fmt::Display for PluginId {
    /// The name, and as much of the digest as tells versions apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}…)", shown(self.name()), &self.digest()[.."sha256:".len() + SHOWN_DIGITS])
    }
}

impl fmt::Debug for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginId({:?} {})", self.name(), self.digest())
    }
}
