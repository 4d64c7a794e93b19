//! The deployments that a strategy was ever called for, as far as it matters whether there are several.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::options::Options;

/// The first few deployments. Once there are enough, to note another costs one read.
pub(super) struct Seen {
    enough: usize,
    count: AtomicUsize,
    keys: Mutex<BTreeSet<String>>,
}

// === impl Seen ===

impl Seen {
    /// None yet; [`Options::revert_after`] of them are enough.
    pub(super) fn new(options: &Options) -> Self {
        Self { enough: options.revert_after.get() as usize, count: AtomicUsize::new(0), keys: Mutex::default() }
    }

    /// Notes a deployment.
    pub(super) fn note(&self, deployment: &str) {
        if self.count() >= self.enough {
            return;
        }
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.contains(deployment) {
            keys.insert(deployment.to_owned());
        }
        self.count.store(keys.len(), Relaxed);
    }

    /// How many there are, up to what is enough.
    pub(super) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }
}
