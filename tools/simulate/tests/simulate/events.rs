//! What contract 0.2 lets happen: rollouts one after the other, gates, pauses, places, weights by hand, and clocks.

use pointsman_simulate::{ParseError, Scenario};
use serde_json::{Value, json};

use super::{HAPPY, HOSTILE, ROLLING_UPDATE, codes, json_of, plugin, run_with, unguarded};

/// Events in TOML, each a moment and what happens then.
fn events(events: &[(u32, &str)]) -> String {
    let tables: Vec<String> =
        events.iter().map(|(at, what)| format!("[[events]]\nat_seconds = {at}\n{what}\n")).collect();
    tables.concat()
}

/// What is told of each event.
fn told(document: &Value) -> Vec<&str> {
    document["events"].as_array().unwrap().iter().map(|event| event["what"].as_str().unwrap()).collect()
}

fn ended(document: &Value) -> (&str, f64) {
    let verdict = &document["verdict"];
    (verdict["ended"].as_str().unwrap(), verdict["after_seconds"].as_f64().unwrap())
}

/// What a cycle at this moment had before it.
fn cycle_at(document: &Value, at: f64) -> &Value {
    let mut cycles = document["cycles"].as_array().unwrap().iter();
    cycles.find(|cycle| cycle["at_seconds"] == at).unwrap_or_else(|| panic!("no cycle at {at}: {document:#}"))
}

#[test]
fn what_is_over_is_evaluated_no_more_until_another_revision_is_deployed() {
    let text = format!("{HAPPY}{}", events(&[(50, "fail = \"v1\""), (60, "rescale = 3"), (95, "deploy = \"v3\"")]));
    let document = json_of(&text);

    // The first is over after 30 s; the second is ready after as long, which the next cycle sees.
    assert_eq!(ended(&document), ("completed", 130.0));
    let cycles = document["cycles"].as_array().unwrap();
    let moments: Vec<f64> = cycles.iter().map(|cycle| cycle["at_seconds"].as_f64().unwrap()).collect();
    assert_eq!(moments, [0.0, 10.0, 20.0, 30.0, 95.0, 100.0, 110.0, 120.0, 130.0]);
    // What was promoted is what the next is rolled back to, and is kept at strength meanwhile.
    assert_eq!(cycle_at(&document, 95.0)["routes"], json!({"old_serving": 2}));
    assert_eq!(cycle_at(&document, 130.0)["routes"], json!({"old_serving": 3, "new_ready": 3}));
    assert_eq!(document["verdict"]["left_over_events"], 0);
}

#[test]
fn what_is_never_deployed_does_not_keep_a_rollout_from_its_end() {
    let document = json_of(&format!("{HAPPY}give_up_seconds = 60\n{}", events(&[(90, "deploy = \"v3\"")])));

    assert_eq!(ended(&document).0, "completed");
    assert_eq!(document["verdict"]["left_over_events"], 1);
}

#[test]
fn a_click_on_a_gate_that_is_not_waited_at_does_nothing() {
    let gated = "title = \"t\"\ntarget = 2\nconfig = { preview_replicas = 1 }\n";
    let late = [
        (5, "pass_gate = \"preview\""),
        (35, "pass_gate = \"preview\""),
        (36, "pass_gate = \"preview\""),
        (80, "pass_gate = \"preview\""),
    ];
    let document = json_of(&(gated.to_owned() + &events(&late)));

    assert_eq!(ended(&document).0, "waiting");
    assert_eq!(document["verdict"]["code"], "awaiting-approval");
    let gates: Vec<&Value> = [30.0, 80.0].map(|at| &cycle_at(&document, at)["plan"]["gate"]).to_vec();
    assert_eq!(gates, [&json!("preview"), &json!("promotion")]);
    assert_eq!(
        told(&document),
        [
            "operator passes the gate preview (it waits at no gate)",
            "operator passes the gate preview",
            "operator passes the gate preview (it waits at no gate)",
            "operator passes the gate preview (nothing happens: it waits at promotion)",
        ]
    );
    // Whoever clicks on what is there goes on.
    let clicks = [late.as_slice(), &[(90, "operator = \"advance\"")]].concat();
    assert_eq!(ended(&json_of(&(gated.to_owned() + &events(&clicks)))), ("completed", 90.0));
}

#[test]
fn a_pause_holds_until_it_is_resumed() {
    let text = format!("{HAPPY}{}", events(&[(20, "operator = \"pause\""), (100, "operator = \"resume\"")]));
    let document = json_of(&text);

    assert_eq!(ended(&document), ("completed", 100.0));
    assert_eq!(cycle_at(&document, 40.0)["plan"]["reason"]["code"], "paused");
}

