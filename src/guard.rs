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

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use violations::{Violation, ViolationCode};

use crate::{Rollout, Route, RouteChanges, Spec, Tally, TrafficChange, TrafficStatus};

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
    let guard = Guard::new(&rollout, plan);
    let mut violations: Vec<Violation> = guard.ids().into_iter().flatten().collect();
    if let Some(policy) = policy {
        violations.extend(guard.promotions().into_iter().flatten());
        violations.extend(guard.traffic().into_iter().flatten());
        violations.extend(guard.drains());
        violations.extend(guard.creations(policy));
        violations.extend(guard.serving_floor(policy));
        violations.extend(next_evaluation(spec, plan));
    }
    violations
}

/// How often a plan names a route, in each of its lists.
#[derive(Clone, Copy, Default)]
struct Named {
    promoted: u32,
    changed: u32,
    drained: u32,
    /// Whether a traffic change puts it into traffic.
    activated: bool,
    /// The traffic status that the last traffic change sets.
    traffic_status: Option<TrafficStatus>,
}

/// A plan and what it was made from. Each id of the plan is looked up once.
struct Guard<'a> {
    rollout: &'a Rollout<'a>,
    plan: &'a RouteChanges,
    tally: Tally,
    /// For each route of the rollout, in its order, what the plan does with it.
    given: Vec<(&'a Route, Named)>,
    /// The ids that are not among the routes.
    unknown: BTreeMap<&'a str, Named>,
}

// === impl Named ===

impl Named {
    fn lists(self) -> [u32; 3] {
        [self.promoted, self.changed, self.drained]
    }

    fn is_duplicate(self) -> bool {
        self.lists().into_iter().any(|count| count > 1)
    }

    fn is_conflicting(self) -> bool {
        self.lists().into_iter().filter(|count| *count > 0).count() > 1
    }

    /// Whether a route serves once the plan is applied: promote, traffic changes, drain.
    fn serves_after(self, route: &Route) -> bool {
        let promoted = if self.promoted > 0 { Some(TrafficStatus::Active) } else { None };
        let traffic_status = self.traffic_status.or(promoted).unwrap_or(route.traffic_status);
        route.is_ready() && self.drained == 0 && traffic_status == TrafficStatus::Active
    }
}

// === impl Guard ===

impl<'a> Guard<'a> {
    fn new(rollout: &'a Rollout<'a>, plan: &'a RouteChanges) -> Self {
        let given = rollout.routes().map(|route| (route, Named::default())).collect();
        let mut guard = Self { rollout, plan, tally: rollout.tally(), given, unknown: BTreeMap::new() };
        for id in &plan.promote_route_ids {
            guard.named(id).promoted += 1;
        }
        for change in &plan.traffic_changes {
            let named = guard.named(&change.route_id);
            named.changed += 1;
            named.activated |= change.traffic_status == TrafficStatus::Active;
            named.traffic_status = Some(change.traffic_status);
        }
        for id in &plan.drain_route_ids {
            guard.named(id).drained += 1;
        }
        guard
    }

    fn named(&mut self, id: &'a str) -> &mut Named {
        match self.given.binary_search_by(|(route, _)| route.id.as_str().cmp(id)) {
            Ok(i) => &mut self.given[i].1,
            Err(_) => self.unknown.entry(id).or_default(),
        }
    }

