//! A run as text: a legend, a line for each cycle that differs from the one before, and the verdict.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use terminal_size::{Width, terminal_size};

use super::{
    class::Class,
    record::{self, Cycle, Decision, Record},
    scenario::Scenario,
    verdict::Verdict,
};
use crate::{
    error::{CliError, style},
    explain, moment,
    text::plain,
};

/// How many routes are shown one by one; more are counted.
const MOST_SYMBOLS: usize = 24;

/// On a terminal that is less wide, in columns, long lines are left as they are: columns of one word help nobody.
const LEAST_WIDTH: u16 = 90;

/// Writes all of it. With `all`, no cycle is left out.
pub(super) fn write(
    out: &mut impl Write,
    scenario: &Scenario,
    record: &Record,
    verdict: &Verdict,
    all: bool,
) -> Result<(), CliError> {
    let heading = style::HEADING;
    writeln!(out, "{heading}{}{heading:#}", plain(&scenario.title))?;
    // It is prose: its lines are those of the file.
    for line in scenario.why.trim().lines() {
        writeln!(out, "{}", plain(line))?;
    }
    writeln!(out, "\n{}\n\n{}\n", legend(record), table(record, all))?;
    write_verdict(out, verdict)
}

/// What the symbols mean, as far as they occur.
fn legend(record: &Record) -> String {
    let occurs = |class: &Class| {
        // What a plan changed at once lasted for no time, and is in the cycle's line only.
        record.samples.iter().any(|sample| sample.counts.contains_key(class))
            || record.cycles.iter().any(|cycle| cycle.classes.contains(class))
    };
    let entry = |class: Class| format!("{} {}", painted(class), class.name());
    Class::ALL.into_iter().filter(occurs).map(entry).collect::<Vec<_>>().join("   ")
}

fn painted(class: Class) -> String {
    let style = class.style();
    format!("{style}{}{style:#}", class.symbol())
}

/// `■■■○○○`, or `300■ 300○` where there are many.
fn row(classes: &[Class]) -> String {
    if classes.len() <= MOST_SYMBOLS {
        return classes.iter().copied().map(painted).collect();
    }
    let counts = record::count(classes.iter().copied());
    counts.into_iter().map(|(class, count)| format!("{count}{}", painted(class))).collect::<Vec<_>>().join(" ")
}

