//! One strategy of a registry: its versions, and what calls of them come to.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Instant,
};

use arc_swap::ArcSwap;

use super::{
    checks::Checks,
    circuit::{Circuit, Open},
    counts::Counts,
    entry_point::{EntryPoint, Judgement},
    error::RegistryError,
    options::Options,
    outcome::Outcome,
    record::{Shadow, Tried},
    status::StrategyStatus,
    trial::Comparison,
    version::Version,
};
use crate::{plugin::PluginId, text};

/// A result, and which plugin gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated<T> {
    /// The plugin that gave it.
    pub plugin: PluginId,
    /// The result.
    pub value: T,
}

/// The version in use, the one before it, and the one that may come next. They change together.
#[derive(Clone)]
pub(super) struct Versions {
    pub(super) current: Arc<Circuit>,
    /// To revert to.
    previous: Option<Arc<Circuit>>,
    /// Until it is promoted or discarded.
    pub(super) tried: Option<Arc<Tried>>,
}

/// One strategy.
pub(super) struct Slot {
    name: String,
    versions: ArcSwap<Versions>,
    counts: Counts,
    /// Held while the version changes, so that changes come one after the other. Calls never wait for it.
    change: Mutex<Change>,
    last_shadow: Mutex<Option<Shadow>>,
}

/// Checks and quarantine, which decide whether a version may be changed to.
#[derive(Default)]
pub(super) struct Change {
    pub(super) checks: Checks,
    /// The digests of versions that failed too often.
    pub(super) quarantined: BTreeSet<String>,
}

// === impl Slot ===

impl Slot {
    pub(super) fn new(name: &str, version: Version) -> Self {
        let current = Arc::new(Circuit::new(Arc::new(version)));
        Self {
            name: name.to_owned(),
            versions: ArcSwap::from_pointee(Versions { current, previous: None, tried: None }),
            counts: Counts::of_strategy(),
            change: Mutex::default(),
            last_shadow: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Keeps others from changing the version, and says what a new one must pass.
    pub(super) fn begin_change(&self) -> MutexGuard<'_, Change> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_checks(&self, checks: Checks) {
        self.begin_change().checks = checks;
    }

    pub(super) fn versions(&self) -> Arc<Versions> {
        self.versions.load_full()
    }

    /// Switches to a new version, during a change; which plugin it replaced. The one before is kept to revert to,
    /// unless it was failing itself.
    pub(super) fn switch(&self, version: Arc<Version>, options: &Options) -> PluginId {
        let old = self.versions();
        let is_good = old.current.failures() < options.revert_after.get();
        let previous = if is_good { Some(Arc::clone(&old.current)) } else { old.previous.clone() };
        let (promoted, tried) = match &old.tried {
            Some(tried) if tried.shadow.version().digest() == version.digest() => (Some(tried), None),
            other => (None, other.clone()),
        };
        let current = Arc::new(Circuit::new(version));
        self.versions.store(Arc::new(Versions { current, previous, tried }));
        if let Some(promoted) = promoted {
            promoted.shadow.end(Comparison::Promoted);
        }
        old.current.version().plugin.id().clone()
    }

    /// Puts a version beside the current one, during a change, or none. One that was there until now is discarded.
    pub(super) fn set_tried(&self, tried: Option<Tried>) {
        if let Some(tried) = &tried {
            *self.last_shadow.lock().unwrap_or_else(PoisonError::into_inner) = Some(tried.shadow.clone());
        }
        let old = self.versions();
        self.versions.store(Arc::new(Versions { tried: tried.map(Arc::new), ..Versions::clone(&old) }));
        if let Some(tried) = &old.tried {
            tried.shadow.end(Comparison::Discarded);
        }
    }

    /// The last version that was tried, whatever came of it.
    pub(super) fn last_shadow(&self) -> Option<Shadow> {
        self.last_shadow.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls the current version, and draws the consequences of the outcome.
    pub(super) fn call<E: EntryPoint>(
        &self,
        options: &Options,
        entry_point: &E,
    ) -> Result<Evaluated<E::Value>, RegistryError<E::Error>> {
        // Not all of the versions: a call that outlived a swap would be the one to tear down the oldest.
        let (circuit, tried) = {
            let versions = self.versions.load();
            (Arc::clone(&versions.current), versions.tried.clone())
        };
        let version = circuit.version();
        let plugin = version.plugin.id();
        if let Err(Open { failures, remaining }) = circuit.admit(options) {
            self.counts.record_circuit_open(&self.name);
            return Err(RegistryError::CircuitOpen { plugin: plugin.clone(), failures, remaining });
        }

        let start = (options.clock)();
        let result = entry_point.call(&version.plugin);
        let took = (options.clock)().saturating_duration_since(start);

        let Judgement { outcome, violations } = entry_point.judge(&result);
        self.counts.record(&self.name, outcome, took);
        self.counts.record_violations(&self.name, &violations);
        if !violations.is_empty() {
            let codes = violations.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
            tracing::warn!(strategy = self.name, %plugin, violations = codes, "plan rejected");
        }
        if let Err(error) = &result {
            tracing::warn!(strategy = self.name, %plugin, outcome = outcome.as_str(), %error, "no plan");
        }
        match outcome {
            outcome if outcome.is_failure() => self.after_failure(&circuit, options),
            // Nobody's fault says nothing about the plugin.
            Outcome::Host => {}
            _ => circuit.close(),
        }
        if let Some(tried) = tried.filter(|_| outcome != Outcome::Host) {
            tried.observe(plugin, || entry_point.observe(&result));
        }
        match result {
            Ok(value) => Ok(Evaluated { plugin: plugin.clone(), value }),
            Err(error) => Err(RegistryError::Evaluate(error)),
        }
    }

    /// Reverts to the version before, or opens the circuit, once a version has failed often enough.
    fn after_failure(&self, circuit: &Arc<Circuit>, options: &Options) {
        let failures = circuit.fail();
        if failures < options.revert_after.get() {
            return;
        }
        // A swap that is under way decides; if it fails, the next failure is soon enough. Calls never wait for swaps.
        let mut change = match self.change.try_lock() {
            Ok(change) => change,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let versions = self.versions();
        if !Arc::ptr_eq(&versions.current, circuit) {
            // Somebody swapped or reverted while this call was under way.
            return;
        }
        let (strategy, version) = (&self.name, circuit.version());
        let plugin = version.plugin.id();
        if let Some(previous) = &versions.previous {
            previous.close();
            change.quarantined.insert(version.digest().to_owned());
            let (current, tried) = (Arc::clone(previous), versions.tried.clone());
            self.versions.store(Arc::new(Versions { current, previous: None, tried }));
            self.counts.record_revert(strategy);
            let (to, reverted_to) = (previous.version().plugin.id(), &previous.version().description.version);
            tracing::error!(strategy, from = %plugin, %to, "reverted to {reverted_to} after {failures} failures");
        } else {
            let length = text::length(circuit.open(options));
            tracing::error!(strategy, %plugin, failures, "circuit open for {length}");
        }
    }

    pub(super) fn status(&self, now: Instant) -> StrategyStatus {
        let versions = self.versions();
        StrategyStatus {
            name: self.name.clone(),
            current: versions.current.version().status(),
            previous: versions.previous.as_ref().map(|circuit| circuit.version().status()),
            outcomes: self.counts.outcomes(),
            violations: self.counts.violations(),
            shadow: versions.tried.as_ref().map(|tried| tried.shadow.status()),
            reverts: self.counts.reverts(),
            circuit_open: versions.current.remaining(now),
            latency: self.counts.latency(),
        }
    }
}
