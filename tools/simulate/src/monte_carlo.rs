//! Many runs of one scenario, each with a seed of its own: how likely what is.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    num::NonZeroU32,
};

use pointsman_host::Session;
use serde::Serialize;

use self::spread::Spread;
use crate::{
    PlayError,
    chance::Chance,
    player::play,
    scenario::Scenario,
    show::{Look, Table, moment, plain, style},
    summary::Summary,
};

mod spread;

/// Columns of the labels below the tables.
const LABEL: usize = 21;

/// Statistics of many runs. Serialized, they are the JSON document.
#[derive(Clone, Debug, Serialize)]
pub struct MonteCarlo<'a> {
    title: &'a str,
    /// The seed that the seeds of the runs come from.
    seed: u64,
    runs: u32,
    /// True where anything in the scenario is left to chance.
    is_left_to_chance: bool,
    /// Runs by how they ended.
    ended: BTreeMap<&'static str, u32>,
    /// The share of runs that were rolled back, 0.0 to 1.0.
    rollback_chance: f64,
    /// Of the runs that completed, in seconds; none where none did.
    time_to_complete: Option<Spread<f64>>,
    lowest_serving: Spread<u32>,
    most_live: Spread<u32>,
    created: Spread<u32>,
    failed: Spread<u32>,
    below_target_seconds: Spread<f64>,
    /// Runs by their lowest serving capacity, in whole routes.
    lowest_serving_runs: BTreeMap<u32, u32>,
    /// The seed of the run that took longest to its end, to look at it by itself.
    longest_seed: u64,
    /// The seed of the run with the lowest serving capacity.
    lowest_serving_seed: u64,
    /// Runs that did otherwise than the scenario expects.
    unexpected_runs: u32,
    /// The seed of the first of them, and what it did.
    unexpected_seed: Option<u64>,
    unexpected: Option<String>,
    /// True where every run had valid plans only.
    #[serde(skip)]
    is_well: bool,
}

/// Plays a scenario so many times, each time with a seed that comes from `seed`. `progress` is called after each run.
///
/// # Errors
/// [`PlayError`], of the first run that could not be played.
pub fn run<'a>(
    session: &mut Session,
    scenario: &'a Scenario,
    seed: u64,
    runs: NonZeroU32,
    mut progress: impl FnMut(),
) -> Result<MonteCarlo<'a>, PlayError> {
    let mut chance = Chance::new(seed);
    let mut summaries = vec![];
    for _ in 0..runs.get() {
        let seed = chance.seed();
        summaries.push((seed, Summary::of(&play(session, scenario, seed)?)));
        progress();
    }
    Ok(MonteCarlo::new(scenario, seed, &summaries))
}

/// A capacity in whole routes, rounded down.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number, not negative")]
fn whole(capacity: f64) -> u32 {
    capacity as u32
}

// === impl MonteCarlo ===

impl<'a> MonteCarlo<'a> {
    /// Of at least one run.
    fn new(scenario: &'a Scenario, seed: u64, summaries: &[(u64, Summary)]) -> Self {
        let (mut ended, mut lowest_serving_runs) = (BTreeMap::new(), BTreeMap::new());
        for (_, summary) in summaries {
            *ended.entry(summary.ended).or_default() += 1;
            *lowest_serving_runs.entry(whole(summary.lowest_serving)).or_default() += 1;
        }
        let all = || summaries.iter().map(|(_, summary)| summary);
        let numbers = |of: fn(&Summary) -> u32| Spread::of(all().map(of).collect(), u32::cmp).expect("there is a run");
        let completed = all().filter(|summary| summary.ended == "completed").map(|summary| summary.after_seconds);
        let below = all().map(|summary| summary.below_target_seconds).collect();
        // Of several the first, which `max_by` is not.
        let longest = summaries.iter().rev().max_by(|(_, a), (_, b)| a.after_seconds.total_cmp(&b.after_seconds));
        let lowest = summaries.iter().min_by(|(_, a), (_, b)| a.lowest_serving.total_cmp(&b.lowest_serving));
        let mut unexpected =
            summaries.iter().filter_map(|(seed, summary)| Some((*seed, scenario.unexpected(summary)?)));
        let first_unexpected = unexpected.next();
        let unexpected_runs = u32::from(first_unexpected.is_some()) + u32::try_from(unexpected.count()).unwrap_or(0);
        let (unexpected_seed, unexpected) = first_unexpected.unzip();
        let runs = u32::try_from(summaries.len()).expect("it was a `u32`");
        let rolled_back: u32 = ended.get("rolled_back").copied().unwrap_or(0);
        Self {
            title: scenario.title(),
            seed,
            runs,
            is_left_to_chance: scenario.is_left_to_chance(),
            rollback_chance: f64::from(rolled_back) / f64::from(runs),
            ended,
            time_to_complete: Spread::of(completed.collect(), f64::total_cmp),
            lowest_serving: numbers(|summary| whole(summary.lowest_serving)),
            most_live: numbers(|summary| summary.most_live),
            created: numbers(|summary| summary.created),
            failed: numbers(|summary| summary.failed),
            below_target_seconds: Spread::of(below, f64::total_cmp).expect("there is a run"),
            lowest_serving_runs,
            longest_seed: longest.map_or(0, |(seed, _)| *seed),
            lowest_serving_seed: lowest.map_or(0, |(seed, _)| *seed),
            unexpected_runs,
            unexpected_seed,
            unexpected,
            is_well: all().all(Summary::is_well),
        }
    }

