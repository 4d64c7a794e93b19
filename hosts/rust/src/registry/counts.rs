//! Counts and latencies of a strategy or of a version that is tried, also as metrics.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use metrics::{counter, histogram};
use pointsman::guard::ViolationCode;

use super::outcome::Outcome;

/// Latencies of calls: quantiles since the strategy was loaded, to two significant digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// Nine of ten.
    pub p90: Duration,
    /// 99 of 100.
    pub p99: Duration,
    /// 999 of 1000.
    pub p999: Duration,
    /// The longest.
    pub max: Duration,
}

/// The numbers behind the status of a strategy or of a version that is tried.
pub(super) struct Counts {
    names: &'static Names,
    outcomes: [AtomicU64; Outcome::ALL.len()],
    violations: Mutex<BTreeMap<ViolationCode, u64>>,
    reverts: AtomicU64,
    /// In microseconds.
    latency: Mutex<Histogram<u64>>,
}

/// The longest latency that is told apart: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// Names of the metrics.
struct Names {
    evaluations: &'static str,
    seconds: &'static str,
    violations: &'static str,
}

// === impl Counts ===

impl Counts {
    pub(super) fn of_strategy() -> Self {
        Self::new(&Names {
            evaluations: "pointsman_evaluations_total",
            seconds: "pointsman_evaluation_seconds",
            violations: "pointsman_violations_total",
        })
    }

    pub(super) fn of_shadow() -> Self {
        Self::new(&Names {
            evaluations: "pointsman_shadow_evaluations_total",
            seconds: "pointsman_shadow_evaluation_seconds",
            violations: "pointsman_shadow_violations_total",
        })
    }

    fn new(names: &'static Names) -> Self {
        Self {
            names,
            outcomes: Default::default(),
            violations: Mutex::default(),
            reverts: AtomicU64::default(),
            latency: Mutex::new(Histogram::new_with_max(LONGEST, 2).expect("two digits are a precision")),
        }
    }

    /// Counts a request.
    pub(super) fn record(&self, strategy: &str, outcome: Outcome) {
        self.count(strategy, outcome);
    }

    /// Notes what a call took, of one request or of many.
    pub(super) fn record_time(&self, strategy: &str, took: Duration) {
        histogram!(self.names.seconds, "strategy" => strategy.to_owned()).record(took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latency.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
    }

    pub(super) fn record_violations(&self, strategy: &str, violations: &[ViolationCode]) {
        // The usual call has none.
        if violations.is_empty() {
            return;
        }
        let mut counts = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        for &code in violations {
            *counts.entry(code).or_default() += 1;
            let labels = [("strategy", strategy.to_owned()), ("code", code.as_str().to_owned())];
            counter!(self.names.violations, &labels).increment(1);
        }
    }

    pub(super) fn record_revert(&self, strategy: &str) {
        self.reverts.fetch_add(1, Relaxed);
        counter!("pointsman_reverts_total", "strategy" => strategy.to_owned()).increment(1);
    }

    fn count(&self, strategy: &str, outcome: Outcome) {
        self.outcomes[outcome as usize].fetch_add(1, Relaxed);
        counter!(self.names.evaluations, "strategy" => strategy.to_owned(), "outcome" => outcome.as_str()).increment(1);
    }

    pub(super) fn outcomes(&self) -> BTreeMap<Outcome, u64> {
        let counts = Outcome::ALL.into_iter().map(|outcome| (outcome, self.outcomes[outcome as usize].load(Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    pub(super) fn violations(&self) -> BTreeMap<ViolationCode, u64> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn reverts(&self) -> u64 {
        self.reverts.load(Relaxed)
    }

    pub(super) fn latency(&self) -> Latency {
        let histogram = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        let at = |quantile| Duration::from_micros(histogram.value_at_quantile(quantile));
        Latency {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: Duration::from_micros(histogram.max()),
        }
    }
}