#[test]
fn a_policy_has_whole_numbers_of_routes_in_toml_too() {
    let text = "title = \"t\"\ntarget = 4\npolicy = { max_surge = 1, max_unavailable = 0 }\n";
    let document = run_with(&plugin(ROLLING_UPDATE), text, 0).document();

    assert_eq!(document["cycles"][0]["plan"]["commitment"], json!({"least_serving": 4, "most_live": 5}));
    assert_eq!(document["verdict"]["most_live"], 5);
    let negative = "title = \"t\"\ntarget = 4\npolicy = { max_surge = -1 }\n";
    let Err(ParseError::Key { key, source }) = Scenario::parse(negative) else { panic!("it is taken") };
    assert_eq!(key, "policy.max_surge");
    let expected = "integer `-1`, expected a number of routes from 0 to 4294967295";
    assert!(source.to_string().contains(expected), "{source}");
}

#[test]
fn who_creates_more_than_there_are_places_waits_for_them() {
    let text = "title = \"t\"\ntarget = 2\nfree_places = 1\ngive_up_seconds = 60\n\
        config = { misdeed = \"create_active\" }\n";
    let document = run_with(&unguarded(HOSTILE), text, 0).document();

    // It creates one more in each cycle; one has a place.
    assert_eq!(cycle_at(&document, 60.0)["routes"], json!({"old_serving": 2, "new_serving": 1, "new_starting": 5}));
}

#[test]
fn weights_that_are_set_by_hand_are_seen_and_set_right() {
    let hand = r#"traffic = { routes = ["r-2", "r-9"], ratio = 0.25 }"#;
    let text = format!("{HAPPY}weight_steps = 0\n{}", events(&[(15, hand)]));
    let document = json_of(&text);

    assert_eq!(told(&document), ["r-2, r-9 set to active 0.25 by hand (there was 1)"]);
    let cycle = cycle_at(&document, 15.0);
    assert_eq!((&cycle["serving"], &cycle["capacity"]), (&json!(2), &json!(1.25)));
    assert_eq!(document["verdict"]["lowest_serving"], 1.25);
    let both = "title = \"t\"\ntarget = 1\n".to_owned()
        + &events(&[(1, r#"traffic = { revision = "v1", routes = ["r-1"], ratio = 1.0 }"#)]);
    let told = "traffic is set on a `revision`, with `count` if need be, or on `routes` by their ids";
    let Err(ParseError::Key { key, source }) = Scenario::parse(&both) else { panic!("it is taken") };
    assert!(key.starts_with("events[0]") && source.to_string().contains(told), "{key}: {source}");
}

#[test]
fn a_clock_is_wrong_once_or_for_good() {
    let delayed = "title = \"t\"\ntarget = 1\nconfig = { auto_promote = true, promote_delay_seconds = 60 }\n";
    let next_after = |event: &str| {
        let document = json_of(&(delayed.to_owned() + &events(&[(40, event)])));
        // When a cycle asks to be evaluated again, by the host's clock.
        let next = [40.0, 50.0].map(|at| cycle_at(&document, at)["plan"]["next_evaluation_at"].as_u64());
        (ended(&document).1, next)
    };
    let right = 86_400_000 + 90_000;

    assert_eq!(next_after("host = \"lose_memo\""), (90.0, [Some(right), Some(right)]));
    // Half a minute later by the host's clock: the delay is over half a minute earlier.
    assert_eq!(next_after("clock_step_seconds = 30"), (60.0, [Some(right), Some(right)]));
    assert_eq!(next_after("clock_step_seconds = -5"), (95.0, [Some(right), Some(right)]));
    assert_eq!(next_after("clock_blip_seconds = 20"), (90.0, [Some(right), Some(right)]));
    // Wrong by more than the delay in one cycle, and it is over in that cycle.
    let text = delayed.to_owned() + &events(&[(40, "clock_blip_seconds = 3600")]);
    assert_eq!(ended(&json_of(&text)), ("completed", 40.0));
}

#[test]
fn what_is_evicted_has_not_failed() {
    let document = json_of(&format!("{HAPPY}{}", events(&[(15, "evict = \"v2\"")])));

    assert_eq!(told(&document), ["1 of v2 evicted"]);
    assert_eq!(document["verdict"]["failed"], 0);
    assert_eq!(cycle_at(&document, 15.0)["routes"], json!({"old_serving": 2, "new_starting": 1, "evicted": 1}));
    assert!(codes(&document).contains(&"promoting"), "{document:#}");
}
