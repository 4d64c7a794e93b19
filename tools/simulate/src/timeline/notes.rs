//! What is told between cycles: events and outages.

use anstyle::Style;

use crate::{
    outage::Outage,
    record::{Happening, Record},
    show::{Look, moment, plain, style},
};

/// Something to be told between two cycles.
pub(super) struct Note {
    pub(super) at: u64,
    kind: &'static str,
    style: Style,
    what: String,
}

/// Events and outages, in the order of time.
pub(super) fn of(record: &Record) -> Vec<Note> {
    let event = |happening: &Happening| Note {
        at: happening.at,
        kind: "event",
        style: style::WARNING,
        what: plain(&happening.what).into_owned(),
    };
    let outage = |outage: &Outage| Note { at: outage.at, kind: "outage", style: style::ERROR, what: outage.phrase() };
    let mut notes: Vec<Note> = record.happenings.iter().map(event).chain(record.outages.iter().map(outage)).collect();
    // What happens comes before what comes of it.
    notes.sort_by_key(|note| note.at);
    notes
}

// === impl Note ===

impl Note {
    /// A row of the table.
    pub(super) fn cells(&self, look: Look) -> [String; 7] {
        let what = look.paint(self.style, &self.what);
        [moment::duration(self.at), String::new(), String::new(), String::new(), String::new(), self.kind.into(), what]
    }
}
