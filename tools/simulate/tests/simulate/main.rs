//! Every scenario that is shipped, what happens when something happens, and what a run looks like.

use std::{fs, path::PathBuf, time::Duration};

use pointsman_host::{Guard, Host, Limits, Plugin};
use pointsman_simulate::{Document, Record, Scenario, Summary, chart, play, show::Look, timeline};
use serde_json::Value;

mod charts;
mod events;
mod expected;
mod incidents;
mod memory;
mod monte_carlo;
mod played;
mod shipped;
mod shown;

const HAPPY: &str = "title = \"t\"\ntarget = 2\nconfig = { auto_promote = true }\n";

const BLUE_GREEN: &str = "plugins/blue_green.wasm";
const ROLLING_UPDATE: &str = "plugins/rolling_update.wasm";
const HOSTILE: &str = "guests/hostile.wasm";

/// A scenario that was played.
struct Run {
    scenario: Scenario,
    record: Record,
    summary: Summary,
}

/// The workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn scenario(name: &str) -> String {
    let path = root().join("examples/scenarios").join(name).with_extension("toml");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A built component. Compiled plugins are kept between the tests.
fn plugin(file: &str) -> Plugin {
    let path = root().join("target").join(file);
    assert!(path.exists(), "{} is not there: run `make components` first", path.display());
    let limits = Limits { instances: 1, time: Duration::from_secs(30), ..Limits::default() };
    Host::with_cache(limits, concat!(env!("CARGO_TARGET_TMPDIR"), "/cache")).unwrap().load(path).unwrap()
}

/// Plays a scenario with blue-green.
fn run(text: &str) -> Run {
    run_with(&plugin(BLUE_GREEN), text, 0)
}

fn run_with(plugin: &Plugin, text: &str, seed: u64) -> Run {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let record = play(&mut scenario.session(plugin).unwrap(), &scenario, seed).unwrap();
    let summary = Summary::of(&record);
    Run { scenario, record, summary }
}

/// The document of a scenario that is well.
fn json_of(text: &str) -> Value {
    let run = run(text);
    assert!(run.summary.is_well(), "{:#?}", run.summary);
    run.document()
}

/// A plugin whose plans are not guarded, but for their ids.
fn unguarded(file: &str) -> Plugin {
    plugin(file).with_guard(Guard::IdsOnly)
}

fn codes(document: &Value) -> Vec<&str> {
    let cycles = document["cycles"].as_array().unwrap();
    let mut codes: Vec<&str> =
        cycles.iter().map(|cycle| cycle["plan"]["reason"]["code"].as_str().unwrap_or("-")).collect();
    codes.dedup();
    codes
}

impl Run {
    fn document(&self) -> Value {
        serde_json::to_value(Document::new(&self.scenario, 0, &self.record, &self.summary)).unwrap()
    }

    fn timeline(&self, is_whole: bool) -> String {
        let mut text = vec![];
        timeline::write(&mut text, &self.scenario, &self.record, &self.summary, Look::plain(), is_whole).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn chart(&self) -> String {
        chart::draw(&self.scenario, &self.record, &self.summary)
    }
}
