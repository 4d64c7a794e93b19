//! The strategies of a registry, by name.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    checks::Checks, error::UnknownStrategy, options::Options, questions::Questions, slot::Slot, status::StrategyStatus,
    version::Version,
};
use crate::host::Host;

/// The host of a registry, its options, and its strategies.
pub(super) struct Slots {
    pub(super) host: Host,
    pub(super) options: Options,
    pub(super) questions: Questions,
    by_name: RwLock<BTreeMap<String, Arc<Slot>>>,
    /// Of strategies that are not loaded yet.
    checks: Mutex<BTreeMap<String, Checks>>,
}

// === impl Slots ===

impl Slots {
    pub(super) fn new(host: Host, options: Options) -> Self {
        let questions = Questions::new(&options);
        Self { host, options, questions, by_name: RwLock::default(), checks: Mutex::default() }
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
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner).remove(name).unwrap_or_default();
        by_name.insert(name.to_owned(), Arc::new(Slot::new(name, version, checks, &self.options)));
        None
    }

    /// Sets what later versions of a strategy must pass, whether it is loaded yet or not.
    pub(super) fn set_checks(&self, name: &str, checks: Checks) {
        // Held so that the strategy is not loaded in between.
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        match by_name.get(name) {
            Some(slot) => slot.set_checks(checks),
            None => drop(self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), checks)),
        }
    }

    /// Takes a version out of quarantine, whatever its strategy; whether it was there.
    pub(super) fn release(&self, digest: &str) -> bool {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        // All of them are asked: one file may have been quarantined under two names.
        by_name.values().filter(|slot| slot.release(digest)).count() > 0
    }

    /// The strategy whose current version was loaded from a file of this name.
    pub(super) fn of_file(&self, name: &str) -> Option<Arc<Slot>> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.values().find(|slot| slot.versions().current.plugin.id().name() == name).cloned()
    }

    pub(super) fn status(&self) -> Vec<StrategyStatus> {
        let now = (self.options.clock)();
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.values().map(|slot| slot.status(now)).collect()
    }
}
