//! What a run looks like as text and as a document.

use serde_json::{Value, json};

use super::{HAPPY, json_of, run, scenario};

#[test]
fn an_event_that_changes_nothing_is_shown() {
    let text = "title = \"t\"\ntarget = 1\n[[events]]\nat_seconds = 300\nhost = \"lose_memo\"\n";

    let output = run(text).timeline(false);

    let line = output.lines().find(|line| line.ends_with("host loses the memo")).unwrap_or_else(|| panic!("{output}"));
    assert!(line.starts_with("5m ") && line.contains("event  "), "{output}");
}

#[test]
fn the_timeline_shows_routes_counts_plan_and_reason() {
    let output = run(&scenario("happy-path")).timeline(false);

    for expected in [
        "■ old, serving   ● new, serving   ◉ new, ready, out of traffic   ○ new, starting   ▫ old, stopping\n",
        "TIME  ROUTES         SERVING  READY  LIVE  PLAN                       WHY\n",
        "0s    ■■■            3        3      3     create 3 of v2 (inactive)  creating-green: 0 of 3 green",
        "40s   ■■■◉◉◉         3        6      6     promote 3, then drain 3    promoting: 3 of 3 green",
        "40s   ▫▫▫●●●         3               3                                the end\n",
        "ended           completed after 40s\nlowest serving  3 of 3, first at 0s\nbelow target    never\n",
        "most live       6, first at 0s\ncreated         3\nfailed          0\n",
    ] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
    assert!(!output.contains('\u{1b}'));
}

#[test]
fn cycles_alike_are_told_in_one_line_unless_all_are_asked_for() {
    let run = run(&scenario("deadline"));

    assert!(run.timeline(false).contains("…       18 cycles alike"));
    let whole = run.timeline(true);
    assert_eq!((whole.matches("alike").count(), whole.matches("waiting-for-provisioning: 2 of 3").count()), (0, 19));
}

#[test]
fn the_document_has_the_events_the_cycles_and_the_verdict() {
    let document = json_of(&format!("{HAPPY}[[events]]\nat_seconds = 5\nrescale = 3\n"));

    assert_eq!((&document["title"], &document["seed"]), (&json!("t"), &json!(0)));
    assert_eq!(document["events"], json!([{"at_seconds": 5.0, "what": "target is now 3"}]));
    let cycles = document["cycles"].as_array().unwrap();
    let first = &cycles[0];
    assert_eq!((&first["at_seconds"], &first["outcome"]), (&json!(0.0), &json!("applied")));
    assert_eq!(first["routes"], json!({"old_serving": 2}));
    assert_eq!([&first["serving"], &first["ready"], &first["live"]], [2, 2, 2]);
    assert_eq!(first["plan"]["rollout_specs"][0]["count"], 2);
    // The event is seen when it happens, not at the next cycle.
    assert_eq!((&cycles[1]["at_seconds"], &cycles[1]["plan"]["rollout_specs"][0]["count"]), (&json!(5.0), &json!(1)));
    assert_eq!((&first["violations"], &first["message"]), (&json!([]), &Value::Null));
    let verdict = &document["verdict"];
    assert_eq!((&verdict["ended"], &verdict["after_seconds"]), (&json!("completed"), &json!(40.0)));
    assert_eq!((&verdict["target_at_end"], &verdict["below_target_seconds"]), (&json!(3), &json!(30.0)));
}

/// Whatever a plugin and a scenario say, lines have 120 columns.
#[test]
fn long_lines_are_wrapped() {
    let long = "word ".repeat(60);
    let text = format!(
        "title = \"{long}\"\nwhy = \"{long}\"\ntarget = 30\nold = []\ndeploying_revision = \"{}\"\n\
         [[events]]\nat_seconds = 5\npass_gate = \"{long}\"\n",
        "v".repeat(80)
    );
    let output = run(&text).timeline(false);

    let widest = output.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest > 100 && widest <= 120, "{widest}: {output}");
}
