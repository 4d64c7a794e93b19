//! Our strategies, under the policies that hosts have.

use rstest::rstest;

use super::{RULES, component, conformance, report, with_verdict};

#[rstest]
#[case::blue_green("plugins/blue_green.wasm", &[])]
#[case::rolling_update("plugins/rolling_update.wasm", &[])]
#[case::batched("examples/batched.wasm", &[])]
// Whatever the operator allows, a strategy stays within it.
#[case::tight("plugins/rolling_update.wasm", &["--max-unavailable", "0", "--max-surge", "1"])]
#[case::wide("plugins/rolling_update.wasm", &["--max-unavailable", "100%", "--max-surge", "400%"])]
#[case::no_room_for_two_sets("plugins/blue_green.wasm", &["--max-surge", "50%"])]
fn our_strategies_pass(#[case] plugin: &str, #[case] policy: &[&str]) {
    // On a machine that others keep busy, the time of a call says nothing about the plugin.
    let args = [&component(plugin), "--json", "--cases", "64", "--time-limit", "10000"];
    let report = report(&conformance(&[&args[..], policy].concat()).assert().code(0).stderr(""));

    assert_eq!(with_verdict(&report, "pass").len(), RULES, "{report:#}");
    assert!(report["configs"].as_array().unwrap().len() > 8, "{report:#}");
    for line in report["rules"].as_array().unwrap() {
        assert!(line["cases"].as_u64().unwrap() > 0 && line["failure"].is_null(), "{line:#}");
    }
}

/// A pass says little where whole rows of a table were never tried.
#[rstest]
#[case::blue_green("plugins/blue_green.wasm", &[
    "aborted",
    "all-green-failed",
    "already-promoted",
    "awaiting-approval",
    "awaiting-checks",
    "awaiting-delay",
    "check-failed",
    "creating-green",
    "deadline-exceeded",
    "green-lost",
    "keeping-blue",
    "no-budget",
    "paused",
    "promoting",
    "replacing-green",
    "retiring-blue",
    "waiting-for-provisioning",
    "waiting-for-ready",
    "waiting-for-termination",
])]
#[case::rolling_update("plugins/rolling_update.wasm", &[
    "aborted",
    "backing-off",
    "check-failed",
    "deadline-exceeded",
    "no-budget",
    "no-capacity",
    "paused",
    "replacing",
    "rolled-out",
    "waiting-for-provisioning",
    "waiting-for-ready",
    "waiting-for-termination",
])]
fn the_cases_reach_nearly_all_of_a_strategy(#[case] plugin: &str, #[case] codes: &[&str]) {
    let args = [&component(plugin), "--json", "--cases", "256", "--time-limit", "10000"];
    let report = report(&conformance(&args).assert().code(0));
    let reasons = |rule: &str| {
        let line = report["rules"].as_array().unwrap().iter().find(|line| line["rule"] == rule).unwrap();
        line["reasons"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let seen = reasons("harmless-in-rollouts");
    for code in codes {
        assert!(seen.iter().any(|seen| seen == code), "no rollout came to `{code}`: {seen:?}");
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(reasons("harmless").len() > 5 && reasons("describes-itself").is_empty(), "{report:#}");
}
