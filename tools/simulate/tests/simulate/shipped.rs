//! Every scenario that is shipped, and what is written about them.

use std::{env, fs};

use pointsman_simulate::Scenario;
use rstest::rstest;
use serde_json::json;

use super::{BLUE_GREEN, ROLLING_UPDATE, json_of, plugin, root, run, run_with, scenario};

#[rstest]
#[case::happy_path("happy-path", "completed", "promoting", 3, 6, 3, 0)]
#[case::approval_forgotten("approval-forgotten", "waiting", "awaiting-approval", 2, 6, 5, 2)]
#[case::crash_loop("crash-loop", "rolled_back", "all-green-failed", 3, 6, 5, 5)]
#[case::deadline("deadline", "rolled_back", "deadline-exceeded", 3, 6, 4, 1)]
#[case::flapping_health("flapping-health", "completed", "promoting", 3, 6, 3, 0)]
#[case::replaced("replaced", "completed", "promoting", 5, 10, 10, 0)]
#[case::redeploy("redeploy", "completed", "promoting", 2, 4, 2, 0)]
#[case::worst_night("worst-night", "completed", "promoting", 3, 12, 11, 3)]
#[case::way_back("way-back", "rolled_back", "check-failed", 3, 6, 3, 0)]
#[case::preview("preview", "completed", "retiring-blue", 4, 8, 4, 0)]
#[case::rolling_update("rolling-update", "completed", "rolled-out", 3, 5, 4, 0)]
#[case::eviction("eviction", "completed", "promoting", 3, 8, 7, 0)]
#[case::pause("pause", "completed", "promoting", 3, 6, 3, 0)]
#[case::gates("gates", "completed", "promoting", 4, 8, 4, 0)]
#[case::no_room("no-room", "completed", "rolled-out", 4, 5, 4, 0)]
#[case::clock_steps("clock-steps", "completed", "promoting", 3, 6, 3, 0)]
fn a_shipped_scenario_ends_as_it_should(
    #[case] name: &str,
    #[case] ended: &str,
    #[case] code: &str,
    #[case] lowest_serving: u32,
    #[case] most_live: u32,
    #[case] created: u32,
    #[case] failed: u32,
) {
    let text = scenario(name);
    let is_rolling = text.contains("For rolling_update.wasm.");
    let run = run_with(&plugin(if is_rolling { ROLLING_UPDATE } else { BLUE_GREEN }), &text, 0);

    assert!(run.summary.is_well());
    let verdict = &run.document()["verdict"];
    assert_eq!((&verdict["ended"], &verdict["code"]), (&json!(ended), &json!(code)));
    let counts = ["lowest_serving", "most_live", "created", "failed"].map(|key| verdict[key].as_f64());
    assert_eq!(counts, [lowest_serving, most_live, created, failed].map(|count| Some(count.into())), "{verdict:#}");
}

#[test]
fn every_shipped_scenario_is_tested_and_says_why_it_is_there() {
    let tests = fs::read_to_string(root().join("tools/simulate/tests/simulate/shipped.rs")).unwrap();
    let list = fs::read_to_string(root().join("examples/scenarios/README.md")).unwrap();
    let files = fs::read_dir(root().join("examples/scenarios")).unwrap();
    for file in
        files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|kind| kind == "toml"))
    {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(tests.contains(&format!("(\"{name}\", ")), "{name} has no case here");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("\nwhy = "), "{name} does not say why it is there");
        assert!(list.contains(&format!("\n| [{name}]({name}.toml) | ")), "{name} is not in the README's list");
    }
}

#[test]
fn every_key_is_in_the_reference() {
    let reference = fs::read_to_string(root().join("examples/scenarios/README.md")).unwrap();
    // The error for a key that is none names all that there are.
    for text in ["nonsense = 1", "[[events]]\nnonsense = 1"] {
        let error = Scenario::parse(text).unwrap_err();
        let error = std::error::Error::source(&error).unwrap().to_string();
        let keys: Vec<&str> = error.split("expected one of ").nth(1).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(keys.len() > 10, "{error}");
        for key in keys {
            let is_told = reference.contains(&format!("`{key}`")) || reference.contains(&format!("`{key} = "));
            assert!(is_told, "`{key}` is not in examples/scenarios/README.md");
        }
    }
}

#[test]
fn the_readme_shows_the_happy_path() {
    let output = run(&scenario("happy-path")).timeline(false);
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown =
        readme.split("scenarios/happy-path.toml --svg chart.svg\n").nth(1).unwrap().split("```").next().unwrap();

    assert!(!shown.is_empty() && output.ends_with(shown), "the README shows another output than:\n{output}");
}

/// The root package walks its model along this file.
#[test]
fn the_happy_path_as_a_document_is_as_it_was() {
    let file = root().join("tools/simulate/tests/fixtures/happy-path.json");
    let document = run(&scenario("happy-path")).document();

    let output = format!("{document:#}\n");
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &output).unwrap();
    }
    let before = fs::read_to_string(&file).unwrap_or_default();
    assert!(output == before, "it is not {} any more; BLESS=1 writes it:\n{output}", file.display());
}

/// The READMEs show these charts.
#[rstest]
#[case::way_back("way-back", "README.md", "(examples/scenarios/way-back.svg)")]
#[case::eviction("eviction", "examples/scenarios/README.md", "(eviction.svg)")]
#[case::weights_by_hand("weights-by-hand", "examples/scenarios/README.md", "(weights-by-hand.svg)")]
fn a_chart_that_is_shown_is_the_one_that_is_drawn(#[case] name: &str, #[case] readme: &str, #[case] link: &str) {
    let shown = root().join(format!("examples/scenarios/{name}.svg"));
    let drawn = run(&scenario(name)).chart();

    if env::var_os("BLESS").is_some() {
        fs::write(&shown, &drawn).unwrap();
    }
    assert!(drawn == fs::read_to_string(&shown).unwrap_or_default(), "another chart is drawn; BLESS=1 writes it");
    assert!(fs::read_to_string(root().join(readme)).unwrap().contains(link));
}

/// Whole routes say little where weights differ.
#[test]
fn weights_set_by_hand_are_seen_in_the_capacity() {
    let document = json_of(&scenario("weights-by-hand"));

    let verdict = &document["verdict"];
    assert_eq!((&verdict["ended"], &verdict["code"]), (&json!("completed"), &json!("promoting")));
    assert_eq!((&verdict["lowest_serving"], &verdict["serving_at_end"]), (&json!(1.1), &json!(3.0)));
}
