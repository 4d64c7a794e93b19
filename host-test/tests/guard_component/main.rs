//! The guard component judges as the native guard, through both entry points, to the last bit of a ratio.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod types;

use std::sync::LazyLock;

use host_test::component;
use pointsman::{
    Route, RouteChanges, Spec,
    blue_green::BlueGreen,
    evaluate_cycle,
    guard::{
        self, Policy, Violation,
        json::{PlanToCheck, Verdict, check_plans},
    },
};
use proptest::prelude::*;
use support::{any_amount, any_ratio, any_routes, any_spec};
use types::GuardPlugin;
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

static GUARD: LazyLock<(Engine, Component)> = LazyLock::new(|| {
    let engine = Engine::default();
    let guard = Component::from_file(&engine, component("plugins/guard.wasm")).unwrap();
    (engine, guard)
});

/// A fresh instance.
fn instance() -> (Store<()>, GuardPlugin) {
    let (engine, guard) = &*GUARD;
    let mut store = Store::new(engine, ());
    let instance = GuardPlugin::instantiate(&mut store, guard, &Linker::new(engine)).unwrap();
    (store, instance)
}

/// The guard component's JSON entry point.
fn component_check_plans(requests: &str) -> Result<String, String> {
    let (mut store, guard) = instance();
    guard.pointsman_guard_guard_json().call_check_plans(&mut store, requests).unwrap()
}

/// Its typed one.
fn component_check(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: Policy) -> Vec<Violation> {
    let (mut store, guard) = instance();
    let routes: Vec<_> = routes.iter().map(types::route).collect();
    let (spec, plan, policy) = (types::spec(spec), types::plan(plan), types::policy(policy));
    let violations = guard.pointsman_guard_guard().call_check(&mut store, &routes, &spec, &plan, policy).unwrap();
    violations.into_iter().map(types::violation).collect()
}

/// A plan made for other routes of the same ids, so that it is often wrong, with ratios of any bits.
fn any_plan_to_check() -> impl Strategy<Value = PlanToCheck> {
    let bits = (0..=1.0_f64.to_bits()).prop_map(f64::from_bits);
    let policy = (any_amount(100), any_amount(250), any_amount(100));
    // In boxes: on the stack of a test they are too large.
    let inputs = (any_routes().boxed(), any_spec().boxed(), any_routes().boxed(), any_spec().boxed());
    let ratios = prop::collection::vec(prop_oneof![bits, any_ratio()], 10..=10);
    (inputs, policy, ratios).prop_map(|((mut routes, spec, others, other_spec), amounts, ratios)| {
        for (route, ratio) in routes.iter_mut().zip(&ratios) {
            route.traffic_ratio = if route.traffic_ratio == 0.0 { 0.0 } else { *ratio };
        }
        let mut plan = evaluate_cycle::<BlueGreen>(&others, &other_spec).unwrap();
        for (created, ratio) in plan.rollout_specs.iter_mut().zip(&ratios) {
            // Ratios that are not possible stand in the guard's message, with all their digits.
            (created.traffic_status, created.traffic_ratio) = (pointsman::TrafficStatus::Active, *ratio);
        }
        for (change, ratio) in plan.traffic_changes.iter_mut().zip(&ratios) {
            change.traffic_ratio = *ratio;
        }
        let (max_unavailable, max_surge, complete_at) = amounts;
        PlanToCheck { routes, spec, plan, policy: Policy { max_unavailable, max_surge, complete_at } }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ratios_of_any_bits(to_check in any_plan_to_check()) {
        let PlanToCheck { routes, spec, plan, policy } = &to_check;
        let native = guard::check(routes, spec, plan, policy);
        let request = serde_json::to_string(&[&to_check]).unwrap();
        let verdicts = serde_json::to_string(&[Verdict::Violations(native.clone())]).unwrap();

        prop_assert_eq!(check_plans(&request).unwrap(), &verdicts[..]);
        prop_assert_eq!(component_check_plans(&request).unwrap(), verdicts);
        prop_assert_eq!(component_check(routes, spec, plan, *policy), native);
    }
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
