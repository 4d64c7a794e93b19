//! `pointsman conformance`: our plugins pass, and each misdeed breaks the rule that is there for it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

/// The command, with compiled plugins kept between the tests.
fn conformance(args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
    command.arg("conformance").args(args).env_remove("NO_COLOR").env("POINTSMAN_CACHE", cache);
    command
}

/// A built component.
fn component(path: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target").join(path).display().to_string()
}

/// A copy of a component in which some text is another of the same length.
fn patched(path: &str, folder: &Path, from: &str, to: &str) -> String {
    let mut bytes = fs::read(component(path)).unwrap();
    let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
    let file = folder.join("patched.wasm");
    fs::write(&file, bytes).unwrap();
    file.display().to_string()
}

/// What comes of the hostile guest with a misdeed; few cases show it.
fn misdeed(word: &str) -> Value {
    let config = json!({ "misdeed": word }).to_string();
    // Each rule waits for what never answers.
    let limit = if word == "loop_forever" { "100" } else { "1000" };
    let hostile = component("guests/hostile.wasm");
    let args = [&hostile, "--config", &config, "--json", "--cases", "24", "--time-limit", limit];
    report(&conformance(&args).assert().code(1).stderr(""))
}

fn report(assert: &assert_cmd::assert::Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

/// The rules with a verdict.
fn with_verdict<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let rules = report["rules"].as_array().unwrap().iter();
    rules.filter(|line| line["verdict"] == verdict).map(|line| line["rule"].as_str().unwrap()).collect()
}

fn failure<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let rules = report["rules"].as_array().unwrap();
    let line = rules.iter().find(|line| line["rule"] == rule).unwrap();
    assert_eq!(line["verdict"], "fail", "{line:#}");
    &line["failure"]
}

#[rstest]
#[case::blue_green("plugins/blue_green.wasm", &[])]
#[case::batched("examples/batched.wasm", &[])]
// The configurations that its schema allows surge and go down as far as they like.
#[case::rolling_update("plugins/rolling_update.wasm", &["--serving-floor-percent", "0", "--surge-limit", "4294967295"])]
fn our_strategies_pass(#[case] plugin: &str, #[case] policy: &[&str]) {
    // On a machine that others keep busy, the time of a call says nothing about the plugin.
    let args = [&component(plugin), "--json", "--cases", "64", "--time-limit", "10000"];
    let report = report(&conformance(&[&args[..], policy].concat()).assert().code(0).stderr(""));

    assert_eq!(with_verdict(&report, "pass").len(), 15, "{report:#}");
    assert!(report["configs"].as_array().unwrap().len() > 8, "{report:#}");
    for line in report["rules"].as_array().unwrap() {
        assert!(line["cases"].as_u64().unwrap() > 0 && line["failure"].is_null(), "{line:#}");
    }
}

