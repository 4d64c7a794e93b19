//! A run as text: a legend, a line for each cycle that differs from the one before, and the summary.

use std::io::{self, Write};

use super::{
    class::Class,
    record::{self, Cycle, Decision, Record},
    scenario::Scenario,
    show::{Look, Table, changes, moment, plain, style, wrapped},
    summary::Summary,
};

mod notes;
mod verdict;

/// Most routes that are shown one by one; more are counted.
const MOST_SYMBOLS: usize = 24;

/// Most columns of the routes and of the plan, so that what is left for the reason is never a word wide.
const WIDEST_ROUTES: u16 = 24;
const WIDEST_PLAN: u16 = 28;

/// Between two entries of the legend.
const LEGEND_GAP: &str = "   ";

/// Writes all of it. With `is_whole`, no cycle is left out.
///
/// # Errors
/// An [`io::Error`], where `out` cannot be written.
pub fn write(
    out: &mut impl Write,
    scenario: &Scenario,
    record: &Record,
    summary: &Summary,
    look: Look,
    is_whole: bool,
) -> io::Result<()> {
    writeln!(out, "{}", look.heading(wrapped(&plain(&scenario.title), look.width(), 0)))?;
    // It is prose: its lines are those of the file.
    for line in scenario.why.trim().lines() {
        writeln!(out, "{}", wrapped(&plain(line), look.width(), 0))?;
    }
    writeln!(out, "\n{}\n\n{}\n", legend(record, look), table(record, look, is_whole))?;
    verdict::write(out, summary, look)
}

/// The symbols that occur, and their meaning.
fn legend(record: &Record, look: Look) -> String {
    let occurs = |class: &Class| {
        // What a plan changed at once lasted for no time, and is in the cycle's line only.
        record.samples.iter().any(|sample| sample.counts.contains_key(class))
            || record.cycles.iter().any(|cycle| cycle.classes.contains(class))
    };
    let (mut legend, mut columns) = (String::new(), 0);
    for class in Class::ALL.into_iter().filter(occurs) {
        let name = class.name_in(record);
        let wide = 2 + name.len();
        if columns > 0 {
            let fits = columns + LEGEND_GAP.len() + wide <= look.width();
            legend.push_str(if fits { LEGEND_GAP } else { "\n" });
            columns = if fits { columns + LEGEND_GAP.len() } else { 0 };
        }
        legend.push_str(&format!("{} {}", painted(class, look), name));
        columns += wide;
    }
    legend
}

fn painted(class: Class, look: Look) -> String {
    look.paint(class.style(), class.symbol())
}

/// `■■■○○○`, or `300■ 300○` where there are many.
fn row(classes: &[Class], look: Look) -> String {
    if classes.len() <= MOST_SYMBOLS {
        return classes.iter().map(|class| painted(*class, look)).collect();
    }
    let counts = record::count(classes.iter().copied());
    counts.into_iter().map(|(class, count)| format!("{count}{}", painted(class, look))).collect::<Vec<_>>().join(" ")
}

fn table(record: &Record, look: Look, is_whole: bool) -> String {
    let headings = ["TIME", "ROUTES", "SERVING", "READY", "LIVE", "PLAN", "WHY"];
    let mut table = Table::new(look, &headings).wrap_at(1, WIDEST_ROUTES).wrap_at(5, WIDEST_PLAN).wrap(6);
    let mut notes = notes::of(record).into_iter().peekable();
    let mut shown: Option<&Cycle> = None;
    let mut alike = 0;
    for cycle in &record.cycles {
        let has_news = notes.peek().is_some_and(|note| note.at <= cycle.at);
        if !is_whole && !has_news && shown.is_some_and(|shown| is_alike(shown, cycle)) {
            alike += 1;
            continue;
        }
        add_alike(&mut table, &mut alike, look);
        while let Some(note) = notes.next_if(|note| note.at <= cycle.at) {
            table.add_row(note.cells(look));
        }
        table.add_row(cells(cycle, look));
        if !cycle.load.is_even() && shown.is_none_or(|shown| shown.load != cycle.load) {
            table.add_row(["", "", "", "", "", "load", &cycle.load.phrase()]);
        }
        shown = Some(cycle);
    }
    add_alike(&mut table, &mut alike, look);
    for note in notes {
        table.add_row(note.cells(look));
    }
    if let Some(sample) = record.samples.iter().rfind(|sample| sample.at <= record.ended_at) {
        let (at, routes) = (moment::duration(record.ended_at), row(&record.last_classes, look));
        let (serving, live) = (serving(sample.serving, sample.capacity), sample.live.to_string());
        table.add_row([&at, &routes, &serving, "", &live, "", &look.paint(style::FAINT, "the end")]);
    }
    table.into_text()
}

/// Returns whether a line for `cycle` would say nothing new: the words may differ, as those of a delay that shrinks do.
fn is_alike(shown: &Cycle, cycle: &Cycle) -> bool {
    let changes_nothing = |cycle: &Cycle| match &cycle.decision {
        Decision::Plan { plan, .. } => plan.is_empty(),
        _ => true,
    };
    // What failed leaves the picture after some time, which is no news.
    let stay = |cycle: &Cycle| -> Vec<Class> {
        let is_lost = |class: &Class| matches!(class, Class::Failed | Class::Evicted);
        cycle.classes.iter().copied().filter(|class| !is_lost(class)).collect()
    };
    let is_as_before = stay(shown) == stay(cycle) && shown.load == cycle.load;
    shown.code() == cycle.code() && is_as_before && changes_nothing(shown) && changes_nothing(cycle)
}

/// A line for those that were left out.
fn add_alike(table: &mut Table, alike: &mut u32, look: Look) {
    let number = std::mem::take(alike);
    if number > 0 {
        let cycles = if number == 1 { "cycle" } else { "cycles" };
        let cells = ["…".to_owned(), format!("{number} {cycles} alike")];
        table.add_row(cells.map(|cell| look.paint(style::FAINT, cell)));
    }
}

/// Serving routes, and their capacity where that is another number: `10 (1.001)`.
fn serving(serving: u32, capacity: u64) -> String {
    if u64::from(serving) * 1000 == capacity {
        return serving.to_string();
    }
    let capacity = format!("{}.{:03}", capacity / 1000, capacity % 1000);
    format!("{serving} ({})", capacity.trim_end_matches('0').trim_end_matches('.'))
}

fn cells(cycle: &Cycle, look: Look) -> [String; 7] {
    let (plan, why) = match &cycle.decision {
        Decision::Plan { plan, is_applied } => {
            let lost = if *is_applied { "" } else { " (lost: the host crashed first)" };
            let changes = if plan.is_empty() { "-".to_owned() } else { changes(plan) };
            (changes + lost, format!("{}: {}", plain(&plan.reason.code), plain(&plan.reason.message)))
        }
        Decision::Rejected { violations, .. } => {
            let found = violations.iter().map(|found| format!("{}: {}", found.code.as_str(), plain(&found.message)));
            (look.paint(style::ERROR, "rejected"), found.collect::<Vec<_>>().join("; "))
        }
        Decision::Refused { message } => (look.paint(style::ERROR, "refused"), plain(message).into_owned()),
    };
    let serving = serving(cycle.serving, record::thousandths(cycle.capacity));
    let (ready, live) = (cycle.ready.to_string(), cycle.live.to_string());
    [moment::duration(cycle.at), row(&cycle.classes, look), serving, ready, live, plan, why]
}
