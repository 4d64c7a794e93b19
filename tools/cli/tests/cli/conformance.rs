//! `pointsman conformance`: exit codes, and what is no input. The rules have their tests in `tools/conformance`.

use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{batched, hostile, plugin, pointsman};

/// Number of rules.
const RULES: usize = 22;

fn conformance(args: &[&str]) -> assert_cmd::assert::Assert {
    // On a machine that others keep busy, the time of a call says nothing about the plugin.
    pointsman(&[&["conformance", "--time-limit", "30000"], args].concat()).assert()
}

#[test]
fn what_passes_is_exit_code_0_and_what_fails_is_1() {
    conformance(&[&plugin(), "--config", "{}", "--cases", "1"])
        .code(0)
        .stdout(predicate::str::ends_with("22 of 22 rules pass, 0 warn, 0 fail, 0 skipped\n"));
    let args = [&hostile(), "--config", r#"{"misdeed": "drain_all"}"#, "--cases", "24", "--json"];
    let assert = conformance(&args).code(1).stderr("");
    let report: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let rules = report["rules"].as_array().unwrap();
    let harmless = rules.iter().find(|rule| rule["rule"] == "harmless").unwrap();
    assert_eq!(harmless["verdict"], "fail");
    // With what is broken somebody goes on.
    pointsman(&["explain", "--max-unavailable", "100%", "--plugin", &hostile()])
        .write_stdin(harmless["failure"]["request"].to_string())
        .assert()
        .code(1)
        .stdout(predicate::str::contains("capacity-lowered"));
}

#[test]
fn a_configuration_that_is_given_must_be_one_that_it_takes() {
    conformance(&[&hostile(), "--config", r#"{"misdeed": "theft"}"#])
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("the plugin refuses").and(predicate::str::contains("theft")));
}

#[test]
fn without_a_configuration_it_says_what_to_pass() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("liar.wasm");
    // Its schema says of its one key, a number, that it is a boolean.
    let mut bytes = std::fs::read(batched()).unwrap();
    let place = bytes.windows(20).position(|window| window == b"integerformatminimum").unwrap();
    bytes[place..place + 7].copy_from_slice(b"boolean");
    std::fs::write(&file, bytes).unwrap();
    let assert = conformance(&[file.to_str().unwrap(), "--json", "--cases", "8"]).code(2);

    let told = predicate::str::contains("takes no configuration that was made from its schema")
        .and(predicate::str::contains("--config"));
    let report: Value = serde_json::from_slice(&assert.stderr(told).get_output().stdout).unwrap();
    assert_eq!(report["configs"], json!([]));
}

#[rstest]
#[case::no_component("Cargo.toml", "is not WebAssembly")]
#[case::missing("no/such.wasm", "cannot read")]
#[case::no_strategy("../../target/plugins/guard.wasm", "not a strategy")]
fn what_is_no_plugin_is_unusable(#[case] file: &str, #[case] cause: &str) {
    pointsman(&["conformance", file])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(cause));
}

#[test]
fn no_cases_are_no_trial() {
    let told = predicate::str::contains("'0' for '--cases <CASES>'").and(predicate::str::contains("1..=4294967295"));
    conformance(&[&plugin(), "--cases", "0"]).code(2).stdout("").stderr(told);
}

#[test]
fn the_rules_can_be_listed() {
    let text = conformance(&["--list"]).code(0).get_output().stdout.clone();
    let json = conformance(&["--list", "--json"]).code(0).get_output().stdout.clone();

    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().filter(|line| !line.starts_with(' ')).count(), RULES, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    let rules: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((rules.as_array().unwrap().len(), &rules[0]["rule"]), (RULES, &json!("describes-itself")));
}
