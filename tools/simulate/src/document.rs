//! A run as JSON, for programs.

use std::collections::BTreeMap;

use pointsman::{RouteChanges, guard::Violation};
use serde::Serialize;

use super::{
    class::Class,
    load::LoadEntry,
    record::{Cycle, Decision, Happening, Record, count, seconds},
    scenario::Scenario,
    summary::Summary,
};

/// The JSON document of a run. Times are seconds of virtual time; those in plans are milliseconds as everywhere in the
/// contract, and the rollout starts at 86400000.
#[derive(Serialize)]
pub struct Document<'a> {
    title: &'a str,
    seed: u64,
    events: Vec<EventEntry<'a>>,
    cycles: Vec<CycleEntry<'a>>,
    #[serde(rename = "verdict")]
    summary: &'a Summary,
    /// What was otherwise than the scenario expects; none where nothing was.
    unexpected: Option<String>,
}

#[derive(Serialize)]
struct EventEntry<'a> {
    at_seconds: f64,
    what: &'a str,
}

#[derive(Serialize)]
struct CycleEntry<'a> {
    at_seconds: f64,
    /// Routes of each class before the plan; those that are gone are left out.
    routes: BTreeMap<Class, u32>,
    serving: u32,
    /// Over how many evenly loaded routes the traffic is spread, in routes.
    capacity: f64,
    /// Shares and loads, where weights differ.
    #[serde(flatten)]
    load: Option<LoadEntry<'a>>,
    ready: u32,
    live: u32,
    /// `applied`, `lost` (the host died first), `rejected` or `refused`.
    outcome: &'static str,
    /// None where it was refused.
    plan: Option<&'a RouteChanges>,
    /// Violations that the guard found in the plan.
    violations: &'a [Violation],
    /// The plugin's words in place of a plan.
    message: Option<&'a str>,
}

// === impl Document ===

impl<'a> Document<'a> {
    /// The document of a run with this seed.
    pub fn new(scenario: &'a Scenario, seed: u64, record: &'a Record, summary: &'a Summary) -> Self {
        let event = |happening: &'a Happening| EventEntry { at_seconds: seconds(happening.at), what: &happening.what };
        Self {
            title: &scenario.title,
            seed,
            events: record.happenings.iter().map(event).collect(),
            cycles: record.cycles.iter().map(CycleEntry::from).collect(),
            summary,
            unexpected: scenario.unexpected(summary),
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
            capacity: cycle.capacity,
            load: cycle.load.entry(),
            ready: cycle.ready,
            live: cycle.live,
            outcome: cycle.outcome(),
            plan: cycle.plan(),
            violations,
            message,
        }
    }
}
