//! `pointsman watch`.

use std::{
    fs,
    io::{BufRead, BufReader},
};

use predicates::prelude::*;
use serde_json::json;

use super::{batched, example, plugin, pointsman, request};

#[test]
fn watch_asks_which_strategy_where_there_are_several() {
    let folder = tempfile::tempdir().unwrap();
    let watch = |strategy: &[&str]| {
        let args = ["watch", folder.path().to_str().unwrap(), "--requests", "-", "--cycles", "1", "--interval", "0"];
        pointsman(&[&args[..], strategy].concat()).write_stdin("[]").assert()
    };
    watch(&[]).code(2).stderr(predicate::str::contains("could be loaded"));
    fs::copy(plugin(), folder.path().join("a.wasm")).unwrap();
    watch(&[]).code(0).stdout(predicate::str::contains("blue-green 0.2.0"));
    fs::copy(batched(), folder.path().join("b.wasm")).unwrap();
    watch(&[]).code(2).stderr(predicate::str::contains("--strategy: there is batched, blue-green"));
    watch(&["--strategy", "batched"]).code(0).stdout(predicate::str::contains("batched 0.2.0"));
    watch(&["--strategy", "canary"]).code(2).stderr(predicate::str::contains("no strategy `canary`"));
}

#[test]
fn watch_tells_of_swaps_and_of_what_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.wasm");
    let wasm = fs::read(plugin()).unwrap();
    fs::write(&file, &wasm).unwrap();
    let mut watch = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pointsman"))
        .args(["watch", folder.path().to_str().unwrap(), "--interval", "5", "--requests", &example()])
        .args(["--shadow", "12", "--auto-promote"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut find_either = |words: &[&str]| {
        let line = lines.find(|line| words.iter().any(|word| line.contains(word)));
        line.unwrap_or_else(|| panic!("no line with any of {words:?}"))
    };
    let mut find = |word: &str| find_either(&[word]);

    find("loaded");
    // Another version: it has a custom section more.
    fs::write(&file, [&wasm[..], &[0, 3, 1, b'n', 1]].concat()).unwrap();
    find("trying a version in the shadow");
    let over = find("trial over");
    assert!(over.contains("passed") && over.contains("differences=0"), "{over}");
    find("swapped");
    fs::write(&file, "nonsense").unwrap();
    find_either(&["swap failed", "not swapped"]);
    watch.kill().unwrap();
    watch.wait().unwrap();
}

/// A batch is answered whatever its requests are; that one of them was refused is not well.
#[test]
fn watch_counts_what_is_refused_and_has_a_line_for_each_round() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(plugin(), folder.path().join("a.wasm")).unwrap();
    let watch = |requests: &str| {
        let args = ["watch", folder.path().to_str().unwrap(), "--requests", "-", "--cycles", "3", "--interval", "0"];
        pointsman(&args).write_stdin(requests.to_owned()).assert()
    };
    let bad = request(|request| request["spec"]["target_replicas"] = json!(-1));

    let assert = watch(&format!("[{},{bad}]", request(|_| ()))).code(1);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let rounds: Vec<&str> = output.lines().filter(|line| line.starts_with("blue-green 0.2.0 on `a.wasm` ")).collect();
    assert_eq!(rounds.len(), 3, "{output}");
    assert!(rounds[0].contains(": ok 1, refused 1; ") && rounds[2].contains(": ok 3, refused 3; "), "{output}");
    watch(&request(|_| ())).code(0).stdout(predicate::str::contains("refused").not());
}

#[test]
fn nothing_in_a_files_name_controls_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(plugin(), folder.path().join("a\u{1b}[2J\u{202e}\n.wasm")).unwrap();
    let args = ["watch", folder.path().to_str().unwrap(), "--requests", "-", "--cycles", "1", "--interval", "0"];
    let assert = pointsman(&args).env("CLICOLOR_FORCE", "1").write_stdin("[]").assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(output.lines().all(|line| line.contains('a') && !line.starts_with(".wasm")), "{output}");
    assert!(output.contains(r"\u{202e}") && !output.contains('\u{202e}') && !output.contains("\u{1b}[2J"), "{output}");
}
