//! A run as a whole, in numbers.

use serde::Serialize;

use super::{
    outage::Outage,
    record::{Cycle, Ended, Record, Sample, seconds},
};

/// Summary of a run: its end, and how it went. Times are seconds of virtual time since the first rollout's start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// `completed`, `rolled_back`, `waiting`, `still_running`, `rejected`, `refused` or `too_many_routes`.
    pub ended: &'static str,
    /// The same for people.
    pub phrase: String,
    /// The code of the last decision.
    pub code: String,
    /// When it ended.
    pub after_seconds: f64,
    /// The lowest serving capacity, in routes: over how many evenly loaded ones the traffic was spread.
    pub lowest_serving: f64,
    /// When that was first so.
    pub lowest_serving_at_seconds: f64,
    /// The target then.
    pub lowest_serving_target: u32,
    /// The serving capacity at the end, in routes.
    pub serving_at_end: f64,
    /// The target at the end.
    pub target_at_end: u32,
    /// Time for which the serving capacity was below the target.
    pub below_target_seconds: f64,
    /// Time for which nothing served.
    pub outage_seconds: f64,
    /// Time for which the serving capacity was below the scenario's floor; 0 where it has none.
    pub below_floor_seconds: f64,
    /// The most live routes.
    pub most_live: u32,
    /// When that was first so.
    pub most_live_at_seconds: f64,
    /// Routes that were created.
    pub created: u32,
    /// Routes that ended without having been drained.
    pub failed: u32,
    /// Evaluations.
    pub evaluations: usize,
    /// Plans that the guard rejected and requests that the plugin refused.
    pub refusals: usize,
    /// Events that were still to come when it ended.
    pub left_over_events: usize,
}

// === impl Summary ===

impl Summary {
    /// Summarizes a run.
    pub fn of(record: &Record) -> Self {
        // Not what is there for the eye only.
        let samples = &record.samples[..record.samples.partition_point(|sample| sample.at <= record.ended_at)];
        let lowest = samples.iter().min_by_key(|sample| sample.capacity);
        // Of several the first, which `max_by_key` is not.
        let most = samples.iter().rev().max_by_key(|sample| sample.live);
        let ends = samples.iter().skip(1).map(|sample| sample.at).chain([record.ended_at]);
        let below = samples.iter().zip(ends).filter(|(sample, _)| sample.is_short());
        let outages = |is: fn(&Outage) -> bool| {
            seconds(record.outages.iter().filter(|outage| is(outage)).map(|outage| outage.until - outage.at).sum())
        };
        Self {
            ended: record.ended.word(),
            phrase: record.ended.phrase(),
            code: record.cycles.last().map(Cycle::code).unwrap_or_default().to_owned(),
            after_seconds: seconds(record.ended_at),
            lowest_serving: lowest.map_or(0.0, Sample::capacity),
            lowest_serving_at_seconds: lowest.map_or(0.0, |sample| seconds(sample.at)),
            lowest_serving_target: lowest.map_or(0, |sample| sample.target),
            serving_at_end: samples.last().map_or(0.0, Sample::capacity),
            target_at_end: samples.last().map_or(0, |sample| sample.target),
            below_target_seconds: seconds(below.map(|(sample, end)| end - sample.at).sum()),
            outage_seconds: outages(Outage::is_total),
            below_floor_seconds: outages(|outage| outage.floor > 1),
            most_live: most.map_or(0, |sample| sample.live),
            most_live_at_seconds: most.map_or(0.0, |sample| seconds(sample.at)),
            created: record.created,
            failed: record.failed,
            evaluations: record.cycles.len(),
            refusals: record.cycles.iter().filter(|cycle| cycle.is_bad()).count(),
            left_over_events: record.left_over,
        }
    }

    /// Returns whether the plugin always gave a plan, and one that could be applied.
    pub fn is_well(&self) -> bool {
        self.refusals == 0 && self.ended != Ended::TooManyRoutes.word()
    }
}
