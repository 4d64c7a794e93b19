//! Policies resolved at a target, against the rule worked out in another way.

use pointsman::{
    Amount, Commitment,
    guard::{Policy, json},
};
use proptest::prelude::*;
use rstest::rstest;

use crate::support::{any_amount, rule};

const TARGETS: [u32; 12] = [0, 1, 2, 3, 4, 10, 99, 100, 9_999, 10_000, u32::MAX - 1, u32::MAX];

const AMOUNTS: [&str; 25] = [
    "0",
    "1",
    "2",
    "3",
    "5",
    "100",
    "10000",
    "4294967295",
    "0%",
    "0.001%",
    "1%",
    "7%",
    "12.5%",
    "24.999%",
    "25%",
    "25.001%",
    "33.333%",
    "50%",
    "51%",
    "99.999%",
    "100%",
    "100.001%",
    "150%",
    "250%",
    "4294967.295%",
];

#[rstest]
#[case::default(
    "25%",
    "100%",
    &[(0, 0, 0), (1, 1, 2), (2, 1, 4), (3, 2, 6), (4, 3, 8), (10, 8, 20), (100, 75, 200), (10_000, 7_500, 20_000),
      (u32::MAX, 3_221_225_472, u32::MAX)]
)]
#[case::counts(
    "1",
    "3",
    &[(0, 0, 0), (1, 0, 4), (2, 1, 5), (3, 2, 6), (10, 9, 13), (u32::MAX, u32::MAX - 1, u32::MAX)]
)]
#[case::nothing("0", "0", &[(0, 0, 0), (1, 1, 2), (2, 2, 3), (100, 100, 101), (u32::MAX, u32::MAX, u32::MAX)])]
#[case::nothing_in_percent("0%", "0%", &[(1, 1, 2), (2, 2, 3), (100, 100, 101)])]
// Down, but at least one from two on.
#[case::a_tenth(
    "10%",
    "10%",
    &[(1, 1, 2), (2, 1, 3), (9, 8, 10), (10, 9, 11), (11, 10, 13), (19, 18, 21), (20, 18, 22)]
)]
#[case::all("100%", "100%", &[(1, 0, 2), (2, 0, 4), (100, 0, 200)])]
#[case::more_than_all("250%", "250%", &[(1, 0, 4), (2, 0, 7), (10, 0, 35)])]
#[case::nearly_all("99.999%", "0.001%", &[(1, 1, 2), (2, 1, 3), (100_000, 1, 100_001), (100_001, 2, 100_003)])]
#[case::more_than_there_are("4294967295", "4294967295", &[(0, 0, 0), (1, 0, u32::MAX), (10_000, 0, u32::MAX)])]
fn resolved(#[case] unavailable: &str, #[case] surge: &str, #[case] expected: &[(u32, u32, u32)]) {
    let policy = Policy {
        max_unavailable: unavailable.parse().unwrap(),
        max_surge: surge.parse().unwrap(),
        ..Policy::default()
    };
    for &(target, least_serving, most_live) in expected {
        assert_eq!(policy.resolve(target), Commitment { least_serving, most_live }, "{target}");
    }
}

#[test]
fn the_default_policy_is_what_the_contract_says() {
    assert_eq!(
        serde_json::to_string(&Policy::default()).unwrap(),
        r#"{"max_unavailable":"25%","max_surge":"100%","complete_at":"100%"}"#
    );
    for text in ["{}", r#"{"max_unavailable":"25.0%","max_surge":"100.00%","complete_at":"0100%"}"#] {
        assert_eq!(serde_json::from_str::<Policy>(text).unwrap(), Policy::default(), "{text}");
    }
}

/// Every amount at every target: 25 x 25 x 12 resolutions, and as many through the JSON entry point.
#[test]
fn resolved_as_the_rule_says() {
    for (unavailable, surge) in AMOUNTS.iter().flat_map(|a| AMOUNTS.iter().map(move |b| (*a, *b))) {
        let [max_unavailable, max_surge] = [unavailable, surge].map(|text| text.parse::<Amount>().unwrap());
        let policy = Policy { max_unavailable, max_surge, complete_at: max_surge };
        for target in TARGETS {
            assert_resolved(&policy, target);
        }
    }
}

fn assert_resolved(policy: &Policy, target: u32) {
    let what = format!("{policy:?} at {target}");
    let resolved = policy.resolve(target);
    assert_eq!(resolved.least_serving, rule::least_serving(policy.max_unavailable, target), "{what}");
    assert_eq!(resolved.most_live, rule::most_live(policy.max_surge, target), "{what}");
    assert_eq!(policy.completes_at(target), rule::completes_at(policy.complete_at, target), "{what}");
    assert!(resolved.least_serving <= target && (target == 0 || resolved.most_live > target || target == u32::MAX));

    let request = format!(r#"{{"policy": {}, "target_replicas": {target}}}"#, serde_json::to_string(policy).unwrap());
    let answer: Commitment = serde_json::from_str(&json::resolve(&request).unwrap()).unwrap();
    assert_eq!(answer, resolved, "{what}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_policy_at_any_target(
        amounts in [any_amount(120), any_amount(300), any_amount(120)],
        target in prop_oneof![0..200u32, 0..=10_000u32, any::<u32>()],
    ) {
        let [max_unavailable, max_surge, complete_at] = amounts;
        assert_resolved(&Policy { max_unavailable, max_surge, complete_at }, target);
    }
}

#[rstest]
#[case::not_an_object("7")]
#[case::no_target("{}")]
#[case::unknown_field(r#"{"target_replicas": 3, "limits": null}"#)]
#[case::negative_target(r#"{"target_replicas": -3}"#)]
#[case::no_amount(r#"{"target_replicas": 3, "policy": {"max_surge": "3"}}"#)]
#[case::null(r#"{"target_replicas": 3, "policy": null}"#)]
#[case::as_an_array(r#"{"target_replicas": 3, "policy": ["25%", "100%", "100%"]}"#)]
#[case::another_field(r#"{"target_replicas": 3, "policy": {"min_available": 1}}"#)]
fn no_policy(#[case] request: &str) {
    let error = json::resolve(request).unwrap_err();

    assert!(!error.is_empty() && !error.contains('\n'), "{error}");
}
