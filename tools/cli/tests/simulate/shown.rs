//! What a run looks like: as text, as a picture, as a document.

use std::fs;

use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{HAPPY, json_of, scenario, simulate, simulate_with};

#[test]
fn an_event_that_changes_nothing_is_shown() {
    let text = "title = \"t\"\ntarget = 1\n[[events]]\nat_seconds = 300\nhost = \"lose_memo\"\n";

    simulate("-", &[]).write_stdin(text).assert().code(0).stdout(
        predicate::str::contains("event  ").and(predicate::str::is_match("(?m)^5m .*host loses the memo$").unwrap()),
    );
}

#[test]
fn the_timeline_shows_routes_counts_plan_and_reason() {
    let assert = simulate(&scenario("happy-path"), &[]).assert().code(0).stderr("");

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for expected in [
        "■ old, serving   ● new, serving   ◉ new, ready, out of traffic   ○ new, starting   ▫ old, stopping\n",
        "TIME  ROUTES         SERVING  READY  LIVE  PLAN                       WHY\n",
        "0s    ■■■            3        3      3     create 3 of v2 (inactive)  creating-green: 0 of 3 green",
        "40s   ■■■◉◉◉         3        6      6     promote 3, then drain 3    promoting: 3 of 3 green",
        "40s   ▫▫▫●●●         3               3                                the end\n",
        "ended           completed after 40s\nlowest serving  3 of 3 wanted, first at 0s\nbelow target    never\n",
        "most live       6, first at 0s\ncreated         3\nfailed          0\n",
    ] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
    assert!(!output.contains('\u{1b}'));
}

#[test]
fn cycles_alike_are_told_in_one_line_unless_all_are_asked_for() {
    let folded = predicate::str::contains("…     14 cycles alike");

    simulate(&scenario("deadline"), &[]).assert().code(0).stdout(folded);
    let assert = simulate(&scenario("deadline"), &["--all"]).assert().code(0);
    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert_eq!((output.matches("alike").count(), output.matches("waiting-for-provisioning: 2 of 3").count()), (0, 15));
}

#[test]
fn a_seed_gives_the_same_output_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let output = |args: &[&str], name: &str| {
        let svg = folder.path().join(name);
        let mut all = [args, &["--svg", svg.to_str().unwrap()]].concat();
        if args.contains(&"--monte-carlo") {
            all.truncate(args.len());
        }
        let assert = simulate(&scenario("worst-night"), &all).assert().code(0).stderr("");
        (assert.get_output().stdout.clone(), fs::read(svg).unwrap_or_default())
    };
    for args in [
        &["--seed", "7"][..],
        &["--seed", "7", "--json"],
        &["--seed", "7", "--monte-carlo", "30"],
        &["--seed", "7", "--monte-carlo", "30", "--json"],
    ] {
        let first = output(args, "first.svg");
        assert_eq!(first, output(args, "second.svg"), "{args:?}");
        let other: Vec<&str> = args.iter().map(|arg| if *arg == "7" { "8" } else { arg }).collect();
        assert_ne!(first, output(&other, "third.svg"), "{args:?}: the seed makes no difference");
    }
}

#[test]
fn the_chart_is_xml_with_every_layer_and_escaped_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    let text = fs::read_to_string(scenario("worst-night")).unwrap();
    let text = text.replace("The worst night", "<script>&\\u001b \\\"night\\\"");
    simulate("-", &["--svg", file.to_str().unwrap()]).write_stdin(text).assert().code(0);

    let svg = fs::read_to_string(&file).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let by_id = |id: &str| document.descendants().find(|node| node.attribute("id") == Some(id));
    for id in [
        "axes",
        "layers",
        "legend",
        "decisions",
        "events",
        "target",
        "capacity",
        "end",
        "old-serving",
        "old-stopping",
        "new-starting",
        "new-unready",
        "new-ready",
        "new-serving",
        "failed",
    ] {
        assert!(by_id(id).is_some(), "there is no `{id}`");
    }
    let title = by_id("title").and_then(|node| node.text()).unwrap();
    assert_eq!(title, r#"<script>&\u{1b} "night""#);
    assert!(by_id("desc").and_then(|node| node.text()).unwrap().starts_with("v2: completed after "));
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains(&"promoting (lost)") && texts.contains(&"target is now 6"), "{texts:?}");
    assert!(document.descendants().all(|node| node.tag_name().name() != "script"));
}

