//! All rules at once, on random plans: the guard finds what the oracle holds to be harm, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use pointsman::{Route, RouteChanges, Spec, TrafficStatus, guard::ViolationCode as Code};
use proptest::{strategy::ValueTree, test_runner::TestRunner};

use proptest::strategy::Strategy as _;

use crate::{
    oracle::{Case, Opinion, any_case, busiest, carries, found, wholes},
    support::apply,
    violations::CODES,
};

const PLANS: usize = 60_000;

fn cases() -> impl Iterator<Item = Case> {
    let (mut runner, strategy) = (TestRunner::deterministic(), any_case());
    std::iter::repeat_with(move || strategy.new_tree(&mut runner).unwrap().current()).take(PLANS)
}

#[test]
fn the_guard_finds_what_the_oracle_finds_and_nothing_else() {
    let mut seen: BTreeMap<Code, usize> = BTreeMap::new();
    let (mut alone, mut harmless, mut unsure) = (BTreeSet::new(), 0, 0);
    for case in cases() {
        let Case { routes, spec, plan, policy } = &case;
        let (found, opinion) = (found(routes, spec, plan, policy), Opinion::of(routes, spec, plan, policy));

        assert!(opinion.agrees_with(&found), "found {found:?}, {opinion:?}\n{case:#?}");
        harmless += usize::from(found.is_empty() && !plan.is_empty());
        // Where a ratio is none, nobody knows what traffic goes where: that is no matter of rounding.
        let is_rounding = !opinion.wrong.contains(&Code::RatioOutOfRange);
        unsure += usize::from(is_rounding && !opinion.unsure.is_empty());
        if found.len() == 1 {
            alone.extend(found.iter().copied());
        }
        for code in found {
            *seen.entry(code).or_default() += 1;
        }
    }

    // So that neither direction is proved of nothing: what passes changes something, each code is met often, and by
    // itself, and rounding decides seldom.
    assert!(harmless > PLANS / 20, "only {harmless} harmless plans that change something");
    assert!(unsure < PLANS / 100, "{unsure} of {PLANS} were not told");
    for code in CODES {
        assert!(seen.get(&code).is_some_and(|n| *n > PLANS / 1000), "{code:?} was seen {:?} times", seen.get(&code));
    }
    let never_alone: Vec<Code> = CODES.into_iter().filter(|code| !alone.contains(code)).collect();
    // What is not live is not ready either, but it can be drained; one name is no conflict unless it stands twice.
    assert_eq!(never_alone, [], "found only beside others");
}

/// What the rule on capacity is for, told without it: routes get ready one by one or all at once, and none of them is
/// overloaded by a plan that passed.
///
/// The other way round does not hold on purpose. Beside nine at a ratio of 1.0 that carry nine ninths, a tenth that is
/// created at 1.0 would get a tenth; beside nine at 0.9 it would get 1.0 of 9.1, less than a ninth as well, and is
/// refused: it is measured against what the nine carry without it, since nobody knows yet whether it carries anything.
#[test]
fn nobody_is_overloaded_by_a_plan_that_passes() {
    let (mut passed, mut joined, mut refused, mut refused_by_load) = (0, 0, 0, 0);
    for Case { routes, spec, plan, policy } in cases() {
        let found = found(&routes, &spec, &plan, &policy);
        // The world below has no room for millions; more of the same are no heavier a load.
        let plan = few_created(&plan);
        let limits = spec.limits.unwrap_or_else(|| policy.resolve(spec.target_replicas));
        let least = limits.least_serving.max(plan.commitment.least_serving);
        let ids_are_wrong = [Code::InvalidRoutes, Code::UnknownId, Code::DuplicateId, Code::ConflictingChanges];
        if ids_are_wrong.iter().any(|code| found.contains(code)) || found.contains(&Code::RatioOutOfRange) {
            continue;
        }
        let before = busiest(shares(&routes));
        let (bound, at_most) = wholes(before);
        let bound = bound.min(least);
        let worlds = worlds(&routes, &spec, &plan);
        let is_overloaded = |world: &Vec<Route>| carries(busiest(shares(world)), bound) == Some(false);
        let is_harm = worlds.iter().any(is_overloaded);
        if found.contains(&Code::CapacityLowered) {
            refused += 1;
            refused_by_load += usize::from(is_harm);
        } else {
            assert!(!is_harm || at_most.min(least) > bound, "{routes:#?} {plan:#?} {least}");
            passed += usize::from(!plan.is_empty());
            joined += usize::from(worlds.len() > 1);
        }
    }

    assert!(passed > PLANS / 5 && joined > PLANS / 50 && refused > PLANS / 50, "{passed}, {joined}, {refused}");
    // Most of what is refused is what shares alone would refuse.
    assert!(refused_by_load * 10 > refused * 6, "{refused_by_load} of {refused}");
}

/// At most two of each kind.
fn few_created(plan: &RouteChanges) -> RouteChanges {
    let mut plan = plan.clone();
    plan.rollout_specs.iter_mut().for_each(|created| created.count = created.count.min(2));
    plan
}

/// The ratios of those that get requests.
fn shares(routes: &[Route]) -> impl Iterator<Item = f64> {
    routes.iter().filter(|route| route.is_serving()).map(|route| route.traffic_ratio)
}

/// The routes right after the plan; with each of those that it lets in ready, and with all of them.
fn worlds(routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<Vec<Route>> {
    let now = apply(plan, routes, spec);
    let was_in_traffic = |id: &str| routes.iter().any(|it| it.id == id && it.is_active() && it.traffic_ratio > 0.0);
    let is_let_in =
        |route: &Route| route.is_live() && route.traffic_status == TrafficStatus::Active && !was_in_traffic(&route.id);
    let joining: Vec<usize> = (0..now.len()).filter(|i| is_let_in(&now[*i]) && !now[*i].is_ready()).collect();
    let ready = |which: &[usize]| {
        let mut world = now.clone();
        for i in which {
            world[*i].status = pointsman::RouteStatus::Running;
            world[*i].health = pointsman::HealthStatus::Healthy;
        }
        world
    };
    let mut worlds = vec![now.clone()];
    worlds.extend(joining.iter().map(|i| ready(&[*i])));
    if joining.len() > 1 {
        worlds.push(ready(&joining));
    }
    worlds
}
