//! `pointsman simulate`: every scenario that is shipped, the same output for the same seed, and nonsense of every kind.

use std::{fs, path::PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

const HAPPY: &str = "title = \"t\"\ntarget = 2\nconfig = { auto_promote = true }\n";

/// The workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn component(file: &str) -> String {
    let path = root().join("target").join(file);
    assert!(path.exists(), "{} is not there: run `make components` first", path.display());
    path.display().to_string()
}

fn scenario(name: &str) -> String {
    root().join("examples/scenarios").join(name).with_extension("toml").display().to_string()
}

/// `pointsman simulate` with blue-green.
fn simulate(scenario: &str, args: &[&str]) -> Command {
    simulate_with("plugins/blue_green.wasm", scenario, args)
}

fn simulate_with(plugin: &str, scenario: &str, args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    // What is compiled is kept: it takes a good part of a second.
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/simulate-cache");
    command.args(["simulate", "--cache", cache, "--plugin", &component(plugin), "--scenario", scenario]).args(args);
    command.env_remove("NO_COLOR").env_remove("POINTSMAN_CACHE");
    command
}

/// The document of a scenario that is given as text.
fn json_of(text: &str, code: i32) -> Value {
    let assert = simulate("-", &["--json"]).write_stdin(text).assert().code(code);
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

fn codes(document: &Value) -> Vec<&str> {
    let cycles = document["cycles"].as_array().unwrap();
    let mut codes: Vec<&str> =
        cycles.iter().map(|cycle| cycle["plan"]["reason"]["code"].as_str().unwrap_or("-")).collect();
    codes.dedup();
    codes
}

#[rstest]
#[case::happy_path("happy-path", "completed", "promoting", 3, 6, 3, 0)]
#[case::approval_forgotten("approval-forgotten", "waiting", "awaiting-approval", 1, 6, 3, 2)]
#[case::crash_loop("crash-loop", "rolled_back", "all-green-failed", 3, 6, 5, 5)]
#[case::deadline("deadline", "rolled_back", "all-green-failed", 3, 6, 4, 1)]
#[case::flapping_health("flapping-health", "completed", "promoting", 3, 6, 3, 0)]
#[case::replaced("replaced", "completed", "promoting", 5, 15, 10, 0)]
#[case::redeploy("redeploy", "completed", "promoting", 2, 4, 2, 0)]
#[case::worst_night("worst-night", "completed", "promoting", 3, 9, 7, 2)]
#[case::way_back("way-back", "rolled_back", "check-failed", 3, 6, 3, 0)]
#[case::preview("preview", "completed", "retiring-blue", 4, 8, 4, 0)]
#[case::rolling_update("rolling-update", "completed", "rolled-out", 3, 5, 4, 0)]
fn a_shipped_scenario_ends_as_it_should(
    #[case] name: &str,
    #[case] ended: &str,
    #[case] code: &str,
    #[case] lowest_serving: u32,
    #[case] most_live: u32,
    #[case] created: u32,
    #[case] failed: u32,
) {
    let plugin = if name == "rolling-update" { "plugins/rolling_update.wasm" } else { "plugins/blue_green.wasm" };
    let assert = simulate_with(plugin, &scenario(name), &["--json"]).assert().code(0).stderr("");

    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let verdict = &document["verdict"];
    assert_eq!((&verdict["ended"], &verdict["code"]), (&json!(ended), &json!(code)));
    let counts = ["lowest_serving", "most_live", "created", "failed"].map(|key| verdict[key].clone());
    assert_eq!(counts, [lowest_serving, most_live, created, failed].map(Value::from), "{verdict:#}");
}

#[test]
fn every_shipped_scenario_is_tested_and_says_why_it_is_there() {
    let tests = fs::read_to_string(root().join("hosts/manager/tests/simulate.rs")).unwrap();
    let files = fs::read_dir(root().join("examples/scenarios")).unwrap();
    for file in files.map(|file| file.unwrap().path()).filter(|file| file.extension().unwrap() == "toml") {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(tests.contains(&format!("(\"{name}\", ")), "{name} has no case above");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("\nwhy = "), "{name} does not say why it is there");
    }
}

