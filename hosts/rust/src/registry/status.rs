//! How strategies do: counts, latencies, and what an operator is shown of them.

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

use super::{Trial, Verdict};
use crate::PluginId;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// With a plan that passed the guard, or a batch of answers in which none was rejected.
    Ok,
    /// The plugin says that its input is not right.
    Refused,
    /// The guard rejected a plan.
    Rejected,
    /// The plugin trapped.
    Trap,
    /// It ran for too long.
    Timeout,
    /// It wanted too much memory.
    Memory,
    /// It returned too much.
    Response,
    /// It returned what the ABI or the contract does not allow.
    Malformed,
    /// The host could not run it: too many instances were in use, or the system had no memory. Not the plugin's fault.
    Host,
    /// It was not called: it fails, and there is no version to go back to.
    BackingOff,
}

/// Which version of a strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionStatus {
    /// Its file name and digest.
    pub plugin: PluginId,
    /// The version that it says it has.
    pub version: String,
}

/// How long calls took: quantiles since the strategy was loaded, to two significant digits.
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

/// How one strategy does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyStatus {
    /// Its name.
    pub name: String,
    /// What it runs on.
    pub current: VersionStatus,
    /// What it would go back to.
    pub previous: Option<VersionStatus>,
    /// Calls by how they ended, over all versions; what never happened is left out.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// What the guard found in plans, over all versions; what never happened is left out.
    pub violations: BTreeMap<ViolationCode, u64>,
    /// The version that is tried, or waits to be promoted.
    pub shadow: Option<ShadowStatus>,
    /// How often a version was given up for the one before.
    pub reverts: u64,
    /// For how long calls will still be answered with an error, if they are.
    pub backing_off: Option<Duration>,
    /// How long calls took.
    pub latency: Latency,
}

/// How a version that is tried does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowStatus {
    /// The version.
    pub version: VersionStatus,
    /// How it is tried.
    pub trial: Trial,
    /// How that stands.
    pub verdict: Verdict,
    /// Requests that both versions have decided.
    pub evaluations: u64,
    /// Those that they decided differently.
    pub differences: u64,
    /// Calls that the shadow was not told of, because it had too many to do.
    pub skipped: u64,
    /// Its calls by how they ended.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// What the guard found in its plans.
    pub violations: BTreeMap<ViolationCode, u64>,
    /// How long its calls took.
    pub latency: Latency,
}

/// The numbers behind a [`StrategyStatus`] or a [`ShadowStatus`].
pub(super) struct Counts {
    names: &'static Names,
    outcomes: [AtomicU64; Outcome::ALL.len()],
    violations: Mutex<BTreeMap<ViolationCode, u64>>,
    reverts: AtomicU64,
    /// In microseconds.
    latency: Mutex<Histogram<u64>>,
}

/// What is longer counts as this: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// What the numbers are called as metrics.
struct Names {
    evaluations: &'static str,
    seconds: &'static str,
    violations: &'static str,
}

// === impl Outcome ===

impl Outcome {
    const ALL: [Self; 10] = [
        Self::Ok,
        Self::Refused,
        Self::Rejected,
        Self::Trap,
        Self::Timeout,
        Self::Memory,
        Self::Response,
        Self::Malformed,
        Self::Host,
        Self::BackingOff,
    ];

    /// Its label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Response => "response",
            Self::Malformed => "malformed",
            Self::Host => "host",
            Self::BackingOff => "backing-off",
        }
    }

    /// Whether it speaks against the plugin.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Ok | Self::Refused | Self::Host | Self::BackingOff => false,
            Self::Rejected | Self::Trap | Self::Timeout | Self::Memory | Self::Response | Self::Malformed => true,
        }
    }
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

    pub(super) fn record(&self, strategy: &str, outcome: Outcome, took: Duration) {
        self.count(strategy, outcome);
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

    pub(super) fn record_back_off(&self, strategy: &str) {
        self.count(strategy, Outcome::BackingOff);
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
