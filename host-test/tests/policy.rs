//! The policy of one deployment: through every entry point the same, resolved into limits, refused where it is none.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::num::NonZeroU64;

use host_test::{Folder, HOST, HOSTILE, hostile_version};
use pointsman::{
    Amount, Commitment, Route, Spec,
    guard::{Policy, ViolationCode as Code},
    json::{Answer, ErrorCode, Request},
};
use pointsman_host::{
    Decision, EvaluateError, Guard, Registry,
    registry::{Comparison, Options, Outcome, RegistryError, Trial},
};
use rstest::rstest;
use serde_json::{Value, json};
use support::{activate, routes, spec};

/// What one deployment gets: with its routes and its spec, under a policy of its own or under that of the default.
type EntryPoint = fn(Option<Policy>, &Spec) -> Decision;

/// Three serving routes of v1.
fn given() -> Vec<Route> {
    routes(1, 3, "v1", activate)
}

fn misdeed(word: &str) -> Spec {
    spec(1000, &format!(r#"{{"misdeed": "{word}"}}"#))
}

fn request(policy: Option<Policy>, spec: &Spec) -> Value {
    let mut request = json!(Request { routes: given(), spec: spec.clone() });
    if let Some(policy) = policy {
        request["policy"] = json!(policy);
    }
    request
}

/// The answer to a request between two others, of which one has a policy that allows everything and one that allows
/// nothing.
fn between_others(policy: Option<Policy>, spec: &Spec, ask: impl FnOnce(&str) -> String) -> Decision {
    let generous = Policy { max_unavailable: Amount::percent(100), ..Policy::default() };
    let strict = Policy { max_unavailable: Amount::Count(0), ..Policy::default() };
    let others = [generous, strict].map(|policy| request(Some(policy), &misdeed("drain_all")));
    let [before, after] = others;
    let answers = ask(&json!([before, request(policy, spec), after]).to_string());
    let [Answer::Ok(_), answer, Answer::Error { code: ErrorCode::PlanRejected, .. }] =
        <[Answer; 3]>::try_from(serde_json::from_str::<Vec<Answer>>(&answers).unwrap()).unwrap()
    else {
        panic!("{answers}")
    };
    Decision::Answer(answer)
}

fn plugin(policy: Option<Policy>, spec: &Spec) -> Decision {
    let plugin = policy.map_or_else(|| HOSTILE.clone(), |policy| HOSTILE.under(policy));
    Decision::from(&plugin.evaluate_cycle(&given(), spec))
}

fn plugin_json(policy: Option<Policy>, spec: &Spec) -> Decision {
    between_others(policy, spec, |requests| HOSTILE.evaluate_cycles_json(requests).unwrap())
}

/// A session serves many deployments, each under its own.
fn session(policy: Option<Policy>, spec: &Spec) -> Decision {
    let mut session = HOSTILE.session().unwrap();
    let nothing_goes = Policy { max_unavailable: Amount::Count(0), max_surge: Amount::Count(0), ..Policy::default() };
    session.evaluate_cycle_under(nothing_goes, &given(), &misdeed("drain_all")).unwrap_err();
    Decision::from(&match policy {
        Some(policy) => session.evaluate_cycle_under(policy, &given(), spec),
        None => session.evaluate_cycle(&given(), spec),
    })
}

fn session_json(policy: Option<Policy>, spec: &Spec) -> Decision {
    let mut session = HOSTILE.session().unwrap();
    between_others(policy, spec, |requests| session.evaluate_cycles_json(requests).unwrap())
}

/// A registry with a strategy, whose second version is tried beside the first for so many requests.
fn trying(folder: &Folder, evaluations: u64) -> Registry {
    let registry = Registry::new(HOST.clone(), Options::default());
    registry.swap("hostile", folder.write("honest.wasm", &hostile_version("honest"))).unwrap();
    let trial = Trial::evaluations(NonZeroU64::new(evaluations).unwrap());
    registry.shadow("hostile", folder.write("other.wasm", &hostile_version("other")), trial).unwrap();
    registry
}

/// The shadow decides each request under the same policy: it came to the same, and it had as many plans rejected.
fn assert_shadow_agrees(registry: &Registry) {
    let shadow = registry.last_shadow("hostile").unwrap().unwrap();
    assert_ne!(shadow.wait(std::time::Duration::from_mins(1)), Comparison::Running);
    let status = registry.status().remove(0);
    assert_eq!((shadow.differences(), shadow.status().violations), (vec![], status.violations));
}

fn registry(policy: Option<Policy>, spec: &Spec) -> Decision {
    let folder = Folder::new();
    let registry = trying(&folder, 1);
    let result = match policy {
        Some(policy) => registry.evaluate_cycle_under("hostile", policy, &given(), spec),
        None => registry.evaluate_cycle("hostile", &given(), spec),
    };
    assert_shadow_agrees(&registry);
    Decision::from(&result.map(|evaluated| evaluated.value).map_err(|error| match error {
        RegistryError::Evaluate(error) => error,
        other => panic!("{other:?}"),
    }))
}

fn registry_json(policy: Option<Policy>, spec: &Spec) -> Decision {
    let folder = Folder::new();
    let registry = trying(&folder, 3);
    let decision =
        between_others(policy, spec, |requests| registry.evaluate_cycles_json("hostile", requests).unwrap().value);
    assert_shadow_agrees(&registry);
    decision
}

/// Their codes; none where a plan passed.
fn violations(decision: &Decision) -> Vec<Code> {
    match decision {
        Decision::Answer(Answer::Ok(_)) => vec![],
        Decision::Answer(Answer::Error { code: ErrorCode::PlanRejected, violations, .. }) => {
            violations.iter().map(|violation| violation.code).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The limits that the guest saw, which it promises to keep.
fn limits(decision: &Decision) -> Commitment {
    let Decision::Answer(Answer::Ok(plan)) = decision else { panic!("{decision:?}") };
    plan.commitment
}

fn count(max_unavailable: u32, max_surge: u32) -> Policy {
    let (max_unavailable, max_surge) = (Amount::Count(max_unavailable), Amount::Count(max_surge));
    Policy { max_unavailable, max_surge, ..Policy::default() }
}

#[rstest]
fn a_policy_bounds_the_plan(
    #[values(plugin, plugin_json, session, session_json, registry, registry_json)] ask: EntryPoint,
) {
    let rejected = [Code::CapacityLowered, Code::DrainedWhileShort];

    assert_eq!(violations(&ask(None, &misdeed("drain_all"))), rejected);
    assert_eq!(violations(&ask(Some(Policy::default()), &misdeed("drain_all"))), rejected);
    assert_eq!(violations(&ask(Some(count(2, 1)), &misdeed("drain_all"))), rejected);
    assert_eq!(violations(&ask(Some(count(3, 1)), &misdeed("drain_all"))), []);
    let given_limits = Spec { limits: Some(Commitment { least_serving: 1, most_live: 9 }), ..misdeed("drain_all") };
    assert_eq!(violations(&ask(Some(count(3, 1)), &given_limits)), rejected, "given limits outweigh the policy");
    let given_limits = Spec { limits: Some(Commitment { least_serving: 0, most_live: 9 }), ..misdeed("drain_all") };
    assert_eq!(violations(&ask(Some(count(0, 1)), &given_limits)), [], "given limits outweigh the policy");
}

/// What the guest sees, at the bounds of the target and of the amounts.
#[rstest]
#[case::the_default(None, 3, 2, 6)]
#[case::counts(Some(count(2, 7)), 3, 1, 10)]
#[case::more_than_there_are(Some(count(u32::MAX, u32::MAX)), 3, 0, u32::MAX)]
#[case::no_surge_is_one(Some(count(0, 0)), 3, 3, 4)]
#[case::no_target(Some(count(2, 7)), 0, 0, 0)]
#[case::parts(
    Some(Policy { max_unavailable: Amount::Millipercent(12_500), max_surge: Amount::Millipercent(12_500), ..Policy::default() }),
    20, 18, 23
)]
#[case::all_targets(Some(count(1, 1)), u32::MAX, u32::MAX - 1, u32::MAX)]
fn a_policy_is_resolved_into_limits(
    #[values(plugin, plugin_json, session, session_json, registry, registry_json)] ask: EntryPoint,
    #[case] policy: Option<Policy>,
    #[case] target_replicas: u32,
    #[case] least_serving: u32,
    #[case] most_live: u32,
) {
    let spec = Spec { target_replicas, ..misdeed("none") };
    assert_eq!(limits(&ask(policy, &spec)), Commitment { least_serving, most_live });

    let given = Commitment { least_serving: 2, most_live: 5 };
    assert_eq!(limits(&ask(policy, &Spec { limits: Some(given), ..spec })), given);
}

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
            registry.evaluate_cycle_under("hostile", strict, &given(), &spec).unwrap().value,
            json(&spec, ids_only.evaluate_cycles_json(&batch).unwrap()),
            json(&spec, session.evaluate_cycles_json(&batch).unwrap()),
            json(&spec, registry.evaluate_cycles_json("hostile", &batch).unwrap().value),
        ];
        for plan in plans {
            assert_eq!(
                (plan.commitment, plan.drain_route_ids.len()),
                (Commitment::NONE, if word == "none" { 0 } else { 3 })
            );
        }
    }
}

