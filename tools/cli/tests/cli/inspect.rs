//! `pointsman inspect`, and the cache.

use std::fs;

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::{Value, json};

use super::{plugin, pointsman};

#[test]
fn a_plugin_from_a_pipe_can_be_inspected() {
    let script = r#"cat "$1" | "$0" inspect /dev/stdin"#;

    Command::new("sh")
        .args(["-c", script, assert_cmd::cargo::cargo_bin!("pointsman").to_str().unwrap(), &plugin()])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("licence       Apache-2.0"));
}

#[test]
fn an_empty_cache_variable_is_none() {
    pointsman(&["inspect", &plugin()]).env("POINTSMAN_CACHE", "").assert().code(0);
}

#[test]
fn inspect_as_json_has_every_field() {
    let assert = pointsman(&["inspect", "--json", &plugin()]).assert().code(0).stderr("");

    let inspection: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(inspection["name"], "blue-green");
    assert_eq!(inspection["contract_version"], "0.2.0");
    assert_eq!(inspection["licence"], "Apache-2.0");
    assert_eq!(inspection["size"], fs::metadata(plugin()).unwrap().len());
    assert_eq!(inspection["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    assert_eq!(inspection["imports"], json!([]));
    assert_eq!(inspection["exports"].as_array().unwrap().len(), 2);
    assert_eq!(inspection["config_schema"]["properties"]["max_replacements"]["maximum"], u32::MAX);
}

#[test]
fn inspect_for_people_says_that_nothing_is_imported() {
    let line = predicate::str::is_match("(?m)^imports +none$").unwrap();

    pointsman(&["inspect", &plugin()]).assert().code(0).stdout(line);
}

#[test]
fn the_cache_folder_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();

    pointsman(&["inspect", "--cache", path, &plugin()]).assert().code(0);

    assert_eq!(std::fs::read_dir(folder.path().join("compiled")).unwrap().count(), 1);
}

#[test]
fn a_budget_is_set_by_name() {
    let refusal = predicate::str::contains("the budget `work`").and(predicate::str::contains("1000"));

    pointsman(&["inspect", "--budget", "work=1000", &plugin()]).assert().code(2).stderr(refusal);
    pointsman(&["inspect", "--budget", "work=4000000", "--budget", "types=20000", &plugin()]).assert().code(0);
}

#[test]
fn a_budget_that_there_is_not_is_said_with_those_that_there_are() {
    let names = predicate::str::contains("there is no budget `worc`").and(predicate::str::contains("function-work"));

    pointsman(&["inspect", "--budget", "worc=1", &plugin()]).assert().code(2).stderr(names);
    pointsman(&["inspect", "--budget", "work=all", &plugin()])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("`all` is not a whole number"));
}
