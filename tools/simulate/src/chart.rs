//! A run as a picture: an SVG of the routes over time, stacked by what they are, with the decisions above and the
//! events below.
//!
//! It stands by itself: no script, no style sheet, no font that a browser does not have.

use std::fmt::Write;

use self::{
    labels::{LANE, Lanes, Tone},
    legend::{Entry, LEGEND_ROW, lines},
    look::{CAPACITY, FAINT, GRID, INK},
    scale::Scale,
    svg::Svg,
    traffic::Traffic,
};
use super::{
    class::Class,
    outage::Outage,
    record::{Record, Sample, seconds},
    scenario::Scenario,
    summary::Summary,
};
use crate::show::{moment, plain, shortened};

mod labels;
mod legend;
mod look;
mod scale;
mod svg;
mod traffic;

/// Everything is in pixels.
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = WIDTH - 24.0;
/// Where the decisions' labels begin.
const HEAD: f64 = 84.0;
/// Of the plot.
const HEIGHT: f64 = 280.0;
/// From the plot to what is below its scale of time.
const TIME_AXIS: f64 = 24.0;

/// Draws a run as an SVG. Text of the scenario and of the plugin is escaped.
pub fn draw(scenario: &Scenario, record: &Record, summary: &Summary) -> String {
    let last = record.samples.last().map_or(0, |sample| sample.at).max(record.ended_at);
    // What the last plan did is to be seen, too.
    let until = last + (last / 12).max(2000);
    let highest = record.samples.iter().map(|sample| sample.counts.values().sum::<u32>().max(sample.target)).max();
    let highest = highest.unwrap_or(0);
    // Some air above.
    let highest = highest + highest / 12 + 1;
    let mut decisions = Lanes::new(LEFT, RIGHT);
    let mut events = Lanes::new(LEFT, RIGHT);
    let time = Scale::time(seconds(until), LEFT, RIGHT);
    for (at, code) in decided(record) {
        decisions.add(time.place(seconds(at)), at, &code, Tone::Usual);
    }
    for (at, what, tone) in happened(record) {
        events.add(time.place(seconds(at)), at, &what, tone);
    }
    let top = HEAD + LANE * decisions.height();
    let bottom = top + HEIGHT;
    let traffic = Traffic::of(record, &time, bottom + TIME_AXIS, until);
    let events_top = bottom + TIME_AXIS + traffic.as_ref().map_or(0.0, Traffic::height);
    let legend_top = events_top + 16.0 + LANE * events.height();
    let chart = Chart { scenario, record, summary, time: &time, routes: Scale::count(highest, bottom, top), until };
    let classes = chart.classes();
    let legend = chart.legend(&classes, traffic.as_ref());
    let height = legend_top + LEGEND_ROW * lines(legend.len()) + 12.0;

    let mut svg = Svg::default();
    let size = format!(r#"viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}""#);
    let words = r#"role="img" aria-labelledby="title desc" font-size="11""#;
    let fonts = "Verdana, 'DejaVu Sans', Geneva, sans-serif";
    svg.open(&format!(r#"svg xmlns="http://www.w3.org/2000/svg" {size} {words} font-family="{fonts}" fill="{INK}""#));
    chart.write_head(&mut svg, height);
    chart.write_grid(&mut svg, top, bottom);
    chart.write_layers(&mut svg, &classes);
    chart.write_outages(&mut svg, top, bottom);
    chart.write_target(&mut svg);
    chart.write_capacity(&mut svg);
    chart.write_end(&mut svg, top, bottom);
    if let Some(traffic) = &traffic {
        traffic.write(&mut svg);
    }
    decisions.write(&mut svg, "decisions", top, -1.0, &[(top, bottom)]);
    // Not through the scale of time.
    events.write(&mut svg, "events", events_top, 1.0, &[(top, bottom), (bottom + TIME_AXIS, events_top)]);
    legend::write(&mut svg, &legend, legend_top);
    svg.close("svg");
    svg.into_text()
}

/// Events and outages, in the order of time, as labels.
fn happened(record: &Record) -> Vec<(u64, String, Tone)> {
    let events = record.happenings.iter().map(|happening| {
        let what = plain(&happening.what).into_owned();
        (happening.at, what, Tone::Usual)
    });
    let outages = record.outages.iter().map(|outage| {
        let time = moment::duration(outage.until.saturating_sub(outage.at));
        let what = if outage.is_total() { "outage" } else { "below the floor" };
        (outage.at, format!("{what} for {time}"), Tone::Alarm)
    });
    let mut all: Vec<_> = events.chain(outages).collect();
    all.sort_by_key(|(at, ..)| *at);
    all
}

/// When the reason for what is done was first another.
fn decided(record: &Record) -> Vec<(u64, String)> {
    let mut codes: Vec<(u64, String)> = vec![];
    for cycle in &record.cycles {
        let is_lost = cycle.outcome() == "lost";
        let code = format!("{}{}", plain(cycle.code()), if is_lost { " (lost)" } else { "" });
        if codes.last().is_none_or(|(_, last)| *last != code) {
            codes.push((cycle.at, code));
        }
    }
    codes
}

/// The run that is drawn, and its scales.
struct Chart<'a> {
    scenario: &'a Scenario,
    record: &'a Record,
    summary: &'a Summary,
    time: &'a Scale,
    routes: Scale,
    /// The end of the time axis, in milliseconds.
    until: u64,
}

// === impl Chart ===

impl Chart<'_> {
    /// The classes that occur, from below.
    fn classes(&self) -> Vec<Class> {
        let occurs = |class: &Class| self.record.samples.iter().any(|sample| sample.counts.contains_key(class));
        Class::ALL.into_iter().filter(occurs).collect()
    }

    /// What the legend explains.
    fn legend(&self, classes: &[Class], traffic: Option<&Traffic>) -> Vec<Entry> {
        let layers = classes.iter().map(|class| Entry::area(look::fill(*class), class.name_in(self.record)));
        let outages = [
            (look::OUTAGE, "nothing serves", self.record.outages.iter().any(Outage::is_total)),
            (look::BELOW_FLOOR, "below the floor", self.record.outages.iter().any(|outage| !outage.is_total())),
        ];
        let outages = outages.into_iter().filter(|(.., occurs)| *occurs);
        let outages = outages.map(|(fill, name, _)| Entry::area(fill, name.to_owned()));
        let lines = [
            Entry::line(INK, "7 4", "target"),
            Entry::line(CAPACITY, "none", "serving capacity"),
            Entry::line(look::end(&self.record.ended), "none", "the end"),
        ];
        let traffic = traffic.map(Traffic::legend).unwrap_or_default();
        layers.chain(outages).chain(lines).chain(traffic).collect()
    }

    /// Each sample, and when the next one follows.
    fn spans(&self) -> impl Iterator<Item = (&Sample, u64)> {
        let samples = &self.record.samples;
        let ends = samples.iter().skip(1).map(|sample| sample.at).chain([self.until]);
        samples.iter().zip(ends)
    }

    fn write_head(&self, svg: &mut Svg, height: f64) {
        let (title, summary) = (plain(&self.scenario.title).into_owned(), self.summary());
        svg.element(r#"title id="title""#, &title);
        let why = self.scenario.why.split_whitespace().collect::<Vec<_>>().join(" ");
        svg.element(r#"desc id="desc""#, &format!("{summary}. {}", plain(&why)));
        svg.raw(look::PATTERNS);
        svg.raw(&format!(r##"<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>"##));
        svg.element(&format!(r#"text x="{LEFT}" y="30" font-size="18" font-weight="bold""#), &shortened(&title, 72));
        svg.raw(&format!(r#"<circle cx="{}" cy="48" r="6" fill="{}"/>"#, LEFT + 6.0, look::end(&self.record.ended)));
        svg.element(&format!(r#"text x="{}" y="52" font-size="13""#, LEFT + 20.0), &shortened(&summary, 110));
    }

    /// `v2: completed after 40s; lowest serving 3 of 3, most live 6, created 3`.
    fn summary(&self) -> String {
        let summary = self.summary;
        let (lowest, target) = (summary.lowest_serving, summary.lowest_serving_target);
        let mut text = format!(
            "{}: {} after {}; lowest serving {lowest} of {target}, most live {}, created {}",
            plain(&self.record.deployed.join(", then ")),
            plain(&summary.phrase),
            moment::seconds(summary.after_seconds),
            summary.most_live,
            summary.created,
        );
        if summary.failed > 0 {
            text.push_str(&format!(", failed {}", summary.failed));
        }
        if summary.outage_seconds > 0.0 {
            text.push_str(&format!(", outage for {}", moment::seconds(summary.outage_seconds)));
        }
        text
    }

    fn write_grid(&self, svg: &mut Svg, top: f64, bottom: f64) {
        svg.open(r#"g id="axes""#);
        for count in self.routes.ticks() {
            let y = self.routes.place(count);
            svg.raw(&format!(r#"<path d="M{LEFT} {y:.1}H{RIGHT}" stroke="{GRID}"/>"#));
            let place = format!(r#"text x="{}" y="{:.1}" text-anchor="end" fill="{FAINT}""#, LEFT - 8.0, y + 4.0);
            svg.element(&place, &count.to_string());
        }
        for second in self.time.ticks() {
            let x = self.time.place(second);
            svg.raw(&format!(r#"<path d="M{x:.1} {bottom}v5" stroke="{FAINT}"/>"#));
            let place = format!(r#"text x="{x:.1}" y="{:.1}" text-anchor="middle" fill="{FAINT}""#, bottom + 17.0);
            svg.element(&place, &moment::seconds(second));
        }
        let (x, y) = (LEFT - 40.0, f64::midpoint(top, bottom));
        let place = format!(r#"text transform="translate({x} {y}) rotate(-90)" text-anchor="middle" fill="{FAINT}""#);
        svg.element(&place, "routes");
        svg.close("g");
    }

    /// Each class is an area on those below it.
    fn write_layers(&self, svg: &mut Svg, classes: &[Class]) {
        svg.open(r#"g id="layers""#);
        for (i, class) in classes.iter().enumerate() {
            let mut path = String::new();
            for (sample, end) in self.spans() {
                let count = |class: &Class| sample.counts.get(class).copied().unwrap_or(0);
                let below: u32 = classes[..i].iter().map(count).sum();
                let here = count(class);
                if here > 0 {
                    let (x, right) = (self.time.place(seconds(sample.at)), self.time.place(seconds(end)));
                    let (y, floor) = (self.routes.place(f64::from(below + here)), self.routes.place(f64::from(below)));
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{x:.1} {floor:.1}V{y:.1}H{right:.1}V{floor:.1}Z");
                }
            }
            let name = look::layer(*class);
            svg.open(&format!(r#"path id="{name}" d="{path}" fill="{}""#, look::fill(*class)));
            svg.element("title", class.name());
            svg.close("path");
        }
        svg.close("g");
    }

    /// Steps through a value of each sample.
    fn steps(&self, value: impl Fn(&Sample) -> f64) -> String {
        let mut path = String::new();
        for (sample, end) in self.spans() {
            let (x, right) = (self.time.place(seconds(sample.at)), self.time.place(seconds(end)));
            let y = self.routes.place(value(sample));
            let _ = write!(path, "{}{x:.1} {y:.1}H{right:.1}", if path.is_empty() { "M" } else { "L" });
        }
        path
    }

    /// Over how many evenly loaded routes the traffic is spread: where weights differ, fewer than are counted.
    fn write_capacity(&self, svg: &mut Svg) {
        let path = self.steps(Sample::capacity);
        svg.open(&format!(r#"path id="capacity" d="{path}" fill="none" stroke="{CAPACITY}" stroke-width="2.5""#));
        svg.element("title", "serving capacity");
        svg.close("path");
    }

    /// The target: routes that should serve.
    fn write_target(&self, svg: &mut Svg) {
        let path = self.steps(|sample| f64::from(sample.target));
        // A white edge keeps it apart from what it crosses.
        svg.raw(&format!(r##"<path d="{path}" fill="none" stroke="#ffffff" stroke-width="4"/>"##));
        svg.raw(&format!(
            r#"<path id="target" d="{path}" fill="none" stroke="{INK}" stroke-width="2" stroke-dasharray="7 4"/>"#
        ));
    }

    /// Where the rollout ended.
    fn write_end(&self, svg: &mut Svg, top: f64, bottom: f64) {
        let x = self.time.place(seconds(self.record.ended_at));
        let colour = look::end(&self.record.ended);
        svg.raw(&format!(r#"<path id="end" d="M{x:.1} {top:.1}V{bottom:.1}" stroke="{colour}" stroke-width="2.5"/>"#));
    }

    /// Where nothing served, or less than the floor.
    fn write_outages(&self, svg: &mut Svg, top: f64, bottom: f64) {
        if self.record.outages.is_empty() {
            return;
        }
        svg.open(r#"g id="outages""#);
        for outage in &self.record.outages {
            let [x, right] = [outage.at, outage.until].map(|at| self.time.place(seconds(at)));
            // One that is over at once on this scale is to be seen, too.
            let width = (right - x).max(3.0);
            let fill = if outage.is_total() { look::OUTAGE } else { look::BELOW_FLOOR };
            svg.open(&format!(
                r#"rect x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{:.1}" fill="{fill}""#,
                bottom - top
            ));
            svg.element("title", &outage.phrase());
            svg.close("rect");
        }
        svg.close("g");
    }
}
