//! Every entry point, with one deployment under a policy of its own between others.

use std::num::NonZeroU64;

use host_test::{Folder, HOST, HOSTILE, cycle, hostile_version};
use pointsman::{
    Amount, Commitment, Spec,
    guard::{Policy, ViolationCode as Code},
    json::{Answer, ErrorCode},
};
use pointsman_host::{
    Decision, Registry,
    registry::{Comparison, Cycle, Options, RegistryError, Trial},
};
use rstest::rstest;
use serde_json::json;

use crate::{count, given, request, rollout::misdeed};

/// The decision that one deployment gets: with its routes and its spec, under a policy of its own or under that of the
/// default.
type EntryPoint = fn(Option<Policy>, &Spec) -> Decision;

/// The answer to a request between two others: one whose policy allows everything, and one whose policy allows nothing.
fn between_others(policy: Option<Policy>, spec: &Spec, ask: impl FnOnce(&str) -> String) -> Decision {
    let generous = Policy { max_unavailable: Amount::percent(100), ..Policy::default() };
    let strict = Policy { max_unavailable: Amount::Count(0), ..Policy::default() };
    let others = [generous, strict].map(|policy| request(Some(policy), &misdeed("drain_all")));
    let [before, after] = others;
    let mut requests = [before, request(policy, spec), after];
    for (request, deployment) in requests.iter_mut().zip(["before", "middle", "after"]) {
        request["deployment"] = json!(deployment);
    }
    let answers = ask(&json!(requests).to_string());
    let [Answer::Ok(_), answer, Answer::Error { code: ErrorCode::PlanRejected, .. }] =
        <[Answer; 3]>::try_from(serde_json::from_str::<Vec<Answer>>(&answers).unwrap()).unwrap()
    else {
        panic!("{answers}")
    };
    Decision::Answer(answer)
}

pub(crate) fn plugin(policy: Option<Policy>, spec: &Spec) -> Decision {
    let plugin = policy.map_or_else(|| HOSTILE.clone(), |policy| HOSTILE.under(policy));
    Decision::from(&plugin.evaluate_cycle(&given(), spec))
}

fn plugin_json(policy: Option<Policy>, spec: &Spec) -> Decision {
    between_others(policy, spec, |requests| HOSTILE.evaluate_cycles_json(requests).unwrap())
}

/// A session serves many deployments, each under its own.
pub(crate) fn session(policy: Option<Policy>, spec: &Spec) -> Decision {
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

pub(crate) fn registry(policy: Option<Policy>, spec: &Spec) -> Decision {
    let folder = Folder::new();
    let registry = trying(&folder, 1);
    let result = match policy {
        Some(policy) => registry.evaluate_cycle("hostile", &Cycle { policy: Some(policy), ..cycle(&given(), spec) }),
        None => registry.evaluate_cycle("hostile", &cycle(&given(), spec)),
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
        between_others(policy, spec, |requests| registry.evaluate_cycles_json("hostile", requests).unwrap().answers);
    assert_shadow_agrees(&registry);
    decision
}

/// Their codes; none where a plan passed.
pub(crate) fn violations(decision: &Decision) -> Vec<Code> {
    match decision {
        Decision::Answer(Answer::Ok(_)) => vec![],
        Decision::Answer(Answer::Error { code: ErrorCode::PlanRejected, violations, .. }) => {
            violations.iter().map(|violation| violation.code).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The limits that the guest saw, which it promises to keep.
pub(crate) fn limits(decision: &Decision) -> Commitment {
    let Decision::Answer(Answer::Ok(plan)) = decision else { panic!("{decision:?}") };
    plan.commitment
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

/// The limits that the guest sees, at the bounds of the target and of the amounts.
#[rstest]
#[case::the_default(None, 3, 2, 6)]
#[case::counts(Some(count(2, 7)), 3, 1, 10)]
#[case::more_than_there_are(Some(count(u32::MAX, u32::MAX)), 3, 0, u32::MAX)]
#[case::no_surge_is_one(Some(count(0, 0)), 3, 3, 4)]
#[case::no_target(Some(count(2, 7)), 0, 0, 0)]
#[case::parts(
    Some(Policy {
        max_unavailable: Amount::Millipercent(12_500),
        max_surge: Amount::Millipercent(12_500),
        ..Policy::default()
    }),
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
