//! One strategy of a registry: its versions, and what calls of them come to.

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use pointsman::Description;

use super::{
    Checks, Evaluated, Options, PromoteError, RegistryError, Shadow, StrategyStatus, Swap, Trial, Verdict,
    VersionStatus,
    door::{Door, Judgement},
    shadow::Trying,
    status::{Counts, Outcome},
    swap,
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

/// What a strategy runs on, what it ran on before, and what it may run on next. They change together.
#[derive(Clone)]
pub(super) struct Versions {
    pub(super) current: Arc<Version>,
    pub(super) previous: Option<Arc<Version>>,
    /// Until it is promoted or discarded.
    pub(super) trying: Option<Arc<Trying>>,
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

/// What decides whether a version may be changed to.
#[derive(Default)]
pub(super) struct Change {
    pub(super) checks: Checks,
    /// The digests of versions that failed too often.
    pub(super) given_up: BTreeSet<String>,
}

// === impl Version ===

impl Version {
    pub(super) fn new(plugin: Plugin, description: Description) -> Self {
        Self { plugin, description, health: Mutex::default() }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn digest(&self) -> &str {
        self.plugin.id().digest()
    }

    pub(super) fn status(&self) -> VersionStatus {
        VersionStatus { plugin: self.plugin.id().clone(), version: self.description.version.clone() }
    }
}

// === impl Slot ===

impl Slot {
    pub(super) fn new(name: &str, version: Version) -> Self {
        Self {
            name: name.to_owned(),
            versions: ArcSwap::from_pointee(Versions { current: Arc::new(version), previous: None, trying: None }),
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

    /// Switches to a new version, during a change. The one before is kept to go back to, unless it was failing itself.
    pub(super) fn switch(&self, version: Arc<Version>, options: &Options) -> Swap {
        let old = self.versions();
        let is_good = old.current.health().failures < options.revert_after.get();
        let previous = if is_good { Some(Arc::clone(&old.current)) } else { old.previous.clone() };
        let (from, to) = (old.current.plugin.id().clone(), version.plugin.id().clone());
        let (promoted, trying) = match &old.trying {
            Some(trying) if trying.shadow.version().digest() == version.digest() => (Some(trying), None),
            other => (None, other.clone()),
        };
        self.versions.store(Arc::new(Versions { current: version, previous, trying }));
        if let Some(promoted) = promoted {
            promoted.shadow.end(Verdict::Promoted);
        }
        Swap::Swapped { from, to }
    }

    /// Tries a version in the shadow of the current one, during a change. One that was tried until now is not any more.
    pub(super) fn shadow(self: &Arc<Self>, version: Arc<Version>, trial: Trial, options: &Options) -> io::Result<Swap> {
        let trying = Trying::start(self, version, trial, options)?;
        let shadow = trying.shadow.clone();
        let swap = Swap::Shadowing {
            current: self.versions().current.plugin.id().clone(),
            shadow: shadow.version().plugin.id().clone(),
        };
        *self.last_shadow.lock().unwrap_or_else(PoisonError::into_inner) = Some(shadow);
        self.set_trying(Some(trying));
        Ok(swap)
    }

    fn set_trying(&self, trying: Option<Trying>) {
        let old = self.versions();
        self.versions.store(Arc::new(Versions { trying: trying.map(Arc::new), ..Versions::clone(&old) }));
        if let Some(trying) = &old.trying {
            trying.shadow.end(Verdict::Discarded);
        }
    }

    /// The last version that was tried, whatever came of it.
    pub(super) fn last_shadow(&self) -> Option<Shadow> {
        self.last_shadow.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the version that is tried the current one.
    pub(super) fn promote(&self, options: &Options) -> Result<Swap, PromoteError> {
        let change = self.begin_change();
        let no_shadow = || PromoteError::NoShadow { name: self.name.clone() };
        let trying = self.versions().trying.clone().ok_or_else(no_shadow)?;
        let version = Arc::clone(trying.shadow.version());
        change.checks.pass(&version)?;
        let file = version.plugin.id().clone();
        let swap = self.switch(version, options);
        swap::report(Path::new(file.name()), &Ok(swap.clone()));
        Ok(swap)
    }

    /// Ends a trial without a result.
    pub(super) fn discard_shadow(&self) -> Result<(), PromoteError> {
        let _change = self.begin_change();
        if self.versions().trying.is_none() {
            return Err(PromoteError::NoShadow { name: self.name.clone() });
        }
        self.set_trying(None);
        Ok(())
    }

    /// Draws the consequences of a trial that is over.
    pub(super) fn conclude(&self, shadow: &Shadow, verdict: Verdict, options: &Options) {
        let change = self.begin_change();
        if shadow.verdict() != Verdict::Running {
            // Somebody ended it meanwhile.
            return;
        }
        let status = shadow.status();
        let (strategy, plugin) = (&self.name, &status.version.plugin);
        tracing::info!(
            strategy,
            shadow = %plugin,
            verdict = verdict.as_str(),
            evaluations = status.evaluations,
            differences = status.differences,
            skipped = status.skipped,
            "trial over"
        );
        if verdict != Verdict::Passed || !status.trial.auto_promote {
            return shadow.end(verdict);
        }
        // They may be others than when the trial began.
        match change.checks.pass(shadow.version()) {
            Ok(()) => swap::report(Path::new(plugin.name()), &Ok(self.switch(Arc::clone(shadow.version()), options))),
            Err(error) => {
                swap::report(Path::new(plugin.name()), &Err(error));
                shadow.end(Verdict::Failed);
            }
        }
    }

    /// Calls the current version, and draws the consequences of how that ends.
    pub(super) fn call<D: Door>(
        &self,
        options: &Options,
        door: &D,
    ) -> Result<Evaluated<D::Value>, RegistryError<D::Error>> {
        // Not all of the versions: a call that outlived a swap would be the one to tear down the oldest.
        let (version, trying) = {
            let versions = self.versions.load();
            (Arc::clone(&versions.current), versions.trying.clone())
        };
        self.refuse_while_backing_off(&version, options)?;

        let start = Instant::now();
        let result = door.call(&version.plugin);
        let took = start.elapsed();

        let plugin = version.plugin.id();
        let Judgement { outcome, violations } = door.judge(&result);
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
            outcome if outcome.is_failure() => self.after_failure(&version, options),
            // Nobody's fault says nothing about the plugin.
            Outcome::Host => {}
            _ => *version.health() = Health::default(),
        }
        if let Some(trying) = trying.filter(|_| outcome != Outcome::Host) {
            trying.observe(plugin, || door.observe(&result));
        }
        match result {
            Ok(value) => Ok(Evaluated { plugin: plugin.clone(), value }),
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
        let mut change = match self.change.try_lock() {
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
            change.given_up.insert(version.digest().to_owned());
            let (current, trying) = (Arc::clone(previous), versions.trying.clone());
            self.versions.store(Arc::new(Versions { current, previous: None, trying }));
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
            violations: self.counts.violations(),
            shadow: versions.trying.as_ref().map(|trying| trying.shadow.status()),
            reverts: self.counts.reverts(),
            backing_off: back_off
                .map(|back_off| back_off.until.saturating_duration_since(now))
                .filter(|left| !left.is_zero()),
            latency: self.counts.latency(),
        }
    }
}