fn table(record: &Record, all: bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some((Width(width), _)) = terminal_size().filter(|(Width(width), _)| *width >= LEAST_WIDTH) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let heading = |text: &str| format!("{}{text}{:#}", style::HEADING, style::HEADING);
    table.set_header(["TIME", "ROUTES", "SERVING", "READY", "LIVE", "PLAN", "WHY"].map(heading));
    let mut happenings = record.happenings.iter().peekable();
    let mut shown: Option<&Cycle> = None;
    let mut alike = 0;
    for cycle in &record.cycles {
        let has_news = happenings.peek().is_some_and(|happening| happening.at <= cycle.at);
        if !all && !has_news && shown.is_some_and(|shown| is_alike(shown, cycle)) {
            alike += 1;
            continue;
        }
        add_alike(&mut table, &mut alike);
        while let Some(happening) = happenings.next_if(|happening| happening.at <= cycle.at) {
            let what = format!("{}{}{:#}", style::WARNING, plain(&happening.what), style::WARNING);
            table.add_row([moment::duration(happening.at), String::new(), String::new()].into_iter().chain([
                String::new(),
                String::new(),
                "event".to_owned(),
                what,
            ]));
        }
        table.add_row(cells(cycle));
        shown = Some(cycle);
    }
    add_alike(&mut table, &mut alike);
    if let Some(sample) = record.samples.iter().rfind(|sample| sample.at <= record.ended_at) {
        let (at, live) = (moment::duration(record.ended_at), sample.live);
        let counts = [serving(sample.serving, sample.capacity), String::new(), live.to_string()];
        let cells = [at, row(&record.last_classes)].into_iter().chain(counts);
        table.add_row(cells.chain([String::new(), format!("{}the end{:#}", style::FAINT, style::FAINT)]));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// Whether a line for `cycle` would say nothing new: the words may differ, as those of a delay that shrinks do.
fn is_alike(shown: &Cycle, cycle: &Cycle) -> bool {
    let changes_nothing = |cycle: &Cycle| match &cycle.decision {
        Decision::Plan { plan, .. } => plan.is_empty(),
        _ => true,
    };
    shown.code() == cycle.code() && shown.classes == cycle.classes && changes_nothing(shown) && changes_nothing(cycle)
}

/// A line for those that were left out.
fn add_alike(table: &mut Table, alike: &mut u32) {
    let number = std::mem::take(alike);
    if number > 0 {
        let faint = style::FAINT;
        let cycles = if number == 1 { "cycle" } else { "cycles" };
        table.add_row([format!("{faint}…{faint:#}"), format!("{faint}{number} {cycles} alike{faint:#}")]);
    }
}

/// How many serve, and their capacity where that is another number: `10 (1.001)`.
fn serving(serving: u32, capacity: u64) -> String {
    if u64::from(serving) * 1000 == capacity {
        return serving.to_string();
    }
    let capacity = format!("{}.{:03}", capacity / 1000, capacity % 1000);
    format!("{serving} ({})", capacity.trim_end_matches('0').trim_end_matches('.'))
}

fn cells(cycle: &Cycle) -> [String; 7] {
    let (plan, why) = match &cycle.decision {
        Decision::Plan { plan, is_applied } => {
            let lost = if *is_applied { "" } else { " (lost: the host crashed first)" };
            let changes = if plan.is_empty() { "-".to_owned() } else { explain::changes(plan) };
            (changes + lost, format!("{}: {}", plain(&plan.reason.code), plain(&plan.reason.message)))
        }
        Decision::Rejected { violations, .. } => {
            let found = violations.iter().map(|found| format!("{}: {}", found.code.as_str(), plain(&found.message)));
            (format!("{}rejected{:#}", style::ERROR, style::ERROR), found.collect::<Vec<_>>().join("; "))
        }
        Decision::Refused { message } => {
            (format!("{}refused{:#}", style::ERROR, style::ERROR), plain(message).into_owned())
        }
    };
    let serving = serving(cycle.serving, record::thousandths(cycle.capacity));
    let (ready, live) = (cycle.ready.to_string(), cycle.live.to_string());
    [moment::duration(cycle.at), row(&cycle.classes), serving, ready, live, plan, why]
}

fn write_verdict(out: &mut impl Write, verdict: &Verdict) -> Result<(), CliError> {
    let heading = style::HEADING;
    let colour = match verdict.ended {
        "completed" => style::GREEN,
        "rolled_back" | "waiting" | "still_running" => style::WARNING,
        _ => style::ERROR,
    };
    let at = moment::seconds;
    let (phrase, after) = (plain(&verdict.phrase), at(verdict.after_seconds));
    writeln!(out, "{heading}ended{heading:#}           {colour}{phrase}{colour:#} after {after}")?;
    let (lowest, wanted) = (verdict.lowest_serving, verdict.lowest_serving_target);
    let lowest_at = at(verdict.lowest_serving_at_seconds);
    writeln!(out, "{heading}lowest serving{heading:#}  {lowest} of {wanted} wanted, first at {lowest_at}")?;
    writeln!(out, "{heading}below target{heading:#}    {}", below_target(verdict))?;
    let most = verdict.most_live;
    writeln!(out, "{heading}most live{heading:#}       {most}, first at {}", at(verdict.most_live_at_seconds))?;
    writeln!(out, "{heading}created{heading:#}         {}", verdict.created)?;
    writeln!(out, "{heading}failed{heading:#}          {}", verdict.failed)?;
    if verdict.refusals > 0 {
        let (error, refusals, evaluations) = (style::ERROR, verdict.refusals, verdict.evaluations);
        writeln!(out, "{error}refused{error:#}         {refusals} of {evaluations} evaluations gave no valid plan")?;
    }
    if verdict.left_over_events > 0 {
        writeln!(out, "{heading}too late{heading:#}        {} of the events", verdict.left_over_events)?;
    }
    Ok(())
}

/// For how long fewer routes served than were wanted.
fn below_target(verdict: &Verdict) -> String {
    let time = moment::seconds(verdict.below_target_seconds);
    let (serving, target) = (verdict.serving_at_end, verdict.target_at_end);
    match (verdict.below_target_seconds > 0.0, serving < f64::from(target)) {
        (false, false) => "never".to_owned(),
        (true, false) => format!("for {time}"),
        (true, true) => format!("for {time}, up to the end: {serving} of {target} wanted serve"),
        (false, true) => format!("at the end: {serving} of {target} wanted serve"),
    }
}