/// The sentence names the path, and says what would be right.
#[rstest]
#[case::null("null", "`policy`: invalid type: null, expected a JSON object")]
#[case::array(r#"["25%", 1, "100%"]"#, "`policy`: invalid type: sequence, expected a JSON object")]
#[case::amount(r#""25%""#, "`policy`: invalid type: string \"25%\", expected a JSON object")]
#[case::unknown_field(
    r#"{"serving_floor": 1}"#,
    "`policy.serving_floor`: unknown field `serving_floor`, expected one of `max_unavailable`, `max_surge`, `complete_at`"
)]
#[case::word(
    r#"{"max_surge": "many"}"#,
    "`policy.max_surge`: invalid value: string \"many\", expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::count_as_text(
    r#"{"max_surge": "3"}"#,
    "`policy.max_surge`: invalid value: string \"3\", expected a number of routes from 0 to 4294967295, or a percentage \
     such as \"25%\" or \"12.5%\""
)]
#[case::too_many(
    r#"{"complete_at": 4294967296}"#,
    "`policy.complete_at`: invalid value: integer `4294967296`, expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::negative(
    r#"{"max_unavailable": -1}"#,
    "`policy.max_unavailable`: invalid value: integer `-1`, expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::fraction(
    r#"{"max_unavailable": 1.5}"#,
    "`policy.max_unavailable`: invalid type: floating point `1.5`, expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::too_fine(
    r#"{"max_surge": "0.0001%"}"#,
    "`policy.max_surge`: invalid value: string \"0.0001%\", expected a number of routes from 0 to 4294967295, or a \
     percentage such as \"25%\" or \"12.5%\""
)]
#[case::twice(r#"{"max_surge": 1, "max_surge": 1}"#, "`policy.max_surge`: duplicate field `max_surge`")]
fn what_is_no_policy(
    #[case] policy: &str,
    #[case] expected: &str,
    #[values(Guard::default(), Guard::IdsOnly)] guard: Guard,
) {
    let request = request(None, &misdeed("none")).to_string();
    let with_policy = format!(r#"{{"policy":{policy},{}"#, &request[1..]);
    let plugin = HOSTILE.with_guard(guard);

    let answers = plugin.evaluate_cycles_json(&format!("[{request},{with_policy},{request}]")).unwrap();

    let answers: Vec<Answer> = serde_json::from_str(&answers).unwrap();
    let [Answer::Ok(_), Answer::Error { code: ErrorCode::InvalidRequest, message, violations }, Answer::Ok(_)] =
        &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((message.as_str(), violations.len()), (expected, 0));
}

/// What is recorded of a request that was decided differently can be asked again, under the same policy.
#[test]
fn a_difference_is_recorded_with_the_policy() {
    let folder = Folder::new();
    let registry = Registry::new(HOST.clone(), Options::default());
    registry.swap("hostile", folder.write("meek.wasm", &hostile_version("meek"))).unwrap();
    let trial = Trial { most_differences: 9, ..Trial::evaluations(NonZeroU64::new(2).unwrap()) };
    registry.shadow("hostile", folder.write("honest.wasm", &hostile_version("honest")), trial).unwrap();
    let (policy, spec) = (count(3, 1), misdeed("drain_all"));

    registry.evaluate_cycle_under("hostile", policy, &given(), &spec).unwrap();
    let batch = json!([request(Some(policy), &spec)]).to_string();
    registry.evaluate_cycles_json("hostile", &batch).unwrap();

    let shadow = registry.last_shadow("hostile").unwrap().unwrap();
    assert_eq!(shadow.wait(std::time::Duration::from_mins(1)), Comparison::Passed);
    assert_eq!(shadow.status().outcomes[&Outcome::Ok], 2);
    let requests: Vec<Value> =
        shadow.differences().iter().map(|found| serde_json::from_str(&found.request).unwrap()).collect();
    assert_eq!(requests, [request(Some(policy), &spec), request(Some(policy), &spec)]);
}

/// Only the deployment whose plan is rejected is told so.
#[test]
fn a_rejected_plan_is_an_error_with_its_violations() {
    let error = HOSTILE.under(count(0, 1)).evaluate_cycle(&given(), &misdeed("drain_all")).unwrap_err();

    let EvaluateError::Rejected { plan, violations, .. } = &error else { panic!("{error:?}") };
    assert_eq!((plan.drain_route_ids.len(), violations[0].code), (3, Code::CapacityLowered));
    assert!(error.to_string().contains("3 must stay"), "{error}");
}