#[test]
fn what_is_kept_for_a_way_back_is_no_layer_of_what_is_drained_or_sick() {
    let text = r#"{"title": "t", "target": 3, "config": {"auto_promote": true, "keep_blue_seconds": 60},
        "events": [{"at_seconds": 45, "unhealthy": "v1"}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    let assert = simulate("-", &["--svg", file.to_str().unwrap()]).write_stdin(text).assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(output.contains("▣ old, on standby   □ old, not ready\n▫ old, stopping\n"), "{output}");
    assert!(output.contains("40s     ▣▣▣●●●  ") && output.contains("45s     □▣▣●●●  "), "{output}");
    assert!(output.contains("1m 30s  ▫▫▫●●●  "), "{output}");
    let svg = fs::read_to_string(&file).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let layers = ["old-serving", "old-standby", "old-unready", "old-stopping"].map(|id| {
        let layer = document.descendants().find(|node| node.attribute("id") == Some(id));
        layer.and_then(|layer| layer.attribute("fill")).unwrap_or_else(|| panic!("there is no `{id}`")).to_owned()
    });
    assert!(layers.iter().enumerate().all(|(i, fill)| !layers[..i].contains(fill)), "{layers:?}");
}

/// An abort of a rolling update takes green out of traffic, and creates what is missing of the old revision.
#[test]
fn what_starts_of_the_old_revision_and_what_stands_by_of_the_new_one_have_layers_of_their_own() {
    let text = r#"{"title": "t", "target": 4, "old": [{"revision": "v1", "count": 2}], "start_seconds": 20,
        "deploying_revision": "v2", "give_up_seconds": 100, "events": [
            {"at_seconds": 34, "operator": "pause"},
            {"at_seconds": 35, "traffic": {"revision": "v2", "status": "standby", "ratio": 1.0}},
            {"at_seconds": 55, "operator": "abort"}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    let args = ["--svg", file.to_str().unwrap()];
    let assert = simulate_with("plugins/rolling_update.wasm", "-", &args).write_stdin(text).assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(output.contains("◎ new, on standby") && output.contains("◇ old, starting"), "{output}");
    let svg = fs::read_to_string(&file).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    for id in ["new-standby", "old-starting"] {
        let layer = document.descendants().find(|node| node.attribute("id") == Some(id));
        assert!(layer.is_some_and(|layer| layer.attribute("d").unwrap().starts_with('M')), "there is no `{id}`");
    }
}

/// The line of the capacity is not that of the target, nor that of how many serve.
#[test]
fn the_chart_draws_capacity_beside_the_counts() {
    let text = "title = \"t\"\ntarget = 2\nweight_steps = 0\n[[events]]\nat_seconds = 5\n\
        traffic = { routes = [\"r-1\"], ratio = 0.5 }\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    simulate("-", &["--svg", file.to_str().unwrap()]).write_stdin(text).assert().code(0);

    let svg = fs::read_to_string(&file).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let by_id = |id: &str| document.descendants().find(|node| node.attribute("id") == Some(id)).unwrap();
    // `M56.0 264.0H80.0L80.0 204.0H…`: the heights of the steps.
    let heights = |id: &str| {
        let path = by_id(id).attribute("d").unwrap().to_owned();
        let steps: Vec<f64> = path
            .split(['M', 'L'])
            .skip(1)
            .map(|step| step.split([' ', 'H']).nth(1).unwrap().parse().unwrap())
            .collect();
        steps
    };
    let (target, capacity) = (heights("target"), heights("capacity"));
    assert!((capacity[0] - target[0]).abs() < 0.01, "{capacity:?} {target:?}");
    let bottom = by_id("old-serving").attribute("d").unwrap().split([' ', 'V']).nth(1).unwrap().parse::<f64>().unwrap();
    // A route and a half where two are wanted.
    assert!(
        capacity.iter().any(|height| ((bottom - height) / (bottom - target[0]) - 0.75).abs() < 0.01),
        "{capacity:?}"
    );
    assert!(svg.contains(">serving capacity</text>"));
}

#[rstest]
#[case::waiting("approval-forgotten", "v2: waiting (awaiting-approval) after 6m")]
#[case::rolled_back("crash-loop", "v2: rolled back after 50s")]
#[case::replaced("replaced", "v2, then v3: completed after")]
#[case::way_back("way-back", "v2: rolled back after 1m 40s")]
fn the_chart_says_how_it_ended(#[case] name: &str, #[case] summary: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chart.svg");
    simulate(&scenario(name), &["--svg", file.to_str().unwrap()]).assert().code(0);

    let svg = fs::read_to_string(&file).unwrap();
    roxmltree::Document::parse(&svg).unwrap();
    assert!(svg.contains(summary), "{svg}");
}

#[test]
fn the_document_has_the_events_the_cycles_and_the_verdict() {
    let document = json_of(&format!("{HAPPY}[[events]]\nat_seconds = 5\nrescale = 3\n"), 0);

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
    assert_eq!((&verdict["target_at_end"], &verdict["below_target_seconds"]), (&json!(3), &json!(35.0)));
}

#[test]
fn nothing_in_a_scenario_controls_the_terminal() {
    let text = "title = \"\\u001b]0;title\\u0007\"\nwhy = \"\\u001b[2J\"\ntarget = 1\n\
        deploying_revision = \"v2\\u001b[31m\"\n[[events]]\nat_seconds = 1\nfail = \"v2\\u001b[31m\"\n";
    let assert = simulate("-", &[]).write_stdin(text).env("CLICOLOR_FORCE", "1").assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(output.contains(r"\u{1b}]0;title\u{7}") && output.contains(r"v2\u{1b}[31m"), "{output}");
    let text = "title = \"t\"\ntarget = 1\nconfig = { \"\\u001b[2J\" = 1 }";
    let assert = simulate("-", &[]).write_stdin(text).env("CLICOLOR_FORCE", "1").assert().code(1);
    assert.stdout(predicate::str::contains("\u{1b}[2J").not());
    assert!(!output.contains("\u{1b}]0;") && !output.contains("\u{1b}[2J") && !output.contains("\u{1b}[31m"));
}