#[test]
fn every_key_is_in_the_reference() {
    let reference = fs::read_to_string(root().join("examples/scenarios/README.md")).unwrap();
    // The error for a key that is none names all that there are.
    for text in ["nonsense = 1", "[[events]]\nnonsense = 1"] {
        let assert = simulate("-", &[]).write_stdin(text).assert().code(2);
        let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        let keys: Vec<&str> = error.split("expected one of ").nth(1).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(keys.len() > 10, "{error}");
        for key in keys {
            let is_told = reference.contains(&format!("`{key}`")) || reference.contains(&format!("`{key} = "));
            assert!(is_told, "`{key}` is not in examples/scenarios/README.md");
        }
    }
}

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
fn the_readme_shows_the_happy_path() {
    let assert = simulate(&scenario("happy-path"), &[]).assert().code(0);
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown =
        readme.split("scenarios/happy-path.toml --svg chart.svg\n").nth(1).unwrap().split("```").next().unwrap();

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(!shown.is_empty() && output.ends_with(shown), "the README shows another output than:\n{output}");
}

#[test]
fn cycles_alike_are_told_in_one_line_unless_all_are_asked_for() {
    let folded = predicate::str::contains("…       14 cycles alike");

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
    assert!(output.contains("▣ old, ready, out of traffic   □ old, not ready   ▫ old, stopping"), "{output}");
    assert!(output.contains("40s     ▣▣▣●●●  ") && output.contains("45s     □▣▣●●●  "), "{output}");
    assert!(output.contains("1m 30s  ▫▫▫●●●  "), "{output}");
    let svg = fs::read_to_string(&file).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let layers = ["old-serving", "old-ready", "old-unready", "old-stopping"].map(|id| {
        let layer = document.descendants().find(|node| node.attribute("id") == Some(id));
        layer.and_then(|layer| layer.attribute("fill")).unwrap_or_else(|| panic!("there is no `{id}`")).to_owned()
    });
    assert!(layers.iter().enumerate().all(|(i, fill)| !layers[..i].contains(fill)), "{layers:?}");
}

#[rstest]
#[case::waiting("approval-forgotten", "v2: waiting (awaiting-approval) after 6m")]
#[case::rolled_back("crash-loop", "v2: rolled back after 50s")]
#[case::replaced("replaced", "v2, then v3: completed after")]
#[case::way_back("way-back", "v2: rolled back after 1m 50s")]
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
fn toml_and_json_are_the_same_scenario() {
    let json = r#"{"title": "t", "target": 2, "config": {"auto_promote": true}, "start_seconds": {"min": 5, "max": 50},
        "events": [{"at_seconds": 60, "deploy": "v3"}, {"at_seconds": 20, "fail": "v2", "count": 2}]}"#;
    let toml = format!(
        "{HAPPY}start_seconds = {{ min = 5, max = 50 }}\nevents = [{{ at_seconds = 20, fail = \"v2\", count = 2 }}, \
         {{ at_seconds = 60, deploy = \"v3\" }}]"
    );

    assert_eq!(json_of(json, 0), json_of(&toml, 0));
}

/// Each kind of event, and what comes of it.
#[rstest]
#[case::operator_promotes(r#"operator = "promote""#, "", &["creating-green", "waiting-for-provisioning", "promoting"])]
#[case::operator_aborts(r#"operator = "abort""#, "", &["creating-green", "waiting-for-provisioning", "aborted"])]
#[case::new_config("config = { auto_promote = true }", "", &["creating-green", "waiting-for-provisioning", "promoting"])]
#[case::host_crashes(r#"host = "crash""#, r#"operator = "promote""#,
    &["creating-green", "waiting-for-provisioning", "promoting"])]
#[case::lower_target("rescale = 1", "", &["creating-green", "waiting-for-provisioning", "awaiting-approval"])]
#[case::memo_of_nothing(r#"host = "lose_memo""#, "", &["creating-green", "waiting-for-provisioning", "awaiting-approval"])]
#[case::new_routes_fail(r#"new_routes = "fail""#, r#"fail = "v2""#,
    &["creating-green", "waiting-for-provisioning", "waiting-for-ready"])]
fn events_happen(#[case] first: &str, #[case] second: &str, #[case] expected: &[&str]) {
    let mut text = format!("title = \"t\"\ntarget = 2\n[[events]]\nat_seconds = 15\n{first}\n");
    if !second.is_empty() {
        text.push_str(&format!("[[events]]\nat_seconds = 16\n{second}\n"));
    }

    let document = json_of(&text, 0);

    assert_eq!(codes(&document), expected, "{:#}", document["verdict"]);
}

