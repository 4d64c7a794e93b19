//! The guard's JSON entry point says what the guard says, to the bit.

use pointsman::guard::{
    self, Policy,
    json::{PlanToCheck, Verdict, check_plans},
};
use rstest::rstest;

use crate::given::*;

fn request() -> PlanToCheck {
    PlanToCheck {
        routes: serving(1, 3, "v1", 0.1 + 0.2),
        spec: wanting(3),
        plan: on_the_way().draining(r([1])),
        policy: Policy::default(),
    }
}

#[test]
fn each_by_itself_in_order() {
    let good = serde_json::to_string(&request()).unwrap();
    let bad = serde_json::to_string(&PlanToCheck { plan: on_the_way().draining(r([9])), ..request() }).unwrap();

    let answers = check_plans(&format!(r#"[{good}, {{"routes": []}}, {bad}, 7, {good}]"#)).unwrap();

    let answers: Vec<Verdict> = serde_json::from_str(&answers).unwrap();
    assert_eq!(answers[0], Verdict::Violations(vec![]));
    assert!(matches!(&answers[1], Verdict::Error(message) if message.contains("`spec`")), "{:?}", answers[1]);
    assert!(matches!(&answers[2], Verdict::Violations(found) if found[0].code == guard::ViolationCode::UnknownId));
    assert!(matches!(&answers[3], Verdict::Error(_)));
    assert_eq!(answers[4], answers[0]);
    assert_eq!(answers.len(), 5);
}

/// What may be left out of a request counts as the contract says.
#[test]
fn defaults() {
    let mut request = serde_json::to_value(request()).unwrap();
    for (of, fields) in [
        ("", &["policy"][..]),
        ("spec", &["operator", "checks", "limits", "free_places", "labels", "memo", "config"]),
        ("plan", &["commitment", "progress", "labels"]),
    ] {
        let object = if of.is_empty() { &mut request } else { &mut request[of] };
        for field in fields {
            object.as_object_mut().unwrap().remove(*field).unwrap_or_else(|| panic!("{of} has no {field}"));
        }
    }
    for route in request["routes"].as_array_mut().unwrap() {
        for field in ["status_updated_at", "end", "labels"] {
            route.as_object_mut().unwrap().remove(field).unwrap();
        }
    }

    assert_eq!(Verdict::on(&request.to_string()), Verdict::Violations(vec![]));
}

#[rstest]
#[case::policy(r#""policy": {"max_unavailable": "25"}"#, "policy.max_unavailable")]
#[case::negative(r#""policy": {"max_surge": -1}"#, "policy.max_surge")]
#[case::null(r#""policy": null"#, "policy")]
#[case::unknown(r#""polite": {}"#, "polite")]
fn what_cannot_be_read_is_named(#[case] field: &str, #[case] named: &str) {
    let request = serde_json::to_string(&request()).unwrap();
    let start = request.find(r#","policy""#).unwrap();

    let verdict = Verdict::on(&format!("{},{field}}}", &request[..start]));

    assert!(matches!(&verdict, Verdict::Error(message) if message.contains(named)), "{verdict:?}");
}

#[test]
fn anything_but_an_array_is_an_error() {
    for text in ["", "{}", "[", "null", "[1] 2"] {
        let error = check_plans(text).unwrap_err();
        assert!(error.starts_with("not a JSON array of plans to check"), "{error}");
    }
    assert_eq!(check_plans("[]").unwrap(), "[]");
}