    /// Returns whether in every run the plugin always gave a plan, and one that could be applied.
    pub fn is_well(&self) -> bool {
        self.is_well
    }

    /// How many runs did otherwise than the scenario expects, and what the first of them did, in one sentence; none
    /// where all did as expected.
    pub fn unexpected(&self) -> Option<String> {
        let (runs, seed, what) = (self.runs, self.unexpected_seed?, self.unexpected.as_ref()?);
        Some(format!("in {} of {runs} runs, first with --seed {seed}: {what}", self.unexpected_runs))
    }

    /// The share of runs that were rolled back, 0.0 to 1.0.
    pub fn rollback_chance(&self) -> f64 {
        self.rollback_chance
    }

    /// Runs by how they ended, in the words of [`Summary::ended`].
    pub fn ended(&self) -> &BTreeMap<&'static str, u32> {
        &self.ended
    }

    /// Writes tables for people.
    ///
    /// # Errors
    /// An [`io::Error`], where `out` cannot be written.
    pub fn write(&self, out: &mut impl Write, look: Look) -> io::Result<()> {
        let runs = self.runs;
        writeln!(out, "{}", look.heading(plain(self.title)))?;
        writeln!(out, "{runs} {} from seed {}\n", if runs == 1 { "run" } else { "runs" }, self.seed)?;
        writeln!(out, "{}\n\n{}\n", self.endings(look), self.spreads(look))?;
        let lowest = self.lowest_serving_runs.iter();
        let lowest: Vec<String> =
            lowest.map(|(serving, n)| format!("{serving} in {}", percent(f64::from(*n) / f64::from(runs)))).collect();
        let (longest, worst) = (self.longest_seed, self.lowest_serving_seed);
        let lines = [
            ("chance of rollback", percent(self.rollback_chance)),
            ("lowest serving", lowest.join(", ")),
            ("look at one", format!("--seed {longest} (longest), --seed {worst} (fewest serving)")),
        ];
        for (label, text) in lines {
            writeln!(out, "{}", look.labelled(style::HEADING, label, LABEL, &text))?;
        }
        if !self.is_left_to_chance {
            writeln!(out, "nothing in this scenario is left to chance: all runs are alike")?;
        }
        Ok(())
    }

    fn endings(&self, look: Look) -> String {
        let mut table = Table::new(look, &["ENDED", "RUNS", "SHARE"]);
        for (ended, runs) in &self.ended {
            let share = f64::from(*runs) / f64::from(self.runs);
            table.add_row([ended.replace('_', " "), runs.to_string(), percent(share)]);
        }
        table.into_text()
    }

    fn spreads(&self, look: Look) -> String {
        let mut table = Table::new(look, &["", "MIN", "P50", "P90", "P99", "MAX"]);
        if let Some(times) = &self.time_to_complete {
            table.add_row(times.cells("time to complete", |seconds| moment::seconds(*seconds)));
        }
        table.add_row(self.below_target_seconds.cells("time below target", |seconds| moment::seconds(*seconds)));
        let counts = [
            ("lowest serving", &self.lowest_serving),
            ("most live", &self.most_live),
            ("created", &self.created),
            ("failed", &self.failed),
        ];
        for (name, spread) in counts {
            table.add_row(spread.cells(name, u32::to_string));
        }
        table.into_text()
    }
}

/// `5.9%`.
fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
