//! State of versions: which are quarantined, and which was good last. A folder may keep both over restarts.
//!
//! | file | what it is for |
//! |---|---|
//! | `state/quarantined.rs` | a version that was reverted |
//! | `state/folder.rs` | the folder and its format, which the hosts in all languages share |

mod folder;
mod quarantined;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{options::Options, version::Version};
use crate::{clock, host::Host};
use folder::StateFolder;
use quarantined::Quarantined;

pub(super) use folder::Good;

/// What is known of the versions of a registry.
pub(super) struct State {
    quarantined: Mutex<BTreeMap<String, Quarantined>>,
    folder: Option<StateFolder>,
}

// === impl State ===

impl State {
    /// Reads what a folder keeps, where there is one.
    pub(super) fn new(options: &Options) -> Self {
        let folder = options.state.clone().map(StateFolder::new);
        let known = folder.as_ref().map(StateFolder::quarantined).unwrap_or_default();
        let by_digest = known.into_iter().map(|each| (each.digest.clone(), each)).collect();
        Self { quarantined: Mutex::new(by_digest), folder }
    }

    pub(super) fn is_quarantined(&self, digest: &str) -> bool {
        self.quarantined_now().contains_key(digest)
    }

    /// The digests of a strategy's quarantined versions, in order.
    pub(super) fn quarantined(&self, strategy: &str) -> Vec<String> {
        let quarantined = self.quarantined_now();
        quarantined.values().filter(|each| each.strategy == strategy).map(|each| each.digest.clone()).collect()
    }

    /// Quarantines a version of a strategy.
    pub(super) fn quarantine(&self, strategy: &str, version: &Version, reason: String) {
        let quarantined = Quarantined {
            digest: version.digest().to_owned(),
            strategy: strategy.to_owned(),
            version: version.description.version.clone(),
            reason,
            at: clock::unix_millis(),
        };
        let mut all = self.quarantined_now();
        all.insert(quarantined.digest.clone(), quarantined);
        self.keep(&all);
    }

    /// Takes a version out of quarantine; whether it was there.
    pub(super) fn release(&self, digest: &str) -> bool {
        let mut all = self.quarantined_now();
        let was_there = all.remove(digest).is_some();
        if was_there {
            self.keep(&all);
        }
        was_there
    }

    /// Whether a folder keeps the last good versions, so that their files are to be remembered.
    pub(super) fn keeps_good(&self) -> bool {
        self.folder.is_some()
    }

    /// Keeps a version as the last good one of a strategy.
    pub(super) fn keep_good(&self, strategy: &str, version: &Version) {
        if let (Some(folder), Some(content)) = (&self.folder, &version.content) {
            folder.write_good(strategy, &version.description.version, version.digest(), content);
        }
    }

    /// The last good version of each strategy that is wanted and has one that is whole and not quarantined.
    pub(super) fn good(&self, host: &Host, is_wanted: impl Fn(&str) -> bool) -> Vec<Good> {
        let Some(folder) = &self.folder else { return vec![] };
        let wanted = folder.strategies().into_iter().filter(|strategy| is_wanted(strategy));
        let good = wanted.filter_map(|strategy| folder.good(host, &strategy));
        good.filter(|good| !self.is_quarantined(good.file.id().digest())).collect()
    }

    fn quarantined_now(&self) -> MutexGuard<'_, BTreeMap<String, Quarantined>> {
        self.quarantined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the quarantine, while it is held, so that an older one never replaces it.
    fn keep(&self, all: &BTreeMap<String, Quarantined>) {
        if let Some(folder) = &self.folder {
            folder.write_quarantine(all.values().cloned().collect());
        }
    }
}
