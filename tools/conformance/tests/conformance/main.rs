//! Our plugins pass, and each misdeed breaks the rule that is there for it.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use pointsman_conformance::{CounterExample, Options, Outcome, Report, RuleReport, check};
use pointsman_host::{Host, Limits};
use serde_json::json;

mod liveness;
mod misdeeds;
mod schemas;
mod strategies;
mod told;

/// Number of rules.
const RULES: usize = 22;

/// Few cases show a misdeed.
fn few() -> Options<'static> {
    of(24)
}

/// So many cases. Compiled plugins are kept between the tests; on a machine that others keep busy, the time of a call
/// says nothing about the plugin.
fn of(cases: u32) -> Options<'static> {
    Options {
        limits: Limits { instances: 1, time: Duration::from_secs(30), ..Limits::default() },
        cache: Some(concat!(env!("CARGO_TARGET_TMPDIR"), "/cache").into()),
        cases: NonZeroU32::new(cases).unwrap(),
        ..Options::default()
    }
}

/// The content of a built component.
fn component(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `make components` first", path.display()))
}

/// A component in which some text is another of the same length.
fn patched(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
    bytes
}

/// The hostile guest.
fn hostile() -> Vec<u8> {
    component("guests/hostile.wasm")
}

/// A version of the hostile guest.
fn hostile_mode(mode: &str) -> Vec<u8> {
    let (from, to) = (format!("hostile-mode:{:16}", "honest"), format!("hostile-mode:{mode:16}"));
    patched(hostile(), &from, &to)
}

fn report(component: &[u8], options: &Options<'_>) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tried.wasm");
    std::fs::write(&path, component).unwrap();
    let file = Host::new(options.limits.clone()).unwrap().read(&path).unwrap();
    check(&file, options).unwrap()
}

/// A configuration of the hostile guest.
fn misdeeds(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| json!({ "misdeed": word }).to_string()).collect()
}

/// What comes of the hostile guest with a misdeed.
fn misdeed(word: &str) -> Report {
    let mut options = Options { configs: misdeeds(&[word]), ..few() };
    options.limits.time = match word {
        // Each rule waits for what never answers, or not soon.
        "loop_forever" => Duration::from_millis(100),
        "ten_million_ids" | "gigabyte_string" => Duration::from_secs(1),
        _ => options.limits.time,
    };
    let report = report(&hostile(), &options);
    assert!(report.has_failures());
    report
}

/// The rules that came out like this.
fn which(report: &Report, outcome: Outcome) -> Vec<&'static str> {
    report.rules.iter().filter(|rule| rule.outcome == outcome).map(|rule| rule.rule).collect()
}

fn of_rule<'a>(report: &'a Report, rule: &str) -> &'a RuleReport {
    report.rules.iter().find(|report| report.rule == rule).unwrap()
}

fn failure<'a>(report: &'a Report, rule: &str) -> &'a CounterExample {
    let rule = of_rule(report, rule);
    rule.failure.as_ref().unwrap_or_else(|| panic!("{rule:#?}"))
}
