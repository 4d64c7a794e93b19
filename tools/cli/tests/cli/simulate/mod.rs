//! `pointsman simulate`: exit codes, what is no scenario, and the same output for the same seed. What is played has its
//! tests in `tools/simulate`.

use std::fs;

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;

use super::{hostile, plugin, pointsman, root};

mod expected;
mod input;
mod plugins;

const HAPPY: &str = "title = \"t\"\ntarget = 2\nconfig = { auto_promote = true }\n";

fn scenario(name: &str) -> String {
    root().join("examples/scenarios").join(name).with_extension("toml").display().to_string()
}

/// `pointsman simulate` with blue-green.
fn simulate(scenario: &str, args: &[&str]) -> Command {
    simulate_with(&plugin(), scenario, args)
}

fn simulate_with(plugin: &str, scenario: &str, args: &[&str]) -> Command {
    pointsman(&[&["simulate", "--plugin", plugin, "--scenario", scenario], args].concat())
}

/// The document of a scenario that is given as text.
fn json_of(text: &str) -> Value {
    let assert = simulate("-", &["--json"]).write_stdin(text).assert().code(0);
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn a_seed_gives_the_same_output_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let output = |args: &[&str], name: &str| {
        let svg = folder.path().join(name);
        let mut all = [args, &["--svg", svg.to_str().unwrap()]].concat();
        if args.contains(&"--monte-carlo") {
            all.truncate(args.len());
        }
        let assert = simulate(&scenario("worst-night"), &all).assert().code(0).stderr("");
        (assert.get_output().stdout.clone(), fs::read(svg).unwrap_or_default())
    };
    for args in [
        &["--seed", "7"][..],
        &["--seed", "7", "--json"],
        &["--seed", "7", "--monte-carlo", "30"],
        &["--seed", "7", "--monte-carlo", "30", "--json"],
    ] {
        let first = output(args, "first.svg");
        assert_eq!(first, output(args, "second.svg"), "{args:?}");
        let other: Vec<&str> = args.iter().map(|arg| if *arg == "7" { "8" } else { arg }).collect();
        assert_ne!(first, output(&other, "third.svg"), "{args:?}: the seed makes no difference");
    }
}

#[test]
fn nothing_in_a_scenario_controls_the_terminal() {
    let text = "title = \"\\u001b]0;title\\u0007\"\nwhy = \"\\u001b[2J\"\ntarget = 1\n\
        deploying_revision = \"v2\\u001b[31m\"\n[[events]]\nat_seconds = 1\nrecover = \"v2\\u001b[31m\"\n";
    let assert = simulate("-", &[]).write_stdin(text).env("CLICOLOR_FORCE", "1").assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(output.contains(r"\u{1b}]0;title\u{7}") && output.contains(r"v2\u{1b}[31m"), "{output}");
    let text = "title = \"t\"\ntarget = 1\nconfig = { \"\\u001b[2J\" = 1 }";
    let assert = simulate("-", &[]).write_stdin(text).env("CLICOLOR_FORCE", "1").assert().code(1);
    assert.stdout(predicate::str::contains("\u{1b}[2J").not());
    assert!(!output.contains("\u{1b}]0;") && !output.contains("\u{1b}[2J") && !output.contains("\u{1b}[31m"));
}

#[test]
fn a_chart_is_written_beside_the_timeline() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    let args = ["--svg", file.to_str().unwrap()];

    simulate("-", &args).write_stdin(HAPPY).assert().code(0).stdout(predicate::str::contains("completed after 30s"));

    assert!(fs::read_to_string(file).unwrap().starts_with("<svg "));
    let many = simulate("-", &["--monte-carlo", "3"]).write_stdin(HAPPY).assert().code(0).stderr("");
    many.stdout(predicate::str::contains("3 runs from seed 0").and(predicate::str::contains("100.0%")));
}
