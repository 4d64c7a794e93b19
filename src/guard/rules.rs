//! The guard's rules, in the order of the [module](super)'s table: 1 and 7 here, the others in a file each.

mod capacity;
mod changes;
mod ends;
mod ratios;
mod requests;
mod room;

use super::{
    Policy, Violation,
    ViolationCode::{ConflictingChanges, DuplicateId, InvalidMemo, NextEvaluationNotAhead, UnknownId},
    after::{Named, Outcome},
};
use crate::{
    Commitment, Rollout, RouteChanges, Spec,
    capacity::{Load, carries},
};

/// Most bytes of a memo.
const LONGEST_MEMO: usize = 4096;

/// Rules 1 to 6. A plan that changes nothing can break the fifth only.
pub(super) fn check(rollout: &Rollout<'_>, plan: &RouteChanges, policy: &Policy, violations: &mut Vec<Violation>) {
    let judge = Judge::new(rollout, plan, policy);
    judge.ids(violations);
    judge.changes(violations);
    judge.creations(violations);
    judge.ratios(violations);
    judge.capacity(violations);
    judge.room(violations);
    judge.ends(violations);
    judge.requests(violations);
}

/// Rule 1.
pub(super) fn check_ids(rollout: &Rollout<'_>, plan: &RouteChanges, violations: &mut Vec<Violation>) {
    Judge::new(rollout, plan, &Policy::default()).ids(violations);
}

/// Rule 7: what a plan asks of the host, whatever the routes are.
pub(super) fn check_host(spec: &Spec, plan: &RouteChanges, violations: &mut Vec<Violation>) {
    let memo = plan.memo.as_deref().unwrap_or_default();
    if memo.len() > LONGEST_MEMO || memo.contains('\0') {
        let what = if memo.len() > LONGEST_MEMO { "" } else { " and a NUL" };
        let message = format!("the memo has {} bytes{what}; at most {LONGEST_MEMO} and no NUL are right", memo.len());
        violations.push(Violation::new(InvalidMemo, [], message));
    }
    if let Some(at) = plan.next_evaluation_at.filter(|at| *at <= spec.now) {
        let late = spec.now.saturating_millis_since(at);
        let message = format!("the plan asks to be evaluated again {late} ms before now; it should be after now");
        violations.push(Violation::new(NextEvaluationNotAhead, [], message));
    }
}

/// A plan, its input, and all that the rules derive from them.
struct Judge<'a> {
    spec: &'a Spec,
    plan: &'a RouteChanges,
    outcome: Outcome<'a>,
    /// Least serving and most live.
    bounds: Commitment,
    /// The least of the operator's limits. What a plan promises binds the plan, and excuses it from nothing: else it
    /// need only promise more than there is to overrule an abort.
    limits_least: u32,
    completes_at: u32,
    /// Load of the serving routes before the plan, and after it.
    before: Load,
    after: Load,
    stable: Option<&'a str>,
}

impl<'a> Judge<'a> {
    fn new(rollout: &Rollout<'a>, plan: &'a RouteChanges, policy: &Policy) -> Self {
        let spec = rollout.spec();
        let limits = spec.limits.unwrap_or_else(|| policy.resolve(spec.target_replicas));
        let outcome = Outcome::new(rollout, plan);
        Self {
            spec,
            plan,
            bounds: limits.and(plan.commitment),
            limits_least: limits.least_serving,
            completes_at: policy.completes_at(spec.target_replicas),
            before: Load::of(rollout.routes()),
            after: outcome.load(|_| true),
            outcome,
            stable: spec.stable(),
        }
    }

    /// Rule 1: known, once in its list, and in one list only.
    fn ids(&self, violations: &mut Vec<Violation>) {
        let unknown = self.outcome.unknown.keys().copied().collect();
        let duplicate = self.outcome.all_where(Named::is_duplicate);
        let conflicting = self.outcome.all_where(Named::is_conflicting);
        violations.extend(Violation::of(UnknownId, unknown, "not among the given routes"));
        violations.extend(Violation::of(DuplicateId, duplicate, "more than once in one list"));
        let lists = "in more than one of promote, traffic changes and drain";
        violations.extend(Violation::of(ConflictingChanges, conflicting, lists));
    }

    /// Whether there was too little capacity before the plan: repairs go before requests and room.
    fn is_short(&self) -> bool {
        !carries(self.before.capacity(), self.limits_least)
    }
}
