//! The guard: whether a plan does harm, judged against the routes it was made from, before it is applied.
//!
//! A strategy is code from somewhere else. The sandbox keeps it from touching the host; the guard keeps its decisions
//! from touching the service. It knows no strategy, and counts no routes where traffic is meant: it asks what would be
//! true once the plan was applied. All violations are collected, each with a stable code:
//!
//! | rule | code | the plan |
//! |---|---|---|
//! | 1 | `invalid-routes` | was made from routes that cannot be right |
//! | 1 | `unknown-id` | names a route that was not given |
//! | 1 | `duplicate-id` | names a route twice in one list |
//! | 1 | `conflicting-changes` | names a route in two lists: promote, traffic changes, drain |
//! | 2 | `changed-not-live` | changes, promotes or drains a route that is not live |
//! | 2 | `promoted-not-green` | promotes a route of another revision than the deploying one |
//! | 2 | `promoted-not-ready` | promotes a route that is not ready |
//! | 2 | `activated-not-ready` | puts a route that is not ready into traffic, or raises its ratio from 0.0 |
//! | 2 | `standby-not-approved` | puts an inactive route on standby, or creates one there |
//! | 2 | `created-other-revision` | creates routes of neither the deploying nor the stable revision |
//! | 2 | `empty-creation` | creates zero routes |
//! | 2 | `ratio-out-of-range` | sets a ratio outside 0.0 to 1.0, or one above 0.0 for an inactive route |
//! | 2 | `ratio-not-possible` | sets a ratio that the proxy cannot express (`weight-steps`) |
//! | 3 | `capacity-lowered` | leaves less serving capacity than there was and must be |
//! | 3 | `drained-while-short` | drains a serving route while there is too little capacity |
//! | 4 | `too-many-live` | creates, and leaves more live routes than there may be |
//! | 4 | `too-many-terminating` | creates, and leaves too many routes, those that are still stopping included |
//! | 5 | `completed-early` | completes with too little green capacity, beside other routes, or under abort or pause |
//! | 5 | `rolled-back-early` | ends as rolled back with something better still possible |
//! | 6 | `against-request` | takes a step forward under abort or pause, or drains what a pause protects |
//! | 7 | `invalid-memo` | has a memo of more than 4,096 bytes, or with a NUL |
//! | 7 | `next-evaluation-not-ahead` | asks to be evaluated again at a moment that has passed: without a pause |
//!
//! **Bounds.** *least* is the larger of the plan's `commitment.least-serving` and the limits', *most* the smaller of
//! `most-live`. Where [`Spec::limits`] is none, [`Policy::resolve`] stands in.
//!
//! **Short** is what serves less than the limits' least. Only the operator's word makes it short: a plan's promise
//! binds the plan, and excuses it from nothing.
//!
//! **Rule 3** weighs traffic by [`capacity`](crate::capacity), three ways, because what is not ready now may be in the
//! next second, and takes its share of the traffic then. *cap*: of the serving routes. *cap′*: the same sum over the
//! largest ratio of all live active routes, ready or not. *cap″*: the same sum over the largest ratio of the serving
//! routes and of those that the plan creates active or makes active. For (cap, cap after), (cap′, cap′ after) and (cap,
//! cap″ after): after ≥ min(floor(before), least). And while cap after < least no serving route is drained, but green
//! while rolling back.
//!
//! **Rule 4** judges only plans that create. Live after ≤ most; and, unless cap before is short, live and terminating
//! after ≤ most + target. Terminating are those that were not evicted, and were asked to stop since the start of the
//! rollout or at an unknown moment; all that were not evicted, where the clock is behind the start.
//!
//! **Rule 5.** `completed`: green's capacity after ≥ [`Policy::complete_at`], no live route of another revision after,
//! neither abort nor pause stands. `rolled-back`: (a) stable's capacity after ≥ target and no live route of another
//! revision after; or (b) no stable revision is known, every live green serves after it, no ready blue is left on
//! standby, and nothing is created.
//!
//! **Rule 6** has no say while cap before is short. Under abort and pause no green is created or put into traffic.
//! Under pause without abort no serving route is drained unless cap after ≥ target, and no ready standby. Ratios of
//! active routes are free.
//!
//! A plan that changes nothing can break rules 5 and 7 only. Not violations: texts that are too long, and an evaluation
//! less than a second ahead; see [`RouteChanges::tidy`].

mod after;
pub mod json;
mod policy;
mod rules;
mod violations;

pub use policy::Policy;
pub use violations::{Violation, ViolationCode};

use crate::{Rollout, Route, RouteChanges, Spec};

/// Everything a plan does that it must not do; empty for a plan that may be applied.
///
/// `routes` are read only where the plan [changes routes](RouteChanges::is_empty) or ends the rollout.
pub fn check(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Vec<Violation> {
    let mut violations = vec![];
    // The usual plan changes nothing, and harms nothing, whatever the routes are.
    if needs_routes(plan) {
        match rollout(routes, spec) {
            Ok(rollout) => rules::check(&rollout, plan, policy, &mut violations),
            Err(violation) => return vec![violation],
        }
    }
    rules::check_host(spec, plan, &mut violations);
    violations
}

/// As [`check`], but only whether the plan's ids are right (rule 1). A plan whose ids are wrong cannot be applied at
/// all, so nothing switches this off.
pub fn check_ids(routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<Violation> {
    let mut violations = vec![];
    if !plan.is_empty() {
        match rollout(routes, spec) {
            Ok(rollout) => rules::check_ids(&rollout, plan, &mut violations),
            Err(violation) => return vec![violation],
        }
    }
    violations
}

fn rollout<'a>(routes: &'a [Route], spec: &'a Spec) -> Result<Rollout<'a>, Violation> {
    Rollout::new(routes, spec).map_err(|error| Violation::new(ViolationCode::InvalidRoutes, [], error.to_string()))
}

/// Whether a plan has to be shown its routes to be checked; where not, [`check`] may be given none.
pub fn needs_routes(plan: &RouteChanges) -> bool {
    !plan.is_empty() || plan.sub_step.is_over()
}
