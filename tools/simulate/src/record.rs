//! What happened in a run, cycle by cycle and moment by moment: what the timeline, the chart and the document are made
//! of.

use std::collections::BTreeMap;

use pointsman::{RouteChanges, guard::Violation};

use super::{class::Class, load::Load, outage::Outage};

/// All of a run. Times are milliseconds of virtual time since the first rollout's start.
#[derive(Clone, Debug)]
pub struct Record {
    /// The revisions that were deployed, the last one last.
    pub deployed: Vec<String>,
    /// Every evaluation, in the order of time.
    pub cycles: Vec<Cycle>,
    /// Every event of the scenario that took place, in the order of time.
    pub happenings: Vec<Happening>,
    /// Samples of the routes, one for each moment at which they changed. They go on for a while after the end, for the
    /// eye.
    pub samples: Vec<Sample>,
    /// The end.
    pub ended: Ended,
    /// When it ended.
    pub ended_at: u64,
    /// Routes that plans created.
    pub created: u32,
    /// Events that were still to come.
    pub left_over: usize,
    /// Class of each route at the end.
    pub last_classes: Vec<Class>,
    /// Routes that crashed or did not start. They are in `cycles` and `samples` for some cycles only.
    pub failed: u32,
    /// Routes that were evicted. As `failed` they leave the picture.
    pub evicted: u32,
    /// Outages: spans in which nothing served, or less than the scenario's floor.
    pub outages: Vec<Outage>,
}

/// One evaluation.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// When, in milliseconds since the first rollout's start.
    pub at: u64,
    /// Class of each route when it was evaluated.
    pub classes: Vec<Class>,
    /// Serving routes before the plan.
    pub serving: u32,
    /// Serving capacity before the plan, in routes: over how many evenly loaded ones the traffic is spread.
    pub capacity: f64,
    /// The load before the plan, where weights differ.
    pub load: Load,
    /// Ready routes before the plan.
    pub ready: u32,
    /// Live routes before the plan.
    pub live: u32,
    /// The decision.
    pub decision: Decision,
}

/// Result of an evaluation.
#[derive(Clone, Debug)]
pub enum Decision {
    /// A plan, and whether it was applied; it is not where the host died first.
    Plan {
        /// The plan.
        plan: Box<RouteChanges>,
        /// True where it was applied.
        is_applied: bool,
    },
    /// The guard rejected the plan. Nothing was applied.
    Rejected {
        /// The plan.
        plan: Box<RouteChanges>,
        /// Violations that the guard found in it.
        violations: Vec<Violation>,
    },
    /// The plugin gave no plan.
    Refused {
        /// The plugin's words instead. They are untrusted text.
        message: String,
    },
}

/// Something of the scenario's events.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When, in milliseconds since the first rollout's start.
    pub at: u64,
    /// In a few words.
    pub what: String,
}

/// State of the routes from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From when on, in milliseconds since the first rollout's start.
    pub at: u64,
    /// Number of routes of each class.
    pub counts: BTreeMap<Class, u32>,
    /// Serving routes.
    pub serving: u32,
    /// Serving capacity, in thousandths of a route.
    pub capacity: u64,
    /// The load, where weights differ.
    pub load: Load,
    /// Live routes.
    pub live: u32,
    /// The target: routes that should serve.
    pub target: u32,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The new revision took over.
    Completed,
    /// It was rolled back: the stable revision serves, or nothing better is possible.
    RolledBack,
    /// Nothing can happen any more without somebody who acts; the plan's reason code says on what it waits.
    Waiting(String),
    /// As long as the scenario allows it went on.
    StillRunning,
    /// Nothing can happen any more, because the guard rejects the plan.
    Rejected,
    /// Nothing can happen any more, because the plugin gives no plan.
    Refused,
    /// There were more routes than a simulation takes.
    TooManyRoutes,
}

// === impl Cycle ===

impl Cycle {
    /// The plan, whatever became of it.
    pub fn plan(&self) -> Option<&RouteChanges> {
        match &self.decision {
            Decision::Plan { plan, .. } | Decision::Rejected { plan, .. } => Some(plan),
            Decision::Refused { .. } => None,
        }
    }

    /// The word for what was decided.
    pub fn code(&self) -> &str {
        match &self.decision {
            Decision::Plan { plan, .. } => &plan.reason.code,
            Decision::Rejected { .. } => "rejected by the guard",
            Decision::Refused { .. } => "refused by the plugin",
        }
    }

    /// Returns whether the plugin or its plan was wrong.
    pub fn is_bad(&self) -> bool {
        !matches!(self.decision, Decision::Plan { .. })
    }

    /// A stable word for what became of the decision.
    pub fn outcome(&self) -> &'static str {
        match &self.decision {
            Decision::Plan { is_applied: true, .. } => "applied",
            Decision::Plan { is_applied: false, .. } => "lost",
            Decision::Rejected { .. } => "rejected",
            Decision::Refused { .. } => "refused",
        }
    }
}

// === impl Sample ===

impl Sample {
    /// Serving capacity, in routes.
    pub fn capacity(&self) -> f64 {
        std::time::Duration::from_millis(self.capacity).as_secs_f64()
    }

    /// Returns whether it is less than the target.
    pub fn is_short(&self) -> bool {
        self.capacity < u64::from(self.target) * 1000
    }
}

// === impl Ended ===

impl Ended {
    /// A stable word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RolledBack => "rolled_back",
            Self::Waiting(_) => "waiting",
            Self::StillRunning => "still_running",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::TooManyRoutes => "too_many_routes",
        }
    }

    /// For people.
    pub fn phrase(&self) -> String {
        match self {
            Self::Completed => "completed".to_owned(),
            Self::RolledBack => "rolled back".to_owned(),
            Self::Waiting(code) => format!("waiting ({code})"),
            Self::StillRunning => "still running".to_owned(),
            Self::Rejected => "rejected by the guard".to_owned(),
            Self::Refused => "refused by the plugin".to_owned(),
            Self::TooManyRoutes => "too many routes".to_owned(),
        }
    }
}

/// Counts routes by their class.
pub(crate) fn count(classes: impl Iterator<Item = Class>) -> BTreeMap<Class, u32> {
    let mut counts = BTreeMap::new();
    for class in classes {
        *counts.entry(class).or_default() += 1;
    }
    counts
}

/// A capacity in thousandths of a route, rounded down, so that what falls short is never taken for enough.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number, not negative")]
pub(crate) fn thousandths(capacity: f64) -> u64 {
    ((capacity + pointsman::capacity::TOLERANCE) * 1000.0) as u64
}

/// Milliseconds as seconds.
pub(crate) fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}
