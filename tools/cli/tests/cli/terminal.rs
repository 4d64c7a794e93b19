//! Exit codes, pipes and colours, of every command.

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;

use super::{batched, example, hostile, plugin, pointsman, root};

fn happy() -> String {
    root().join("examples/scenarios/happy-path.toml").display().to_string()
}

#[test]
fn a_closed_standard_error_keeps_the_exit_code() {
    let script = r#""$0" check-config --plugin "$1" '{"a": 1}' 2>/dev/full; echo "refused $?"
        "$0" inspect no.wasm 2>/dev/full; echo "unusable $?""#;

    Command::new("sh")
        .args(["-c", script, assert_cmd::cargo::cargo_bin!("pointsman").to_str().unwrap(), &plugin()])
        .assert()
        .stdout("refused 1\nunusable 2\n");
}

#[test]
fn a_closed_pipe_keeps_the_exit_code() {
    let script = r#"set -o pipefail; yes ',{}' | head -49999 | (printf '[{}'; tr -d '\n'; printf ']') |
        ("$0" evaluate --plugin "$1"; echo "$?" >&2) | head -c 10"#;

    Command::new("bash")
        .args(["-c", script, assert_cmd::cargo::cargo_bin!("pointsman").to_str().unwrap(), &plugin()])
        .assert()
        .stdout("[{\"error\":")
        .stderr("1\n");
}

/// `… | head -1` in a pipeline that stops at the first failure must not hide one.
#[rstest]
#[case::conformance(&["conformance", &hostile(), "--cases", "1"])]
#[case::conformance_as_json(&["conformance", &hostile(), "--cases", "1", "--json"])]
#[case::diff(&["diff", "--plugin", &plugin(), "--plugin", &batched(), &example()])]
#[case::diff_as_json(&["diff", "--plugin", &plugin(), "--plugin", &batched(), &example(), "--json"])]
#[case::simulate(&["simulate", "--plugin", &plugin(), "--scenario", &happy(), "--expect", "rolled-back"])]
#[case::many_simulations(
    &["simulate", "--plugin", &plugin(), "--scenario", &happy(), "--expect", "rolled-back", "--monte-carlo", "2"]
)]
#[case::check_config(&["check-config", "--plugin", &plugin(), "--json", r#"{"a": 1}"#])]
fn who_stops_reading_does_not_make_it_well(#[case] args: &[&str]) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    command.args(args).stdout(writer).env("POINTSMAN_CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));

    let output = command.output().unwrap();

    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let explain = || pointsman(&["explain", "--plugin", &plugin(), &example()]);

    explain().assert().stdout(predicate::str::contains('\u{1b}').not());
    explain().env("CLICOLOR_FORCE", "1").assert().stdout(predicate::str::contains('\u{1b}'));
    explain().env("NO_COLOR", "1").assert().stdout(predicate::str::contains('\u{1b}').not());
}

#[rstest]
#[case::no_command(&[])]
#[case::no_plugin(&["evaluate"])]
#[case::unknown(&["evaluate", "--plugni", "x"])]
fn a_wrong_command_line_is_exit_code_2(#[case] args: &[&str]) {
    pointsman(args).assert().code(2).stdout("").stderr(predicate::str::contains("Usage"));
}
