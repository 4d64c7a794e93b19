//! The record of a trial: what callers see of it, and the queue that feeds it.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc::SyncSender,
    },
    time::{Duration, Instant},
};

use metrics::counter;

use super::{
    counts::Counts,
    entry_point::{Judgement, Observed},
    options::Options,
    status::ShadowStatus,
    trial::{Comparison, Difference, Trial, TrialLength},
    version::Version,
};
use crate::{
    plugin::{Decision, PluginId},
    text::shown,
};

/// Most differences that are kept, and most bytes that their requests and decisions may have together. All are counted.
const KEPT_DIFFERENCES: usize = 100;
const KEPT_BYTES: usize = 16 << 20;

/// Most calls that wait for the shadow, and most bytes that they may have together.
pub(super) const QUEUE: usize = 32;
const QUEUE_BYTES: usize = 64 << 20;

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
    /// Notified when the comparison's state changes.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    comparison: Comparison,
    evaluations: u64,
    differences: u64,
    failures: u64,
    kept: Vec<Difference>,
    kept_bytes: usize,
}

/// A trial, and the queue of what its version is to decide. Dropping it ends the shadow's thread.
pub(super) struct Tried {
    pub(super) shadow: Shadow,
    pub(super) queue: SyncSender<(usize, Observed)>,
    pub(super) waiting: Arc<Waiting>,
}

/// The observations that wait for the shadow. Each is copied, so both bounds are about memory.
#[derive(Default)]
pub(super) struct Waiting {
    count: AtomicUsize,
    bytes: AtomicUsize,
}

// === impl Waiting ===

impl Waiting {
    /// Takes the place of one of this size; whether there is room.
    fn enter(&self, bytes: usize) -> bool {
        let has_room = |waiting| (waiting < QUEUE).then_some(waiting + 1);
        // One that is larger than all that may wait waits alone.
        let fits = |waiting: usize| (waiting == 0 || waiting + bytes <= QUEUE_BYTES).then_some(waiting + bytes);
        if self.count.try_update(Relaxed, Relaxed, has_room).is_err() {
            return false;
        }
        let fits = self.bytes.try_update(Relaxed, Relaxed, fits).is_ok();
        if !fits {
            self.count.fetch_sub(1, Relaxed);
        }
        fits
    }

    /// Leaves the place of one of this size.
    pub(super) fn leave(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
        self.count.fetch_sub(1, Relaxed);
    }
}

// === impl Tried ===

impl Tried {
    /// Hands over requests and their results, of about so many bytes, if there is room. Only then is anything copied.
    pub(super) fn observe(&self, bytes: usize, observe: impl FnOnce() -> Observed) {
        if self.shadow.comparison() != Comparison::Running {
            return;
        }
        if !self.waiting.enter(bytes) || self.queue.try_send((bytes, observe())).is_err() {
            self.shadow.record.skipped.fetch_add(1, Relaxed);
        }
    }
}

// === impl Shadow ===

impl Shadow {
    pub(super) fn new(strategy: &str, version: Arc<Version>, trial: Trial, options: &Options) -> Self {
        let record = Record {
            strategy: strategy.to_owned(),
            version,
            trial,
            started: (options.clock)(),
            counts: Counts::of_shadow(),
            skipped: AtomicU64::default(),
            state: Mutex::default(),
            ended: Condvar::new(),
        };
        Self { record: Arc::new(record) }
    }

    /// The state of the comparison.
    pub fn comparison(&self) -> Comparison {
        self.state().comparison
    }

    /// Waits until the trial is over, but no longer than this; then the state of the comparison.
    pub fn wait(&self, longest: Duration) -> Comparison {
        let is_running = |state: &mut State| state.comparison == Comparison::Running;
        let waited = self.record.ended.wait_timeout_while(self.state(), longest, is_running);
        waited.unwrap_or_else(PoisonError::into_inner).0.comparison
    }

    /// The requests that were decided differently: the first hundred, and no more than 16 MiB of them with the
    /// decisions.
    pub fn differences(&self) -> Vec<Difference> {
        self.state().kept.clone()
    }

    /// The numbers.
    pub fn status(&self) -> ShadowStatus {
        let record = &self.record;
        let (comparison, evaluations, differences) = {
            let state = self.state();
            (state.comparison, state.evaluations, state.differences)
        };
        ShadowStatus {
            version: record.version.status(),
            trial: record.trial,
            comparison,
            evaluations,
            differences,
            skipped: record.skipped.load(Relaxed),
            outcomes: record.counts.outcomes(),
            violations: record.counts.violations(),
            latency: record.counts.latency(),
        }
    }

