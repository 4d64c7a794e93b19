//! Scenarios and command lines, right and wrong.

use std::fs;

use predicates::prelude::*;
use rstest::rstest;

use super::{HAPPY, json_of, scenario, simulate};

#[test]
fn toml_and_json_are_the_same_scenario() {
    let json = r#"{"title": "t", "target": 2, "config": {"auto_promote": true}, "start_seconds": {"min": 5, "max": 50},
        "events": [{"at_seconds": 60, "deploy": "v3"}, {"at_seconds": 20, "fail": "v2", "count": 2}]}"#;
    let toml = format!(
        "{HAPPY}start_seconds = {{ min = 5, max = 50 }}\nevents = [{{ at_seconds = 20, fail = \"v2\", count = 2 }}, \
         {{ at_seconds = 60, deploy = \"v3\" }}]"
    );

    assert_eq!(json_of(json), json_of(&toml));
}

#[rstest]
#[case::wrong_key("targt = 3", "unknown field `targt`")]
#[case::no_title("target = 3", "missing field `title`")]
#[case::negative_time("[[events]]\nat_seconds = -1\nrescale = 1", "`events[0]")]
#[case::negative_start("start_seconds = -1", "`start_seconds` is wrong")]
#[case::ends_turned("start_seconds = { min = 3, max = 2 }", "`min` is 3 and `max` is 2")]
#[case::start_in_words("start_seconds = \"soon\"", "expected a number of seconds, or { min = …, max = … }")]
#[case::unknown_event("[[events]]\nat_seconds = 1\nexplode = true", "unknown field `explode`")]
#[case::no_event("[[events]]\nat_seconds = 1", "exactly one of `fail`, ")]
#[case::two_events("[[events]]\nat_seconds = 1\nfail = \"v1\"\nrescale = 2", "exactly one of `fail`, ")]
#[case::count_of_nothing("[[events]]\nat_seconds = 1\nrescale = 2\ncount = 3", "`count` goes with `fail`")]
#[case::unknown_word("new_routes = \"dance\"", "`new_routes` is wrong")]
#[case::unknown_outcome("checks = [{ name = \"a\", outcome = \"maybe\" }]", "`checks[0].outcome` is wrong")]
#[case::no_chance("fail_chance = 1.5", "1.5 is no chance; one is from 0.0 to 1.0")]
#[case::not_a_number("flap_chance = nan", "NaN is no chance")]
#[case::too_many("old = [{ revision = \"v1\", count = 4000000000 }]", "4000000000 routes are more than")]
#[case::no_cycle("cycle_seconds = 0", "`cycle_seconds` is wrong")]
#[case::config_is_no_object("config = 3", "`config` is wrong")]
#[case::not_toml("= 3", "TOML parse error at line 3")]
#[case::not_toml_at_all("\u{0}", "is not a scenario")]
fn nonsense_is_exit_code_2_and_names_the_key(#[case] line: &str, #[case] message: &str) {
    let head = if message.contains("missing") { String::new() } else { "title = \"t\"\ntarget = 3\n".to_owned() };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nonsense.toml");
    fs::write(&file, head + line).unwrap();
    let place = format!("error: `{}` is not a scenario", file.display());

    simulate(file.to_str().unwrap(), &[])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::starts_with(place).and(predicate::str::contains(message)));
}

#[rstest]
#[case::cut_off(r#"{"title": "t","#, "EOF while parsing")]
#[case::wrong_type(r#"{"title": "t", "target": "three"}"#, "`target` is wrong")]
#[case::trailing(r#"{"title": "t", "target": 3} 4"#, "trailing characters")]
#[case::empty("", "missing field `title`")]
fn nonsense_from_standard_input_is_exit_code_2(#[case] text: &str, #[case] message: &str) {
    simulate("-", &[]).write_stdin(text).assert().code(2).stdout("").stderr(
        predicate::str::starts_with("error: standard input is not a scenario").and(predicate::str::contains(message)),
    );
}

#[rstest]
#[case::negative(&["--seed=-1"], "--seed")]
#[case::no_runs(&["--monte-carlo", "0"], "--monte-carlo")]
#[case::chart_of_many(&["--monte-carlo", "2", "--svg", "x.svg"], "cannot be used with")]
#[case::no_folder(&["--svg", "no/such/folder/x.svg"], "cannot write `no/such/folder/x.svg`")]
fn a_wrong_command_line_is_exit_code_2(#[case] args: &[&str], #[case] message: &str) {
    simulate(&scenario("happy-path"), args).assert().code(2).stdout("").stderr(predicate::str::contains(message));
}

#[test]
fn a_missing_scenario_is_named() {
    simulate("no/such.toml", &[]).assert().code(2).stderr(predicate::str::contains("cannot read `no/such.toml`"));
}
