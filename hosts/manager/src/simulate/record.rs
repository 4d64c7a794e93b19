//! What happened in a run, cycle by cycle and moment by moment: what the timeline, the chart and the JSON are made of.

use std::collections::BTreeMap;

use pointsman::{RouteChanges, guard::Violation};
use serde::Serialize;

use super::{class::Class, scenario::Scenario, verdict::Verdict};

/// All of a run. Times are milliseconds of virtual time since the first rollout's start.
pub(super) struct Record {
    /// The revisions that were deployed, the last one last.
    pub(super) deployed: Vec<String>,
    pub(super) cycles: Vec<Cycle>,
    pub(super) happenings: Vec<Happening>,
    /// How it looked from each moment on at which that changed. Goes on for a while after the end, for the eye.
    pub(super) samples: Vec<Sample>,
    pub(super) ended: Ended,
    /// When it ended.
    pub(super) ended_at: u64,
    pub(super) created: u32,
    /// Events that were still to come.
    pub(super) left_over: usize,
    /// What each route was when it had ended.
    pub(super) last_classes: Vec<Class>,
}

/// One evaluation.
pub(super) struct Cycle {
    pub(super) at: u64,
    /// What each route was when it was evaluated.
    pub(super) classes: Vec<Class>,
    pub(super) serving: u32,
    pub(super) ready: u32,
    pub(super) live: u32,
    pub(super) decision: Decision,
}

/// What came of an evaluation.
pub(super) enum Decision {
    /// A plan, and whether it was applied; it is not where the host died first.
    Plan { plan: Box<RouteChanges>, is_applied: bool },
    /// The guard rejected the plan. Nothing was applied.
    Rejected { plan: Box<RouteChanges>, violations: Vec<Violation> },
    /// The plugin gave no plan.
    Refused { message: String },
}

/// Something of the scenario's events.
pub(super) struct Happening {
    pub(super) at: u64,
    /// In a few words.
    pub(super) what: String,
}

/// How the routes stand from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: u64,
    pub(super) counts: BTreeMap<Class, u32>,
    pub(super) serving: u32,
    pub(super) live: u32,
    pub(super) target: u32,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The new revision took over.
    Completed,
    /// It was given up, and none of it is left.
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
    pub(super) fn plan(&self) -> Option<&RouteChanges> {
        match &self.decision {
            Decision::Plan { plan, .. } | Decision::Rejected { plan, .. } => Some(plan),
            Decision::Refused { .. } => None,
        }
    }

    /// The word for what was decided.
    pub(super) fn code(&self) -> &str {
        match &self.decision {
            Decision::Plan { plan, .. } => &plan.reason.code,
            Decision::Rejected { .. } => "rejected by the guard",
            Decision::Refused { .. } => "refused by the plugin",
        }
    }

    /// Whether the plugin or its plan was wrong.
    pub(super) fn is_bad(&self) -> bool {
        !matches!(self.decision, Decision::Plan { .. })
    }

    /// How the decision ended, in a stable word.
    pub(super) fn outcome(&self) -> &'static str {
        match &self.decision {
            Decision::Plan { is_applied: true, .. } => "applied",
            Decision::Plan { is_applied: false, .. } => "lost",
            Decision::Rejected { .. } => "rejected",
            Decision::Refused { .. } => "refused",
        }
    }
}

// === impl Ended ===

impl Ended {
    /// A stable word, for programs.
    pub(super) fn word(&self) -> &'static str {
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
    pub(super) fn phrase(&self) -> String {
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

// === as JSON ===

/// The document that `--json` writes. Times are seconds of virtual time; those in plans are milliseconds as everywhere in the
/// contract, and the rollout starts at 86400000.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    title: &'a str,
    seed: u64,
    events: Vec<EventEntry<'a>>,
    cycles: Vec<CycleEntry<'a>>,
    verdict: &'a Verdict,
}

#[derive(Serialize)]
struct EventEntry<'a> {
    at_seconds: f64,
    what: &'a str,
}

#[derive(Serialize)]
struct CycleEntry<'a> {
    at_seconds: f64,
    /// How many routes are what, before the plan; those that are gone are left out.
    routes: BTreeMap<Class, u32>,
    serving: u32,
    ready: u32,
    live: u32,
    /// `applied`, `lost` (the host died first), `rejected` or `refused`.
    outcome: &'static str,
    /// None where it was refused.
    plan: Option<&'a RouteChanges>,
    /// What the guard has against the plan.
    violations: &'a [Violation],
    /// What the plugin said in place of a plan.
    message: Option<&'a str>,
}

// === impl Document ===

impl<'a> Document<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64, record: &'a Record, verdict: &'a Verdict) -> Self {
        let event = |happening: &'a Happening| EventEntry { at_seconds: seconds(happening.at), what: &happening.what };
        Self {
            title: &scenario.title,
            seed,
            events: record.happenings.iter().map(event).collect(),
            cycles: record.cycles.iter().map(CycleEntry::from).collect(),
            verdict,
        }
    }
}

impl<'a> From<&'a Cycle> for CycleEntry<'a> {
    fn from(cycle: &'a Cycle) -> Self {
        let (violations, message) = match &cycle.decision {
            Decision::Plan { .. } => (&[][..], None),
            Decision::Rejected { violations, .. } => (&violations[..], None),
            Decision::Refused { message } => (&[][..], Some(message.as_str())),
        };
        Self {
            at_seconds: seconds(cycle.at),
            routes: count(cycle.classes.iter().copied()),
            serving: cycle.serving,
            ready: cycle.ready,
            live: cycle.live,
            outcome: cycle.outcome(),
            plan: cycle.plan(),
            violations,
            message,
        }
    }
}

/// How many there are of each class.
pub(super) fn count(classes: impl Iterator<Item = Class>) -> BTreeMap<Class, u32> {
    let mut counts = BTreeMap::new();
    for class in classes {
        *counts.entry(class).or_default() += 1;
    }
    counts
}

/// Milliseconds as seconds.
pub(super) fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}
