//! Trial of a new version in the shadow of the current one.
//!
//! Both decide every request; the current version's answer counts. The shadow runs on a thread of its own, after the
//! caller has its answer, so that neither its errors nor the time it takes reach the caller. Where requests come faster
//! than it decides them it skips some, and counts how many. It is told the memo that the current version wrote.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use pointsman::RouteChanges;

use super::{
    batch::{self, Time},
    entry_point::{self, Cycle, Judgement, Observed, ObservedRequest},
    error::{PromoteError, SwapError},
    halves::{self, Each},
    options::Options,
    outcome::Outcome,
    record::{QUEUE, Shadow, Tried, Waiting},
    rivals::Rivals,
    slot::Slot,
    slots::Slots,
    swap::{self, Swap, SwapRequest},
    trial::{Comparison, Trial},
    version::Version,
};
use crate::{
    loading::ComponentFile,
    plugin::{Decision, EvaluateError, RequestWithPolicy},
    text::shown,
};

/// The thread of a shadow.
struct Worker {
    shadow: Shadow,
    slot: Weak<Slot>,
    options: Options,
    waiting: Arc<Waiting>,
}

/// Tries the plugin in a file, or makes it the current one where there is none yet.
pub(super) fn shadow(slots: &Slots, request: SwapRequest<'_>, trial: Trial, path: &Path) -> Result<Swap, SwapError> {
    let request = SwapRequest { trial: Some(trial), ..request };
    swap::from_path(slots, request, path, &start(trial, &slots.options))
}

/// As [`swap::change_all`], for versions that are tried first.
pub(super) fn change_all(
    slots: &Slots,
    trial: Trial,
    files: &[(PathBuf, ComponentFile)],
    held: &mut Rivals,
) -> Vec<(PathBuf, Result<Swap, SwapError>)> {
    let request = SwapRequest { trial: Some(trial), ..SwapRequest::default() };
    swap::change_all(slots, request, files, held, &start(trial, &slots.options))
}

/// Starts the thread that tries a version, during a change.
fn start(trial: Trial, options: &Options) -> impl Fn(&Arc<Slot>, Arc<Version>) -> Result<Swap, SwapError> + 'static {
    let options = options.clone();
    move |slot, version| {
        let (queue, observations) = sync_channel(QUEUE);
        let waiting = Arc::new(Waiting::default());
        let shadow = Shadow::new(slot.name(), version, trial, &options);
        let worker = Worker {
            shadow: shadow.clone(),
            slot: Arc::downgrade(slot),
            options: options.clone(),
            waiting: Arc::clone(&waiting),
        };
        let thread = thread::Builder::new().name("pointsman-shadow".to_owned());
        thread.spawn(move || worker.run(&observations)).map_err(SwapError::Shadow)?;
        let swap = Swap::Shadowing {
            current: slot.versions().current.plugin.id().clone(),
            shadow: shadow.version().plugin.id().clone(),
        };
        slot.set_tried(Some(Tried { shadow, queue, waiting }));
        Ok(swap)
    }
}

/// Makes the version that is tried the current one.
pub(super) fn promote(slot: &Slot) -> Result<Swap, PromoteError> {
    let checks = slot.begin_change();
    let no_shadow = || PromoteError::NoShadow { name: slot.name().to_owned() };
    let tried = slot.versions().tried.clone().ok_or_else(no_shadow)?;
    let version = Arc::clone(tried.shadow.version());
    checks.pass(&version)?;
    Ok(switch(slot, version))
}

/// Ends a trial without a result.
pub(super) fn discard(slot: &Slot) -> Result<(), PromoteError> {
    let _change = slot.begin_change();
    if slot.versions().tried.is_none() {
        return Err(PromoteError::NoShadow { name: slot.name().to_owned() });
    }
    slot.set_tried(None);
    Ok(())
}

/// Switches to the version that was tried, during a change, and tells operators.
fn switch(slot: &Slot, version: Arc<Version>) -> Swap {
    let file = version.plugin.id().clone();
    let swap = swap::switch(slot, version);
    swap::report(Path::new(file.name()), &swap);
    swap
}

// === impl Worker ===

impl Worker {
    /// Decides what the current version decided, until the trial is over or nobody can tell it anything any more.
    fn run(&self, observations: &Receiver<(usize, Observed)>) {
        for (bytes, observed) in observations {
            self.waiting.leave(bytes);
            if self.shadow.comparison() != Comparison::Running {
                return;
            }
            self.compare(observed);
            if let Some(result) = self.shadow.result(&self.options) {
                if let Some(slot) = self.slot.upgrade() {
                    self.conclude(&slot, result);
                }
                return;
            }
        }
    }

