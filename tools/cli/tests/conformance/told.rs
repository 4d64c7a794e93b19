//! What is told of it, and what cannot be tried.

use predicates::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::{RULES, component, conformance, failure, hostile_mode, patched, report, with_verdict};

#[test]
fn the_same_seed_gives_the_same_output() {
    let hostile = component("guests/hostile.wasm");
    let run = |seed: &str| {
        let args = [&hostile, "--config", r#"{"misdeed": "promote_all"}"#, "--cases", "16", "--seed", seed];
        let text = conformance(&args).assert().code(1).get_output().stdout.clone();
        // How long the largest requests take is the machine's.
        let text = String::from_utf8(text).unwrap();
        text.lines().filter(|line| !line.starts_with("headroom")).map(str::to_owned).collect::<Vec<_>>()
    };

    assert_eq!(run("7"), run("7"));
}

#[rstest]
#[case::loops("loop-in-describe", "ran for longer than 50ms")]
#[case::no_json("schema-not-json", "its config schema is not JSON")]
#[case::long("schema-long", "returned more than")]
fn a_plugin_that_does_not_describe_itself_is_told(#[case] mode: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    // Only what never ends is to meet the limit: on a machine that others keep busy, the rest may take long.
    let limit = if mode == "loop-in-describe" { "50" } else { "10000" };
    let args = [&hostile_mode(folder.path(), mode), "--time-limit", limit, "--json", "--cases", "8"];
    let report = report(&conformance(&args).assert().code(1));

    let failure = failure(&report, "describes-itself");
    assert!(failure["message"].as_str().unwrap().contains(message), "{failure:#}");
    // Nothing says what its configuration is.
    assert_eq!(with_verdict(&report, "skipped").len(), RULES - 2, "{report:#}");
}

#[test]
fn a_configuration_that_is_given_must_be_one_that_it_takes() {
    let hostile = component("guests/hostile.wasm");

    conformance(&[&hostile, "--config", r#"{"misdeed": "theft"}"#])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("the plugin refuses").and(predicate::str::contains("theft")));
}

#[test]
fn without_a_configuration_it_says_what_to_pass() {
    let folder = tempfile::tempdir().unwrap();
    // Its schema says of its one key, a number, that it is a boolean.
    let liar = patched("examples/batched.wasm", folder.path(), "integerformatminimum", "booleanformatminimum");
    let assert = conformance(&[&liar, "--json", "--cases", "8"]).assert().code(2);

    let told = predicate::str::contains("takes no configuration that was made from its schema")
        .and(predicate::str::contains("--config"));
    let report = report(&assert.stderr(told));
    assert_eq!(with_verdict(&report, "pass"), ["describes-itself", "refuses-bad-config"], "{report:#}");
    assert_eq!(with_verdict(&report, "skipped").len(), RULES - 2, "{report:#}");
    assert_eq!(report["configs"], json!([]));
    conformance(&[&liar, "--config", r#"{"batch": 2}"#, "--cases", "8"]).assert().code(0);
}

#[rstest]
#[case::no_component("Cargo.toml", "is not WebAssembly")]
#[case::missing("no/such.wasm", "cannot read")]
#[case::no_strategy("../../target/plugins/guard.wasm", "not a strategy")]
fn what_is_no_plugin_is_unusable(#[case] file: &str, #[case] cause: &str) {
    conformance(&[file])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(cause));
}

#[test]
fn the_rules_can_be_listed() {
    let text = conformance(&["--list"]).assert().code(0).get_output().stdout.clone();
    let rules = report(&conformance(&["--list", "--json"]).assert().code(0));

    assert_eq!(String::from_utf8(text).unwrap().lines().count(), RULES);
    assert_eq!(rules.as_array().unwrap().len(), RULES);
    assert_eq!(rules[0]["rule"], "describes-itself");
}

#[test]
fn for_people_there_is_a_table_and_what_breaks_a_rule() {
    let hostile = component("guests/hostile.wasm");
    let args = [&hostile, "--config", r#"{"misdeed": "drain_all"}"#, "--cases", "24"];
    let text = conformance(&args).assert().code(1).get_output().stdout.clone();

    let text = String::from_utf8(text).unwrap();
    for expected in [
        "RULE                  VERDICT  CASES",
        "harmless: no plan does what the guard forbids\n  the guard rejects the plan: ",
        "  the host evaluates\n",
        "  request  {\"routes\":[{\"id\":\"r-1\"",
        " of 18 rules pass, ",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}
