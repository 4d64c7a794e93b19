//! Plugins that do harm, fail or refuse.

use predicates::prelude::*;
use serde_json::{Value, json};

use super::{hostile, simulate, simulate_with};

#[test]
fn a_plan_cannot_turn_time_back() {
    let text = "title = \"t\"\ntarget = 3\ngive_up_seconds = 100\nconfig = { misdeed = \"again_at_once\" }";
    let run = |args: &[&str]| simulate_with(&hostile(), "-", args).write_stdin(text).assert();

    run(&[]).code(1).stdout(predicate::str::contains("next-evaluation-not-ahead"));
    let assert = run(&["--guard-ids-only", "--json"]);
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert!(document["verdict"]["evaluations"].as_u64().unwrap() <= 11, "{:#}", document["verdict"]);
}

#[test]
fn a_plan_that_the_guard_rejects_is_not_applied_and_exit_code_1() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"drain_all\" }";
    let assert = simulate_with(&hostile(), "-", &[]).write_stdin(text).assert().code(1);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let first_line = "rejected  capacity-lowered: the plan takes serving capacity from 3 to 0; 2 must";
    assert!(output.contains(first_line), "{output}");
    assert!(output.contains("ended           rejected by the guard after 0s") && output.contains("created         0"));
    assert!(output.contains("refused         1 of 1 evaluations gave no valid plan"), "{output}");
}

#[test]
fn harm_by_a_plugin_does_not_reach_the_routes() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"drain_all\" }";
    let simulate = |args: &[&str]| simulate_with(&hostile(), "-", args).write_stdin(text).assert();

    let assert = simulate(&["--json"]).code(1);
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(document["cycles"][0]["violations"][0]["code"], "capacity-lowered");
    assert_eq!(
        (&document["verdict"]["ended"], &document["verdict"]["lowest_serving"]),
        (&json!("rejected"), &json!(3.0))
    );
    // A host that lets it pass sees what comes of it.
    let assert = simulate(&["--json", "--guard-ids-only"]).code(0);
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(document["verdict"]["lowest_serving"], 0.0);
}

#[test]
fn creating_without_end_is_stopped() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"create_ten_million\" }";
    let assert = simulate_with(&hostile(), "-", &["--guard-ids-only"]).write_stdin(text).assert();

    assert.code(1).stdout(predicate::str::contains("ended           too many routes after 0s"));
}

#[test]
fn a_plugin_that_cannot_be_called_is_exit_code_2() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"loop_forever\" }";
    let assert = simulate_with(&hostile(), "-", &["--time-limit", "20"]).write_stdin(text).assert();

    assert.code(2).stderr(predicate::str::contains("ran for longer than 20ms"));
}

#[test]
fn a_configuration_that_the_plugin_refuses_is_told_and_exit_code_1() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { auto_promotion = true }";

    simulate("-", &[]).write_stdin(text).assert().code(1).stdout(
        predicate::str::contains("refused  invalid config: `auto_promotion`: unknown field `auto_promotion`")
            .and(predicate::str::contains("ended           refused by the plugin after 0s")),
    );
}
