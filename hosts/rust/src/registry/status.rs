//! Status of strategies, for operators.

use std::{collections::BTreeMap, time::Duration};

use pointsman::guard::ViolationCode;

use super::{
    counts::Latency,
    outcome::Outcome,
    trial::{Comparison, Trial},
};
use crate::plugin::PluginId;

/// A version of a strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionStatus {
    /// Its file name and digest.
    pub plugin: PluginId,
    /// The version in its description.
    pub version: String,
}

/// Status of a strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyStatus {
    /// Its name.
    pub name: String,
    /// The version in use.
    pub current: VersionStatus,
    /// The version that it would be reverted to.
    pub previous: Option<VersionStatus>,
    /// Calls by outcome, over all versions; what never happened is left out.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Violations that the guard found in plans, over all versions; what never happened is left out.
    pub violations: BTreeMap<ViolationCode, u64>,
    /// The version that is tried, or waits to be promoted.
    pub shadow: Option<ShadowStatus>,
    /// Times that a version was reverted to the one before it.
    pub reverts: u64,
    /// Time for which calls will still be answered with an error; none, where the circuit is not open.
    pub circuit_open: Option<Duration>,
    /// Latencies of the calls.
    pub latency: Latency,
}

/// Status of a version that is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowStatus {
    /// The version.
    pub version: VersionStatus,
    /// The terms of its trial.
    pub trial: Trial,
    /// The state of the comparison.
    pub comparison: Comparison,
    /// Requests that both versions have decided.
    pub evaluations: u64,
    /// Those that they decided differently.
    pub differences: u64,
    /// Calls that the shadow was not told of, because it had too many to do.
    pub skipped: u64,
    /// Its calls by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Violations that the guard found in its plans.
    pub violations: BTreeMap<ViolationCode, u64>,
    /// Latencies of its calls.
    pub latency: Latency,
}
