//! The guard: whether a plan does harm, judged against the routes it was made from, before it is applied.
//!
//! A strategy is code from somewhere else. The sandbox keeps it from touching the host; the guard keeps its decisions from
//! touching the service. It knows no strategy: it asks what would be true once the plan was applied. All violations are
//! collected, each with a stable code:
//!
//! | code | the plan | which check |
//! |---|---|---|
//! | `invalid-routes` | was made from routes that cannot be right | id |
//! | `unknown-id` | names a route that was not given | id |
//! | `duplicate-id` | names a route twice in one list | id |
//! | `conflicting-changes` | names a route in two lists: promote, traffic changes, drain | id |
//! | `promoted-blue` | promotes a route of another revision than the deploying one | policy |
//! | `promoted-not-ready` | promotes a route that is not ready | policy |
//! | `activated-not-ready` | puts a route that is not ready into traffic | policy |
//! | `drained-not-live` | drains a route that is not live | policy |
//! | `created-other-revision` | creates routes of another revision than the deploying one | policy |
//! | `empty-creation` | creates zero routes | policy |
//! | `creation-too-large` | creates more routes than [`Policy::largest_creation`] | policy |
//! | `too-many-routes` | creates routes beyond the target and [`Policy::surge_limit`] | policy |
//! | `ratio-out-of-range` | sets a ratio outside 0.0 to 1.0, or 0.0 for a route in traffic | policy |
//! | `serving-floor-broken` | leaves fewer routes serving than the floor | policy |
//! | `next-evaluation-not-ahead` | asks to be evaluated again at a moment that has passed: without a pause | policy |
//!
//! The serving floor is `min(serving routes before the plan, target)`, or of the target the part that
//! [`Policy::serving_floor_percent`] says. A plan that changes nothing breaks no floor, however few routes serve.

pub mod json;
mod violations;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use violations::{Violation, ViolationCode};

use crate::{Rollout, Route, RouteChanges, Spec, Tally, TrafficStatus};

/// How much a plan may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How many live routes of the deploying revision there may be above the target; default 0. What is there already
    /// counts, but is no violation unless the plan creates more.
    pub surge_limit: u32,
    /// Which part of the target must go on serving, in percent, rounded up; 0 to 100, default 100. A rolling update that may
    /// make a quarter unavailable needs 75. More than 100 counts as 100.
    pub serving_floor_percent: u32,
    /// How many routes one plan may create; default 1000.
    pub largest_creation: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { surge_limit: 0, serving_floor_percent: 100, largest_creation: 1000 }
    }
}