    /// The ids of the given routes for which something holds.
    fn given_where(&self, is: impl Fn(&Route, Named) -> bool) -> Vec<&'a str> {
        self.given.iter().filter(|(route, named)| is(route, *named)).map(|(route, _)| route.id.as_str()).collect()
    }

    /// All ids that the plan names in this way, given or not, in their order.
    fn all_where(&self, is: impl Fn(Named) -> bool) -> Vec<&'a str> {
        let unknown = self.unknown.iter().filter(|(_, named)| is(**named)).map(|(id, _)| *id);
        let mut ids: Vec<&str> = self.given_where(|_, named| is(named)).into_iter().chain(unknown).collect();
        ids.sort_unstable();
        ids
    }

    /// Known, once in its list, and in one list only.
    fn ids(&self) -> [Option<Violation>; 3] {
        let unknown = self.unknown.keys().copied().collect();
        let duplicate = self.all_where(Named::is_duplicate);
        let conflicting = self.all_where(Named::is_conflicting);
        let lists = "in more than one of promote, traffic changes and drain";
        [
            Violation::of(ViolationCode::UnknownId, unknown, "not among the given routes"),
            Violation::of(ViolationCode::DuplicateId, duplicate, "more than once in one list"),
            Violation::of(ViolationCode::ConflictingChanges, conflicting, lists),
        ]
    }

    fn promotions(&self) -> [Option<Violation>; 2] {
        let blue = self.given_where(|route, named| named.promoted > 0 && !self.rollout.is_green(route));
        let unready = self.given_where(|route, named| named.promoted > 0 && !route.is_ready());
        let deploying =
            format!("promoted, but not of the deploying revision {}", self.rollout.spec().deploying_revision);
        [
            Violation::of(ViolationCode::PromotedBlue, blue, &deploying),
            Violation::of(ViolationCode::PromotedNotReady, unready, "promoted, but not ready"),
        ]
    }

    fn traffic(&self) -> [Option<Violation>; 3] {
        let unready = self.given_where(|route, named| named.activated && !route.is_ready());
        let is_bad = |change: &&TrafficChange| is_bad_ratio(change.traffic_status, change.traffic_ratio);
        let mut bad: Vec<&str> =
            self.plan.traffic_changes.iter().filter(is_bad).map(|change| change.route_id.as_str()).collect();
        bad.sort_unstable();
        bad.dedup();
        let created = self.plan.rollout_specs.iter().find(|spec| is_bad_ratio(spec.traffic_status, spec.traffic_ratio));
        let created = created.map(|spec| {
            let message = format!("the plan creates routes with a traffic ratio of {}", spec.traffic_ratio);
            Violation::new(ViolationCode::RatioOutOfRange, [], message)
        });
        let range = "traffic ratio not in 0.0 to 1.0, or 0.0 in traffic";
        [
            Violation::of(ViolationCode::ActivatedNotReady, unready, "put into traffic, but not ready"),
            Violation::of(ViolationCode::RatioOutOfRange, bad, range),
            created,
        ]
    }

    fn drains(&self) -> Option<Violation> {
        let dead = self.given_where(|route, named| named.drained > 0 && !route.is_live());
        Violation::of(ViolationCode::DrainedNotLive, dead, "drained, but not live")
    }

    fn creations(&self, policy: &Policy) -> Vec<Violation> {
        let (spec, specs) = (self.rollout.spec(), &self.plan.rollout_specs);
        let mut violations = vec![];
        let mut violate = |code, message| violations.push(Violation::new(code, [], message));
        if let Some(other) = specs.iter().find(|rollout| rollout.revision != spec.deploying_revision) {
            let (created, deploying) = (&other.revision, &spec.deploying_revision);
            violate(
                ViolationCode::CreatedOtherRevision,
                format!("the plan creates {} routes of {created}, the deploying revision is {deploying}", other.count),
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
        let leaves =
            |(route, named): &&(&Route, Named)| named.drained > 0 && route.is_live() && self.rollout.is_green(route);
        let leaving = self.given.iter().filter(leaves).count() as u64;
        let live = u64::from(self.tally.live_green).saturating_sub(leaving) + created;
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

    fn serving_floor(&self, policy: &Policy) -> Option<Violation> {
        let after = self.given.iter().filter(|(route, named)| named.serves_after(route)).count() as u64;
        let percent = u64::from(policy.serving_floor_percent.min(100));
        let wanted = (u64::from(self.rollout.spec().target_replicas) * percent).div_ceil(100);
        let floor = wanted.min(u64::from(self.tally.serving()));
        (after < floor).then(|| {
            let lost = self.given_where(|route, named| route.is_serving() && !named.serves_after(route));
            let message =
                format!("the plan leaves {after} of {} serving routes; the floor is {floor}", self.tally.serving());
            Violation::new(ViolationCode::ServingFloorBroken, lost, message)
        })
    }
}

/// To be in traffic with a ratio of 0.0 is to be out of it, unseen by the serving floor.
fn is_bad_ratio(status: TrafficStatus, ratio: f64) -> bool {
    !(0.0..=1.0).contains(&ratio) || status == TrafficStatus::Active && ratio == 0.0
}

/// All that can be wrong with a plan that changes nothing: when it asks to be evaluated again.
fn next_evaluation(spec: &Spec, plan: &RouteChanges) -> Option<Violation> {
    let at = plan.next_evaluation_at.filter(|at| *at <= spec.now)?;
    let late = spec.now.saturating_millis_since(at);
    let message = format!("the plan asks to be evaluated again {late} ms before now");
    Some(Violation::new(ViolationCode::NextEvaluationNotAhead, [], message))
}
