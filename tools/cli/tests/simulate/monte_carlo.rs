//! Many runs with other seeds.

use predicates::prelude::*;
use serde_json::Value;

use super::{HAPPY, scenario, simulate};

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