#[test]
fn the_cases_reach_nearly_all_of_a_strategy() {
    // A pass says little where whole rows of a table were never tried.
    let args = [&component("plugins/blue_green.wasm"), "--json", "--cases", "128", "--time-limit", "10000"];
    let report = report(&conformance(&args).assert().code(0));
    let reasons = |rule: &str| {
        let line = report["rules"].as_array().unwrap().iter().find(|line| line["rule"] == rule).unwrap();
        line["reasons"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let seen = reasons("harmless-in-rollouts");
    for code in [
        "aborted",
        "all-green-failed",
        "awaiting-approval",
        "awaiting-checks",
        "awaiting-delay",
        "check-failed",
        "creating-green",
        "deadline-exceeded",
        "green-lost",
        "keeping-blue",
        "promoting",
        "retiring-blue",
        "waiting-for-provisioning",
        "waiting-for-ready",
    ] {
        assert!(seen.iter().any(|seen| seen == code), "no rollout came to `{code}`: {seen:?}");
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(reasons("harmless").len() > 10 && reasons("describes-itself").is_empty(), "{report:#}");
}

#[rstest]
#[case("loop_forever", "answers", "ran for longer than")]
#[case("grow_memory", "answers", "memory")]
#[case("trap", "answers", "trapped")]
#[case("recurse_forever", "answers", "trapped")]
#[case("not_utf8", "answers", "malformed response")]
#[case("wild_pointer", "answers", "malformed response")]
#[case("ten_million_ids", "answers", "")]
#[case("gigabyte_string", "answers", "")]
#[case("long_string", "says-why", "2000000 bytes")]
#[case("long_list", "harmless", "unknown-id")]
#[case("remember", "deterministic", "2 calls")]
#[case("leak_ids", "deterministic", "promote_route_ids")]
#[case("turn_bad_after_a_hundred", "deterministic", "call 101 of one instance")]
#[case("unknown_id", "harmless", "unknown-id")]
#[case("duplicate_id", "harmless", "duplicate-id")]
#[case("promote_and_drain", "harmless", "conflicting-changes")]
#[case("promote_all", "idempotent", "promote 1")]
#[case("promote_blue", "harmless", "promoted-blue")]
#[case("promote_not_ready", "harmless", "promoted-not-ready")]
#[case("drain_all", "harmless", "serving-floor-broken")]
#[case("drain_all", "harmless-in-rollouts", "serving-floor-broken")]
#[case("create_ten_million", "bounded-creation", "10000000 more")]
#[case("nan_ratio", "harmless", "ratio-out-of-range")]
#[case("again_at_once", "no-busy-loop", "0 ms before now")]
fn each_misdeed_breaks_its_rule(#[case] word: &str, #[case] rule: &str, #[case] message: &str) {
    let report = misdeed(word);

    let failure = failure(&report, rule);
    assert!(failure["message"].as_str().unwrap().contains(message), "{failure:#}");
    assert!(with_verdict(&report, "pass").contains(&"describes-itself"), "{report:#}");
}

#[test]
fn what_is_only_silent_breaks_only_the_rule_on_reasons() {
    assert_eq!(with_verdict(&misdeed("none"), "fail"), ["says-why"]);
}

#[test]
fn counter_examples_are_small_and_can_be_explained() {
    let report = misdeed("drain_all");

    let harmless = failure(&report, "harmless");
    assert_eq!(harmless["request"]["routes"].as_array().unwrap().len(), 1, "{harmless:#}");
    assert_eq!(harmless["request"]["spec"]["config"], json!({"misdeed": "drain_all"}));
    let rollout = failure(&report, "harmless-in-rollouts");
    let events = rollout["events"].as_array().unwrap();
    assert!(events.len() <= 3, "{rollout:#}");
    assert_eq!(events.last().unwrap(), "the host evaluates");
    assert_eq!(failure(&misdeed("leak_ids"), "deterministic")["request"].as_array().unwrap().len(), 2);
    let mut explain = Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    explain.args(["explain", "--plugin", &component("guests/hostile.wasm")]);
    explain
        .write_stdin(harmless["request"].to_string())
        .assert()
        .code(1)
        .stdout(predicate::str::contains("serving-floor-broken"));
}

#[test]
fn the_policy_is_that_of_the_command_line() {
    let config = r#"{"misdeed": "drain_all"}"#;
    let hostile = component("guests/hostile.wasm");
    let args = [&hostile, "--config", config, "--json", "--cases", "24", "--serving-floor-percent", "0"];
    let floorless = report(&conformance(&args).assert().code(1));

    // What it still does wrong is to drain what is not live.
    for rule in ["harmless", "harmless-in-rollouts"] {
        let message = failure(&floorless, rule)["message"].as_str().unwrap();
        assert!(message.contains("drained-not-live") && !message.contains("serving-floor-broken"), "{message}");
    }
}

#[test]
fn a_configuration_is_judged_by_a_policy_as_wide_as_it_is() {
    let rolling_update = component("plugins/rolling_update.wasm");
    let args = [&rolling_update, "--config", "{}", "--cases", "64", "--time-limit", "10000"];

    // A quarter more and a quarter less than the target, of at most five.
    conformance(&[&args[..], &["--serving-floor-percent", "75", "--surge-limit", "2"]].concat()).assert().code(0);
    let strict = report(&conformance(&[&args[..], &["--json"]].concat()).assert().code(1));
    for rule in ["harmless", "harmless-in-rollouts"] {
        let message = failure(&strict, rule)["message"].as_str().unwrap();
        assert!(
            message.ends_with("serving-floor-broken: the plan leaves 3 of 4 serving routes; the floor is 4"),
            "{message}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_output() {
    let hostile = component("guests/hostile.wasm");
    let run = |seed: &str| {
        let args = [&hostile, "--config", r#"{"misdeed": "promote_all"}"#, "--cases", "16", "--seed", seed];
        let text = conformance(&args).assert().code(1).get_output().stdout.clone();
        // How long the largest requests take is the machine's.
        let text = String::from_utf8(text).unwrap();
        text.lines().filter(|line| !line.starts_with("headroom")).map(str::to_owned).collect::<Vec<_>>()
    };

    assert_eq!(run("7"), run("7"));
}

#[rstest]
#[case::loops("loop-in-describe", "ran for longer than 50ms")]
#[case::no_json("schema-not-json", "its config schema is not JSON")]
#[case::long("schema-long", "returned more than")]
fn a_plugin_that_does_not_describe_itself_is_told(#[case] mode: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (format!("hostile-mode:{:16}", "honest"), format!("hostile-mode:{mode:16}"));
    let args =
        [&patched("guests/hostile.wasm", folder.path(), &from, &to), "--time-limit", "50", "--json", "--cases", "8"];
    let report = report(&conformance(&args).assert().code(1));

    let failure = failure(&report, "describes-itself");
    assert!(failure["message"].as_str().unwrap().contains(message), "{failure:#}");
    // Nothing says what its configuration is.
    assert_eq!(with_verdict(&report, "skipped").len(), 13, "{report:#}");
}

#[test]
fn a_configuration_that_is_given_must_be_one_that_it_takes() {
    let hostile = component("guests/hostile.wasm");

    conformance(&[&hostile, "--config", r#"{"misdeed": "theft"}"#])
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("the plugin refuses").and(predicate::str::contains("theft")));
}

#[test]
fn without_a_configuration_it_says_what_to_pass() {
    let folder = tempfile::tempdir().unwrap();
    // Its schema says of its one key, a number, that it is a boolean.
    let liar = patched("examples/batched.wasm", folder.path(), "integerformatminimum", "booleanformatminimum");
    let assert = conformance(&[&liar, "--json", "--cases", "8"]).assert().code(2);

    let told = predicate::str::contains("takes no configuration that was made from its schema")
        .and(predicate::str::contains("--config"));
    let report = report(&assert.stderr(told));
    assert_eq!(with_verdict(&report, "pass"), ["describes-itself", "refuses-bad-config"], "{report:#}");
    assert_eq!(with_verdict(&report, "skipped").len(), 13, "{report:#}");
    assert_eq!(report["configs"], json!([]));
    conformance(&[&liar, "--config", r#"{"batch": 2}"#, "--cases", "8"]).assert().code(0);
}

#[rstest]
#[case::no_component("Cargo.toml", "is not WebAssembly")]
#[case::missing("no/such.wasm", "cannot read")]
#[case::no_strategy("../../target/plugins/guard.wasm", "not a strategy")]
fn what_is_no_plugin_is_unusable(#[case] file: &str, #[case] cause: &str) {
    conformance(&[file])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(cause));
}

#[test]
fn the_rules_can_be_listed() {
    let text = conformance(&["--list"]).assert().code(0).get_output().stdout.clone();
    let rules = report(&conformance(&["--list", "--json"]).assert().code(0));

    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 15);
    assert_eq!(rules.as_array().unwrap().len(), 15);
    assert_eq!(rules[0]["rule"], "describes-itself");
}

#[test]
fn for_people_there_is_a_table_and_what_breaks_a_rule() {
    let hostile = component("guests/hostile.wasm");
    let args = [&hostile, "--config", r#"{"misdeed": "drain_all"}"#, "--cases", "24"];
    let text = conformance(&args).assert().code(1).get_output().stdout.clone();

    let text = String::from_utf8(text).unwrap();
    for expected in [
        "RULE                  VERDICT  CASES",
        "harmless: no plan does what the guard forbids\n  the guard rejects the plan: ",
        "  the host evaluates\n",
        "  request  {\"routes\":[{\"id\":\"r-1\"",
        " of 15 rules pass, ",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}
