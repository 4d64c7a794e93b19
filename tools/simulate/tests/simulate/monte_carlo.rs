//! Many runs with other seeds.

use std::num::NonZeroU32;

use pointsman_simulate::{Scenario, monte_carlo, show::Look};
use serde_json::Value;

use super::{BLUE_GREEN, HAPPY, plugin, run_with, scenario};

/// The document and the text of so many runs.
fn many(text: &str, runs: u32) -> (Value, String) {
    let (scenario, plugin) = (Scenario::parse(text).unwrap(), plugin(BLUE_GREEN));
    let (mut session, mut progress) = (scenario.session(&plugin).unwrap(), 0);
    let all = monte_carlo::run(&mut session, &scenario, 0, NonZeroU32::new(runs).unwrap(), || progress += 1).unwrap();
    assert_eq!((progress, all.is_well()), (runs, true));
    let mut text = vec![];
    all.write(&mut text, Look::plain()).unwrap();
    (serde_json::to_value(&all).unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn many_runs_show_how_likely_what_is() {
    let text = scenario("worst-night");
    let (report, _) = many(&text, 60);

    let ended = report["ended"].as_object().unwrap();
    assert_eq!(ended.values().map(|runs| runs.as_u64().unwrap()).sum::<u64>(), 60);
    let rolled_back = ended.get("rolled_back").map_or(0.0, |runs| runs.as_f64().unwrap());
    assert!((report["rollback_chance"].as_f64().unwrap() - rolled_back / 60.0).abs() < 1e-9);
    let times = ["min", "p50", "p90", "p99", "max"].map(|key| report["time_to_complete"][key].as_f64().unwrap());
    assert!(times.is_sorted() && times[0] < times[4], "{times:?}");
    // A run that it names can be looked at by itself.
    let longest = run_with(&plugin(BLUE_GREEN), &text, report["longest_seed"].as_u64().unwrap());
    assert!(longest.summary.after_seconds >= times[4]);
}

#[test]
fn many_runs_of_what_is_certain_are_alike_and_that_is_said() {
    let (_, text) = many(HAPPY, 5);

    for expected in [
        "completed  5     100.0%",
        "time to complete   30s  30s  30s  30s  30s",
        "chance of rollback   0.0%",
        "nothing in this scenario is left to chance",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}
