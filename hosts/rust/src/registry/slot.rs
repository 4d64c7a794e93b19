//! One strategy of a registry: its versions, and what calls of them come to.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use arc_swap::ArcSwap;

use super::{
    blame::{Blame, Consequence, Input, Open, Sentence, Ticket, Verdict, Which},
    checks::Checks,
    counts::Counts,
    entry_point::Judgement,
    error::CircuitOpen,
    options::Options,
    outcome::Outcome,
    proof::Proof,
    record::{Shadow, Tried},
    seen::Seen,
    state::State,
    status::{Circuits, StrategyStatus},
    trial::Comparison,
    version::Version,
};
use crate::{
    plugin::PluginId,
    text::{length, list, shown},
};

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
    pub(super) current: Arc<Version>,
    /// To revert to, and to ask whose fault a failure is.
    pub(super) previous: Option<Arc<Version>>,
    /// Until it is promoted or discarded.
    pub(super) tried: Option<Arc<Tried>>,
    /// Failures of the current version.
    pub(super) blame: Arc<Blame>,
    /// Its successes.
    proof: Arc<Proof>,
}

/// One strategy.
pub(super) struct Slot {
    name: String,
    versions: ArcSwap<Versions>,
    pub(super) counts: Counts,
    seen: Seen,
    state: Arc<State>,
    /// What a version must pass to be changed to. Held while the version changes, so that changes come one after the
    /// other. Calls never wait for it.
    change: Mutex<Checks>,
    last_shadow: Mutex<Option<Shadow>>,
}

// === impl Versions ===

impl Versions {
    pub(super) fn new(current: Arc<Version>, previous: Option<Arc<Version>>, tried: Option<Arc<Tried>>) -> Self {
        let blame = Arc::new(Blame::new(previous.is_some()));
        Self { current, previous, tried, blame, proof: Arc::default() }
    }

    /// The version that a ticket is for.
    pub(super) fn get(&self, which: Which) -> &Arc<Version> {
        match (which, &self.previous) {
            (Which::Previous, Some(previous)) => previous,
            _ => &self.current,
        }
    }
}

// === impl Slot ===

