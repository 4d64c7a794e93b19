//! `pointsman diff`.

use std::fs;

use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{batched, example, plugin, pointsman, request};

#[test]
fn diff_of_a_plugin_and_itself_finds_nothing() {
    let assert = pointsman(&["diff", "--plugin", &plugin(), "--plugin", &plugin(), &example()]).assert().code(0);

    assert.stdout(predicate::str::contains("0 of 6 requests decided differently"));
}

#[test]
fn diff_shows_what_two_plugins_decide_differently() {
    let folder = tempfile::tempdir().unwrap();
    // A config that each takes leaves nothing to compare; what one does not take is a difference too.
    let input = folder.path().join("requests.json");
    let with = |config: Value| request(|request| request["spec"]["config"] = config.clone());
    fs::write(&input, format!("[{},{}]", with(json!({})), with(json!({"batch": 2})))).unwrap();
    let args = ["diff", "--plugin", &plugin(), "--plugin", &batched(), input.to_str().unwrap()];

    let table = pointsman(&args).assert().code(1);
    let json = pointsman(&[&args[..], &["--json"]].concat()).assert().code(1);

    let table = String::from_utf8(table.get_output().stdout.clone()).unwrap();
    let line = table.lines().find(|line| line.contains("missing field `batch`")).unwrap_or_else(|| panic!("{table}"));
    assert!(line.contains("creating-green: 0 of 3 green routes are live: "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    assert!(table.ends_with("2 of 2 requests decided differently\n"), "{table}");
    let report: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!((&report["requests"], report["differences"].as_array().unwrap().len()), (&json!(2), 2));
    let first = &report["differences"][0];
    assert_eq!((&first["request"], &first["fields"][0]["field"]), (&json!(1), &json!("outcome")));
    assert_eq!(first["second"]["error"]["code"], "invalid_config");
    assert!(first["first"]["ok"]["rollout_specs"].is_array());
    assert_eq!(report["plugins"][1]["file"], "batched.wasm");
}

#[rstest]
#[case::one_plugin(&["diff", "--plugin", "x.wasm", "in.json"], "two plugins are compared")]
#[case::no_input(&["diff", "--plugin", "x.wasm", "--plugin", "x.wasm"], "required")]
#[case::no_folder(&["watch", "no/such/folder", "--requests", "-"], "cannot be read")]
#[case::auto_promote_of_nothing(&["watch", ".", "--requests", "-", "--auto-promote"], "--shadow")]
fn diff_and_watch_say_what_is_missing(#[case] args: &[&str], #[case] message: &str) {
    pointsman(args).write_stdin("[]").assert().code(2).stderr(predicate::str::contains(message));
}
