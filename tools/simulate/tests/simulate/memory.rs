//! What the host keeps for the strategy from one cycle to the next: its memo, and how the checks stand.

use rstest::rstest;
use serde_json::{Value, json};

use super::{codes, json_of};

/// Promoted after 30 s; then blue is kept for a minute, which only the memo knows the start of, and of whose end a
/// second cycle makes sure.
const KEPT: &str = "title = \"t\"\ntarget = 2\ngive_up_seconds = 600\n\
    config = { auto_promote = true, keep_blue_seconds = 60 }\n";

/// Events in TOML.
fn at(seconds: u32, what: &str) -> String {
    format!("[[events]]\nat_seconds = {seconds}\n{what}\n")
}

#[rstest]
#[case::kept("", 91.0)]
#[case::lost_before_there_was_one(&at(20, r#"host = "lose_memo""#), 91.0)]
#[case::lost_and_the_window_starts_again(&at(65, r#"host = "lose_memo""#), 126.0)]
#[case::lost_twice(&(at(65, r#"host = "lose_memo""#) + &at(100, r#"host = "lose_memo""#)), 161.0)]
// The plan of 30 s is lost, and its memo with it.
#[case::of_a_lost_plan(&at(25, r#"host = "crash""#), 101.0)]
fn a_memo_is_carried_over_until_it_is_lost(#[case] events: &str, #[case] after: f64) {
    let document = json_of(&format!("{KEPT}{events}"));

    let verdict = &document["verdict"];
    let ended = (&verdict["ended"], &verdict["code"], &verdict["after_seconds"]);
    assert_eq!(ended, (&json!("completed"), &json!("retiring-blue"), &json!(after)));
}

#[test]
fn a_memo_is_of_one_rollout() {
    let lost = at(
        50,
        r#"fail = "v2"
count = 2"#,
    );
    let document = json_of(&format!("{KEPT}{lost}{}", at(60, r#"deploy = "v3""#)));

    // With v2's memo, that green was lost, v3 would be rolled back at once.
    let verdict = &document["verdict"];
    assert_eq!((&verdict["ended"], &verdict["after_seconds"]), (&json!("completed"), &json!(151.0)));
    let codes = codes(&document);
    assert_eq!(codes[2..5], ["promoting", "keeping-blue", "green-lost"], "{codes:?}");
    assert_eq!(
        codes[5..],
        ["creating-green", "waiting-for-provisioning", "promoting", "keeping-blue", "retiring-blue"]
    );
}

#[test]
fn what_was_found_out_is_about_one_rollout() {
    let checks = "checks = [{ name = \"smoke\", outcome = \"passed\" }]\n";
    let failed = at(10, r#"check = { name = "smoke", outcome = "failed" }"#);
    let document = json_of(&format!("{KEPT}{checks}{failed}{}", at(20, r#"deploy = "v3""#)));

    assert_eq!(codes(&document)[..3], ["creating-green", "check-failed", "creating-green"]);
    assert_eq!(document["verdict"]["ended"], "completed");
}

#[test]
fn a_check_has_one_outcome_its_last_and_leaves_the_others_alone() {
    let check = |seconds, name: &str, outcome: &str| {
        at(seconds, &format!("check = {{ name = \"{name}\", outcome = \"{outcome}\" }}"))
    };
    let text = format!(
        "title = \"t\"\ntarget = 1\nconfig = {{ auto_promote = true }}\n\
         checks = [{{ name = \"smoke\", outcome = \"pending\" }}, \
         {{ name = \"load\", outcome = \"pending\" }}]\n{}{}{}{}{}",
        check(40, "smoke", "passed"),
        check(50, "smoke", "pending"),
        check(60, "load", "passed"),
        check(65, "people", "pending"),
        check(70, "smoke", "passed"),
    );
    let document = json_of(&(text.clone() + &check(85, "people", "passed")));

    let message_at = |seconds: f64| {
        let cycles = document["cycles"].as_array().unwrap();
        let cycle = cycles.iter().find(|cycle| cycle["at_seconds"] == seconds).unwrap();
        cycle["plan"]["reason"]["message"].as_str().unwrap().to_owned()
    };
    let waiting = [30.0, 40.0, 50.0, 60.0, 65.0, 70.0].map(|seconds| {
        let message = message_at(seconds);
        message.split("checks: ").nth(1).map(|names| names.split(", ").map(str::to_owned).collect::<Vec<_>>())
    });
    let expected = [
        json!(["smoke", "load"]),
        json!(["load"]),
        json!(["load", "smoke"]),
        json!(["smoke"]),
        json!(["smoke", "people"]),
        json!(["people"]),
    ];
    assert_eq!(waiting.map(|names| json!(names)), expected);
    assert_eq!(document["verdict"]["after_seconds"], 85.0);
    // One that never comes is waited for.
    assert_eq!(json_of(&text)["verdict"]["code"], Value::from("awaiting-checks"));
}
