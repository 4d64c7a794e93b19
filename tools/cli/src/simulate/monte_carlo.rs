//! Many runs of one scenario, each with a seed of its own: how likely what is.

use std::{collections::BTreeMap, io, io::Write, num::NonZeroU32};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use pointsman_host::Session;
use serde::Serialize;

use super::{chance::Chance, host, scenario::Scenario, verdict::Verdict, write_json};
use crate::{
    Outcome,
    error::{CliError, style},
    moment,
    text::plain,
};

/// What came of all runs. The document that `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    title: &'a str,
    /// The seed that the seeds of the runs come from.
    seed: u64,
    runs: u32,
    /// Whether anything in the scenario is left to chance.
    is_left_to_chance: bool,
    /// How often it ended how.
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
    /// How often which whole serving capacity was the lowest.
    lowest_serving_runs: BTreeMap<u32, u32>,
    /// The seed of the run that took longest to its end, to look at it by itself.
    longest_seed: u64,
    /// The seed of the run with the lowest serving capacity.
    lowest_serving_seed: u64,
}

/// How values are spread: each is one that occurred, so that no arithmetic blurs it.
#[derive(Serialize)]
struct Spread<T> {
    min: T,
    p50: T,
    p90: T,
    p99: T,
    max: T,
}

/// Plays the scenario so many times.
pub(super) fn run(
    session: &mut Session,
    scenario: &Scenario,
    seed: u64,
    runs: NonZeroU32,
    is_json: bool,
) -> Result<Outcome, CliError> {
    // Hidden where standard error is no terminal.
    let template = "{bar:40} {pos} of {len} runs, {eta} to go";
    let bar = ProgressBar::new(u64::from(runs.get()))
        .with_style(ProgressStyle::with_template(template).expect("it is a template"));
    let mut chance = Chance::new(seed);
    let mut verdicts = vec![];
    for _ in 0..runs.get() {
        let seed = chance.seed();
        verdicts.push((seed, Verdict::of(&host::play(session, scenario, seed)?)));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let report = Report::new(scenario, seed, &verdicts);
    if is_json {
        write_json(&report)?;
    } else {
        report.print()?;
    }
    let is_well = verdicts.iter().all(|(_, verdict)| verdict.is_well());
    Ok(if is_well { Outcome::Ok } else { Outcome::Refused })
}

/// A capacity in whole routes, rounded down.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number, not negative")]
fn whole(capacity: f64) -> u32 {
    capacity as u32
}

// === impl Report ===

impl<'a> Report<'a> {
    /// Of at least one run.
    fn new(scenario: &'a Scenario, seed: u64, verdicts: &[(u64, Verdict)]) -> Self {
        let (mut ended, mut lowest_serving_runs) = (BTreeMap::new(), BTreeMap::new());
        for (_, verdict) in verdicts {
            *ended.entry(verdict.ended).or_default() += 1;
            *lowest_serving_runs.entry(whole(verdict.lowest_serving)).or_default() += 1;
        }
        let all = || verdicts.iter().map(|(_, verdict)| verdict);
        let numbers = |of: fn(&Verdict) -> u32| Spread::of(all().map(of).collect(), u32::cmp).expect("there is a run");
        let completed = all().filter(|verdict| verdict.ended == "completed").map(|verdict| verdict.after_seconds);
        let below = all().map(|verdict| verdict.below_target_seconds).collect();
        // Of several the first, which `max_by` is not.
        let longest = verdicts.iter().rev().max_by(|(_, a), (_, b)| a.after_seconds.total_cmp(&b.after_seconds));
        let lowest = verdicts.iter().min_by(|(_, a), (_, b)| a.lowest_serving.total_cmp(&b.lowest_serving));
        let runs = u32::try_from(verdicts.len()).expect("it was a `u32`");
        let rolled_back: u32 = ended.get("rolled_back").copied().unwrap_or(0);
        Self {
            title: &scenario.title,
            seed,
            runs,
            is_left_to_chance: scenario.is_left_to_chance(),
            rollback_chance: f64::from(rolled_back) / f64::from(runs),
            ended,
            time_to_complete: Spread::of(completed.collect(), f64::total_cmp),
            lowest_serving: numbers(|verdict| whole(verdict.lowest_serving)),
            most_live: numbers(|verdict| verdict.most_live),
            created: numbers(|verdict| verdict.created),
            failed: numbers(|verdict| verdict.failed),
            below_target_seconds: Spread::of(below, f64::total_cmp).expect("there is a run"),
            lowest_serving_runs,
            longest_seed: longest.map_or(0, |(seed, _)| *seed),
            lowest_serving_seed: lowest.map_or(0, |(seed, _)| *seed),
        }
    }

    fn print(&self) -> Result<(), CliError> {
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        let (heading, runs) = (style::HEADING, self.runs);
        writeln!(out, "{heading}{}{heading:#}", plain(self.title))?;
        writeln!(out, "{runs} {} from seed {}\n", if runs == 1 { "run" } else { "runs" }, self.seed)?;
        writeln!(out, "{}\n\n{}\n", self.endings(), self.spreads())?;
        writeln!(out, "{heading}chance of rollback{heading:#}   {}", percent(self.rollback_chance))?;
        let lowest = self.lowest_serving_runs.iter();
        let lowest: Vec<String> =
            lowest.map(|(serving, n)| format!("{serving} in {}", percent(f64::from(*n) / f64::from(runs)))).collect();
        writeln!(out, "{heading}lowest serving{heading:#}       {}", lowest.join(", "))?;
        let (longest, worst) = (self.longest_seed, self.lowest_serving_seed);
        writeln!(
            out,
            "{heading}look at one{heading:#}          --seed {longest} (longest), --seed {worst} (fewest serving)"
        )?;
        if !self.is_left_to_chance {
            writeln!(out, "nothing in this scenario is left to chance: all runs are alike")?;
        }
        Ok(())
    }

    fn endings(&self) -> String {
        let mut table = new_table(&["ENDED", "RUNS", "SHARE"]);
        for (ended, runs) in &self.ended {
            let share = f64::from(*runs) / f64::from(self.runs);
            table.add_row([ended.replace('_', " "), runs.to_string(), percent(share)]);
        }
        text(table)
    }

    fn spreads(&self) -> String {
        let mut table = new_table(&["", "MIN", "P50", "P90", "P99", "MAX"]);
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
        text(table)
    }
}

fn new_table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|text| format!("{}{text}{:#}", style::HEADING, style::HEADING)));
    table
}

fn text(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// `5.9%`.
fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

// === impl Spread ===

impl<T: Copy> Spread<T> {
    /// None where there are no values. A percentile is the least value that so many percent do not exceed.
    fn of(mut values: Vec<T>, compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> Option<Self> {
        values.sort_by(|a, b| compare(a, b));
        let percentile = |percent: usize| values[(values.len() * percent).div_ceil(100) - 1];
        let (min, max) = (*values.first()?, *values.last()?);
        Some(Self { min, p50: percentile(50), p90: percentile(90), p99: percentile(99), max })
    }

    fn cells(&self, name: &str, cell: impl Fn(&T) -> String) -> Vec<String> {
        let values = [&self.min, &self.p50, &self.p90, &self.p99, &self.max];
        [name.to_owned()].into_iter().chain(values.map(cell)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let spread = Spread::of((1..=200).rev().collect(), u32::cmp).unwrap();

        let Spread { min, p50, p90, p99, max } = spread;
        assert_eq!([min, p50, p90, p99, max], [1, 100, 180, 198, 200]);
        assert!(Spread::of(vec![], u32::cmp).is_none());
        assert_eq!(Spread::of(vec![7], u32::cmp).unwrap().p99, 7);
    }
}
