//! Trying a new version in the shadow of the current one.
//!
//! Both decide every request; the current version's answer counts. The shadow runs on a thread of its own, after the caller
//! has its answer, so that neither its errors nor the time it takes reach the caller. Where requests come faster than it
//! decides them it skips some, and counts how many. It is told the memo that the current version wrote.

use std::{
    fmt,
    num::NonZeroU64,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use metrics::counter;
use pointsman::{Route, Spec, guard::Policy};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Options, ShadowStatus,
    door::{self, Cycle, Cycles, Door, Judgement, Observed},
    slot::{Slot, Version},
    status::{Counts, Outcome},
};
use crate::{Decision, FieldDifference, PluginId};

/// How many requests may wait for the shadow. Each is copied, so this bounds memory.
const QUEUE: usize = 32;

/// How many differences are kept, and how many bytes their requests may have together. All are counted.
const KEPT_DIFFERENCES: usize = 100;
const KEPT_BYTES: usize = 16 << 20;

/// How long a new version is tried in the shadow of the current one, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// When it is over.
    pub length: TrialLength,
    /// How many requests it may decide differently and still pass. A call of it that fails, by trap, timeout, limit or a
    /// rejected plan, never passes.
    pub most_differences: u64,
    /// Whether a version that passes becomes the current one by itself. If not, it waits for
    /// [`Registry::promote`](super::Registry::promote).
    pub auto_promote: bool,
}

/// When a trial is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialLength {
    /// After so many requests that both versions have decided.
    Evaluations(NonZeroU64),
    /// With the first request that both have decided after this time: a trial without any says nothing.
    Time(Duration),
}

/// How a trial stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    #[default]
    Running,
    /// It is over; the version may be promoted.
    Passed,
    /// It is over; the version failed, or decided differently too often. It can still be promoted by hand.
    Failed,
    /// The version is the current one, or was since.
    Promoted,
    /// It ended without a result: by hand, or because another trial or a swap took its place.
    Discarded,
}

/// A request that the shadow decided differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The plugin whose decision counted.
    pub current: PluginId,
    /// The request as JSON, as [`Plugin::evaluate_cycles_json`](crate::Plugin::evaluate_cycles_json) takes it in an array:
    /// with the deployment's policy, where it has one of its own.
    pub request: String,
    /// What counted.
    pub decided: Decision,
    /// What the shadow would have had.
    pub shadow: Decision,
    /// In what they differ.
    pub fields: Vec<FieldDifference>,
}

/// A request of the typed entry point, to be written as JSON.
#[derive(Serialize)]
struct Asked<'a> {
    routes: &'a [Route],
    spec: &'a Spec,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
}

/// A trial: how it stands, and what it found. Cheap to clone; also there when the trial is over.
#[derive(Clone)]
pub struct Shadow {
    record: Arc<Record>,
}

struct Record {
    strategy: String,
    version: Arc<Version>,
    trial: Trial,
    started: Instant,
    counts: Counts,
    skipped: AtomicU64,
    state: Mutex<State>,
    /// Notified when the verdict changes.
    judged: Condvar,
}

#[derive(Default)]
struct State {
    verdict: Verdict,
    evaluations: u64,
    differences: u64,
    failures: u64,
    failures_in_a_row: u32,
    kept: Vec<Difference>,
    kept_bytes: usize,
}

/// A trial and the way to tell it what was asked. Dropping it ends the shadow's thread.
pub(super) struct Trying {
    pub(super) shadow: Shadow,
    queue: SyncSender<(PluginId, Observed)>,
}

// === impl Trial ===

impl Trial {
    /// A trial of so many requests, in which the version must decide all of them alike; it is promoted by hand.
    pub fn evaluations(count: NonZeroU64) -> Self {
        Self { length: TrialLength::Evaluations(count), most_differences: 0, auto_promote: false }
    }
}

// === impl Verdict ===

impl Verdict {
    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Promoted => "promoted",
            Self::Discarded => "discarded",
        }
    }
}

// === impl Trying ===

impl Trying {
    /// Starts the shadow's thread.
    pub(super) fn start(
        slot: &Arc<Slot>,
        version: Arc<Version>,
        trial: Trial,
        options: &Options,
    ) -> std::io::Result<Self> {
        let record = Arc::new(Record {
            strategy: slot.name().to_owned(),
            version,
            trial,
            started: (options.clock)(),
            counts: Counts::of_shadow(),
            skipped: AtomicU64::default(),
            state: Mutex::default(),
            judged: Condvar::new(),
        });
        let (queue, observations) = sync_channel(QUEUE);
        let (slot, options) = (Arc::downgrade(slot), options.clone());
        let shadow = Shadow { record };
        let worker = shadow.clone();
        let work = move || worker.run(&observations, &slot, &options);
        thread::Builder::new().name("pointsman-shadow".to_owned()).spawn(work)?;
        Ok(Self { shadow, queue })
    }

    /// Hands over what was asked and answered, if there is room.
    pub(super) fn observe(&self, current: &PluginId, observe: impl FnOnce() -> Observed) {
        if self.shadow.verdict() != Verdict::Running {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.queue.try_send((current.clone(), observe())) {
            self.shadow.record.skipped.fetch_add(1, Relaxed);
        }
    }
}

// === impl Shadow ===

impl Shadow {
    /// How the trial stands.
    pub fn verdict(&self) -> Verdict {
        self.record.state().verdict
    }

