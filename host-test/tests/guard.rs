//! The guard in the host: hostile plans through both doors, and the guard component against the native guard.

#[path = "../../tests/support/mod.rs"]
mod support;

use host_test::{BLUE_GREEN, HOSTILE, component, verdict};
use pointsman::{
    HealthStatus, Route, Spec,
    blue_green::BlueGreen,
    evaluate_cycle,
    guard::{
        Policy, ViolationCode as Code,
        json::{PlanToCheck, check_plans},
    },
    json::{Answer, ErrorCode, Request},
};
use pointsman_host::{EvaluateCyclesError, EvaluateError, Guard, Plugin};
use proptest::prelude::*;
use rstest::rstest;
use support::{activate, any_routes, any_spec, routes, spec};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

/// Three serving routes of v1, and three of v2 of which one is not healthy.
fn given() -> Vec<Route> {
    let mut routes = [routes(1, 3, "v1", activate), routes(4, 3, "v2", |_| {})].concat();
    routes[5].health = HealthStatus::Unhealthy;
    routes
}

fn misdeed(word: &str) -> Spec {
    spec(1000, &format!(r#"{{"misdeed": "{word}"}}"#))
}

/// The violations of a misdeed through the typed door; none where it passes.
fn typed(plugin: &Plugin, word: &str) -> Vec<Code> {
    match plugin.evaluate_cycle(&given(), &misdeed(word)) {
        Ok(_) => vec![],
        Err(EvaluateError::Rejected { plugin: id, violations, .. }) => {
            assert_eq!(id, *HOSTILE.id());
            violations.into_iter().map(|violation| violation.code).collect()
        }
        Err(other) => panic!("`{word}` gave {other:?}"),
    }
}

/// The violations of a misdeed through the JSON door, between two answers that are good.
fn json(plugin: &Plugin, word: &str) -> Vec<Code> {
    let requests = ["none", word, "none"].map(|word| Request { routes: given(), spec: misdeed(word) });
    let answers = plugin.evaluate_cycles_json(&serde_json::to_string(&requests).unwrap()).unwrap();
    let answers: Vec<Answer> = serde_json::from_str(&answers).unwrap();
    assert!(matches!(&answers[..], [Answer::Ok(_), _, Answer::Ok(_)]), "{answers:?}");
    match &answers[1] {
        Answer::Ok(_) => vec![],
        Answer::Error { code: ErrorCode::PlanRejected, violations, .. } => {
            violations.iter().map(|violation| violation.code).collect()
        }
        other @ Answer::Error { .. } => panic!("`{word}` gave {other:?}"),
    }
}

#[rstest]
#[case::unknown_id("unknown_id", &[Code::UnknownId])]
#[case::duplicate_id("duplicate_id", &[Code::DuplicateId, Code::PromotedBlue])]
#[case::promote_and_drain("promote_and_drain", &[Code::ConflictingChanges, Code::PromotedBlue, Code::ServingFloorBroken])]
#[case::promote_all("promote_all", &[Code::PromotedBlue, Code::PromotedNotReady])]
#[case::promote_blue("promote_blue", &[Code::PromotedBlue])]
#[case::promote_not_ready("promote_not_ready", &[Code::PromotedNotReady])]
#[case::drain_all("drain_all", &[Code::ServingFloorBroken])]
#[case::create_ten_million("create_ten_million", &[Code::CreationTooLarge, Code::TooManyRoutes])]
#[case::again_at_once("again_at_once", &[Code::NextEvaluationNotAhead])]
fn a_hostile_plan_is_rejected(
    #[case] word: &str,
    #[case] codes: &[Code],
    #[values(typed, json)] door: fn(&Plugin, &str) -> Vec<Code>,
) {
    assert_eq!(door(&HOSTILE, word), codes);

    assert_eq!(door(&HOSTILE, "none"), []);
    let spec = spec(1000, "{}");
    assert_eq!(verdict(BLUE_GREEN.evaluate_cycle(&given(), &spec)), evaluate_cycle::<BlueGreen>(&given(), &spec));
}

#[test]
fn a_ratio_that_is_no_number_is_rejected_by_both_doors() {
    assert_eq!(typed(&HOSTILE, "nan_ratio"), [Code::RatioOutOfRange]);

    // JSON has no NaN, so there the answer is none.
    let request = serde_json::to_string(&[Request { routes: given(), spec: misdeed("nan_ratio") }]).unwrap();
    let error = HOSTILE.evaluate_cycles_json(&request).unwrap_err();
    assert!(matches!(error, EvaluateCyclesError::Answers { .. }), "{error:?}");
}

#[rstest]
fn ids_are_checked_whatever_the_guard(#[values(typed, json)] door: fn(&Plugin, &str) -> Vec<Code>) {
    let plugin = HOSTILE.with_guard(Guard::IdsOnly);

    assert_eq!(door(&plugin, "drain_all"), []);
    assert_eq!(door(&plugin, "again_at_once"), []);
    assert_eq!(door(&plugin, "unknown_id"), [Code::UnknownId]);
    assert_eq!(door(&plugin, "duplicate_id"), [Code::DuplicateId]);
    assert_eq!(door(&plugin, "promote_and_drain"), [Code::ConflictingChanges]);
}

#[rstest]
fn a_policy_can_be_set(#[values(typed, json)] door: fn(&Plugin, &str) -> Vec<Code>) {
    let policy = Policy { serving_floor_percent: 0, ..Policy::default() };

    assert_eq!(door(&HOSTILE.with_guard(Guard::Policy(policy)), "drain_all"), []);
}

#[test]
fn ids_do_not_leak_from_one_deployment_into_another() {
    let other = routes(50, 2, "v2", |_| {});
    // A fresh instance has nothing to leak.
    HOSTILE.evaluate_cycle(&given(), &misdeed("leak_ids")).unwrap();
    assert!(HOSTILE.evaluate_cycle(&other, &misdeed("leak_ids")).unwrap().is_empty());

    // A session has, and the guard finds it.
    let mut session = HOSTILE.session().unwrap();
    session.evaluate_cycle(&given(), &misdeed("leak_ids")).unwrap();
    let error = session.evaluate_cycle(&other, &misdeed("leak_ids")).unwrap_err();
    let EvaluateError::Rejected { violations, .. } = error else { panic!("{error:?}") };
    assert_eq!((violations[0].code, violations[0].route_ids.len()), (Code::UnknownId, 6));
}

/// The guard component's JSON door.
fn component_check_plans(requests: &str) -> Result<String, String> {
    let engine = Engine::default();
    let guard = Component::from_file(&engine, component("plugins/guard.wasm")).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &guard).unwrap();
    let door = instance.get_export_index(&mut store, None, "pointsman:guard/guard-json@0.1.0").unwrap();
    let function = instance.get_export_index(&mut store, Some(&door), "check-plans").unwrap();
    let function = instance.get_typed_func::<(&str,), (Result<String, String>,)>(&mut store, &function).unwrap();
    function.call(&mut store, (requests,)).unwrap().0
}

#[test]
fn the_guard_component_judges_as_the_native_guard() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let inputs = (any_routes(), any_spec(), any_routes(), any_spec());
    let mut requests = vec![];
    for _ in 0..2_000 {
        // A plan made for other routes of the same ids, so that it is often wrong.
        let (routes, spec, others, other_spec) =
            proptest::strategy::ValueTree::current(&inputs.new_tree(&mut runner).unwrap());
        let plan = evaluate_cycle::<BlueGreen>(&others, &other_spec).unwrap();
        requests.push(PlanToCheck { routes, spec, plan, policy: Policy::default() });
    }
    let requests = serde_json::to_string(&requests).unwrap();

    let verdicts = component_check_plans(&requests).unwrap();

    assert_eq!(verdicts, check_plans(&requests).unwrap());
    for code in [
        "unknown-id",
        "promoted-blue",
        "promoted-not-ready",
        "drained-not-live",
        "serving-floor-broken",
        "too-many-routes",
    ] {
        assert!(verdicts.contains(code), "{code} is in none of the verdicts");
    }
    assert!(verdicts.contains(r#"{"violations":[]}"#));
}

#[test]
fn the_guard_component_says_what_cannot_be_checked() {
    for requests in ["", "{}", r#"[{"routes": [], "spec": 1}]"#, "[1, 2]"] {
        assert_eq!(component_check_plans(requests), check_plans(requests));
    }
}
