//! Panels below the routes where weights differ: each revision's share of the traffic, and each route's load.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    LEFT, RIGHT,
    legend::Entry,
    look::{self, FAINT, GRID, INK},
    scale::Scale,
    svg::Svg,
};
use crate::{
    load::{self, RouteLoad, thousandths},
    record::{Record, Sample, seconds},
    show::{plain, shortened},
};

/// Heights of the two panels, and what is above each, in pixels.
const SHARE: f64 = 44.0;
const LOAD: f64 = 72.0;
const GAP: f64 = 14.0;

/// The longest name of a revision in the legend, in letters.
const LONGEST: usize = 14;

/// The panels of a run.
pub(super) struct Traffic<'a> {
    record: &'a Record,
    time: &'a Scale,
    /// Revisions that had a share, in the order in which they first had one.
    revisions: Vec<&'a str>,
    share: Scale,
    load: Scale,
    until: u64,
}

// === impl Traffic ===

impl<'a> Traffic<'a> {
    /// None where weights never differ.
    pub(super) fn of(record: &'a Record, time: &'a Scale, top: f64, until: u64) -> Option<Self> {
        let mut revisions: Vec<&str> = vec![];
        for sample in &record.samples {
            let new: Vec<&str> = sample.load.shares.keys().map(String::as_str).collect();
            revisions.extend(new.into_iter().filter(|revision| !revisions.contains(revision)).collect::<Vec<_>>());
        }
        let highest = record.samples.iter().map(|sample| sample.load.highest()).fold(1.0, f64::max);
        let load_top = top + GAP + SHARE + GAP;
        (!revisions.is_empty()).then(|| Self {
            record,
            time,
            revisions,
            share: Scale::count(100, top + GAP + SHARE, top + GAP),
            load: Scale::count(whole(highest.ceil()) + 1, load_top + LOAD, load_top),
            until,
        })
    }

    /// Of both panels, in pixels.
    #[expect(clippy::unused_self, reason = "there is none without panels")]
    pub(super) fn height(&self) -> f64 {
        GAP + SHARE + GAP + LOAD + GAP
    }

    /// What the legend says of them.
    pub(super) fn legend(&self) -> Vec<Entry> {
        let share = |(i, revision): (usize, &&str)| {
            Entry::area(look::revision(i), format!("share of {}", shortened(&plain(revision), LONGEST)))
        };
        let even = Entry::line(FAINT, "2 3", "an even load");
        self.revisions.iter().enumerate().map(share).chain([even]).collect()
    }

    pub(super) fn write(&self, svg: &mut Svg) {
        svg.open(r#"g id="traffic""#);
        Self::write_axis(svg, "share", &self.share, &[0.0, 50.0, 100.0], "%");
        self.write_shares(svg);
        let ticks: Vec<f64> = self.load.ticks().collect();
        Self::write_axis(svg, "load", &self.load, &ticks, "×");
        let even = self.load.place(1.0);
        svg.raw(&format!(r#"<path d="M{LEFT} {even:.1}H{RIGHT}" stroke="{FAINT}" stroke-dasharray="2 3"/>"#));
        self.write_loads(svg);
        svg.close("g");
    }

    fn write_axis(svg: &mut Svg, name: &str, scale: &Scale, ticks: &[f64], unit: &str) {
        for value in ticks {
            let y = scale.place(*value);
            svg.raw(&format!(r#"<path d="M{LEFT} {y:.1}H{RIGHT}" stroke="{GRID}"/>"#));
        }
        // The ends are enough in so little room.
        for value in [ticks.first(), ticks.last()].into_iter().flatten() {
            let y = scale.place(*value) + 4.0;
            let place = format!(r#"text x="{}" y="{y:.1}" text-anchor="end" fill="{FAINT}""#, LEFT - 8.0);
            svg.element(&place, &format!("{value}{unit}"));
        }
        let first = ticks.first().copied().unwrap_or(0.0);
        let last = ticks.last().copied().unwrap_or(first);
        let (x, y) = (LEFT - 44.0, scale.place(f64::midpoint(first, last)));
        let place =
            format!(r#"text transform="translate({x} {y:.1}) rotate(-90)" text-anchor="middle" fill="{FAINT}""#);
        svg.element(&place, name);
    }

    /// Samples with weights that differ, and when the next one follows.
    fn spans(&self) -> impl Iterator<Item = (&'a Sample, f64, f64)> {
        let samples = &self.record.samples;
        let ends = samples.iter().skip(1).map(|sample| sample.at).chain([self.until]);
        let uneven = samples.iter().zip(ends).filter(|(sample, _)| !sample.load.is_even());
        uneven.map(|(sample, end)| (sample, self.time.place(seconds(sample.at)), self.time.place(seconds(end))))
    }

    fn write_shares(&self, svg: &mut Svg) {
        for (i, revision) in self.revisions.iter().enumerate() {
            let mut path = String::new();
            for (sample, x, right) in self.spans() {
                let share = |revision: &str| sample.load.shares.get(revision).copied().unwrap_or(0);
                let below: u64 = self.revisions[..i].iter().map(|revision| share(revision)).sum();
                let here = share(revision);
                if here > 0 {
                    let [floor, y] = [below, below + here].map(|value| self.share.place(thousandths(value) * 100.0));
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{x:.1} {floor:.1}V{y:.1}H{right:.1}V{floor:.1}Z");
                }
            }
            let fill = look::revision(i);
            svg.open(&format!(r#"path class="share" d="{path}" fill="{fill}""#));
            svg.element("title", &format!("share of {}", plain(revision)));
            svg.close("path");
        }
    }

    /// A line for each route.
    fn write_loads(&self, svg: &mut Svg) {
        let mut paths: BTreeMap<&str, (usize, String, u64)> = BTreeMap::new();
        for (sample, x, right) in self.spans() {
            for RouteLoad { id, revision, load } in &sample.load.routes {
                let colour = self.revisions.iter().position(|known| known == revision).unwrap_or(0);
                let (_, path, highest) = paths.entry(id).or_insert_with(|| (colour, String::new(), 0));
                let y = self.load.place(thousandths(*load));
                let _ = write!(path, "M{x:.1} {y:.1}H{right:.1}");
                *highest = (*highest).max(*load);
            }
        }
        for (id, (colour, path, highest)) in paths {
            let edge = r##"stroke="#ffffff" stroke-width="4" fill="none""##;
            svg.raw(&format!(r#"<path d="{path}" {edge}/>"#));
            let stroke = look::revision(colour);
            svg.open(&format!(r#"path class="load" d="{path}" stroke="{stroke}" stroke-width="2.5" fill="none""#));
            svg.element("title", &format!("{}: at most {} of an even load", plain(id), load::short(highest)));
            svg.close("path");
        }
        svg.raw(&format!(
            r#"<path d="M{LEFT} {:.1}H{RIGHT}" stroke="{INK}" stroke-width="0.8"/>"#,
            self.load.place(0.0)
        ));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number, not negative")]
fn whole(value: f64) -> u32 {
    value as u32
}
