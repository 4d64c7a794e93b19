//! Configurations and ends that the command line gives.

use std::fs;

use predicates::prelude::*;
use rstest::rstest;
use serde_json::Value;

use super::{HAPPY, root, scenario, simulate, simulate_with};

fn rolling_update() -> String {
    root().join("target/plugins/rolling_update.wasm").display().to_string()
}

#[rstest]
#[case::as_expected(&["--expect", "completed"], None)]
#[case::other_end(&["--expect", "rolled-back"], Some("it ended as completed (promoting), not as rolled-back\n"))]
#[case::waiting(&["--expect", "waiting", "--json"], Some("it ended as completed (promoting), not as waiting\n"))]
#[case::many(&["--expect", "waiting", "--monte-carlo", "3"],
    Some("in 3 of 3 runs, first with --seed 2811902828: it ended as completed (promoting), not as waiting\n"))]
#[case::many_as_expected(&["--expect", "completed", "--monte-carlo", "3", "--json"], None)]
fn another_end_than_expected_is_exit_code_1_and_one_line(#[case] args: &[&str], #[case] expected: Option<&str>) {
    let assert = simulate("-", args).write_stdin(HAPPY).assert().code(i32::from(expected.is_some()));

    let told = expected.map(|what| format!("error: the rollout went otherwise than expected: {what}"));
    assert_eq!(String::from_utf8_lossy(&assert.get_output().stderr), told.unwrap_or_default());
    // The run is shown all the same.
    assert!(!assert.get_output().stdout.is_empty());
}

#[test]
fn a_scenario_that_expects_is_a_test_by_itself() {
    let text = format!("{HAPPY}serving_floor_percent = 100\n[[events]]\nat_seconds = 20\nfail = \"v1\"\n");
    let told = "otherwise than expected: less than 100% of the target served for 10s, at the lowest 1 of 2";

    let assert = simulate("-", &["--json"]).write_stdin(text).assert().code(1).stderr(predicate::str::contains(told));
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert!(told.ends_with(document["unexpected"].as_str().unwrap()), "{document:#}");
    assert_eq!(document["verdict"]["below_floor_seconds"], 10.0);
}

#[test]
fn a_shipped_scenario_serves_any_strategy_with_a_configuration_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    fs::write(&file, r#"{"max_surge": 1, "max_unavailable": 0}"#).unwrap();
    for config in [file.to_str().unwrap(), r#"{"max_surge": 1, "max_unavailable": 0}"#] {
        let args = ["--config", config, "--expect", "completed"];
        simulate_with(&rolling_update(), &scenario("happy-path"), &args)
            .assert()
            .code(0)
            .stdout(predicate::str::contains("rolled-out"));
    }
    // What the scenario has is blue-green's.
    simulate_with(&rolling_update(), &scenario("happy-path"), &[]).assert().code(1);
}

#[rstest]
#[case::unknown_key(r#"{"colour": 1}"#, 1, "the plugin refuses `{\"colour\": 1}`, which `--config` gives: `colour`")]
#[case::no_move_left(r#"{"auto_promote": true}"#, 1, "needs max_surge 100%")]
#[case::no_object("3", 2, "`3`, which `--config` gives, is not a JSON object")]
#[case::no_json("{", 2, "`{`, which `--config` gives, is not a JSON object")]
#[case::no_file("no/such.json", 2, "cannot read `no/such.json`")]
fn a_configuration_that_cannot_be_played_is_told_before(#[case] config: &str, #[case] code: i32, #[case] told: &str) {
    let text = format!("{HAPPY}policy = {{ max_surge = 1 }}\n");
    let assert = simulate("-", &["--config", config]).write_stdin(text).assert();

    assert.code(code).stdout("").stderr(predicate::str::contains(told));
}

#[test]
fn incidents_are_played_with_the_keys_of_the_strategy() {
    let incident = scenario("incidents/paused-past-the-deadline");

    simulate_with(&rolling_update(), &incident, &[]).assert().code(0).stderr("");
    simulate(&incident, &[]).assert().code(0).stderr("");
    // It was expected of the scenario's own configuration.
    let args = ["--config", r#"{"auto_promote": false}"#];
    simulate(&incident, &args).assert().code(0).stdout(predicate::str::contains("waiting (awaiting-approval)"));
}

#[test]
fn what_cannot_be_expected_is_exit_code_2() {
    let told = "[possible values: completed, rolled-back, waiting]";
    simulate("-", &["--expect", "fine"]).write_stdin(HAPPY).assert().code(2).stderr(predicate::str::contains(told));
}
