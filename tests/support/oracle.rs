//! What the guard should find of the traffic that a plan leaves, worked out in another way: apply the plan to a copy, and
//! look at the load of every route. And random plans to try it on.

use pointsman::{
    HealthStatus, Labels, RolloutSpec, Route, RouteChanges, RouteStatus, Spec, SubStep, Timestamp, TrafficChange,
    TrafficStatus,
    guard::{self, Policy, ViolationCode as Code},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};

use crate::support::{any_amount, apply};

/// The codes that the oracle knows of.
const KNOWN: [Code; 3] = [Code::CapacityLowered, Code::DrainedWhileShort, Code::TooManyLive];

/// The codes that the guard finds, each once, of those that the oracle knows; none where a change is not possible at all.
pub(crate) fn found(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Option<Vec<Code>> {
    let codes: Vec<Code> = guard::check(routes, spec, plan, policy).into_iter().map(|found| found.code).collect();
    let is_impossible = codes.iter().any(|code| {
        [Code::UnknownId, Code::DuplicateId, Code::ConflictingChanges, Code::RatioOutOfRange].contains(code)
    });
    (!is_impossible).then(|| KNOWN.into_iter().filter(|code| codes.contains(code)).collect())
}

fn is_live(route: &Route) -> bool {
    matches!(route.status, RouteStatus::Provisioning | RouteStatus::Running)
}

fn serves(route: &Route) -> bool {
    is_in_traffic(route) && route.status == RouteStatus::Running && route.health == HealthStatus::Healthy
}

fn is_in_traffic(route: &Route) -> bool {
    is_live(route) && route.traffic_status == TrafficStatus::Active && route.traffic_ratio > 0.0
}

/// How many times as much as a single route the serving ones carry before one of them, or one of `beside`, has more than
/// it can: the proxy shares out by ratio.
fn carried<'a>(routes: &[Route], beside: impl Iterator<Item = &'a Route>) -> f64 {
    let ratios: Vec<f64> = routes.iter().filter(|route| serves(route)).map(|route| route.traffic_ratio).collect();
    let largest = ratios.iter().copied().chain(beside.map(|route| route.traffic_ratio)).fold(0.0, f64::max);
    if ratios.is_empty() { 0.0 } else { ratios.iter().sum::<f64>() / largest }
}

/// The codes that a plan deserves which can be applied.
pub(crate) fn deserved(routes: &[Route], spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Vec<Code> {
    /// Far below what a proxy can tell apart, far above what adding ratios loses.
    const NOTHING: f64 = 1e-6;
    let after = apply(plan, routes, spec);
    let limits = spec.limits.unwrap_or_else(|| policy.resolve(spec.target_replicas));
    let least = f64::from(limits.least_serving.max(plan.commitment.least_serving));
    let most = limits.most_live.min(plan.commitment.most_live);

    let before_of = |route: &Route| routes.iter().find(|given| given.id == route.id);
    let is_put_in = |route: &&Route| is_in_traffic(route) && before_of(route).is_none_or(|given| !is_in_traffic(given));
    let nothing = std::iter::empty;
    let now = carried(routes, nothing());
    let then = carried(&after, nothing());
    let pairs = [
        (now, then),
        (carried_beside_all(routes), carried_beside_all(&after)),
        (now, carried(&after, after.iter().filter(is_put_in))),
    ];
    let rolls_back = matches!(plan.sub_step, SubStep::RollingBack | SubStep::RolledBack);
    let is_spared = |route: &Route| rolls_back && route.revision == spec.deploying_revision;
    let mut drained = routes.iter().filter(|route| plan.drain_route_ids.contains(&route.id));
    let creates = plan.rollout_specs.iter().any(|created| created.count > 0);
    let is_changed = !plan.is_empty();

    let deserved = [
        is_changed && pairs.iter().any(|(before, after)| *after < (before + NOTHING).floor().min(least) - NOTHING),
        is_changed && then < least - NOTHING && drained.any(|route| serves(route) && !is_spared(route)),
        creates && after.iter().filter(|route| is_live(route)).count() > most as usize,
    ];
    KNOWN.into_iter().zip(deserved).filter(|(_, deserved)| *deserved).map(|(code, _)| code).collect()
}

/// The same, beside all that is in traffic, ready or not.
fn carried_beside_all(routes: &[Route]) -> f64 {
    carried(routes, routes.iter().filter(|route| is_in_traffic(route)))
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
    let status = || select(vec![TrafficStatus::Active, TrafficStatus::Standby, TrafficStatus::Inactive]);
    let ratio = || prop_oneof![3 => Just(0.0), 3 => Just(1.0), 2 => 0.0..=1.0, 1 => select(vec![f64::NAN, -0.1, 1.1])];
    let created =
        (prop_oneof![4 => 1..4u32, 1 => Just(0)], prop_oneof![4 => Just("v2"), 1 => Just("v1")], status(), ratio());
    let created = created.prop_map(|(count, revision, traffic_status, traffic_ratio)| RolloutSpec {
        count,
        revision: revision.to_owned(),
        traffic_status,
        traffic_ratio,
        labels: Labels::default(),
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
    (any_amount(100), any_amount(250), any_amount(100)).prop_map(|(max_unavailable, max_surge, complete_at)| Policy {
        max_unavailable,
        max_surge,
        complete_at,
    })
}
