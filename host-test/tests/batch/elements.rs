//! Elements of a batch: requests that are right, and texts that are odd.

use pointsman::{Route, Spec, guard::Policy, json::Request};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::support::{any_amount, any_routes, any_spec_with};

/// One element of a batch, and the same for the typed entry point where it can be said there.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) text: String,
    pub(crate) typed: Option<(Vec<Route>, Spec, Option<Policy>)>,
}

/// Values that are no policy, or one that is written in an odd way.
pub(crate) const ODD_POLICIES: [&str; 12] = [
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

/// Elements that are no request at all.
pub(crate) const ODD_ELEMENTS: [&str; 16] = [
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
pub(crate) const ODD_PARTS: [&str; 10] = [
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
pub(crate) fn good(config: BoxedStrategy<String>) -> impl Strategy<Value = Element> {
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
pub(crate) fn odd(config: BoxedStrategy<String>) -> impl Strategy<Value = Element> {
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

pub(crate) fn any_batch(config: BoxedStrategy<String>) -> impl Strategy<Value = Vec<Element>> {
    let element = prop_oneof![1 => good(config.clone()), 1 => odd(config)];
    vec(element, 0..8)
}
