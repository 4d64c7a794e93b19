//! What a plugin does wrong, and which rule says so.

use pointsman::guard::Policy;
use pointsman_conformance::{Options, Outcome};
use pointsman_host::{Guard, Host, Limits};
use rstest::rstest;
use serde_json::json;

use super::{failure, few, hostile, hostile_mode, misdeed, misdeeds, of, report, which};

#[rstest]
#[case("loop_forever", "answers", "ran for longer than")]
#[case("grow_memory", "answers", "memory")]
#[case("trap", "answers", "trapped")]
#[case("recurse_forever", "answers", "trapped")]
#[case("not_utf8", "answers", "malformed response")]
#[case("wild_pointer", "answers", "malformed response")]
#[case("ten_million_ids", "answers", "")]
#[case("gigabyte_string", "answers", "")]
#[case("long_string", "says-why", "at most 1000 bytes")]
#[case("forge_texts", "says-why", "the reason code")]
#[case("forge_texts", "in-range", "the gate")]
#[case("long_list", "harmless", "unknown-id")]
#[case("remember", "deterministic", "2 calls")]
#[case("leak_ids", "deterministic", "promote_route_ids")]
#[case("turn_bad_after_a_hundred", "deterministic", "call 101 of one instance")]
#[case("unknown_id", "harmless", "unknown-id")]
#[case("duplicate_id", "harmless", "duplicate-id")]
#[case("promote_and_drain", "harmless", "conflicting-changes")]
#[case("promote_all", "idempotent", "promote 1")]
#[case("promote_blue", "harmless", "promoted-not-green")]
#[case("promote_not_ready", "harmless", "promoted-not-ready")]
#[case("drain_all", "harmless", "capacity-lowered")]
#[case("drain_all", "harmless-in-rollouts", "capacity-lowered")]
#[case("complete_early", "harmless", "completed-early")]
#[case("roll_back_early", "harmless", "rolled-back-early")]
#[case("create_active", "harmless", "too-many-live")]
#[case("create_active", "idempotent", "create 1 of v2")]
#[case("drain_all", "keeps-its-commitment", "is promised, and the plan takes serving capacity from 1 to 0")]
#[case("create_active", "keeps-its-commitment", "is promised, and the plan creates 1 and makes it 1 live routes")]
#[case("create_ten_million", "bounded-creation", "10000000 more")]
#[case("nan_ratio", "harmless", "ratio-out-of-range")]
#[case("echo_traffic", "idempotent", "change traffic of 1")]
#[case("long_memo", "harmless", "invalid-memo")]
#[case("nul_memo", "harmless", "invalid-memo")]
#[case("again_at_once", "no-busy-loop", "0 ms before now")]
#[case("again_in_a_millisecond", "no-busy-loop", "20 times in a row")]
fn each_misdeed_breaks_its_rule(#[case] word: &str, #[case] rule: &str, #[case] message: &str) {
    let report = misdeed(word);

    let failure = failure(&report, rule);
    assert!(failure.message.contains(message), "{failure:#?}");
    assert!(which(&report, Outcome::Pass).contains(&"describes-itself"), "{report:#?}");
}

#[test]
fn what_is_only_silent_breaks_the_rules_on_reasons_and_ends() {
    assert_eq!(which(&misdeed("none"), Outcome::Fail), ["says-why", "completes", "rolls-back"]);
}

#[test]
fn who_promises_something_else_each_time_keeps_no_commitment() {
    let options = Options { configs: misdeeds(&["none"]), ..of(8) };
    let report = report(&hostile_mode("fickle"), &options);

    let failure = failure(&report, "keeps-its-commitment");
    let expected = "the plan promises at least 0 serve, at most 4294967294 are live, and `check-config` said at least \
                    0 serve, at most 4294967295 are live";
    assert_eq!(failure.message, expected, "{failure:#?}");
}

#[test]
fn counter_examples_are_small_and_can_be_tried() {
    let report = misdeed("drain_all");

    let harmless = failure(&report, "harmless").request.as_ref().unwrap();
    assert_eq!(harmless["routes"].as_array().unwrap().len(), 1, "{harmless:#}");
    assert_eq!(harmless["spec"]["config"], json!({"misdeed": "drain_all"}));
    // The limits that it was made within are in it: it is the same under any policy.
    assert_eq!(harmless["spec"]["limits"], json!({"least_serving": 1, "most_live": 2}));
    let rollout = failure(&report, "harmless-in-rollouts");
    assert!(rollout.events.len() <= 3, "{rollout:#?}");
    assert_eq!(rollout.events.last().unwrap(), "the host evaluates");
    let leak = misdeed("leak_ids");
    assert_eq!(failure(&leak, "deterministic").request.as_ref().unwrap().as_array().unwrap().len(), 2);
    let wide = Policy { max_unavailable: pointsman::Amount::percent(100), ..Policy::default() };
    let plugin = Host::new(Limits::default()).unwrap().load_bytes("hostile.wasm", &hostile()).unwrap();
    let answers = plugin.with_guard(Guard::Policy(wide)).evaluate_cycles_json(&format!("[{harmless}]")).unwrap();
    assert!(answers.contains("capacity-lowered"), "{answers}");
}

#[test]
fn the_policy_is_the_callers() {
    let wide = Policy { max_unavailable: pointsman::Amount::percent(100), ..Policy::default() };
    let options = Options { configs: misdeeds(&["drain_all"]), guard: Guard::Policy(wide), ..few() };
    let report = report(&hostile(), &options);

    // In rollouts what it still does wrong is to drain what is not live.
    let message = &failure(&report, "harmless-in-rollouts").message;
    assert!(message.contains("changed-not-live") && !message.contains("capacity-lowered"), "{message}");
}
