//! Configurations that are made from a plugin's own schema, and schemas that cannot be trusted.

use pointsman_conformance::{Options, Outcome};
use rstest::rstest;

use super::{RULES, component, failure, hostile_mode, of, of_rule, patched, report, which};

#[rstest]
#[case::no_json("schema-not-json", "its config schema is not JSON")]
#[case::long("schema-long", "returned more than")]
#[case::loops("loop-in-describe", "ran for longer than 50ms")]
fn a_plugin_that_does_not_describe_itself_is_told(#[case] mode: &str, #[case] message: &str) {
    let mut options = of(8);
    if mode == "loop-in-describe" {
        // Only what never ends is to meet the limit.
        options.limits.time = std::time::Duration::from_millis(50);
    }
    let report = report(&hostile_mode(mode), &options);

    let failure = failure(&report, "describes-itself");
    assert!(failure.message.contains(message), "{failure:#?}");
    // Nothing says what its configuration is.
    assert_eq!(which(&report, Outcome::Skipped).len(), RULES - 2, "{report:#?}");
}

/// Its pattern asks for strings of up to a billion characters, which took 12 GB.
#[test]
fn a_pattern_that_is_too_large_is_told_by_the_rules() {
    let report = report(&hostile_mode("schema-bomb"), &of(8));

    let told = "the pattern `(((((x{1,1000}){1,1000}){1,1000})))` is too large to generate from: it repeats up to \
                1000000000 times, at most 1000 may be";
    let rule = of_rule(&report, "refuses-bad-config");
    assert_eq!((rule.outcome, rule.note.as_deref()), (Outcome::Pass, Some(told)));
    // What stands for the string is none of its misdeeds.
    assert_eq!(which(&report, Outcome::Skipped).len(), RULES - 2, "{report:#?}");
    assert!(report.why_skipped().unwrap().ends_with(told), "{report:#?}");
}

#[test]
fn without_a_configuration_most_rules_are_skipped() {
    // Its schema says of its one key, a number, that it is a boolean.
    let liar = patched(component("examples/batched.wasm"), "integerformatminimum", "booleanformatminimum");
    let without = report(&liar, &of(8));

    assert_eq!(which(&without, Outcome::Pass), ["describes-itself", "refuses-bad-config"], "{without:#?}");
    assert_eq!(which(&without, Outcome::Skipped).len(), RULES - 2, "{without:#?}");
    assert!(without.configs.is_empty() && !without.has_failures());
    let why = without.why_skipped().unwrap();
    assert!(why.starts_with("the plugin takes no configuration that was made from its schema"), "{why}");
    let given = report(&liar, &Options { configs: vec![r#"{"batch": 2}"#.to_owned()], ..of(8) });
    // What `completes` has against it is told in `strategies.rs`.
    assert_eq!(which(&given, Outcome::Skipped).len(), 0, "{given:#?}");
    assert!(which(&given, Outcome::Fail).iter().all(|rule| *rule == "completes"), "{given:#?}");
}