    /// Calls the shadow with the same, and records the decisions.
    fn compare(&self, observed: Observed) {
        match observed {
            Observed::Cycle { plugin, deployment, request, decision } => {
                let RequestWithPolicy { routes, spec, policy } = &*request;
                let cycle = Cycle { deployment: &deployment, routes, spec, policy: *policy };
                let Some(result) = self.call(&cycle) else { return };
                self.shadow.record_decisions(&plugin, &deployment, decision, Decision::from(&result), || {
                    serde_json::to_string(&request).unwrap_or_default()
                });
            }
            Observed::Batch(requests) => self.compare_batch(requests),
        }
    }

    /// Calls the shadow with all of them, in halves where that fails.
    fn compare_batch(&self, requests: Vec<ObservedRequest>) {
        let plugin = self.shadow.version().plugin.in_background();
        let mut time = Time::new(&self.options);
        let mut decided: Vec<Option<(String, Judgement)>> = requests.iter().map(|_| None).collect();
        let mut call = |group: &[usize]| {
            let text = batch::array(group.iter().map(|i| requests[*i].request.as_str()));
            time.call(&plugin, &text, |took| self.shadow.record_time(took))
        };
        let all: Vec<usize> = (0..requests.len()).collect();
        halves::call(&all, &mut call, &mut |i, each: Each<_, _>| decided[i] = Some(batch::settled(each)));
        for (request, decided) in requests.into_iter().zip(decided) {
            let Some((answer, judgement)) = decided else { continue };
            let ObservedRequest { plugin, deployment, request, decision } = request;
            if judgement.outcome == Outcome::Unavailable {
                continue;
            }
            self.shadow.record_outcome(&judgement);
            if judgement.outcome.is_failure() {
                self.report(&deployment, judgement.outcome, &answer);
            }
            let by_shadow = entry_point::decision(&answer);
            self.shadow.record_decisions(&plugin, &deployment, decision, by_shadow, || request);
        }
    }

    /// Calls the shadow; none, where that says nothing about it.
    fn call(&self, cycle: &Cycle<'_>) -> Option<Result<RouteChanges, EvaluateError>> {
        let plugin = &self.shadow.version().plugin;
        let start = (self.options.clock)();
        let result = cycle.call(&plugin.in_background());
        let took = (self.options.clock)().saturating_duration_since(start);
        let judgement = Judgement::of_cycle(&result);
        self.shadow.record_time(took);
        self.shadow.record_outcome(&judgement);
        if let Some(error) = result.as_ref().err().filter(|_| judgement.outcome.is_failure()) {
            self.report(cycle.deployment, judgement.outcome, error);
        }
        (judgement.outcome != Outcome::Host).then_some(result)
    }

    /// Tells operators of a request without a plan.
    fn report(&self, deployment: &str, outcome: Outcome, error: &dyn Display) {
        let (strategy, shadow) = (self.shadow.strategy(), self.shadow.version().plugin.id());
        let (outcome, error) = (outcome.as_str(), shown(&error.to_string()));
        tracing::warn!(strategy, deployment = shown(deployment), %shadow, outcome, error, "the shadow has no plan");
    }

    /// Draws the consequences of a trial that is over.
    fn conclude(&self, slot: &Slot, result: Comparison) {
        let checks = slot.begin_change();
        if self.shadow.comparison() != Comparison::Running {
            // Somebody ended it meanwhile.
            return;
        }
        let status = self.shadow.status();
        let (strategy, plugin) = (slot.name(), &status.version.plugin);
        tracing::info!(
            strategy,
            shadow = %plugin,
            comparison = result.as_str(),
            evaluations = status.evaluations,
            differences = status.differences,
            skipped = status.skipped,
            "trial over"
        );
        if result != Comparison::Passed || !status.trial.auto_promote {
            return self.shadow.end(result);
        }
        // They may be others than when the trial began.
        match checks.pass(self.shadow.version()) {
            Ok(()) => drop(switch(slot, Arc::clone(self.shadow.version()))),
            Err(error) => {
                swap::report_failure(Path::new(plugin.name()), &error, Some(slot));
                self.shadow.end(Comparison::Failed);
            }
        }
    }
}
