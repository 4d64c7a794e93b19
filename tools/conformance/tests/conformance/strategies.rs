//! Our strategies, under the policies that hosts have.

use pointsman::{Amount, guard::Policy};
use pointsman_conformance::{Options, Outcome};
use pointsman_host::Guard;
use rstest::rstest;

use super::{RULES, component, of, of_rule, report, which};

/// Of unavailable routes and of routes above the target.
fn policy(unavailable: Amount, surge: Amount) -> Policy {
    Policy { max_unavailable: unavailable, max_surge: surge, ..Policy::default() }
}

/// A fault of the example that `completes` finds: it has no room to create where more old routes serve than are wanted.
fn known(plugin: &str) -> &'static [&'static str] {
    if plugin.ends_with("batched.wasm") { &["completes"] } else { &[] }
}

#[rstest]
#[case::blue_green("plugins/blue_green.wasm", Policy::default())]
#[case::rolling_update("plugins/rolling_update.wasm", Policy::default())]
#[case::batched("examples/batched.wasm", Policy::default())]
// Whatever the operator allows, a strategy stays within it.
#[case::tight("plugins/rolling_update.wasm", policy(Amount::Count(0), Amount::Count(1)))]
#[case::wide("plugins/rolling_update.wasm", policy(Amount::percent(100), Amount::percent(400)))]
#[case::no_room_for_two_sets("plugins/blue_green.wasm", policy(Policy::default().max_unavailable, Amount::percent(50)))]
fn our_strategies_pass(#[case] plugin: &str, #[case] policy: Policy) {
    let options = Options { guard: Guard::Policy(policy), ..of(64) };
    let report = report(&component(plugin), &options);

    assert_eq!((report.rules.len(), which(&report, Outcome::Skipped).len()), (RULES, 0), "{report:#?}");
    assert!(report.configs.len() > 8, "{report:#?}");
    for rule in report.rules.iter().filter(|rule| !known(plugin).contains(&rule.rule)) {
        assert!(rule.cases > 0 && rule.outcome == Outcome::Pass, "{rule:#?}");
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
    "awaiting-checks",
    "backing-off",
    "check-failed",
    "deadline-exceeded",
    "no-capacity",
    "paused",
    "replacing",
    "rolled-out",
    "waiting-for-provisioning",
    "waiting-for-ready",
    "waiting-for-termination",
])]
fn the_cases_reach_nearly_all_of_a_strategy(#[case] plugin: &str, #[case] codes: &[&str]) {
    let report = report(&component(plugin), &of(512));

    assert!(which(&report, Outcome::Fail).iter().all(|rule| known(plugin).contains(rule)), "{report:#?}");
    let seen = &of_rule(&report, "harmless-in-rollouts").reasons;
    for code in codes {
        assert!(seen.iter().any(|seen| seen == code), "no rollout came to `{code}`: {seen:?}");
    }
    assert!(seen.is_sorted(), "{seen:?}");
    let reasons = |rule| of_rule(&report, rule).reasons.len();
    assert!(reasons("harmless") > 5 && reasons("describes-itself") == 0, "{report:#?}");
}
