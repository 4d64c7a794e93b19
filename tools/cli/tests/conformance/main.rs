//! `pointsman conformance`: our plugins pass, and each misdeed breaks the rule that is there for it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::{Value, json};

mod misdeeds;
mod strategies;
mod told;

/// How many rules there are.
const RULES: usize = 18;

/// The command, with compiled plugins kept between the tests.
fn conformance(args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
    command.arg("conformance").args(args).env_remove("NO_COLOR").env("POINTSMAN_CACHE", cache);
    command
}

/// A built component.
fn component(path: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target").join(path).display().to_string()
}

/// A copy of a component in which some text is another of the same length.
fn patched(path: &str, folder: &Path, from: &str, to: &str) -> String {
    let mut bytes = fs::read(component(path)).unwrap();
    let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
    let file = folder.join("patched.wasm");
    fs::write(&file, bytes).unwrap();
    file.display().to_string()
}

/// A version of the hostile guest.
fn hostile_mode(folder: &Path, mode: &str) -> String {
    let (from, to) = (format!("hostile-mode:{:16}", "honest"), format!("hostile-mode:{mode:16}"));
    patched("guests/hostile.wasm", folder, &from, &to)
}

/// What comes of the hostile guest with a misdeed; few cases show it.
fn misdeed(word: &str) -> Value {
    let config = json!({ "misdeed": word }).to_string();
    // Each rule waits for what never answers.
    let limit = if word == "loop_forever" { "100" } else { "1000" };
    let hostile = component("guests/hostile.wasm");
    let args = [&hostile, "--config", &config, "--json", "--cases", "24", "--time-limit", limit];
    report(&conformance(&args).assert().code(1).stderr(""))
}

fn report(assert: &assert_cmd::assert::Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

/// The rules with a verdict.
fn with_verdict<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let rules = report["rules"].as_array().unwrap().iter();
    rules.filter(|line| line["verdict"] == verdict).map(|line| line["rule"].as_str().unwrap()).collect()
}

fn failure<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let rules = report["rules"].as_array().unwrap();
    let line = rules.iter().find(|line| line["rule"] == rule).unwrap();
    assert_eq!(line["verdict"], "fail", "{line:#}");
    &line["failure"]
}