#[test]
fn a_rollout_that_was_given_up_goes_on_while_something_is_still_to_happen() {
    let text = format!(
        "{HAPPY}termination_seconds = 25\n[[events]]\nat_seconds = 15\noperator = \"abort\"\n\
         [[events]]\nat_seconds = 100\ndeploy = \"v3\"\n"
    );
    let document = json_of(&text, 0);

    // What was asked for was about v2; v3 has a rollout and a deadline of its own.
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
    assert_eq!(routes_at(30.0), json!({"old_serving": 2, "new_stopping": 2}));
    assert_eq!(routes_at(40.0), json!({"old_serving": 2}));
    assert_eq!(document["verdict"]["after_seconds"], 130.0);
}

#[test]
fn another_rollout_has_a_deadline_of_its_own() {
    let text = "title = \"t\"\ntarget = 2\nconfig = { auto_promote = true, deadline_seconds = 60 }\n\
        [[events]]\nat_seconds = 50\ndeploy = \"v3\"\n[[events]]\nat_seconds = 50\nnew_routes = \"hang\"\n";
    let document = json_of(text, 0);
    assert_eq!(document["verdict"]["after_seconds"], 30.0, "v2 was not there in time");
    let document = json_of(&text.replace("target = 2", "target = 2\nstart_seconds = 55"), 0);

    let ended = (&document["verdict"]["ended"], &document["verdict"]["after_seconds"]);
    assert_eq!(ended, (&json!("rolled_back"), &json!(120.0)));
}

#[test]
fn flaps_are_drawn_and_restart_the_delay() {
    let document = json_of(
        "title = \"t\"\ntarget = 2\nflap_chance = 1.0\nconfig = { auto_promote = true, promote_delay_seconds = 60 }",
        0,
    );

    // Ready after 30 s, unhealthy 5 s later, and so for 15 s.
    assert_eq!(document["verdict"]["after_seconds"], 110.0);
}

#[test]
fn a_plan_cannot_turn_time_back() {
    let text = "title = \"t\"\ntarget = 3\ngive_up_seconds = 100\nconfig = { misdeed = \"again_at_once\" }";
    let run = |args: &[&str]| simulate_with("guests/hostile.wasm", "-", args).write_stdin(text).assert();

    run(&[]).code(1).stdout(predicate::str::contains("next-evaluation-not-ahead"));
    let assert = run(&["--guard-ids-only", "--json"]);
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert!(document["verdict"]["evaluations"].as_u64().unwrap() <= 11, "{:#}", document["verdict"]);
}

#[test]
fn a_crash_loses_one_plan_and_no_more() {
    let document = json_of(&format!("{HAPPY}[[events]]\nat_seconds = 0\nhost = \"crash\"\n"), 0);

    let outcomes: Vec<&Value> = document["cycles"].as_array().unwrap().iter().map(|cycle| &cycle["outcome"]).collect();
    assert_eq!(&outcomes[..2], ["lost", "applied"]);
    assert_eq!((&document["verdict"]["created"], &document["verdict"]["ended"]), (&json!(2), &json!("completed")));
}

#[test]
fn a_host_looks_again_when_the_plan_asks_for_it() {
    let document = json_of(
        "title = \"t\"\ntarget = 1\nstart_seconds = 10\nconfig = { auto_promote = true, promote_delay_seconds = 13 }",
        0,
    );

    assert_eq!(document["verdict"]["after_seconds"], 23.0);
}

#[test]
fn a_long_wait_is_given_up() {
    let document = json_of(
        "title = \"t\"\ntarget = 1\ngive_up_seconds = 95\nnew_routes = \"hang\"\nconfig = { deadline_seconds = 1000 }",
        0,
    );

    assert_eq!(
        (&document["verdict"]["ended"], &document["verdict"]["after_seconds"]),
        (&json!("still_running"), &json!(90.0))
    );
}

#[test]
fn a_plan_that_the_guard_rejects_is_not_applied_and_exit_code_1() {
    let args = ["--largest-creation", "1"];
    let assert = simulate(&scenario("happy-path"), &args).assert().code(1);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(
        output.contains("rejected  creation-too-large: the plan creates 3 routes, the policy allows 1"),
        "{output}"
    );
    assert!(output.contains("ended           rejected by the guard after 0s") && output.contains("created         0"));
    assert!(output.contains("refused         1 of 1 evaluations gave no valid plan"), "{output}");
}

