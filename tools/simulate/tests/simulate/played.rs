//! What happens when something happens.

use rstest::rstest;
use serde_json::{Value, json};

use super::{HAPPY, codes, json_of};

/// Each kind of event, and what comes of it.
#[rstest]
#[case::operator_promotes(r#"operator = "promote""#, "", &["creating-green", "waiting-for-provisioning", "promoting"])]
#[case::operator_aborts(r#"operator = "abort""#, "", &["creating-green", "waiting-for-provisioning", "aborted"])]
#[case::new_config("config = { auto_promote = true }", "",
    &["creating-green", "waiting-for-provisioning", "promoting"])]
#[case::host_crashes(r#"host = "crash""#, r#"operator = "promote""#,
    &["creating-green", "waiting-for-provisioning", "promoting"])]
#[case::lower_target("rescale = 1", "", &["creating-green", "waiting-for-provisioning", "awaiting-approval"])]
#[case::memo_of_nothing(r#"host = "lose_memo""#, "",
    &["creating-green", "waiting-for-provisioning", "awaiting-approval"])]
#[case::new_routes_fail(r#"new_routes = "fail""#, r#"fail = "v2""#,
    &["creating-green", "waiting-for-provisioning", "waiting-for-ready"])]
fn events_happen(#[case] first: &str, #[case] second: &str, #[case] expected: &[&str]) {
    let mut text = format!("title = \"t\"\ntarget = 2\n[[events]]\nat_seconds = 15\n{first}\n");
    if !second.is_empty() {
        text.push_str(&format!("[[events]]\nat_seconds = 16\n{second}\n"));
    }

    let document = json_of(&text);

    assert_eq!(codes(&document), expected, "{:#}", document["verdict"]);
}

#[test]
fn after_a_rollout_that_was_given_up_there_can_be_another() {
    let text = format!(
        "{HAPPY}termination_seconds = 25\n[[events]]\nat_seconds = 15\noperator = \"abort\"\n\
         [[events]]\nat_seconds = 100\ndeploy = \"v3\"\n"
    );
    let document = json_of(&text);

    // What was requested was about v2; v3 has a rollout and a deadline of its own.
    let expected = [
        "creating-green",
        "waiting-for-provisioning",
        "aborted",
        "creating-green",
        "waiting-for-provisioning",
        "promoting",
    ];
    assert_eq!(codes(&document), expected);
    let routes_at = |at: f64| {
        let cycles = document["cycles"].as_array().unwrap();
        cycles.iter().find(|cycle| cycle["at_seconds"] == at).unwrap()["routes"].clone()
    };
    assert_eq!(routes_at(15.0), json!({"old_serving": 2, "new_starting": 2}));
    // What was drained is long gone.
    assert_eq!(routes_at(100.0), json!({"old_serving": 2}));
    assert_eq!(document["verdict"]["after_seconds"], 130.0);
}

#[test]
fn another_rollout_has_a_deadline_of_its_own() {
    let text = "title = \"t\"\ntarget = 2\nconfig = { auto_promote = true, progress_deadline_seconds = 60 }\n\
        [[events]]\nat_seconds = 50\ndeploy = \"v3\"\n[[events]]\nat_seconds = 50\nnew_routes = \"hang\"\n";
    for (text, was_promoted) in [(text.to_owned(), true), (text.replace("= 2\n", "= 2\nstart_seconds = 55\n"), false)] {
        let document = json_of(&text);

        let ended = (&document["verdict"]["ended"], &document["verdict"]["after_seconds"]);
        assert_eq!(ended, (&json!("rolled_back"), &json!(111.0)), "{was_promoted}");
        assert_eq!(codes(&document).contains(&"promoting"), was_promoted);
    }
}

#[test]
fn flaps_are_drawn_and_restart_the_delay() {
    let document = json_of(
        "title = \"t\"\ntarget = 2\nflap_chance = 1.0\nconfig = { auto_promote = true, promote_delay_seconds = 60 }",
    );

    // Ready after 30 s, unhealthy 5 s later, and so for 15 s.
    assert_eq!(document["verdict"]["after_seconds"], 110.0);
}

#[test]
fn a_crash_loses_one_plan_and_no_more() {
    let document = json_of(&format!("{HAPPY}[[events]]\nat_seconds = 0\nhost = \"crash\"\n"));

    let outcomes: Vec<&Value> = document["cycles"].as_array().unwrap().iter().map(|cycle| &cycle["outcome"]).collect();
    assert_eq!(&outcomes[..2], ["lost", "applied"]);
    assert_eq!((&document["verdict"]["created"], &document["verdict"]["ended"]), (&json!(2), &json!("completed")));
}

#[test]
fn a_host_looks_again_when_the_plan_asks_for_it() {
    let document = json_of(
        "title = \"t\"\ntarget = 1\nstart_seconds = 10\nconfig = { auto_promote = true, promote_delay_seconds = 13 }",
    );

    assert_eq!(document["verdict"]["after_seconds"], 23.0);
}

#[test]
fn a_long_wait_is_given_up() {
    let document = json_of(
        "title = \"t\"\ntarget = 1\ngive_up_seconds = 95\nnew_routes = \"hang\"\n\
         config = { progress_deadline_seconds = 1000 }",
    );

    assert_eq!(
        (&document["verdict"]["ended"], &document["verdict"]["after_seconds"]),
        (&json!("still_running"), &json!(90.0))
    );
}
