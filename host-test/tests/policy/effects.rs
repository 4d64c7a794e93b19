//! Effects of a policy on admission, on errors, on what is recorded; and its limits.

use std::num::NonZeroU64;

use host_test::{Folder, HOST, HOSTILE, cycle, hostile_version};
use pointsman::{
    Commitment, Spec,
    guard::{Policy, ViolationCode as Code},
    json::Answer,
};
use pointsman_host::{
    EvaluateError, Guard, Registry,
    registry::{Comparison, Cycle, Options, Outcome, Trial},
};
use serde_json::{Value, json};

use crate::{count, given, request, rollout::misdeed};

/// Admission says what a plan will be held to.
#[test]
fn a_policy_is_resolved_for_admission() {
    let (config, expected) = (r#"{"misdeed": "none"}"#, Commitment { least_serving: 1, most_live: 10 });
    let mut session = HOSTILE.session().unwrap();

    assert_eq!(HOSTILE.under(count(2, 7)).check_config(config, 3).unwrap(), expected);
    assert_eq!(session.check_config_under(count(2, 7), config, 3).unwrap(), expected);
    assert_eq!(session.check_config(config, 3).unwrap(), Policy::default().resolve(3));
}

/// A host that checks plans itself gives no limits, and a deployment's policy makes no guard of one that is off.
#[test]
fn under_ids_only_a_policy_has_no_say() {
    let strict = count(0, 1);
    let ids_only = HOSTILE.with_guard(Guard::IdsOnly);
    assert_eq!(ids_only.under(strict).guard(), Guard::IdsOnly);
    assert_eq!(ids_only.under(strict).check_config(r#"{"misdeed": "none"}"#, 3).unwrap(), Commitment::NONE);
    let options = Options { guard: Guard::IdsOnly, ..Options::default() };
    let registry = Registry::new(HOST.clone(), options);
    registry.swap("hostile", host_test::component("guests/hostile.wasm")).unwrap();
    let mut session = ids_only.session().unwrap();
    let json = |spec: &Spec, answers: String| {
        let [Answer::Ok(plan)] = &serde_json::from_str::<Vec<Answer>>(&answers).unwrap()[..] else {
            panic!("{spec:?} came to {answers}")
        };
        plan.clone()
    };

    for word in ["none", "drain_all"] {
        let spec = misdeed(word);
        let batch = json!([request(Some(strict), &spec)]).to_string();
        let plans = [
            ids_only.under(strict).evaluate_cycle(&given(), &spec).unwrap(),
            session.evaluate_cycle_under(strict, &given(), &spec).unwrap(),
            registry
                .evaluate_cycle("hostile", &Cycle { policy: Some(strict), ..cycle(&given(), &spec) })
                .unwrap()
                .value,
            json(&spec, ids_only.evaluate_cycles_json(&batch).unwrap()),
            json(&spec, session.evaluate_cycles_json(&batch).unwrap()),
            json(&spec, registry.evaluate_cycles_json("hostile", &batch).unwrap().answers),
        ];
        for plan in plans {
            assert_eq!(
                (plan.commitment, plan.drain_route_ids.len()),
                (Commitment::NONE, if word == "none" { 0 } else { 3 })
            );
        }
    }
}

/// A request that was decided differently is recorded so that it can be decided again, under the same policy.
#[test]
fn a_difference_is_recorded_with_the_policy() {
    let folder = Folder::new();
    let registry = Registry::new(HOST.clone(), Options::default());
    registry.swap("hostile", folder.write("meek.wasm", &hostile_version("meek"))).unwrap();
    let trial = Trial { most_differences: 9, ..Trial::evaluations(NonZeroU64::new(2).unwrap()) };
    registry.shadow("hostile", folder.write("honest.wasm", &hostile_version("honest")), trial).unwrap();
    let (policy, spec) = (count(3, 1), misdeed("drain_all"));

    registry.evaluate_cycle("hostile", &Cycle { policy: Some(policy), ..cycle(&given(), &spec) }).unwrap();
    let batch = json!([request(Some(policy), &spec)]).to_string();
    registry.evaluate_cycles_json("hostile", &batch).unwrap();

    let shadow = registry.last_shadow("hostile").unwrap().unwrap();
    assert_eq!(shadow.wait(std::time::Duration::from_mins(1)), Comparison::Passed);
    assert_eq!(shadow.status().outcomes[&Outcome::Ok], 2);
    let requests: Vec<Value> =
        shadow.differences().iter().map(|found| serde_json::from_str(&found.request).unwrap()).collect();
    let in_batch = request(Some(policy), &spec);
    let mut typed = in_batch.clone();
    typed.as_object_mut().unwrap().remove("deployment");
    assert_eq!(requests, [typed, in_batch]);
    assert!(shadow.differences().iter().all(|found| found.deployment == "some"));
}

/// Only the deployment whose plan is rejected is told so.
#[test]
fn a_rejected_plan_is_an_error_with_its_violations() {
    let error = HOSTILE.under(count(0, 1)).evaluate_cycle(&given(), &misdeed("drain_all")).unwrap_err();

    let EvaluateError::Rejected { plan, violations, .. } = &error else { panic!("{error:?}") };
    assert_eq!((plan.drain_route_ids.len(), violations[0].code), (3, Code::CapacityLowered));
    assert!(error.to_string().contains("3 must stay"), "{error}");
}
