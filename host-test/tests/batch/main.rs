//! Many requests in one call, of which some are odd: none spoils another, and each is answered as the typed entry point
//! does.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod elements;

use std::sync::LazyLock;

use host_test::{BLUE_GREEN, HOSTILE, ROLLING_UPDATE};
use pointsman::json::{Answer, ErrorCode};
use pointsman_host::{Decision, Guard, Plugin};
use proptest::{prelude::*, sample::select};
use rstest::rstest;
use serde_json::{json, value::RawValue};

use elements::{Element, ODD_ELEMENTS, ODD_PARTS, ODD_POLICIES, any_batch};
use support::{any_blue_green_config, any_rolling_update_config};

/// Misdeeds of the hostile guest without a memory of other calls, the guard's rules broken among it.
const MISDEEDS: [&str; 14] = [
    "none",
    "good",
    "unknown_id",
    "duplicate_id",
    "promote_all",
    "drain_all",
    "create_ten_million",
    "again_at_once",
    "promote_blue",
    "long_memo",
    "complete_early",
    "forge_texts",
    "again_in_a_millisecond",
    "echo_traffic",
];

/// The answers to elements, each as text.
fn answers<'a>(plugin: &Plugin, elements: impl IntoIterator<Item = &'a Element>) -> Vec<Box<RawValue>> {
    let elements: Vec<&str> = elements.into_iter().map(|element| element.text.as_str()).collect();
    let answers = plugin.evaluate_cycles_json(&format!("[{}]", elements.join(","))).unwrap();
    serde_json::from_str(&answers).unwrap()
}

fn assert_none_spoils_another(plugin: &Plugin, batch: &[Element]) {
    let together = answers(plugin, batch);

    assert_eq!(together.len(), batch.len());
    for (element, answer) in batch.iter().zip(&together) {
        let alone = answers(plugin, [element]);
        assert_eq!(answer.get(), alone[0].get(), "of {element:?}");
        let Some((routes, spec, policy)) = &element.typed else { continue };
        let mut session = plugin.session().unwrap();
        let typed = match policy {
            Some(policy) => session.evaluate_cycle_under(*policy, routes, spec),
            None => session.evaluate_cycle(routes, spec),
        };
        let answer: Answer = serde_json::from_str(answer.get()).unwrap();
        assert_eq!(Decision::Answer(answer), Decision::from(&typed), "of {element:?}");
    }
}

fn misdeeds() -> BoxedStrategy<String> {
    select(&MISDEEDS[..]).prop_map(|word| json!({"misdeed": word}).to_string()).boxed()
}

/// Under a guard that resolves no limits.
static IDS_ONLY: LazyLock<Plugin> = LazyLock::new(|| HOSTILE.with_guard(Guard::IdsOnly));

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_blue_green(batch in any_batch(any_blue_green_config().boxed())) {
        assert_none_spoils_another(&BLUE_GREEN, &batch);
    }

    #[test]
    fn of_rolling_update(batch in any_batch(any_rolling_update_config().boxed())) {
        assert_none_spoils_another(&ROLLING_UPDATE, &batch);
    }

    #[test]
    fn of_a_plugin_whose_plans_are_rejected(batch in any_batch(misdeeds())) {
        assert_none_spoils_another(&HOSTILE, &batch);
    }

    #[test]
    fn under_ids_only(batch in any_batch(misdeeds())) {
        assert_none_spoils_another(&IDS_ONLY, &batch);
    }
}

/// Each odd element beside a good one, so that all of them are there in every run.
#[rstest]
fn each_odd_element_beside_a_good_one(#[values(&*BLUE_GREEN, &*HOSTILE)] plugin: &Plugin) {
    let good = |text: String| Element { text, typed: None };
    let request = json!({"routes": [], "spec": support::spec(0, r#"{"misdeed": "none"}"#)});
    let policies = ODD_POLICIES.map(|policy| format!(r#"{{"policy":{policy},{}"#, &request.to_string()[1..]));
    let parts = ODD_PARTS.map(|part| format!(r#"{{"routes":[],"spec":{part}}}"#));
    let odd: Vec<String> = ODD_ELEMENTS.map(str::to_owned).into_iter().chain(policies).chain(parts).collect();

    for odd in odd {
        let batch = [good(request.to_string()), good(odd.clone()), good(request.to_string())];
        assert_none_spoils_another(plugin, &batch);
        let answer: Answer = serde_json::from_str(answers(plugin, &batch)[1].get()).unwrap();
        assert!(matches!(answer, Answer::Error { code: ErrorCode::InvalidRequest, .. }), "{odd}: {answer:?}");
    }
}

/// Whatever is wrong, the answer is the host's or the plugin's one sentence about that request.
#[rstest]
#[case::no_object("[[], {}]", "invalid type: sequence, expected a JSON object")]
#[case::another_field_beside_a_policy(
    r#"{"routes": [], "spec": {}, "policy": {}, "more": 1}"#,
    "unknown field `more`, expected one of `routes`, `spec`, `policy`, `deployment`"
)]
#[case::another_field(r#"{"routes": [], "more": 1}"#, "`more`: unknown field `more`, expected `routes` or `spec`")]
#[case::two_policies(r#"{"routes": [], "policy": {}, "policy": {}}"#, "duplicate field `policy`")]
#[case::half_a_request(r#"{"policy": {}, "routes": []}"#, "missing field `spec`")]
#[case::spec_of_values(r#"{"routes": [], "spec": [3]}"#, "`spec`: invalid type: sequence, expected a JSON object")]
#[case::two_targets(
    r#"{"routes": [], "spec": {"target_replicas": 3, "target_replicas": 3}}"#,
    "`spec.target_replicas`: duplicate field `target_replicas`"
)]
fn what_is_wrong(#[case] element: &str, #[case] expected: &str) {
    let answers = BLUE_GREEN.evaluate_cycles_json(&format!("[{element}]")).unwrap();
    let [Answer::Error { code: ErrorCode::InvalidRequest, message, .. }] =
        &serde_json::from_str::<Vec<_>>(&answers).unwrap()[..]
    else {
        panic!("{answers}")
    };
    assert_eq!(message, expected);
}

/// A call is made with nothing in it all the same, so that a plugin that fails is found out.
#[test]
fn a_batch_of_nothing_but_refused_requests() {
    let answers = HOSTILE.evaluate_cycles_json(r#"[{"policy": 1, "routes": [], "spec": {}}]"#).unwrap();
    assert!(answers.starts_with(r#"[{"error":{"code":"invalid_request","message":"`policy`: "#), "{answers}");
    assert_eq!(HOSTILE.evaluate_cycles_json("[ ]").unwrap(), "[]");
}