#[test]
fn harm_by_a_plugin_does_not_reach_the_routes() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"drain_all\" }";
    let simulate = |args: &[&str]| simulate_with("guests/hostile.wasm", "-", args).write_stdin(text).assert();

    let assert = simulate(&["--json"]).code(1);
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(document["cycles"][0]["violations"][0]["code"], "serving-floor-broken");
    assert_eq!(
        (&document["verdict"]["ended"], &document["verdict"]["lowest_serving"]),
        (&json!("rejected"), &json!(3))
    );
    // A host that lets it pass sees what comes of it.
    let assert = simulate(&["--json", "--guard-ids-only"]).code(0);
    let document: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(document["verdict"]["lowest_serving"], 0);
}

#[test]
fn creating_without_end_is_stopped() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"create_ten_million\" }";
    let assert = simulate_with("guests/hostile.wasm", "-", &["--guard-ids-only"]).write_stdin(text).assert();

    assert.code(1).stdout(predicate::str::contains("ended           too many routes after 0s"));
}

#[test]
fn a_plugin_that_cannot_be_called_is_exit_code_2() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { misdeed = \"loop_forever\" }";
    let assert = simulate_with("guests/hostile.wasm", "-", &["--time-limit", "20"]).write_stdin(text).assert();

    assert.code(2).stderr(predicate::str::contains("ran for longer than 20ms"));
}

#[test]
fn a_configuration_that_the_plugin_refuses_is_told_and_exit_code_1() {
    let text = "title = \"t\"\ntarget = 3\nconfig = { auto_promotion = true }";

    simulate("-", &[]).write_stdin(text).assert().code(1).stdout(
        predicate::str::contains("refused  invalid config: `auto_promotion`: unknown field `auto_promotion`")
            .and(predicate::str::contains("ended           refused by the plugin after 0s")),
    );
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

#[test]
fn nothing_in_a_scenario_controls_the_terminal() {
    let text = "title = \"\\u001b]0;title\\u0007\"\nwhy = \"\\u001b[2J\"\ntarget = 1\n\
        deploying_revision = \"v2\\u001b[31m\"\n[[events]]\nat_seconds = 1\nfail = \"\\u001b[2J\"\n";
    let assert = simulate("-", &[]).write_stdin(text).env("CLICOLOR_FORCE", "1").assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(output.contains(r"\u{1b}]0;title\u{7}") && output.contains(r"v2\u{1b}[31m"), "{output}");
    let text = "title = \"t\"\ntarget = 1\nconfig = { \"\\u001b[2J\" = 1 }";
    let assert = simulate("-", &[]).write_stdin(text).env("CLICOLOR_FORCE", "1").assert().code(1);
    assert.stdout(predicate::str::contains("\u{1b}[2J").not());
    assert!(!output.contains("\u{1b}]0;") && !output.contains("\u{1b}[2J") && !output.contains("\u{1b}[31m"));
}

#[test]
fn many_runs_show_how_likely_what_is() {
    let assert = simulate(&scenario("worst-night"), &["--monte-carlo", "60", "--json"]).assert().code(0).stderr("");

    let report: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let ended = report["ended"].as_object().unwrap();
    assert_eq!(ended.values().map(|runs| runs.as_u64().unwrap()).sum::<u64>(), 60);
    let rolled_back = ended.get("rolled_back").map_or(0.0, |runs| runs.as_f64().unwrap());
    assert!((report["rollback_chance"].as_f64().unwrap() - rolled_back / 60.0).abs() < 1e-9);
    let times = ["min", "p50", "p90", "p99", "max"].map(|key| report["time_to_complete"][key].as_f64().unwrap());
    assert!(times.is_sorted() && times[0] < times[4], "{times:?}");
    // A run that it names can be looked at by itself.
    let seed = report["longest_seed"].to_string();
    let assert = simulate(&scenario("worst-night"), &["--json", "--seed", &seed]).assert().code(0);
    let longest: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert!(longest["verdict"]["after_seconds"].as_f64().unwrap() >= times[4]);
}

#[test]
fn many_runs_of_what_is_certain_are_alike_and_that_is_said() {
    let assert = simulate("-", &["--monte-carlo", "5"]).write_stdin(HAPPY).assert().code(0).stderr("");

    assert.stdout(
        predicate::str::contains("completed  5     100.0%")
            .and(predicate::str::contains("time to complete   30s  30s  30s  30s  30s"))
            .and(predicate::str::contains("chance of rollback   0.0%"))
            .and(predicate::str::contains("nothing in this scenario is left to chance")),
    );
}