    /// Waits until the trial is over, but no longer than this; then how it stands.
    pub fn wait(&self, longest: Duration) -> Verdict {
        let is_running = |state: &mut State| state.verdict == Verdict::Running;
        let waited = self.record.judged.wait_timeout_while(self.record.state(), longest, is_running);
        waited.unwrap_or_else(PoisonError::into_inner).0.verdict
    }

    /// The requests that were decided differently: the first hundred, and no more than 16 MiB of them.
    pub fn differences(&self) -> Vec<Difference> {
        self.record.state().kept.clone()
    }

    /// The numbers.
    pub fn status(&self) -> ShadowStatus {
        let record = &self.record;
        let (verdict, evaluations, differences) = {
            let state = record.state();
            (state.verdict, state.evaluations, state.differences)
        };
        ShadowStatus {
            version: record.version.status(),
            trial: record.trial,
            verdict,
            evaluations,
            differences,
            skipped: record.skipped.load(Relaxed),
            outcomes: record.counts.outcomes(),
            violations: record.counts.violations(),
            latency: record.counts.latency(),
        }
    }

    pub(super) fn version(&self) -> &Arc<Version> {
        &self.record.version
    }

    /// Ends the trial.
    pub(super) fn end(&self, verdict: Verdict) {
        self.record.state().verdict = verdict;
        self.record.judged.notify_all();
    }

    /// Decides what the current version decided, until the trial is over or nobody can tell it anything any more.
    fn run(&self, observations: &Receiver<(PluginId, Observed)>, slot: &Weak<Slot>, options: &Options) {
        for (current, observed) in observations {
            if self.verdict() != Verdict::Running {
                return;
            }
            self.compare(&current, observed);
            if let Some(verdict) = self.judge(options) {
                if let Some(slot) = slot.upgrade() {
                    slot.conclude(self, verdict, options);
                }
                return;
            }
        }
    }

    /// Asks the shadow the same, and notes the differences.
    fn compare(&self, current: &PluginId, observed: Observed) {
        match observed {
            Observed::Cycle { routes, spec, policy, decision } => {
                let door = Cycle { routes: &routes, spec: &spec, policy };
                let Some(result) = self.call(&door) else { return };
                self.note(current, decision, Decision::from(&result), || {
                    serde_json::to_string(&Asked { routes: &routes, spec: &spec, policy }).unwrap_or_default()
                });
            }
            Observed::Batch { requests, decided } => {
                let Some(result) = self.call(&Cycles(&requests)) else { return };
                let requests = door::requests(&requests);
                let decided = door::decisions(&decided, requests.len());
                let by_shadow = door::decisions(&door::batch(&result), requests.len());
                for ((request, decided), by_shadow) in requests.into_iter().zip(decided).zip(by_shadow) {
                    self.note(current, decided, by_shadow, || RawValue::get(request).to_owned());
                }
            }
        }
    }

    /// Calls the shadow; none, where that says nothing about it.
    fn call<D: Door>(&self, door: &D) -> Option<Result<D::Value, D::Error>> {
        let Record { strategy, version, counts, .. } = &*self.record;
        let start = Instant::now();
        let result = door.call(&version.plugin.in_background());
        let took = start.elapsed();
        let Judgement { outcome, violations } = door.judge(&result);
        counts.record(strategy, outcome, took);
        counts.record_violations(strategy, &violations);
        if outcome.is_failure() {
            let mut state = self.record.state();
            state.failures += 1;
            state.failures_in_a_row += 1;
        } else if outcome != Outcome::Host {
            self.record.state().failures_in_a_row = 0;
        }
        if let Some(error) = result.as_ref().err().filter(|_| outcome.is_failure()) {
            let outcome = outcome.as_str();
            tracing::warn!(strategy, shadow = %version.plugin.id(), outcome, %error, "the shadow has no plan");
        }
        (outcome != Outcome::Host).then_some(result)
    }

    fn note(&self, current: &PluginId, decided: Decision, shadow: Decision, request: impl FnOnce() -> String) {
        let fields = decided.differences(&shadow);
        // Callers look at the state too: it is not locked while anything is written or made.
        let has_room = {
            let mut state = self.record.state();
            state.evaluations += 1;
            if fields.is_empty() {
                return;
            }
            state.differences += 1;
            state.kept.len() < KEPT_DIFFERENCES
        };
        let Record { strategy, version, .. } = &*self.record;
        counter!("pointsman_shadow_differences_total", "strategy" => strategy.clone()).increment(1);
        let shown = fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        tracing::warn!(strategy, %current, shadow = %version.plugin.id(), differences = shown, "the shadow decides differently");
        if !has_room {
            return;
        }
        let request = request();
        let mut state = self.record.state();
        if state.kept_bytes + request.len() <= KEPT_BYTES {
            state.kept_bytes += request.len();
            state.kept.push(Difference { current: current.clone(), request, decided, shadow, fields });
        }
    }

    /// How the trial ends, if it is over.
    fn judge(&self, options: &Options) -> Option<Verdict> {
        let Record { trial, started, .. } = &*self.record;
        let state = self.record.state();
        if state.failures_in_a_row >= options.revert_after.get() {
            return Some(Verdict::Failed);
        }
        let is_over = match trial.length {
            TrialLength::Evaluations(count) => state.evaluations >= count.get(),
            TrialLength::Time(time) => {
                state.evaluations > 0 && (options.clock)().saturating_duration_since(*started) >= time
            }
        };
        let has_passed = state.failures == 0 && state.differences <= trial.most_differences;
        is_over.then_some(if has_passed { Verdict::Passed } else { Verdict::Failed })
    }
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shadow").field(&self.status()).finish()
    }
}

// === impl Record ===

impl Record {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
