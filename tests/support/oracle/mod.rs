//! What the guard should find in a plan, worked out in another way: apply it to a world of replicas, look at what share
//! of the traffic each of them gets, and see who is worse off.
//!
//! It shares no word and no arithmetic with the guard. The guard weighs capacities, sums of ratios over the largest;
//! here a replica is *overloaded* by its share of the traffic. Where a share is so near to a bound that rounding
//! decides, the oracle is not sure, and either verdict is right.
#![allow(
    dead_code,
    unused_imports,
    clippy::assigning_clones,
    clippy::manual_try_fold,
    clippy::manual_range_contains,
    reason = "shared by several test binaries"
)]

mod drafts;
mod judge;
mod load;
mod world;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use drafts::{Case, any_case};
use judge::{Bounds, Judge};
pub(crate) use load::{busiest, carries, wholes};
use pointsman::{
    Route, RouteChanges, Spec,
    guard::{self, Policy, ViolationCode as Code},
};
use world::World;

/// What the oracle holds of a plan.
#[derive(Debug, Default)]
pub(crate) struct Opinion {
    /// What the plan does wrong.
    pub(crate) wrong: BTreeSet<Code>,
    /// What it may do wrong: rounding decides.
    pub(crate) unsure: BTreeSet<Code>,
    /// Its ids are wrong, so that nobody knows what it would come to. Anything else may be found in it, or not.
    pub(crate) is_blind: bool,
}

/// The codes that the guard finds, each once.
pub(crate) fn found(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> BTreeSet<Code> {
    guard::check(routes, spec, plan, policy).into_iter().map(|violation| violation.code).collect()
}

impl Opinion {
    /// Looks at a plan.
    pub(crate) fn of(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Self {
        let mut opinion = Self::default();
        let touches = !(plan.rollout_specs.is_empty()
            && plan.promote_route_ids.is_empty()
            && plan.traffic_changes.is_empty()
            && plan.drain_route_ids.is_empty());
        if (touches || plan.sub_step.is_over()) && !are_possible(routes) {
            // Nothing else is looked at.
            opinion.wrong.insert(Code::InvalidRoutes);
            return opinion;
        }
        opinion.on_the_host(spec, plan);
        if opinion.on_ids(routes, plan) {
            let before = World::of(routes, spec);
            let after = before.after(plan, spec);
            Judge { opinion: &mut opinion, spec, plan, before, after, bounds: Bounds::of(spec, plan, policy) }.judge();
        } else {
            opinion.is_blind = true;
        }
        opinion
    }

    /// Whether the guard may have found this.
    pub(crate) fn agrees_with(&self, found: &BTreeSet<Code>) -> bool {
        self.wrong.is_subset(found)
            && (self.is_blind || found.iter().all(|code| self.wrong.contains(code) || self.unsure.contains(code)))
    }

    /// Notes what is wrong for sure, where it is; or that it may be.
    fn note(&mut self, code: Code, is_wrong: Option<bool>) {
        match is_wrong {
            Some(true) => _ = self.wrong.insert(code),
            Some(false) => {}
            None => _ = self.unsure.insert(code),
        }
    }

    /// Whether the plan names what was given, each once.
    fn on_ids(&mut self, routes: &[Route], plan: &RouteChanges) -> bool {
        let lists: [Vec<&str>; 3] = [
            plan.promote_route_ids.iter().map(String::as_str).collect(),
            plan.traffic_changes.iter().map(|change| change.route_id.as_str()).collect(),
            plan.drain_route_ids.iter().map(String::as_str).collect(),
        ];
        let mut in_lists: BTreeMap<&str, usize> = BTreeMap::new();
        let mut names_one_twice = false;
        for list in &lists {
            let distinct: BTreeSet<&str> = list.iter().copied().collect();
            names_one_twice |= distinct.len() < list.len();
            for id in distinct {
                *in_lists.entry(id).or_default() += 1;
            }
        }
        let is_given = |id: &str| routes.iter().any(|route| route.id == id);
        let before = self.wrong.len();
        self.note(Code::UnknownId, Some(in_lists.keys().any(|id| !is_given(id))));
        self.note(Code::DuplicateId, Some(names_one_twice));
        self.note(Code::ConflictingChanges, Some(in_lists.values().any(|lists| *lists > 1)));
        self.wrong.len() == before
    }

    /// What the host could not keep or would spin on.
    fn on_the_host(&mut self, spec: &Spec, plan: &RouteChanges) {
        let memo = plan.memo.clone().unwrap_or_default().into_bytes();
        self.note(Code::InvalidMemo, Some(memo.len() > 4096 || memo.contains(&0)));
        let spins = plan.next_evaluation_at.is_some_and(|at| at.as_millis() <= spec.now.as_millis());
        self.note(Code::NextEvaluationNotAhead, Some(spins));
    }
}

/// Whether there can be such routes.
fn are_possible(routes: &[Route]) -> bool {
    let ids: BTreeSet<&str> = routes.iter().map(|route| route.id.as_str()).collect();
    let is_possible = |route: &Route| {
        let keys: BTreeSet<&str> = route.labels.iter().map(|(key, _)| key).collect();
        let are_labels_short = route.labels.iter().all(|(key, value)| key.len() < 64 && value.len() < 257);
        route.traffic_ratio >= 0.0 && route.traffic_ratio <= 1.0 && keys.len() == route.labels.len() && are_labels_short
    };
    ids.len() == routes.len() && !ids.contains("") && routes.iter().all(is_possible)
}
