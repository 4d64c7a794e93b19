//! What scenarios expect, configurations that are given, and keys for single strategies.

use pointsman_simulate::{Expect, Scenario, Summary, play};
use rstest::rstest;
use serde_json::{Map, json};

use super::{BLUE_GREEN, HAPPY, ROLLING_UPDATE, Run, plugin, run};

fn unexpected(text: &str) -> Option<String> {
    let Run { scenario, summary, .. } = run(text);
    scenario.unexpected(&summary)
}

/// Events in TOML: both old routes fail at once, and new ones take over 10 seconds later.
const OUTAGE: &str = "[[events]]\nat_seconds = 20\nfail = \"v1\"\ncount = 2\n";

#[rstest]
#[case::as_expected("expect = \"completed\"\nmost_created = 2\nserving_floor_percent = 100\n", None)]
#[case::other_end("expect = \"rolled-back\"\n", Some("it ended as completed (promoting), not as rolled-back"))]
#[case::waiting("expect = \"waiting\"\n", Some("it ended as completed (promoting), not as waiting"))]
#[case::too_many("most_created = 1\n", Some("it created 2 routes, more than 1"))]
#[case::both(
    "expect = \"waiting\"\nmost_created = 0\n",
    Some("it ended as completed (promoting), not as waiting; it created 2 routes, more than 0")
)]
fn a_run_is_held_to_what_is_expected(#[case] keys: &str, #[case] expected: Option<&str>) {
    assert_eq!(unexpected(&format!("{HAPPY}{keys}")).as_deref(), expected);
}

#[rstest]
#[case::total("", "", 10.0, 0.0, None)]
#[case::floor(
    "serving_floor_percent = 50\n",
    "",
    10.0,
    10.0,
    Some("less than 50% of the target served for 10s, at the lowest 0 of 2")
)]
#[case::one_is_half("serving_floor_percent = 50\n", "2", 0.0, 0.0, None)]
#[case::one_is_not_all(
    "serving_floor_percent = 51\n",
    "2",
    0.0,
    10.0,
    Some("less than 51% of the target served for 10s, at the lowest 1 of 2")
)]
fn an_outage_is_told_and_less_than_the_floor_is_unexpected(
    #[case] keys: &str,
    #[case] one: &str,
    #[case] outage: f64,
    #[case] below: f64,
    #[case] expected: Option<&str>,
) {
    let count = if one.is_empty() { "count = 2" } else { "count = 1" };
    let run = run(&format!("{HAPPY}{keys}{}", OUTAGE.replace("count = 2", count)));

    let times = (run.summary.outage_seconds, run.summary.below_floor_seconds);
    assert_eq!(times, (outage, below), "{}", run.timeline(false));
    assert_eq!(run.scenario.unexpected(&run.summary).as_deref(), expected);
    let shown = run.timeline(false);
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert_eq!(words.join(" ").contains("20s outage nothing serves, for 10s"), outage > 0.0, "{shown}");
    assert_eq!(run.chart().contains(r#"<g id="outages">"#), outage > 0.0 || below > 0.0);
    assert_eq!(run.chart().contains(">outage for 10s</text>"), outage > 0.0);
}

/// A first deployment serves nothing before it is there, which is no outage.
#[test]
fn what_never_served_is_no_outage() {
    let run =
        run("title = \"t\"\ntarget = 2\nold = []\nconfig = { auto_promote = true }\nserving_floor_percent = 100\n");

    assert_eq!((run.summary.outage_seconds, run.summary.below_floor_seconds), (0.0, 0.0));
    assert!(run.summary.below_target_seconds > 0.0);
}

#[test]
fn a_strategy_has_keys_of_its_own_and_a_given_configuration_replaces_them() {
    let text = "title = \"t\"\ntarget = 2\nexpect = \"waiting\"\nserving_floor_percent = 100\n\
        [[events]]\nat_seconds = 5\nconfig = { auto_promote = false }\n\
        [strategies.rolling-update]\nconfig = { max_surge = 1, max_unavailable = 0 }\nexpect = \"completed\"\n";
    let scenario = Scenario::parse(text).unwrap();
    let played = |scenario: &Scenario, file: &str| {
        let plugin = plugin(file);
        let summary = Summary::of(&play(&mut scenario.session(&plugin).unwrap(), scenario, 0).unwrap());
        (summary.ended, scenario.unexpected(&summary))
    };

    assert_eq!(played(&scenario.clone().for_strategy("blue-green"), BLUE_GREEN), ("waiting", None));
    // Until the event, which is blue-green's.
    assert_eq!(played(&scenario.clone().for_strategy("rolling-update"), ROLLING_UPDATE).0, "refused");
    let config: Map<_, _> = serde_json::from_value(json!({"max_surge": 2, "max_unavailable": 0})).unwrap();
    let given = scenario.clone().for_strategy("rolling-update").with_config(config);
    assert_eq!(played(&given, ROLLING_UPDATE), ("completed", None));
    let wrong = "the `end` of another configuration is expected no more";
    assert!(played(&scenario.with_config(Map::new()).expecting(Expect::Completed), BLUE_GREEN).1.is_some(), "{wrong}");
}

#[rstest]
#[case::end("expect = \"over\"", "expect")]
#[case::no_floor("serving_floor_percent = 0", "serving_floor_percent")]
#[case::too_high("serving_floor_percent = 101", "serving_floor_percent")]
#[case::strategy("[strategies.canary]\ncolour = 1", "strategies.canary.colour")]
fn what_cannot_be_expected_is_named(#[case] line: &str, #[case] key: &str) {
    let error = Scenario::parse(&format!("title = \"t\"\ntarget = 2\n{line}\n")).unwrap_err();

    assert!(error.to_string().starts_with(&format!("`{key}` is wrong")), "{error}");
}

/// What failed long ago leaves the picture, and is counted.
#[test]
fn failed_routes_do_not_pile_up() {
    let text = "title = \"t\"\ntarget = 2\nstart_seconds = 10\nnew_routes = \"fail\"\ngive_up_seconds = 600\n\
        config = { auto_promote = true, max_replacements = 30 }\n";
    let run = run(text);

    assert!(run.summary.failed > 20, "{:?}", run.summary);
    let most = run.record.samples.iter().map(|sample| sample.counts.values().sum::<u32>()).max().unwrap();
    assert!(most <= 12, "{most} are seen at once");
    let name = format!("failed, {} in all", run.summary.failed);
    assert!(run.timeline(false).contains(&name) && run.chart().contains(&name));
}
