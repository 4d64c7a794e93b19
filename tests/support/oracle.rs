//! What the guard should find, worked out in another way: apply the plan to a copy, and look. And random plans to try it on.

use pointsman::{
    RolloutSpec, Route, RouteChanges, Spec, SubStep, Timestamp, TrafficChange, TrafficStatus,
    guard::{self, Policy, ViolationCode as Code},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};

use crate::support::{apply, serving};

/// The codes that the guard finds, each once.
pub(crate) fn found(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Vec<Code> {
    let violations = guard::check(routes, spec, plan, policy);
    let mut codes: Vec<Code> = violations.into_iter().map(|violation| violation.code).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// The codes that a plan deserves, found by applying what of it can be applied and looking at the result.
pub(crate) fn deserved(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Vec<Code> {
    let find = |id: &String| routes.iter().find(|route| route.id == *id);
    let mut applicable = plan.clone();
    applicable.promote_route_ids.retain(|id| find(id).is_some());
    applicable.drain_route_ids.retain(|id| find(id).is_some());
    applicable.traffic_changes.retain(|change| find(&change.route_id).is_some());
    let after = apply(&applicable, routes, spec);
    let created = after.len() - routes.len();
    let live_green = after.iter().filter(|route| route.is_live() && route.revision == spec.deploying_revision).count();
    // A route of another revision that is created is not green in the copy; the guard counts every new route.
    let foreign: u32 =
        plan.rollout_specs.iter().filter(|new| new.revision != spec.deploying_revision).map(|new| new.count).sum();

    let named: Vec<&String> = (plan.promote_route_ids.iter())
        .chain(plan.traffic_changes.iter().map(|change| &change.route_id))
        .chain(&plan.drain_route_ids)
        .collect();
    let count = |list: &mut dyn Iterator<Item = &String>, id: &String| list.filter(|other| *other == id).count();
    let in_lists = |id: &String| {
        [
            count(&mut plan.promote_route_ids.iter(), id),
            count(&mut plan.traffic_changes.iter().map(|change| &change.route_id), id),
            count(&mut plan.drain_route_ids.iter(), id),
        ]
    };
    let promoted = || plan.promote_route_ids.iter().filter_map(find);
    let is_active = |status| status == TrafficStatus::Active;
    let bad_ratio = |status, ratio: f64| !(0.0..=1.0).contains(&ratio) || (is_active(status) && ratio == 0.0);
    let share = f64::from(spec.target_replicas) * f64::from(policy.serving_floor_percent.min(100)) / 100.0;
    let is_below = |n: usize, floor: f64| f64::from(u32::try_from(n).unwrap()) < floor;

    let deserved = [
        (Code::InvalidRoutes, false),
        (Code::UnknownId, named.iter().any(|id| find(id).is_none())),
        (Code::DuplicateId, named.iter().any(|id| in_lists(id).into_iter().any(|n| n > 1))),
        (Code::ConflictingChanges, named.iter().any(|id| in_lists(id).into_iter().filter(|n| *n > 0).count() > 1)),
        (Code::PromotedBlue, promoted().any(|route| route.revision != spec.deploying_revision)),
        (Code::PromotedNotReady, promoted().any(|route| !route.is_ready())),
        (
            Code::ActivatedNotReady,
            (plan.traffic_changes.iter()).any(|change| {
                is_active(change.traffic_status) && find(&change.route_id).is_some_and(|route| !route.is_ready())
            }),
        ),
        (Code::DrainedNotLive, plan.drain_route_ids.iter().filter_map(find).any(|route| !route.is_live())),
        (Code::CreatedOtherRevision, plan.rollout_specs.iter().any(|new| new.revision != spec.deploying_revision)),
        (Code::EmptyCreation, plan.rollout_specs.iter().any(|new| new.count == 0)),
        (Code::CreationTooLarge, created > policy.largest_creation as usize),
        (
            Code::TooManyRoutes,
            created > 0 && live_green + foreign as usize > (spec.target_replicas + policy.surge_limit) as usize,
        ),
        (
            Code::RatioOutOfRange,
            (plan.traffic_changes.iter()).any(|change| bad_ratio(change.traffic_status, change.traffic_ratio))
                || (plan.rollout_specs.iter()).any(|new| bad_ratio(new.traffic_status, new.traffic_ratio)),
        ),
        (Code::ServingFloorBroken, serving(&after) < serving(routes) && is_below(serving(&after), share.ceil())),
        (Code::NextEvaluationNotAhead, plan.next_evaluation_at.is_some_and(|at| at <= spec.now)),
    ];
    let mut codes: Vec<Code> = deserved.into_iter().filter(|(_, deserved)| *deserved).map(|(code, _)| code).collect();
    codes.sort();
    codes
}

/// What a plan for given routes is made of: indices into the routes, and now and then something wrong.
#[derive(Debug)]
pub(crate) struct Draft {
    promoted: Vec<Index>,
    changed: Vec<(Index, TrafficStatus, f64)>,
    drained: Vec<Index>,
    created: Vec<RolloutSpec>,
    next: Option<u64>,
    unknown: [bool; 3],
    only_sensible: bool,
}

pub(crate) fn any_draft() -> impl Strategy<Value = Draft> {
    let few = || vec(any::<Index>(), 0..4);
    let status = || select(vec![TrafficStatus::Active, TrafficStatus::Inactive]);
    let ratio = || prop_oneof![3 => Just(0.0), 3 => Just(1.0), 2 => 0.0..=1.0, 1 => select(vec![f64::NAN, -0.1, 1.1])];
    let created =
        (prop_oneof![4 => 1..4u32, 1 => Just(0)], prop_oneof![4 => Just("v2"), 1 => Just("v1")], status(), ratio());
    let created = created.prop_map(|(count, revision, traffic_status, traffic_ratio)| RolloutSpec {
        count,
        revision: revision.to_owned(),
        traffic_status,
        traffic_ratio,
    });
    let unknown = vec(prop::bool::weighted(0.05), 3).prop_map(|unknown| [unknown[0], unknown[1], unknown[2]]);
    let changed = vec((any::<Index>(), status(), ratio()), 0..3);
    (few(), changed, few(), vec(created, 0..3), option::weighted(0.2, 0..3u64), unknown, any::<bool>()).prop_map(
        |(promoted, changed, drained, created, next, unknown, only_sensible)| Draft {
            promoted,
            changed,
            drained,
            created,
            next,
            unknown,
            only_sensible,
        },
    )
}

impl Draft {
    /// The plan. Half of all drafts leave out what single ids could do wrong, so that harmless plans are not rare.
    pub(crate) fn plan(&self, routes: &[Route], spec: &Spec) -> RouteChanges {
        let pick = |index: &Index| (!routes.is_empty()).then(|| index.get(routes).id.clone());
        let unknown = |i: usize| (self.unknown[i] && !self.only_sensible).then(|| "r-99".to_owned());
        let mut plan = RouteChanges::none(SubStep::Provisioning, "test", String::new());
        plan.promote_route_ids = self.promoted.iter().filter_map(pick).chain(unknown(0)).collect();
        plan.drain_route_ids = self.drained.iter().filter_map(pick).chain(unknown(1)).collect();
        let changed = self.changed.iter().filter_map(|(index, status, ratio)| Some((pick(index)?, *status, *ratio)));
        let changed = changed.chain(unknown(2).map(|id| (id, TrafficStatus::Inactive, 0.0)));
        plan.traffic_changes = changed
            .map(|(route_id, traffic_status, traffic_ratio)| TrafficChange { route_id, traffic_status, traffic_ratio })
            .collect();
        plan.rollout_specs.clone_from(&self.created);
        plan.next_evaluation_at =
            self.next.map(|ahead| Timestamp::from_millis(spec.now.as_millis().saturating_sub(1).saturating_add(ahead)));
        if self.only_sensible {
            let route = |id: &String| routes.iter().find(|route| route.id == *id).unwrap();
            plan.promote_route_ids.retain(|id| route(id).is_ready() && route(id).revision == "v2");
            plan.promote_route_ids.sort();
            plan.promote_route_ids.dedup();
            plan.drain_route_ids.retain(|id| route(id).is_live() && !plan.promote_route_ids.contains(id));
            plan.drain_route_ids.sort();
            plan.drain_route_ids.dedup();
            plan.traffic_changes.clear();
            plan.rollout_specs.truncate(1);
            plan.rollout_specs
                .retain(|new| new.count > 0 && new.revision == "v2" && (0.0..=1.0).contains(&new.traffic_ratio));
            plan.next_evaluation_at = plan.next_evaluation_at.filter(|at| *at > spec.now);
        }
        plan
    }
}

pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    (0..2u32, select(vec![0, 34, 75, 100, 100]), prop_oneof![1 => Just(2u32), 3 => Just(1000)]).prop_map(
        |(surge_limit, serving_floor_percent, largest_creation)| Policy {
            surge_limit,
            serving_floor_percent,
            largest_creation,
        },
    )
}
