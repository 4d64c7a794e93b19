//! Labels of moments that do not stand on each other: each in the first lane with room for it.

use super::{
    look::{ALARM, FAINT, INK},
    svg::Svg,
};
use crate::show::{moment, shortened};

/// The most lanes; what has no room in them has a line only, tells its text when pointed at, and is counted.
const MOST_LANES: usize = 7;

/// The most lanes with those that alarms have in addition: of all labels they are the ones to be read.
const MOST_WITH_ALARMS: usize = 14;

/// From one lane to the next, in pixels.
pub(super) const LANE: f64 = 16.0;

/// Height of a label.
const BOX: f64 = 12.0;

/// Room between two labels.
const GAP: f64 = 10.0;

/// The longest text of a label, in letters.
const LONGEST: usize = 40;

/// Between the plot and the first label of what is below it.
const MARGIN: f64 = 2.0;

/// Weight of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Usual,
    /// It says what must not be.
    Alarm,
}

/// A label.
struct Label {
    /// Where its moment is.
    x: f64,
    /// Where its text begins; elsewhere near the right edge.
    text_x: f64,
    /// Its lane, from the plot outwards; none where there is no room.
    lane: Option<f64>,
    /// Its moment, in milliseconds.
    at: u64,
    text: String,
    tone: Tone,
}

/// Labels in lanes.
pub(super) struct Lanes {
    left: f64,
    right: f64,
    labels: Vec<Label>,
    /// Where each lane is taken up to.
    taken: Vec<f64>,
}

/// Width of a text, in pixels. Fonts differ: a text is squeezed or stretched to this width, which it has nearly by
/// itself.
fn width(text: &str) -> f64 {
    text.chars().map(letter).sum()
}

/// Width of a letter of Verdana at 11 pixels.
fn letter(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '\'' | '.' | ',' | ':' | ';' | '|' | '!' | ' ' => 4.2,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '\\' => 5.0,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '+' | '=' | '<' | '>' | '…' => 10.0,
        c if c.is_ascii_uppercase() => 8.2,
        c if c.is_ascii() => 6.9,
        // Of other scripts a letter may be as wide as it is high.
        _ => 11.5,
    }
}

// === impl Lanes ===

impl Lanes {
    /// Between two edges, in pixels.
    pub(super) fn new(left: f64, right: f64) -> Self {
        Self { left, right, labels: vec![], taken: vec![left - GAP; MOST_LANES] }
    }

    /// Adds a label. They come in the order of time.
    pub(super) fn add(&mut self, x: f64, at: u64, text: &str, tone: Tone) {
        let text = shortened(text, LONGEST);
        let text_x = (x + 3.0).min(self.right - width(&text));
        let mut lane = self.taken.iter().position(|taken| taken + GAP <= text_x);
        if lane.is_none() && tone == Tone::Alarm && self.taken.len() < MOST_WITH_ALARMS {
            self.taken.push(self.left - GAP);
            lane = Some(self.taken.len() - 1);
        }
        if let Some(lane) = lane {
            self.taken[lane] = text_x + width(&text);
        }
        let lane = lane.map(|lane| f64::from(u32::try_from(lane).unwrap_or(u32::MAX)));
        self.labels.push(Label { x, text_x, lane, at, text, tone });
    }

    /// Writes them, from `near` on upwards (-1.0) or downwards (1.0), each with a line at its moment, which goes
    /// through these spans of heights, too.
    pub(super) fn write(&self, svg: &mut Svg, id: &str, near: f64, direction: f64, spans: &[(f64, f64)]) {
        let (margin, dashes) = if direction > 0.0 { (MARGIN, "2 3") } else { (0.0, "none") };
        let start = near + direction * margin;
        let middle = |lane: f64| start + direction * LANE * (lane + 0.6);
        svg.open(&format!(r#"g id="{id}""#));
        for label in &self.labels {
            let (x, end) = (label.x, label.lane.map_or(start, middle));
            let line = format!(r#"stroke="{FAINT}" stroke-width="0.8" stroke-dasharray="{dashes}" fill="none""#);
            let spans: Vec<String> =
                spans.iter().map(|(top, bottom)| format!("M{x:.1} {top:.1}V{bottom:.1}")).collect();
            let spans = spans.concat();
            svg.open(&format!(r#"path d="{spans}M{x:.1} {near:.1}V{end:.1}" {line}"#));
            svg.element("title", &format!("{} {}", moment::duration(label.at), label.text));
            svg.close("path");
        }
        // On top of the lines of others.
        for label in &self.labels {
            let Some(lane) = label.lane else { continue };
            write_text(svg, label.text_x, middle(lane), &label.text, label.tone);
        }
        if self.hidden() > 0 {
            let text = format!("and {} more, which their lines tell", self.hidden());
            write_text(svg, self.left, middle(self.lanes()), &text, Tone::Usual);
        }
        svg.close("g");
    }

    /// Number of labels without room.
    fn hidden(&self) -> usize {
        self.labels.iter().filter(|label| label.lane.is_none()).count()
    }

    /// Number of lanes in use.
    fn lanes(&self) -> f64 {
        self.labels.iter().filter_map(|label| label.lane).fold(0.0, |most, lane| most.max(lane + 1.0))
    }

    /// Lanes that are written, with that of the number of those without room.
    pub(super) fn height(&self) -> f64 {
        self.lanes() + if self.hidden() > 0 { 1.0 } else { 0.0 }
    }
}

/// Writes a text into a box of its own, about a height.
fn write_text(svg: &mut Svg, left: f64, middle: f64, text: &str, tone: Tone) {
    let (top, width) = (middle - BOX / 2.0, width(text));
    svg.raw(&format!(
        r##"<rect class="label" x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{BOX}" fill="#ffffff"/>"##
    ));
    let fill = if tone == Tone::Alarm { ALARM } else { INK };
    let fitted = format!(r#"textLength="{width:.1}" lengthAdjust="spacingAndGlyphs""#);
    svg.element(&format!(r#"text x="{left:.1}" y="{:.1}" fill="{fill}" {fitted}"#, middle + 4.0), text);
}

#[cfg(test)]
mod tests {
    use super::{Lanes, Tone};

    #[test]
    fn labels_do_not_stand_on_each_other() {
        let mut lanes = Lanes::new(0.0, 1000.0);
        for x in [0.0, 10.0, 200.0, 995.0, 999.0] {
            lanes.add(x, 0, "ten-letter", Tone::Usual);
        }

        let places: Vec<Option<f64>> = lanes.labels.iter().map(|label| label.lane).collect();
        assert_eq!(places, [Some(0.0), Some(1.0), Some(0.0), Some(0.0), Some(1.0)]);
        assert!(lanes.labels.iter().all(|label| label.text_x <= 944.0));
        assert!((lanes.height() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_has_no_room_has_no_lane_and_is_counted() {
        let mut lanes = Lanes::new(0.0, 100.0);
        for _ in 0..20 {
            lanes.add(50.0, 0, "word", Tone::Usual);
        }

        assert_eq!(lanes.hidden(), 13);
        assert!((lanes.height() - 8.0).abs() < f64::EPSILON);
        for _ in 0..20 {
            lanes.add(50.0, 0, "word", Tone::Alarm);
        }
        assert_eq!(lanes.hidden(), 26);
        assert!(lanes.labels.iter().any(|label| label.lane == Some(13.0) && label.tone == Tone::Alarm));
    }
}
