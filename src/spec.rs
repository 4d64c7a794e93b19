//! The spec of a rollout: goal, requests, limits and clock, as a host states them in each cycle.

use serde::{Deserialize, Serialize};

use crate::{Labels, Timestamp};

/// Requests of an operator for this rollout. Abort outweighs pause, pause promote, and promote the passed gates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// Return to the stable revision, and end.
    pub abort: bool,
    /// No step forward and no end; repairs go on. Not read while `abort`.
    pub pause: bool,
    /// Skip gates, delays, holds, pending and inconclusive checks until the rollout ends; not readiness and not failed
    /// checks.
    pub promote: bool,
    /// Gates that a person passed, in any order; unknown words are ignored.
    pub passed_gates: Vec<String>,
}

/// Verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// No verdict yet.
    Pending,
    /// Good.
    Passed,
    /// Bad.
    Failed,
    /// Judged without enough data: waits as pending does.
    Inconclusive,
}

/// A verdict that the host gathered elsewhere: metrics, smoke tests, analyses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The host's name for it, unique in a call.
    pub name: String,
    /// Its verdict.
    #[serde(deserialize_with = "crate::config::word")]
    pub outcome: CheckOutcome,
    /// Moment at which it was last sampled; one ahead of now counts as now. None: it counts always.
    #[serde(default)]
    pub observed_at: Option<Timestamp>,
}

/// Bounds, in routes: of a policy ([`Spec::limits`]) or of a plan ([`RouteChanges::commitment`](crate::RouteChanges)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Serving capacity is never brought below this.
    pub least_serving: u32,
    /// Live routes of all revisions are never brought above this.
    pub most_live: u32,
}

/// Goal, requests, limits and clock of a rollout, in one cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The revision being rolled out.
    pub deploying_revision: String,
    /// The revision that carried the traffic when this rollout started, and can be created. None, `""`, or equal to the
    /// deploying one is none: read it with [`stable`](Self::stable).
    #[serde(default)]
    pub stable_revision: Option<String>,
    /// Number of routes that should serve when the rollout ends; 0 is valid.
    pub target_replicas: u32,
    /// Moment at which this revision was activated.
    pub started_at: Timestamp,
    /// The host's clock at this cycle: the only clock there is.
    pub now: Timestamp,
    /// The operator's requests.
    #[serde(default, deserialize_with = "crate::config::object")]
    pub operator: Operator,
    /// The verdicts gathered so far, in any order.
    #[serde(default, deserialize_with = "crate::config::objects")]
    pub checks: Vec<Check>,
    /// The operator's policy at this target; none where the strategy's own configuration alone bounds it.
    #[serde(default, deserialize_with = "crate::config::optional_object")]
    pub limits: Option<Commitment>,
    /// Number of routes that may be placed now in addition, of the larger revision; none where unknown, as if
    /// unlimited.
    #[serde(default)]
    pub free_places: Option<u32>,
    /// Which ratios are possible: `k/n` for 0 ≤ k ≤ n; 1 is in or out only, 0 is exact.
    #[serde(default = "in_or_out")]
    pub weight_steps: u32,
    /// The host's facts about the deployment.
    #[serde(default)]
    pub labels: Labels,
    /// The strategy's own configuration, one JSON object as text. In a JSON request it is an inline object, and `{}`
    /// where it is left out.
    #[serde(default = "empty_object", with = "crate::json::inline")]
    pub config: String,
    /// The memo of the last applied plan of this rollout; none in the first cycle.
    #[serde(default)]
    pub memo: Option<String>,
}

// === impl Commitment ===

impl Commitment {
    /// Bounds that bound nothing.
    pub const NONE: Self = Self { least_serving: 0, most_live: u32::MAX };

    /// Both bounds at once: the larger of the least, the smaller of the most.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            least_serving: self.least_serving.max(other.least_serving),
            most_live: self.most_live.min(other.most_live),
        }
    }
}

// === impl Spec ===

impl Spec {
    /// A spec with the contract's defaults: no stable revision, no requests, no checks, no limits, in or out of traffic
    /// only, and a configuration of all defaults.
    pub fn new(deploying_revision: &str, target_replicas: u32, started_at: Timestamp, now: Timestamp) -> Self {
        Self {
            deploying_revision: deploying_revision.to_owned(),
            stable_revision: None,
            target_replicas,
            started_at,
            now,
            operator: Operator::default(),
            checks: vec![],
            limits: None,
            free_places: None,
            weight_steps: in_or_out(),
            labels: Labels::default(),
            config: empty_object(),
            memo: None,
        }
    }

    /// The stable revision, if there is one.
    pub fn stable(&self) -> Option<&str> {
        let stable = self.stable_revision.as_deref();
        stable.filter(|revision| !revision.is_empty() && *revision != self.deploying_revision)
    }

    /// Moment since which what ended belongs to this rollout: its start. Where the clock is behind the start, as far
    /// before now as the start is after it: what this rollout did since the clock was set back has stamps before now,
    /// and rows that are much older are history all the same.
    pub fn beginning(&self) -> Timestamp {
        let behind = self.started_at.saturating_millis_since(self.now);
        if behind == 0 { self.started_at } else { self.now.saturating_sub_millis(behind) }
    }

    /// Moment since which a stopping route takes a place that this rollout gave or took. Where the
    /// clock is behind the start nobody can tell, and all do.
    pub fn stopping_since(&self) -> Timestamp {
        if self.now < self.started_at { Timestamp::default() } else { self.started_at }
    }

    /// Whether the rollout is paused; an abort outweighs it.
    pub fn is_paused(&self) -> bool {
        self.operator.pause && !self.operator.abort
    }

    /// Whether a person passed this gate, or asked to go on whatever the gates.
    pub fn has_passed(&self, gate: &str) -> bool {
        self.operator.promote || self.operator.passed_gates.iter().any(|passed| passed == gate)
    }

    /// Checks what no strategy can work with.
    ///
    /// # Errors
    /// One sentence that names the field.
    pub fn validate(&self) -> Result<(), String> {
        if self.deploying_revision.is_empty() {
            return Err("`deploying_revision` is empty; it should name the revision being rolled out".to_owned());
        }
        let mut names: Vec<&str> = self.checks.iter().map(|check| check.name.as_str()).collect();
        names.sort_unstable();
        if let Some([twin, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("`checks`: `{twin}` is given more than once"));
        }
        self.labels.validate().map_err(|error| format!("`labels`: {error}"))
    }
}

fn in_or_out() -> u32 {
    1
}

pub(crate) fn empty_object() -> String {
    "{}".to_owned()
}
