//! One strategy of a registry: its versions, and what calls of them come to.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use pointsman::Description;

use super::{
    Checks, Evaluated, Options, RegistryError, StrategyStatus, VersionStatus,
    status::{Counts, Outcome},
};
use crate::Plugin;

/// A loaded version of a strategy.
pub(super) struct Version {
    pub(super) plugin: Plugin,
    pub(super) description: Description,
    health: Mutex<Health>,
}

/// How often a version failed in a row, and until when it is left alone for that.
#[derive(Clone, Copy, Default)]
struct Health {
    failures: u32,
    back_off: Option<BackOff>,
}

#[derive(Clone, Copy)]
struct BackOff {
    until: Instant,
    length: Duration,
}

/// What a strategy runs on, and what it ran on before. They change together.
pub(super) struct Versions {
    pub(super) current: Arc<Version>,
    pub(super) previous: Option<Arc<Version>>,
}

/// One strategy.
pub(super) struct Slot {
    name: String,
    versions: ArcSwap<Versions>,
    counts: Counts,
    /// Held while the version changes, so that changes come one after the other. Calls never wait for it.
    change: Mutex<Checks>,
}

// === impl Version ===

impl Version {
    pub(super) fn new(plugin: Plugin, description: Description) -> Self {
        Self { plugin, description, health: Mutex::default() }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> VersionStatus {
        VersionStatus { plugin: self.plugin.id().clone(), version: self.description.version.clone() }
    }
}

// === impl Slot ===

impl Slot {
    pub(super) fn new(name: &str, version: Version) -> Self {
        Self {
            name: name.to_owned(),
            versions: ArcSwap::from_pointee(Versions { current: Arc::new(version), previous: None }),
            counts: Counts::default(),
            change: Mutex::default(),
        }
    }

    /// Keeps others from changing the version, and says what a new one must pass.
    pub(super) fn begin_change(&self) -> MutexGuard<'_, Checks> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_checks(&self, checks: Checks) {
        *self.begin_change() = checks;
    }

    pub(super) fn versions(&self) -> Arc<Versions> {
        self.versions.load_full()
    }

    /// Switches to a new version. The one before is kept to go back to, unless it was failing itself.
    pub(super) fn switch(&self, version: Version, options: &Options) {
        let old = self.versions();
        let is_good = old.current.health().failures < options.revert_after.get();
        let previous = if is_good { Some(Arc::clone(&old.current)) } else { old.previous.clone() };
        self.versions.store(Arc::new(Versions { current: Arc::new(version), previous }));
    }

    /// Calls the current version, and draws the consequences of how that ends.
    pub(super) fn call<T, E>(
        &self,
        options: &Options,
        call: impl FnOnce(&Plugin) -> Result<T, E>,
        outcome: impl FnOnce(&T) -> Outcome,
    ) -> Result<Evaluated<T>, RegistryError<E>>
    where
        for<'a> Outcome: From<&'a E>,
        E: std::fmt::Display,
    {
        let version = Arc::clone(&self.versions.load().current);
        self.refuse_while_backing_off(&version, options)?;

        let start = Instant::now();
        let result = call(&version.plugin);
        let took = start.elapsed();

        let outcome = match &result {
            Ok(value) => outcome(value),
            Err(error) => {
                let outcome = Outcome::from(error);
                tracing::warn!(strategy = self.name, plugin = %version.plugin.id(), outcome = outcome.as_str(), %error, "no plan");
                outcome
            }
        };
        self.counts.record(&self.name, outcome, took);
        match outcome {
            outcome if outcome.is_failure() => self.after_failure(&version, options),
            // Nobody's fault says nothing about the plugin.
            Outcome::Host => {}
            _ => *version.health() = Health::default(),
        }
        match result {
            Ok(value) => Ok(Evaluated { plugin: version.plugin.id().clone(), value }),
            Err(error) => Err(RegistryError::Evaluate(error)),
        }
    }

    fn refuse_while_backing_off<E>(&self, version: &Version, options: &Options) -> Result<(), RegistryError<E>> {
        let health = *version.health();
        let Some(back_off) = health.back_off else { return Ok(()) };
        let remaining = back_off.until.saturating_duration_since((options.clock)());
        if remaining.is_zero() {
            return Ok(());
        }
        self.counts.record_back_off(&self.name);
        Err(RegistryError::BackingOff { plugin: version.plugin.id().clone(), failures: health.failures, remaining })
    }

    /// Goes back to the version before, or backs off, once a version has failed often enough.
    fn after_failure(&self, version: &Arc<Version>, options: &Options) {
        let failures = {
            let mut health = version.health();
            health.failures = health.failures.saturating_add(1);
            health.failures
        };
        if failures < options.revert_after.get() {
            return;
        }
        // A swap that is under way decides; if it fails, the next failure is soon enough. Calls never wait for swaps.
        let _change = match self.change.try_lock() {
            Ok(change) => change,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let versions = self.versions();
        if !Arc::ptr_eq(&versions.current, version) {
            // Somebody swapped or went back while this call was under way.
            return;
        }
        let plugin = version.plugin.id();
        if let Some(previous) = &versions.previous {
            *previous.health() = Health::default();
            self.versions.store(Arc::new(Versions { current: Arc::clone(previous), previous: None }));
            self.counts.record_revert(&self.name);
            tracing::error!(strategy = self.name, from = %plugin, to = %previous.plugin.id(), failures, "gone back");
        } else {
            let mut health = version.health();
            let length = health.back_off.map_or(options.first_back_off, |back_off| back_off.length.saturating_mul(2));
            let length = length.min(options.longest_back_off);
            let now = (options.clock)();
            // A moment that the clock cannot express is never reached; a back-off must end.
            health.back_off = now.checked_add(length).map(|until| BackOff { until, length });
            tracing::error!(strategy = self.name, plugin = %plugin, failures, ?length, "backing off");
        }
    }

    pub(super) fn status(&self, now: Instant) -> StrategyStatus {
        let versions = self.versions();
        let back_off = versions.current.health().back_off;
        StrategyStatus {
            name: self.name.clone(),
            current: versions.current.status(),
            previous: versions.previous.as_ref().map(|version| version.status()),
            outcomes: self.counts.outcomes(),
            reverts: self.counts.reverts(),
            backing_off: back_off
                .map(|back_off| back_off.until.saturating_duration_since(now))
                .filter(|left| !left.is_zero()),
            latency: self.counts.latency(),
        }
    }
}
