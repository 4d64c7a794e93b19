//! `pointsman evaluate`: requests in, answers out.

use std::{fs, path::PathBuf};

use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{answers, example, hostile, plugin, pointsman, request, root};

#[test]
fn the_example_is_the_rollout_of_the_corpus() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests/vectors/blue-green")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap().starts_with("rollout-"));
    files.sort();
    let requests = files.iter().map(|file| {
        let vector: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        vector["request"].clone()
    });
    let example: Value = serde_json::from_str(&fs::read_to_string(example()).unwrap()).unwrap();

    assert_eq!(requests.collect::<Value>(), example);
}

#[test]
fn evaluate_answers_an_array() {
    let assert = pointsman(&["evaluate", "--plugin", &plugin(), &example()]).assert().code(0).stderr("");

    let answers = answers(&assert.get_output().stdout);
    let codes: Vec<&str> = answers.iter().map(|answer| answer["ok"]["reason"]["code"].as_str().unwrap()).collect();
    let expected = [
        "creating-green",
        "waiting-for-provisioning",
        "waiting-for-ready",
        "awaiting-approval",
        "promoting",
        "already-promoted",
    ];
    assert_eq!(codes, expected);
}

#[rstest]
#[case::dash(&["-"])]
#[case::nothing(&[])]
#[case::pretty(&["--pretty"])]
fn evaluate_answers_one_request_from_standard_input(#[case] args: &[&str]) {
    let plugin = plugin();
    let args = [&["evaluate", "--plugin", &plugin][..], args].concat();
    let assert = pointsman(&args).write_stdin(request(|_| ())).assert().code(0).stderr("");

    assert_eq!(answers(&assert.get_output().stdout)[0]["ok"]["rollout_specs"][0]["count"], 3);
}

#[test]
fn evaluate_answers_more_than_fits_into_the_sandbox_at_once() {
    let count = 20_000;
    let requests = format!("[{}]", vec![request(|_| ()); count].join(","));
    assert!(requests.len() > 12 << 20, "{}", requests.len());
    let assert =
        pointsman(&["evaluate", "--memory-limit", "24", "--plugin", &plugin()]).write_stdin(requests).assert().code(0);

    let answers = answers(&assert.get_output().stdout);
    assert_eq!(answers.len(), count);
    assert_eq!(answers[0], answers[count - 1]);
}

#[test]
fn one_bad_request_is_an_answer_and_exit_code_1() {
    let bad = request(|request| request["routes"][1]["status"] = json!("runing"));
    let requests = format!("[{},{bad}]", request(|_| ()));
    let assert = pointsman(&["evaluate", "--plugin", &plugin()]).write_stdin(requests).assert().code(1).stderr("");

    let answers = answers(&assert.get_output().stdout);
    assert!(answers[0]["ok"].is_object());
    assert_eq!(answers[1]["error"]["code"], "invalid_request");
    let message = answers[1]["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("`routes[1].status`: unknown variant `runing`"), "{message}");
}

#[test]
fn small_requests_are_not_limited_by_the_memory_for_their_answers() {
    let count = 100_000;
    let requests = format!("[{}]", vec!["{}"; count].join(","));
    let assert = pointsman(&["evaluate", "--plugin", &plugin()]).write_stdin(requests).assert().code(1);

    assert_eq!(answers(&assert.get_output().stdout).len(), count);
}

#[test]
fn the_request_at_which_a_plugin_fails_is_named() {
    let guest = hostile();
    let misdeed = |word: &str| request(|request| request["spec"]["config"] = json!({ "misdeed": word }));
    let requests = format!("[{},{},{}]", misdeed("none"), misdeed("none"), misdeed("trap"));

    pointsman(&["evaluate", "--plugin", &guest])
        .write_stdin(requests)
        .assert()
        .code(2)
        .stderr(predicate::str::starts_with("error: no answer to request 3\n"));
}

#[test]
fn a_plan_that_does_harm_is_refused_with_its_violations() {
    let guest = hostile();
    let input = request(|request| request["spec"]["config"] = json!({"misdeed": "drain_all"}));
    let run = |args: &[&str]| pointsman(&[args, &["--plugin", &guest]].concat()).write_stdin(input.clone()).assert();

    let assert = run(&["evaluate"]).code(1);
    let error = &answers(&assert.get_output().stdout)[0]["error"];
    assert_eq!(error["code"], "plan_rejected");
    let codes: Vec<&Value> = error["violations"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["capacity-lowered", "drained-while-short"]);
    assert_eq!(error["violations"][0]["route_ids"], json!(["r-1", "r-2", "r-3"]));
    let sentence = "violation   capacity-lowered: the plan takes serving capacity from 3 to 0; 2 must stay\n";
    run(&["explain"]).code(1).stdout(predicate::str::contains(sentence));
    run(&["evaluate", "--max-unavailable", "2"]).code(1).stdout(predicate::str::contains("3 to 0; 1 must stay"));
    run(&["evaluate", "--max-unavailable", "3"]).code(0);
    run(&["evaluate", "--max-unavailable", "100%"]).code(0);
    run(&["evaluate", "--guard-ids-only"]).code(0);
}
