//! The guard in the host: hostile plans through both entry points, and the guard component against the native guard.

#[path = "../../tests/support/mod.rs"]
mod support;

use host_test::{BLUE_GREEN, HOSTILE, component, verdict};
use pointsman::{
    Amount, Commitment, HealthStatus, Route, Spec,
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

/// The violations of a misdeed through the typed entry point; none where it passes.
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

/// The violations of a misdeed through the JSON entry point, between two answers that are good.
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
#[case::duplicate_id("duplicate_id", &[Code::DuplicateId, Code::PromotedNotGreen])]
#[case::promote_and_drain("promote_and_drain", &[Code::ConflictingChanges, Code::PromotedNotGreen])]
#[case::promote_all("promote_all", &[Code::PromotedNotGreen, Code::PromotedNotReady])]
#[case::promote_blue("promote_blue", &[Code::PromotedNotGreen])]
#[case::promote_not_ready("promote_not_ready", &[Code::PromotedNotReady])]
#[case::drain_all("drain_all", &[Code::CapacityLowered, Code::DrainedWhileShort])]
#[case::create_ten_million("create_ten_million", &[Code::TooManyLive, Code::TooManyTerminating])]
#[case::create_active("create_active", &[Code::TooManyLive])]
#[case::complete_early("complete_early", &[Code::CompletedEarly])]
#[case::roll_back_early("roll_back_early", &[Code::RolledBackEarly])]
#[case::long_memo("long_memo", &[Code::InvalidMemo])]
#[case::nul_memo("nul_memo", &[Code::InvalidMemo])]
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
    let policy = Policy { max_unavailable: Amount::percent(100), ..Policy::default() };

    assert_eq!(door(&HOSTILE.under(policy), "drain_all"), []);
}

/// Each deployment of a batch has its own policy, and the spec's own limits outweigh it.
#[test]
fn a_policy_of_one_deployment_of_a_batch() {
    let request = serde_json::to_value(Request { routes: given(), spec: misdeed("drain_all") }).unwrap();
    let all_may_go = serde_json::json!({"max_unavailable": "100%"});
    let with = |policy: Option<serde_json::Value>, limits: Option<serde_json::Value>| {
        let mut request = request.clone();
        request["policy"] = policy.unwrap_or_else(|| serde_json::json!({}));
        request["spec"]["limits"] = limits.unwrap_or_default();
        request
    };
    let limits = serde_json::json!({"least_serving": 1, "most_live": 9});
    let requests = serde_json::json!([
        with(Some(all_may_go.clone()), None),
        with(None, None),
        with(Some(all_may_go.clone()), Some(limits)),
        with(Some(serde_json::json!({"max_surge": "many"})), None),
        with(Some(all_may_go), None),
    ]);

    let answers = HOSTILE.evaluate_cycles_json(&requests.to_string()).unwrap();

    let answers: Vec<Answer> = serde_json::from_str(&answers).unwrap();
    let codes = answers.iter().map(|answer| match answer {
        Answer::Ok(_) => None,
        Answer::Error { code, .. } => Some(*code),
    });
    let rejected = Some(ErrorCode::PlanRejected);
    let invalid = Some(ErrorCode::InvalidRequest);
    assert_eq!(codes.collect::<Vec<_>>(), [None, rejected, rejected, invalid, None]);
    assert!(
        matches!(&answers[3], Answer::Error { message, .. } if message.contains("`policy`") && message.contains("many"))
    );
}

/// The plugin sees the limits that the host's policy comes to, through every entry point; under ids only it sees none.
#[test]
fn a_policy_is_resolved_into_limits() {
    let policy = Policy { max_surge: Amount::Count(7), max_unavailable: Amount::Count(2), ..Policy::default() };
    let commitment = |plugin: &Plugin, spec: &Spec| {
        let typed = plugin.evaluate_cycle(&given(), spec).unwrap().commitment;
        let request = serde_json::to_string(&[Request { routes: given(), spec: spec.clone() }]).unwrap();
        let answers: Vec<Answer> = serde_json::from_str(&plugin.evaluate_cycles_json(&request).unwrap()).unwrap();
        let [Answer::Ok(json)] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(json.commitment, typed);
        assert_eq!(
            plugin.evaluate_cycles_json(&request.replace("\"limits\":null,", "")).unwrap(),
            serde_json::to_string(&answers).unwrap()
        );
        typed
    };
    let expected = Commitment { least_serving: 1, most_live: 10 };

    assert_eq!(commitment(&HOSTILE.under(policy), &misdeed("none")), expected);
    assert_eq!(HOSTILE.under(policy).check_config(r#"{"misdeed": "none"}"#, 3).unwrap(), expected);
    assert_eq!(commitment(&HOSTILE.with_guard(Guard::IdsOnly), &misdeed("none")), Commitment::NONE);
    let given_limits = Commitment { least_serving: 2, most_live: 5 };
    let spec = Spec { limits: Some(given_limits), ..misdeed("none") };
    assert_eq!(commitment(&HOSTILE.under(policy), &spec), given_limits);
}

/// Texts of a plugin cannot forge lines of a log, and an evaluation that is asked for too soon is put off.
#[test]
fn plans_are_tidied() {
    let (routes, forge, soon) = (given(), misdeed("forge_texts"), misdeed("again_in_a_millisecond"));
    let json = |spec: &Spec| {
        let request = serde_json::to_string(&[Request { routes: routes.clone(), spec: spec.clone() }]).unwrap();
        let answers: Vec<Answer> = serde_json::from_str(&HOSTILE.evaluate_cycles_json(&request).unwrap()).unwrap();
        let [Answer::Ok(plan)] = &answers[..] else { panic!("{answers:?}") };
        plan.clone()
    };
    for plan in [HOSTILE.evaluate_cycle(&routes, &forge).unwrap(), json(&forge)] {
        assert!(plan.reason.message.starts_with("ok\\u{a}ERROR \\u{9b}31m all routes lost \\u{202e}xxx"));
        assert_eq!((plan.reason.message.len(), plan.reason.code.len()), (1024, 64));
        assert_eq!(plan.gate.unwrap().len(), 64);
    }
    for plan in [HOSTILE.evaluate_cycle(&routes, &soon).unwrap(), json(&soon)] {
        assert_eq!(plan.next_evaluation_at, Some(soon.now.saturating_add_millis(1000)));
    }
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

/// The guard component's JSON entry point.
fn component_check_plans(requests: &str) -> Result<String, String> {
    let engine = Engine::default();
    let guard = Component::from_file(&engine, component("plugins/guard.wasm")).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &guard).unwrap();
    let door = instance.get_export_index(&mut store, None, "pointsman:guard/guard-json@0.2.0").unwrap();
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
        "promoted-not-green",
        "promoted-not-ready",
        "changed-not-live",
        "activated-not-ready",
        "capacity-lowered",
        "drained-while-short",
        "too-many-live",
        "too-many-terminating",
        "completed-early",
        "rolled-back-early",
        "against-request",
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
