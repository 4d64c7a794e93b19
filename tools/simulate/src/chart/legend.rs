//! The legend: what areas and lines mean.

use super::{LEFT, RIGHT, look::FAINT, svg::Svg};

/// From one row to the next, in pixels.
pub(super) const LEGEND_ROW: f64 = 20.0;
const COLUMNS: usize = 4;

/// An entry.
pub(super) struct Entry {
    mark: Mark,
    colour: &'static str,
    name: String,
}

enum Mark {
    Area,
    /// With these dashes.
    Line(&'static str),
}

// === impl Entry ===

impl Entry {
    pub(super) fn area(fill: &'static str, name: String) -> Self {
        Self { mark: Mark::Area, colour: fill, name }
    }

    pub(super) fn line(colour: &'static str, dashes: &'static str, name: &str) -> Self {
        Self { mark: Mark::Line(dashes), colour, name: name.to_owned() }
    }
}

/// Rows that so many entries take.
pub(super) fn lines(entries: usize) -> f64 {
    f64::from(u32::try_from(entries.div_ceil(COLUMNS)).unwrap_or(u32::MAX))
}

/// Writes entries from a height on.
pub(super) fn write(svg: &mut Svg, entries: &[Entry], top: f64) {
    svg.open(r#"g id="legend" font-size="12""#);
    for (i, Entry { mark, colour, name }) in entries.iter().enumerate() {
        let column = f64::from(u32::try_from(i % COLUMNS).unwrap_or(0));
        let width = (RIGHT - LEFT) / f64::from(u32::try_from(COLUMNS).unwrap_or(1));
        let (x, y) = (LEFT + column * width, top + LEGEND_ROW * (lines(i + 1) - 1.0));
        match mark {
            Mark::Area => {
                let size = r#"width="18" height="12""#;
                let edge = format!(r#"stroke="{FAINT}" stroke-width="0.5""#);
                svg.raw(&format!(r#"<rect x="{x:.1}" y="{y:.1}" {size} fill="{colour}" {edge}/>"#));
            }
            Mark::Line(dashes) => {
                let line = format!(r#"stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}""#);
                svg.raw(&format!(r#"<path d="M{x:.1} {:.1}h18" {line}/>"#, y + 6.0));
            }
        }
        svg.element(&format!(r#"text x="{:.1}" y="{:.1}""#, x + 25.0, y + 10.5), name);
    }
    svg.close("g");
}
