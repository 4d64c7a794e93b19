//! Labels of moments that do not stand on each other: each in the first lane with room for it.

use super::{look::FAINT, svg::Svg};
use crate::show::{moment, shortened};

/// The most lanes; what has no room in them has a line only, and tells its text when pointed at.
const MOST_LANES: usize = 7;

/// Width of a letter of a label, generously.
const LETTER: f64 = 7.0;

/// From one lane to the next, in pixels.
pub(super) const LANE: f64 = 16.0;

/// Room between two labels.
const GAP: f64 = 10.0;

/// The longest text of a label, in letters.
const LONGEST: usize = 40;

/// A label.
pub(super) struct Label {
    /// Where its moment is.
    pub(super) x: f64,
    /// Where its text begins; elsewhere near the right edge.
    pub(super) text_x: f64,
    /// Its lane, from the plot outwards; none where there is no room.
    pub(super) lane: Option<f64>,
    /// Its moment, in milliseconds.
    pub(super) at: u64,
    pub(super) text: String,
}

/// Labels in lanes.
pub(super) struct Lanes {
    right: f64,
    labels: Vec<Label>,
    /// Where each lane is taken up to.
    taken: Vec<f64>,
}

// === impl Label ===

impl Label {
    /// Of its text, in pixels.
    pub(super) fn width(&self) -> f64 {
        width(&self.text)
    }
}

fn width(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX)) * LETTER
}

// === impl Lanes ===

impl Lanes {
    /// Between two edges, in pixels.
    pub(super) fn new(left: f64, right: f64) -> Self {
        Self { right, labels: vec![], taken: vec![left - GAP; MOST_LANES] }
    }

    /// Adds a label. They come in the order of time.
    pub(super) fn add(&mut self, x: f64, at: u64, text: &str) {
        let text = shortened(text, LONGEST);
        let text_x = (x + 3.0).min(self.right - width(&text));
        let lane = self.taken.iter().position(|taken| taken + GAP <= text_x);
        if let Some(lane) = lane {
            self.taken[lane] = text_x + width(&text);
        }
        let lane = lane.map(|lane| f64::from(u32::try_from(lane).unwrap_or(u32::MAX)));
        self.labels.push(Label { x, text_x, lane, at, text });
    }

    /// Writes them, each with a line to its moment through the plot, which lies between `near` and `far`.
    pub(super) fn write(&self, svg: &mut Svg, id: &str, near: f64, far: f64) {
        // The scale of time is between the plot and the events.
        let (direction, margin, dashes) = if id == "events" { (1.0, 24.0, "2 3") } else { (-1.0, 0.0, "none") };
        let start = near + direction * margin;
        let middle = |lane: f64| start + direction * LANE * (lane + 0.6);
        svg.open(&format!(r#"g id="{id}""#));
        for label in &self.labels {
            let (x, end) = (label.x, label.lane.map_or(start, middle));
            let line = format!(r#"stroke="{FAINT}" stroke-width="0.8" stroke-dasharray="{dashes}" fill="none""#);
            svg.open(&format!(r#"path d="M{x:.1} {far:.1}V{near:.1}M{x:.1} {start:.1}V{end:.1}" {line}"#));
            svg.element("title", &format!("{} {}", moment::duration(label.at), label.text));
            svg.close("path");
        }
        // On top of the lines of others.
        for label in &self.labels {
            let (Some(lane), left) = (label.lane, label.text_x) else { continue };
            let (y, width) = (middle(lane), label.width());
            svg.raw(&format!(
                r##"<rect x="{left:.1}" y="{:.1}" width="{width}" height="12" fill="#ffffff"/>"##,
                y - 6.0
            ));
            svg.element(&format!(r#"text x="{left:.1}" y="{:.1}""#, y + 4.0), &label.text);
        }
        svg.close("g");
    }

    /// Number of lanes in use.
    pub(super) fn height(&self) -> f64 {
        self.labels.iter().filter_map(|label| label.lane).fold(0.0, |most, lane| most.max(lane + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Lanes;

    #[test]
    fn labels_do_not_stand_on_each_other() {
        let mut lanes = Lanes::new(0.0, 1000.0);
        for x in [0.0, 10.0, 200.0, 995.0, 999.0] {
            lanes.add(x, 0, "ten-letter");
        }

        let places: Vec<Option<f64>> = lanes.labels.iter().map(|label| label.lane).collect();
        assert_eq!(places, [Some(0.0), Some(1.0), Some(0.0), Some(0.0), Some(1.0)]);
        assert!(lanes.labels.iter().all(|label| label.text_x <= 930.0));
        assert!((lanes.height() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_has_no_room_has_no_lane() {
        let mut lanes = Lanes::new(0.0, 100.0);
        for _ in 0..20 {
            lanes.add(50.0, 0, "word");
        }

        assert_eq!(lanes.labels.iter().filter(|label| label.lane.is_none()).count(), 13);
    }
}