impl Slot {
    pub(super) fn new(name: &str, version: Version, checks: Checks, options: &Options, state: Arc<State>) -> Self {
        Self {
            name: name.to_owned(),
            versions: ArcSwap::from_pointee(Versions::new(Arc::new(version), None, None)),
            counts: Counts::of_strategy(),
            seen: Seen::new(options),
            state,
            change: Mutex::new(checks),
            last_shadow: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Keeps others from changing the version, and says what a new one must pass.
    pub(super) fn begin_change(&self) -> MutexGuard<'_, Checks> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The digests of the version that runs, and of the one that is tried.
    pub(super) fn running(&self) -> Vec<String> {
        let versions = self.versions();
        let tried = versions.tried.iter().map(|tried| Arc::clone(tried.shadow.version()));
        [Arc::clone(&versions.current)].into_iter().chain(tried).map(|version| version.digest().to_owned()).collect()
    }

    pub(super) fn set_checks(&self, checks: Checks) {
        *self.begin_change() = checks;
    }

    pub(super) fn versions(&self) -> Arc<Versions> {
        self.versions.load_full()
    }

    /// Switches to a new version, during a change; which plugin it replaced. The one before is kept to revert to,
    /// unless it was failing itself.
    pub(super) fn switch(&self, version: Arc<Version>) -> PluginId {
        // Somebody who knows the strategy takes it back, if it failed before.
        self.state.release(version.digest());
        let old = self.versions();
        let previous = if old.blame.is_bad() { old.previous.clone() } else { Some(Arc::clone(&old.current)) };
        let (promoted, tried) = match &old.tried {
            Some(tried) if tried.shadow.version().digest() == version.digest() => (Some(tried), None),
            other => (None, other.clone()),
        };
        self.versions.store(Arc::new(Versions::new(version, previous, tried)));
        if let Some(promoted) = promoted {
            promoted.shadow.end(Comparison::Promoted);
        }
        old.current.plugin.id().clone()
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

    /// Says which version to call for a deployment.
    ///
    /// # Errors
    /// The circuit that is open.
    pub(super) fn admit(
        &self,
        versions: &Versions,
        deployment: &str,
        input: impl FnOnce() -> Input,
        options: &Options,
    ) -> Result<Ticket, CircuitOpen> {
        self.seen.note(deployment);
        versions.blame.admit(deployment, input, options).map_err(|open| {
            self.counts.record(&self.name, Outcome::CircuitOpen);
            let Open { for_all, failures, remaining } = open;
            let deployment = (!for_all).then(|| deployment.to_owned());
            CircuitOpen { plugin: versions.current.plugin.id().clone(), deployment, failures, remaining }
        })
    }

    /// Counts a request, tells operators, and draws the consequences of its outcome; whether somebody has to ask whose
    /// fault it is.
    pub(super) fn finish(
        &self,
        versions: &Versions,
        deployment: &str,
        input: impl FnOnce() -> Input,
        ticket: Ticket,
        judgement: &Judgement,
        options: &Options,
    ) -> bool {
        let Judgement { outcome, violations } = judgement;
        let (strategy, plugin) = (&self.name, versions.get(ticket.which).plugin.id());
        self.counts.record(strategy, *outcome);
        self.counts.record_violations(strategy, violations);
        let named = shown(deployment);
        if *outcome == Outcome::Ok && matches!(ticket.which, Which::Current) {
            self.note_success(versions, deployment, options);
        }
        if !violations.is_empty() {
            let codes = violations.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
            tracing::warn!(strategy, deployment = named, %plugin, violations = codes, "plan rejected");
        }
        let consequence = versions.blame.finish(deployment, input, ticket, *outcome, options);
        let Consequence { opened, opened_for_all, ask } = consequence;
        if let Some(time) = opened {
            let time = length(time);
            tracing::error!(strategy, deployment = named, %plugin, "circuit of deployment `{named}` open for {time}");
        }
        if let Some(time) = opened_for_all {
            tracing::error!(strategy, %plugin, "circuit open for {}", length(time));
        }
        ask
    }

    /// Notes a success of the current version, which is kept as the last good one once there are enough.
    fn note_success(&self, versions: &Versions, deployment: &str, options: &Options) {
        let enough = options.revert_after.get() as usize;
        if self.state.keeps_good() && versions.proof.note(deployment, self.seen.count(), enough) {
            self.state.keep_good(&self.name, &versions.current);
        }
    }

    /// Tells operators of a request without a plan.
    pub(super) fn report(&self, deployment: &str, plugin: &PluginId, outcome: Outcome, error: &dyn Display) {
        let (strategy, outcome, error) = (&self.name, outcome.as_str(), shown(&error.to_string()));
        tracing::warn!(strategy, deployment = shown(deployment), %plugin, outcome, error, "no plan");
    }

    /// Draws the consequences of a verdict on a version that may not be the current one any more.
    pub(super) fn judge(
        &self,
        versions: &Versions,
        deployment: &str,
        input: Input,
        verdict: Option<Verdict>,
        outcome: Outcome,
        options: &Options,
    ) {
        let Sentence { is_pinned, revert } =
            versions.blame.judge(deployment, input, verdict, self.seen.count(), options);
        let Some(previous) = &versions.previous else { return };
        let (strategy, plugin) = (&self.name, versions.current.plugin.id());
        let [from, to] = [&versions.current, previous].map(|version| &version.description.version);
        if is_pinned {
            let (outcome, named) = (outcome.as_str(), shown(deployment));
            tracing::error!(
                strategy,
                deployment = named,
                %plugin,
                outcome,
                "pinned deployment `{named}` to {to}: {from} fails where it does not"
            );
        }
        if let Some(deployments) = revert {
            self.revert(versions, previous, &deployments);
        }
    }

    /// Reverts to the version before, unless somebody changed it meanwhile.
    fn revert(&self, judged: &Versions, previous: &Arc<Version>, deployments: &[String]) {
        let _change = self.begin_change();
        let now = self.versions();
        if !Arc::ptr_eq(&now.blame, &judged.blame) {
            return;
        }
        let version = &now.current;
        self.versions.store(Arc::new(Versions::new(Arc::clone(previous), None, now.tried.clone())));
        self.counts.record_revert(&self.name);
        let (strategy, from, to) = (&self.name, version.plugin.id(), previous.plugin.id());
        let (to_version, n, named) = (&previous.description.version, deployments.len(), list(deployments));
        let what = format!("reverted to {to_version}: {n} deployments pinned ({named})");
        tracing::error!(strategy, %from, %to, "{what}");
        self.state.quarantine(strategy, version, what);
    }

    /// Whether nothing of it has changed since.
    pub(super) fn is_current(&self, versions: &Versions) -> bool {
        Arc::ptr_eq(&self.versions().blame, &versions.blame)
    }

    pub(super) fn status(&self, now: Instant) -> StrategyStatus {
        let versions = self.versions();
        StrategyStatus {
            name: self.name.clone(),
            current: versions.current.status(),
            previous: versions.previous.as_ref().map(|version| version.status()),
            outcomes: self.counts.outcomes(),
            violations: self.counts.violations(),
            shadow: versions.tried.as_ref().map(|tried| tried.shadow.status()),
            reverts: self.counts.reverts(),
            circuit_open: versions.blame.open_for_all(now),
            circuits: Circuits::new(versions.blame.standings(now)),
            quarantined: self.state.quarantined(&self.name),
            latency: self.counts.latency(),
        }
    }
}