/// Everything a plan does that it must not do; empty for a plan that may be applied.
pub fn check(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Vec<Violation> {
    check_with(routes, spec, plan, Some(policy))
}

/// As [`check`], but only whether the plan's ids are right. A plan whose ids are wrong cannot be applied at all, so nothing
/// switches this off.
pub fn check_ids(routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<Violation> {
    check_with(routes, spec, plan, None)
}

fn check_with(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: Option<&Policy>) -> Vec<Violation> {
    // The usual plan. It harms nothing, whatever the routes are, unless it makes the host spin.
    if plan.is_empty() {
        return policy.and_then(|_| next_evaluation(spec, plan)).into_iter().collect();
    }
    let rollout = match Rollout::new(routes, spec) {
        Ok(rollout) => rollout,
        Err(error) => return vec![Violation::new(ViolationCode::InvalidRoutes, [], error.to_string())],
    };
    let guard = Guard { rollout: &rollout, plan };
    let mut violations = guard.ids();
    if let Some(policy) = policy {
        violations.extend(guard.promotions());
        violations.extend(guard.traffic());
        violations.extend(guard.drains());
        violations.extend(guard.creations(policy));
        violations.extend(guard.serving_floor(policy));
        violations.extend(next_evaluation(spec, plan));
    }
    violations
}

/// A plan and what it was made from.
struct Guard<'a> {
    rollout: &'a Rollout<'a>,
    plan: &'a RouteChanges,
}

// === impl Guard ===

impl<'a> Guard<'a> {
    /// The ids of the plan, by list.
    fn lists(&self) -> [Vec<&'a str>; 3] {
        let plan = self.plan;
        [
            plan.promote_route_ids.iter().map(String::as_str).collect(),
            plan.traffic_changes.iter().map(|change| change.route_id.as_str()).collect(),
            plan.drain_route_ids.iter().map(String::as_str).collect(),
        ]
    }

    /// Known, once in its list, and in one list only.
    fn ids(&self) -> Vec<Violation> {
        let lists = self.lists();
        // How often each id is in each list.
        let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for (i, list) in lists.iter().enumerate() {
            for id in list {
                counts.entry(id).or_default()[i] += 1;
            }
        }
        let ids_where = |is: &dyn Fn(&[usize; 3]) -> bool| -> Vec<&str> {
            counts.iter().filter(|(_, counts)| is(counts)).map(|(id, _)| *id).collect()
        };
        let unknown: Vec<&str> = counts.keys().copied().filter(|id| self.rollout.find(id).is_none()).collect();
        let duplicate = ids_where(&|counts| counts.iter().any(|n| *n > 1));
        let conflicting = ids_where(&|counts| counts.iter().filter(|n| **n > 0).count() > 1);
        [
            Violation::of(ViolationCode::UnknownId, unknown, "not among the given routes"),
            Violation::of(ViolationCode::DuplicateId, duplicate, "more than once in one list"),
            Violation::of(
                ViolationCode::ConflictingChanges,
                conflicting,
                "in more than one of promote, traffic changes and drain",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The known routes of a list for which something holds, once each.
    fn given(&self, ids: &[&'a str], is: impl Fn(&Route) -> bool) -> Vec<&'a str> {
        let named: BTreeSet<&str> = ids.iter().copied().collect();
        named.into_iter().filter(|id| self.rollout.find(id).is_some_and(&is)).collect()
    }

    fn promotions(&self) -> Vec<Violation> {
        let [promoted, ..] = self.lists();
        let blue = self.given(&promoted, |route| !self.rollout.is_green(route));
        let unready = self.given(&promoted, |route| !route.is_ready());
        [
            Violation::of(
                ViolationCode::PromotedBlue,
                blue,
                &format!("promoted, but not of the deploying revision {}", self.rollout.spec().deploying_revision),
            ),
            Violation::of(ViolationCode::PromotedNotReady, unready, "promoted, but not ready"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn traffic(&self) -> Vec<Violation> {
        let changes = &self.plan.traffic_changes;
        let is_active = |status: TrafficStatus| status == TrafficStatus::Active;
        let activated: Vec<&str> = changes
            .iter()
            .filter(|change| is_active(change.traffic_status))
            .map(|change| change.route_id.as_str())
            .collect();
        let unready = self.given(&activated, |route| !route.is_ready());
        // To be in traffic with a ratio of 0.0 is to be out of it, unseen by the serving floor.
        let is_bad = |status, ratio: f64| !(0.0..=1.0).contains(&ratio) || is_active(status) && ratio == 0.0;
        let bad: Vec<&str> = changes
            .iter()
            .filter(|change| is_bad(change.traffic_status, change.traffic_ratio))
            .map(|change| change.route_id.as_str())
            .collect();
        let created = self.plan.rollout_specs.iter().find(|spec| is_bad(spec.traffic_status, spec.traffic_ratio));
        let created = created.map(|spec| {
            let message = format!("the plan creates routes with a traffic ratio of {}", spec.traffic_ratio);
            Violation::new(ViolationCode::RatioOutOfRange, [], message)
        });
        [
            Violation::of(ViolationCode::ActivatedNotReady, unready, "put into traffic, but not ready"),
            Violation::of(ViolationCode::RatioOutOfRange, bad, "traffic ratio not in 0.0 to 1.0, or 0.0 in traffic"),
            created,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn drains(&self) -> Option<Violation> {
        let [.., drained] = self.lists();
        let dead = self.given(&drained, |route| !route.is_live());
        Violation::of(ViolationCode::DrainedNotLive, dead, "drained, but not live")
    }

    fn creations(&self, policy: &Policy) -> Vec<Violation> {
        let (spec, specs) = (self.rollout.spec(), &self.plan.rollout_specs);
        let mut violations = vec![];
        let mut violate = |code, message| violations.push(Violation::new(code, [], message));
        if let Some(other) = specs.iter().find(|rollout| rollout.revision != spec.deploying_revision) {
            violate(
                ViolationCode::CreatedOtherRevision,
                format!(
                    "the plan creates {} routes of {}, the deploying revision is {}",
                    other.count, other.revision, spec.deploying_revision
                ),
            );
        }
        if specs.iter().any(|rollout| rollout.count == 0) {
            violate(ViolationCode::EmptyCreation, "the plan creates 0 routes".to_owned());
        }
        let created: u64 = specs.iter().map(|rollout| u64::from(rollout.count)).sum();
        if created > u64::from(policy.largest_creation) {
            violate(
                ViolationCode::CreationTooLarge,
                format!("the plan creates {created} routes, the policy allows {} at once", policy.largest_creation),
            );
        }
        let [.., drained] = self.lists();
        let leaving = self.given(&drained, |route| self.rollout.is_green(route) && route.is_live()).len();
        let live = u64::from(self.rollout.tally().live_green).saturating_sub(leaving as u64) + created;
        let most = u64::from(spec.target_replicas) + u64::from(policy.surge_limit);
        if created > 0 && live > most {
            violate(
                ViolationCode::TooManyRoutes,
                format!(
                    "the plan makes it {live} live green routes; the target of {} and a surge of {} allow {most}",
                    spec.target_replicas, policy.surge_limit
                ),
            );
        }
        violations
    }

    /// What serves after the plan: every promotion and traffic change counts if it can, every drain does.
    fn serving_floor(&self, policy: &Policy) -> Option<Violation> {
        let tally: Tally = self.rollout.tally();
        let mut active: BTreeMap<&str, bool> = BTreeMap::new();
        active.extend(self.plan.promote_route_ids.iter().map(|id| (id.as_str(), true)));
        let changes = &self.plan.traffic_changes;
        active.extend(
            changes.iter().map(|change| (change.route_id.as_str(), change.traffic_status == TrafficStatus::Active)),
        );
        active.extend(self.plan.drain_route_ids.iter().map(|id| (id.as_str(), false)));

        let serves =
            |route: &&Route| route.is_ready() && active.get(route.id.as_str()).copied().unwrap_or(route.is_active());
        let after = self.rollout.routes().filter(serves).count() as u64;
        let percent = u64::from(policy.serving_floor_percent.min(100));
        let wanted = (u64::from(self.rollout.spec().target_replicas) * percent).div_ceil(100);
        let floor = wanted.min(u64::from(tally.serving()));
        (after < floor).then(|| {
            let serving = |route: &&Route| route.is_serving() && !serves(route);
            let lost = self.rollout.routes().filter(serving).map(|route| route.id.as_str());
            let message =
                format!("the plan leaves {after} of {} serving routes; the floor is {floor}", tally.serving());
            Violation::new(ViolationCode::ServingFloorBroken, lost, message)
        })
    }
}

fn next_evaluation(spec: &Spec, plan: &RouteChanges) -> Option<Violation> {
    let at = plan.next_evaluation_at.filter(|at| *at <= spec.now)?;
    let late = spec.now.saturating_millis_since(at);
    let message = format!("the plan asks to be evaluated again {late} ms before now");
    Some(Violation::new(ViolationCode::NextEvaluationNotAhead, [], message))
}
