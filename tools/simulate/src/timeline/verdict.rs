//! The verdict below the table: a run in a few lines.

use std::io::{self, Write};

use crate::{
    show::{Look, moment, plain, style},
    summary::Summary,
};

/// Columns of the labels.
const LABEL: usize = 16;

/// Writes it.
pub(super) fn write(out: &mut impl Write, summary: &Summary, look: Look) -> io::Result<()> {
    let colour = match summary.ended {
        "completed" => style::GREEN,
        "rolled_back" | "waiting" | "still_running" => style::WARNING,
        _ => style::ERROR,
    };
    let at = moment::seconds;
    let phrase = look.paint(colour, plain(&summary.phrase));
    let (lowest, target) = (summary.lowest_serving, summary.lowest_serving_target);
    let lowest_at = at(summary.lowest_serving_at_seconds);
    let lines = [
        ("ended", format!("{phrase} after {}", at(summary.after_seconds))),
        ("lowest serving", format!("{lowest} of {target}, first at {lowest_at}")),
        ("below target", below_target(summary)),
        ("most live", format!("{}, first at {}", summary.most_live, at(summary.most_live_at_seconds))),
        ("created", summary.created.to_string()),
        ("failed", summary.failed.to_string()),
    ];
    for (label, text) in lines {
        writeln!(out, "{}", look.labelled(style::HEADING, label, LABEL, &text))?;
    }
    let outages = [("outage", summary.outage_seconds), ("below floor", summary.below_floor_seconds)];
    for (label, seconds) in outages.into_iter().filter(|(_, seconds)| *seconds > 0.0) {
        writeln!(out, "{}", look.labelled(style::ERROR, label, LABEL, &format!("for {}", at(seconds))))?;
    }
    if summary.refusals > 0 {
        let text = format!("{} of {} evaluations gave no valid plan", summary.refusals, summary.evaluations);
        writeln!(out, "{}", look.labelled(style::ERROR, "refused", LABEL, &text))?;
    }
    if summary.left_over_events > 0 {
        let text = format!("{} of the events", summary.left_over_events);
        writeln!(out, "{}", look.labelled(style::HEADING, "too late", LABEL, &text))?;
    }
    Ok(())
}

/// For how long the serving capacity was below the target.
fn below_target(summary: &Summary) -> String {
    let time = moment::seconds(summary.below_target_seconds);
    let (serving, target) = (summary.serving_at_end, summary.target_at_end);
    match (summary.below_target_seconds > 0.0, serving < f64::from(target)) {
        (false, false) => "never".to_owned(),
        (true, false) => format!("for {time}"),
        (true, true) => format!("for {time}, up to the end: {serving} of {target} serve"),
        (false, true) => format!("at the end: {serving} of {target} serve"),
    }
}
