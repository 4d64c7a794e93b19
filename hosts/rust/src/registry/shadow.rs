//! Trial of a new version in the shadow of the current one.
//!
//! Both decide every request; the current version's answer counts. The shadow runs on a thread of its own, after the
//! caller has its answer, so that neither its errors nor the time it takes reach the caller. Where requests come faster
//! than it decides them it skips some, and counts how many. It is told the memo that the current version wrote.

use std::{
    path::Path,
    sync::{
        Arc, Weak,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use serde_json::value::RawValue;

use super::{
    entry_point::{self, Cycle, Cycles, EntryPoint, Observed},
    error::{PromoteError, SwapError},
    options::Options,
    outcome::Outcome,
    record::{Shadow, Tried},
    slot::Slot,
    slots::Slots,
    swap::{self, Swap, SwapRequest},
    trial::{Comparison, Trial},
    version::Version,
};
use crate::{
    loading::ComponentFile,
    plugin::{Decision, PluginId},
};

/// Most requests that wait for the shadow. Each is copied, so this bounds memory.
const QUEUE: usize = 32;

/// The thread of a shadow.
struct Worker {
    shadow: Shadow,
    slot: Weak<Slot>,
    options: Options,
}

/// Tries the plugin in a file, or makes it the current one where there is none yet.
pub(super) fn shadow(slots: &Slots, request: SwapRequest<'_>, trial: Trial, path: &Path) -> Result<Swap, SwapError> {
    let request = SwapRequest { trial: Some(trial), ..request };
    swap::from_path(slots, request, path, &start(trial, &slots.options))
}

/// As [`shadow`], for a file that was read.
pub(super) fn change(
    slots: &Slots,
    request: SwapRequest<'_>,
    trial: Trial,
    path: &Path,
    file: &ComponentFile,
) -> Result<Swap, SwapError> {
    let request = SwapRequest { trial: Some(trial), ..request };
    swap::install(slots, request, path, file, &start(trial, &slots.options))
}

/// Starts the thread that tries a version, during a change.
fn start(trial: Trial, options: &Options) -> impl Fn(&Arc<Slot>, Arc<Version>) -> Result<Swap, SwapError> + 'static {
    let options = options.clone();
    move |slot, version| {
        let (queue, observations) = sync_channel(QUEUE);
        let shadow = Shadow::new(slot.name(), version, trial, &options);
        let worker = Worker { shadow: shadow.clone(), slot: Arc::downgrade(slot), options: options.clone() };
        let thread = thread::Builder::new().name("pointsman-shadow".to_owned());
        thread.spawn(move || worker.run(&observations)).map_err(SwapError::Shadow)?;
        let swap = Swap::Shadowing {
            current: slot.versions().current.version().plugin.id().clone(),
            shadow: shadow.version().plugin.id().clone(),
        };
        slot.set_tried(Some(Tried { shadow, queue }));
        Ok(swap)
    }
}

/// Makes the version that is tried the current one.
pub(super) fn promote(slot: &Slot, options: &Options) -> Result<Swap, PromoteError> {
    let change = slot.begin_change();
    let no_shadow = || PromoteError::NoShadow { name: slot.name().to_owned() };
    let tried = slot.versions().tried.clone().ok_or_else(no_shadow)?;
    let version = Arc::clone(tried.shadow.version());
    change.checks.pass(&version)?;
    Ok(switch(slot, version, options))
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
fn switch(slot: &Slot, version: Arc<Version>, options: &Options) -> Swap {
    let file = version.plugin.id().clone();
    let swap = swap::switch(slot, version, options);
    swap::report(Path::new(file.name()), &swap);
    swap
}

// === impl Worker ===

impl Worker {
    /// Decides what the current version decided, until the trial is over or nobody can tell it anything any more.
    fn run(&self, observations: &Receiver<(PluginId, Observed)>) {
        for (current, observed) in observations {
            if self.shadow.comparison() != Comparison::Running {
                return;
            }
            self.compare(&current, observed);
            if let Some(result) = self.shadow.result(&self.options) {
                if let Some(slot) = self.slot.upgrade() {
                    self.conclude(&slot, result);
                }
                return;
            }
        }
    }

    /// Calls the shadow with the same, and records the decisions.
    fn compare(&self, current: &PluginId, observed: Observed) {
        match observed {
            Observed::Cycle { request, decision } => {
                let cycle = Cycle { routes: &request.routes, spec: &request.spec, policy: request.policy };
                let Some(result) = self.call(&cycle) else { return };
                self.shadow.record_decisions(current, decision, Decision::from(&result), || {
                    serde_json::to_string(&request).unwrap_or_default()
                });
            }
            Observed::Batch { requests, decided } => {
                let Some(result) = self.call(&Cycles(&requests)) else { return };
                let requests = entry_point::requests(&requests);
                let decided = entry_point::decisions(&decided, requests.len());
                let by_shadow = entry_point::decisions(&entry_point::batch(&result), requests.len());
                for ((request, decided), by_shadow) in requests.into_iter().zip(decided).zip(by_shadow) {
                    let request = || RawValue::get(request).to_owned();
                    self.shadow.record_decisions(current, decided, by_shadow, request);
                }
            }
        }
    }

    /// Calls the shadow; none, where that says nothing about it.
    fn call<E: EntryPoint>(&self, entry_point: &E) -> Option<Result<E::Value, E::Error>> {
        let plugin = &self.shadow.version().plugin;
        let start = (self.options.clock)();
        let result = entry_point.call(&plugin.in_background());
        let took = (self.options.clock)().saturating_duration_since(start);
        let judgement = entry_point.judge(&result);
        self.shadow.record_call(&judgement, took);
        let outcome = judgement.outcome;
        if let Some(error) = result.as_ref().err().filter(|_| outcome.is_failure()) {
            let (strategy, shadow, outcome) = (self.shadow.strategy(), plugin.id(), outcome.as_str());
            tracing::warn!(strategy, %shadow, outcome, %error, "the shadow has no plan");
        }
        (outcome != Outcome::Host).then_some(result)
    }

    /// Draws the consequences of a trial that is over.
    fn conclude(&self, slot: &Slot, result: Comparison) {
        let change = slot.begin_change();
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
        match change.checks.pass(self.shadow.version()) {
            Ok(()) => drop(switch(slot, Arc::clone(self.shadow.version()), &self.options)),
            Err(error) => {
                swap::report_failure(Path::new(plugin.name()), &error, Some(slot));
                self.shadow.end(Comparison::Failed);
            }
        }
    }
}