    pub(super) fn strategy(&self) -> &str {
        &self.record.strategy
    }

    pub(super) fn version(&self) -> &Arc<Version> {
        &self.record.version
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.record.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the trial.
    pub(super) fn end(&self, comparison: Comparison) {
        self.state().comparison = comparison;
        self.record.ended.notify_all();
    }

    /// Notes what a call of the shadow took.
    pub(super) fn record_time(&self, took: Duration) {
        self.record.counts.record_time(&self.record.strategy, took);
    }

    /// Counts a request that the shadow was called with.
    pub(super) fn record_outcome(&self, judgement: &Judgement) {
        let Record { strategy, counts, .. } = &*self.record;
        let Judgement { outcome, violations } = judgement;
        counts.record(strategy, *outcome);
        counts.record_violations(strategy, violations);
    }

    /// Counts a request that both have decided, and keeps a difference. It is a failure of the shadow where that has
    /// failed and the current version has not: what fails in both is the input's fault.
    pub(super) fn record_decisions(
        &self,
        current: &PluginId,
        deployment: &str,
        decided: Decision,
        shadow: Decision,
        request: impl FnOnce() -> String,
    ) {
        let fields = decided.differences(&shadow);
        let has_failed = shadow.has_failed() && !decided.has_failed();
        // Callers look at the state too: it is not locked while anything is written or made.
        let has_room = {
            let mut state = self.state();
            state.evaluations += 1;
            state.failures += u64::from(has_failed);
            if fields.is_empty() {
                return;
            }
            state.differences += 1;
            state.kept.len() < KEPT_DIFFERENCES
        };
        let (strategy, version) = (self.strategy(), self.version());
        counter!("pointsman_shadow_differences_total", "strategy" => strategy.to_owned()).increment(1);
        let found = fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let by = version.plugin.id();
        let (differences, named) = (shown(&found), shown(deployment));
        tracing::warn!(
            strategy,
            deployment = named,
            %current,
            shadow = %by,
            differences,
            "the shadow decides differently"
        );
        if !has_room {
            return;
        }
        let request = request();
        let bytes = request.len() + [&decided, &shadow].map(size).iter().sum::<usize>();
        let mut state = self.state();
        if state.kept_bytes + bytes <= KEPT_BYTES {
            state.kept_bytes += bytes;
            let (current, deployment) = (current.clone(), deployment.to_owned());
            state.kept.push(Difference { current, deployment, request, decided, shadow, fields });
        }
    }

    /// The result of the trial, if it is over.
    pub(super) fn result(&self, options: &Options) -> Option<Comparison> {
        let Record { trial, started, .. } = &*self.record;
        let state = self.state();
        if state.failures >= u64::from(options.revert_after.get()) {
            return Some(Comparison::Failed);
        }
        let is_over = match trial.length {
            TrialLength::Evaluations(count) => state.evaluations >= count.get(),
            TrialLength::Time(time) => {
                state.evaluations > 0 && (options.clock)().saturating_duration_since(*started) >= time
            }
        };
        let has_passed = state.failures == 0 && state.differences <= trial.most_differences;
        is_over.then_some(if has_passed { Comparison::Passed } else { Comparison::Failed })
    }
}

/// Bytes of a decision, as JSON.
fn size(decision: &Decision) -> usize {
    serde_json::to_string(decision).map_or(0, |text| text.len())
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shadow").field(&self.status()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{QUEUE, QUEUE_BYTES, Waiting};

    #[test]
    fn so_many_wait_and_no_more() {
        let waiting = Waiting::default();

        assert!((0..QUEUE).all(|_| waiting.enter(1)) && !waiting.enter(1));
        waiting.leave(1);

        assert!(waiting.enter(1) && !waiting.enter(1));
    }

    #[test]
    fn so_many_bytes_wait_and_no_more() {
        let waiting = Waiting::default();

        assert!(waiting.enter(QUEUE_BYTES - 1) && waiting.enter(1) && !waiting.enter(1));
        waiting.leave(QUEUE_BYTES - 1);
        assert!(waiting.enter(QUEUE_BYTES - 1) && !waiting.enter(1));
    }

    #[test]
    fn what_is_larger_than_all_waits_alone() {
        let waiting = Waiting::default();

        assert!(waiting.enter(QUEUE_BYTES * 2) && !waiting.enter(0));
        waiting.leave(QUEUE_BYTES * 2);

        assert!(waiting.enter(1) && !waiting.enter(QUEUE_BYTES * 2));
    }
}
