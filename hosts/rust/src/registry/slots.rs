//! The strategies of a registry, by name.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{error::UnknownStrategy, options::Options, slot::Slot, status::StrategyStatus, version::Version};
use crate::host::Host;

/// The host of a registry, its options, and its strategies.
pub(super) struct Slots {
    pub(super) host: Host,
    pub(super) options: Options,
    by_name: RwLock<BTreeMap<String, Arc<Slot>>>,
}

// === impl Slots ===

impl Slots {
    pub(super) fn new(host: Host, options: Options) -> Self {
        Self { host, options, by_name: RwLock::default() }
    }

    pub(super) fn get(&self, name: &str) -> Result<Arc<Slot>, UnknownStrategy> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name
            .get(name)
            .cloned()
            .ok_or_else(|| UnknownStrategy { name: name.to_owned(), known: by_name.keys().cloned().collect() })
    }

    /// The slot of a strategy; where there is none, one that runs on this version is made, and nothing is returned.
    pub(super) fn get_or_insert(&self, name: &str, version: Version) -> Option<(Arc<Slot>, Version)> {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = by_name.get(name) {
            return Some((Arc::clone(slot), version));
        }
        by_name.insert(name.to_owned(), Arc::new(Slot::new(name, version)));
        None
    }

    /// The strategy whose current version was loaded from a file of this name.
    pub(super) fn of_file(&self, name: &str) -> Option<Arc<Slot>> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.values().find(|slot| slot.versions().current.version().plugin.id().name() == name).cloned()
    }

    pub(super) fn status(&self) -> Vec<StrategyStatus> {
        let now = (self.options.clock)();
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.values().map(|slot| slot.status(now)).collect()
    }
}
