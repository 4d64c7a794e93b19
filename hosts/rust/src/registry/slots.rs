//! The strategies of a registry, by name.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    checks::Checks,
    error::{SwapError, UnknownStrategy},
    options::Options,
    questions::Questions,
    slot::Slot,
    state::State,
    status::StrategyStatus,
    version::Version,
};
use crate::host::Host;

/// The host of a registry, its options, and its strategies.
pub(super) struct Slots {
    pub(super) host: Host,
    pub(super) options: Options,
    pub(super) questions: Questions,
    pub(super) state: Arc<State>,
    by_name: RwLock<BTreeMap<String, Arc<Slot>>>,
    /// Of strategies that are not loaded yet.
    checks: Mutex<BTreeMap<String, Checks>>,
}

// === impl Slots ===

impl Slots {
    pub(super) fn new(host: Host, options: Options) -> Self {
        let (questions, state) = (Questions::new(&options), Arc::new(State::new(&options)));
        Self { host, options, questions, state, by_name: RwLock::default(), checks: Mutex::default() }
    }

    pub(super) fn get(&self, name: &str) -> Result<Arc<Slot>, UnknownStrategy> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name
            .get(name)
            .cloned()
            .ok_or_else(|| UnknownStrategy { name: name.to_owned(), known: by_name.keys().cloned().collect() })
    }

    /// The slot of a strategy; where there is none, one that runs on this version is made, and nothing is returned.
    ///
    /// # Errors
    /// A check that was set for the strategy, and that its first version does not pass.
    pub(super) fn get_or_insert(
        &self,
        name: &str,
        version: Version,
    ) -> Result<Option<(Arc<Slot>, Version)>, SwapError> {
        let checks = || self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Ok(slot) = self.get(name) {
                return Ok(Some((slot, version)));
            }
            let to_pass = checks().get(name).cloned().unwrap_or_default();
            to_pass.pass(&version)?;
            let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
            let mut checks = checks();
            // Neither may have changed meanwhile.
            if !by_name.contains_key(name) && checks.get(name).is_none_or(|now| *now == to_pass) {
                checks.remove(name);
                let slot = Slot::new(name, version, to_pass, &self.options, Arc::clone(&self.state));
                by_name.insert(name.to_owned(), Arc::new(slot));
                return Ok(None);
            }
        }
    }

    /// Sets what versions of a strategy must pass from now on, whether it is loaded yet or not.
    pub(super) fn set_checks(&self, name: &str, checks: Checks) {
        // Held so that the strategy is not loaded in between.
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        match by_name.get(name) {
            Some(slot) => slot.set_checks(checks),
            None => drop(self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), checks)),
        }
    }

    /// The strategies that have guards of their own and are not there.
    pub(super) fn missing_guards(&self) -> Vec<UnknownStrategy> {
        self.options.guards.keys().filter_map(|name| self.get(name).err()).collect()
    }

    /// The strategy whose current version has this digest.
    pub(super) fn of_digest(&self, digest: &str) -> Option<Arc<Slot>> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.values().find(|slot| slot.versions().current.digest() == digest).cloned()
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
