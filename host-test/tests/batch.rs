//! Many requests in one call, of which some are odd: none spoils another, and each is answered as the typed entry point
//! does.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use host_test::{BLUE_GREEN, HOSTILE, ROLLING_UPDATE};
use pointsman::{
    Route, Spec,
    guard::Policy,
    json::{Answer, ErrorCode, Request},
};
use pointsman_host::{Decision, Guard, Plugin};
use proptest::{collection::vec, option, prelude::*, sample::select};
use rstest::rstest;
use serde_json::{Value, json, value::RawValue};
use support::{any_amount, any_blue_green_config, any_rolling_update_config, any_routes, any_spec_with};

/// One element of a batch, and the same for the typed entry point where it can be said there.
#[derive(Clone, Debug)]
struct Element {
    text: String,
    typed: Option<(Vec<Route>, Spec, Option<Policy>)>,
}

/// What the hostile guest does without a memory of other calls, the guard's rules broken among it.
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

/// What is no policy, or one that is written in an odd way.
const ODD_POLICIES: [&str; 12] = [
    "null",
    "[]",
    r#"["25%", 1, "100%"]"#,
    "\"25%\"",
    "3",
    r#"{"max_surge": "many"}"#,
    r#"{"max_surge": "1"}"#,
    r#"{"max_unavailable": -1}"#,
    r#"{"complete_at": null}"#,
    r#"{"max_surg": 1}"#,
    r#"{"max_surge": 1, "max_surge": 2}"#,
    r#"{"max_surge": 1e999}"#,
];

/// What is no request at all.
const ODD_ELEMENTS: [&str; 16] = [
    "null",
    "true",
    "7",
    "1e999",
    "\"a request\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    r#"[[], {"deploying_revision": "v2", "target_replicas": 1, "started_at": 0, "now": 0}]"#,
    r#"[[], {"deploying_revision": "v2", "target_replicas": 1, "started_at": 0, "now": 0}, {}]"#,
    r#"{"routes": []}"#,
    r#"{"policy": {}}"#,
    r#"{"spec": {}, "policy": {}}"#,
    r#"{"policy": {}, "policy": {}, "routes": [], "spec": {}}"#,
    r#"{"\ud800": 1, "policy": {}}"#,
    r#"{"routes": [[[[[[]]]]]], "spec": [3]}"#,
];

/// Text that is put in the place of a spec, or of the routes.
const ODD_PARTS: [&str; 10] = [
    "null",
    "3",
    "[3]",
    "[3, null]",
    r#"["v2", 3]"#,
    "{}",
    "{ }",
    r#"{"target_replicas": 3}"#,
    r#"{"target_replicas": 3, "limits": null, "limits": null}"#,
    r#"{"target_replicas": 3, "target_replicas": 4, "now": "\ud800"}"#,
];

/// Text that is written into a spec behind its opening brace.
const ODD_FIELDS: [&str; 7] = [
    r#""target_replicas": 3, "#,
    r#""limits": null, "#,
    r#""limits": {"least_serving": 0}, "#,
    r#""now": 1e999, "#,
    r#""nonsense": [{}, "\"", {"limits": null}], "#,
    r#""config": 1, "#,
    "\n\t ",
];

fn any_policy() -> impl Strategy<Value = Policy> {
    (any_amount(100), any_amount(250), any_amount(100)).prop_map(|(max_unavailable, max_surge, complete_at)| Policy {
        max_unavailable,
        max_surge,
        complete_at,
    })
}

/// A request that is right, with or without a policy of its own; as text in any layout.
fn good(config: BoxedStrategy<String>) -> impl Strategy<Value = Element> {
    let request = (any_routes(), any_spec_with(config), option::of(any_policy()));
    (request, any::<bool>(), any::<bool>()).prop_map(|((routes, spec, policy), is_pretty, leaves_limits_out)| {
        let mut request = serde_json::to_value(Request { routes: routes.clone(), spec: spec.clone() }).unwrap();
        if leaves_limits_out && spec.limits.is_none() {
            request["spec"].as_object_mut().unwrap().remove("limits");
        }
        if let Some(policy) = policy {
            request["policy"] = json!(policy);
        }
        let text = if is_pretty { serde_json::to_string_pretty(&request) } else { serde_json::to_string(&request) };
        Element { text: text.unwrap(), typed: Some((routes, spec, policy)) }
    })
}

/// A request with something wrong in it, or what is none.
fn odd(config: BoxedStrategy<String>) -> impl Strategy<Value = Element> {
    let element = |text: String| Element { text, typed: None };
    let replaced = |(Element { text, .. }, field, with): (Element, &'static str, &'static str)| {
        let fields: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
        let written =
            fields.into_iter().filter(|(name, _)| name != field).map(|(name, value)| format!("{name:?}:{value}"));
        format!("{{{}{field:?}:{with}}}", written.map(|field| field + ",").collect::<String>())
    };
    let whole =
        |(Element { text, .. }, end): (Element, String)| text.trim_end().strip_suffix('}').unwrap().to_owned() + &end;
    let given = good(config).boxed();
    prop_oneof![
        select(&ODD_ELEMENTS[..]).prop_map(str::to_owned),
        (1..300usize).prop_map(|levels| "[".repeat(levels) + &"]".repeat(levels)),
        (1..300usize).prop_map(|levels| r#"{"routes":"#.repeat(levels) + "[]" + &"}".repeat(levels)),
        (given.clone(), Just("policy"), select(&ODD_POLICIES[..])).prop_map(replaced),
        (given.clone(), select(vec!["routes", "spec"]), select(&ODD_PARTS[..])).prop_map(replaced),
        // A field more, or one twice.
        (
            given.clone(),
            select(vec![r#","more":1}"#, r#","policy":{},"policy":{}}"#, r#","routes":[]}"#, r#","spec":{}}"#])
        )
            .prop_map(|(element, end)| (element, end.to_owned()))
            .prop_map(whole),
        (given, select(&ODD_FIELDS[..])).prop_map(|(element, field)| {
            let place = element.text.find("\"spec\"").map(|at| at + element.text[at..].find('{').unwrap() + 1).unwrap();
            let (before, after) = element.text.split_at(place);
            format!("{before}{field}{after}")
        }),
    ]
    .prop_map(element)
}

fn any_batch(config: BoxedStrategy<String>) -> impl Strategy<Value = Vec<Element>> {
    let element = prop_oneof![1 => good(config.clone()), 1 => odd(config)];
    vec(element, 0..8)
}

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
    "unknown field `more`, expected one of `routes`, `spec`, `policy`"
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

/// Nothing to ask is asked all the same, so that a plugin that fails is found out.
#[test]
fn a_batch_of_nothing_but_refused_requests() {
    let answers = HOSTILE.evaluate_cycles_json(r#"[{"policy": 1, "routes": [], "spec": {}}]"#).unwrap();
    assert!(answers.starts_with(r#"[{"error":{"code":"invalid_request","message":"`policy`: "#), "{answers}");
    assert_eq!(HOSTILE.evaluate_cycles_json("[ ]").unwrap(), "[]");
}
