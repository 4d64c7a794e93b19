//! Status of strategies, for operators.

use std::{collections::BTreeMap, time::Duration};

use pointsman::guard::ViolationCode;

use super::{
    blame::Standing,
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
    /// Time for which calls for every deployment will still be answered with an error; none, where the circuit of the
    /// version is not open.
    pub circuit_open: Option<Duration>,
    /// Deployments that fail, or that the version before decides for.
    pub circuits: Circuits,
    /// The digests of versions that are quarantined.
    pub quarantined: Vec<String>,
    /// Latencies of the calls.
    pub latency: Latency,
}

/// Deployments that fail, or that the version before decides for: the first hundred of each, in the order of their
/// keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circuits {
    /// Those whose circuit is open.
    pub open: Vec<OpenCircuit>,
    /// How many there are.
    pub open_total: usize,
    /// Those that are pinned to the version before.
    pub pinned: Vec<String>,
    /// How many there are.
    pub pinned_total: usize,
}

/// A deployment whose circuit is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCircuit {
    /// Its key.
    pub deployment: String,
    /// Failures in a row.
    pub failures: u32,
    /// Time for which its calls will still be answered with an error.
    pub remaining: Duration,
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

/// Most deployments of each list.
const LISTED: usize = 100;

// === impl Circuits ===

impl Circuits {
    pub(super) fn new(standings: Vec<Standing>) -> Self {
        let mut circuits = Self::default();
        for Standing { deployment, failures, open, is_pinned } in standings {
            if is_pinned {
                circuits.pinned_total += 1;
                if circuits.pinned.len() < LISTED {
                    circuits.pinned.push(deployment.clone());
                }
            }
            if let Some(remaining) = open {
                circuits.open_total += 1;
                if circuits.open.len() < LISTED {
                    circuits.open.push(OpenCircuit { deployment, failures, remaining });
                }
            }
        }
        circuits
    }
}
