//! Random plans to judge: of nothing but chance, and those of the shipped strategies with something changed in them.

use pointsman::{
    Commitment, HealthStatus, Labels, RolloutSpec, Route, RouteChanges, RouteStatus, Spec, SubStep, TrafficChange,
    TrafficStatus, blue_green::BlueGreen, evaluate_cycle, guard::Policy, rolling_update::RollingUpdate,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};

use crate::support::{any_amount, any_ratio, any_routes, any_spec};

/// A plan, and what it was made from.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) routes: Vec<Route>,
    pub(crate) spec: Spec,
    pub(crate) plan: RouteChanges,
    pub(crate) policy: Policy,
}

/// Whose plan is changed.
#[derive(Clone, Copy, Debug)]
enum Author {
    Nobody,
    BlueGreen,
    RollingUpdate,
}

/// One change to a plan; routes are picked from those given.
#[derive(Clone, Debug)]
enum Edit {
    Promote(Index),
    Set(Index, TrafficStatus, f64),
    Drain(Index),
    Create(RolloutSpec),
    /// All that serves, at one ratio.
    SetAll(f64),
    /// The first promoted, changed or drained is left out.
    Forget(u8),
    /// More is created.
    More(u32),
    /// One that was not given, in one of the lists.
    Unknown(u8),
}

/// A plan on any routes there can be, and now and then on some that there cannot be.
pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    let author = prop_oneof![3 => Just(Author::Nobody), 1 => Just(Author::BlueGreen), 1 => Just(Author::RollingUpdate)];
    let sub_step = prop_oneof![
        2 => Just(SubStep::Provisioning),
        1 => Just(SubStep::AwaitingPromotion),
        1 => Just(SubStep::Finalizing),
        2 => Just(SubStep::RollingBack),
        2 => Just(SubStep::Completed),
        2 => Just(SubStep::RolledBack),
    ];
    let edits = (option::weighted(0.5, sub_step), vec(any_edit(), 0..5), prop::bool::weighted(0.6));
    let rest = (option::weighted(0.3, any_bounds()), option::weighted(0.1, any_memo()), option::weighted(0.2, 0..3u64));
    let bounds = option::of(option::weighted(0.7, any_bounds()));
    let policy = [any_amount(110), any_amount(200), any_amount(110)];
    (any_fleet(), any_spec(), bounds, author, edits, rest, policy).prop_map(
        |(routes, spec, bounds, author, (sub_step, edits, is_tidy), (commitment, memo, next), amounts)| {
            let [max_unavailable, max_surge, complete_at] = amounts;
            let policy = Policy { max_unavailable, max_surge, complete_at };
            let limits = bounds.unwrap_or_else(|| Some(policy.resolve(spec.target_replicas)));
            let spec = Spec { limits, ..spec };
            let mut plan = author.plan(&routes, &spec);
            plan.sub_step = sub_step.unwrap_or(plan.sub_step);
            for edit in &edits {
                edit.make(&mut plan, &routes);
            }
            if is_tidy {
                tidy(&mut plan, &routes, &spec);
            }
            plan.commitment = commitment.unwrap_or(plan.commitment);
            plan.memo = memo.or(plan.memo);
            let around_now = |ahead| spec.now.saturating_sub_millis(1).saturating_add_millis(ahead);
            plan.next_evaluation_at = next.map(around_now).or(plan.next_evaluation_at);
            Case { routes, spec, plan, policy }
        },
    )
}

/// Any routes; most of them serve in half of all fleets, at ratios that are alike.
fn any_fleet() -> impl Strategy<Value = Vec<Route>> {
    let palette = select(vec![1.0, 1.0, 0.5, 0.1, 0.25, 1.0 / 3.0, 0.01, 0.0001, f64::MIN_POSITIVE, f64::from_bits(3)]);
    let ratio = prop_oneof![3 => palette.clone(), 1 => any_ratio()];
    let serving = vec(option::weighted(0.7, ratio), 10);
    let flaw = option::weighted(0.02, (any::<Index>(), 0..3u8));
    (any_routes(), prop::bool::ANY, serving, option::weighted(0.5, palette), flaw).prop_map(
        |(mut routes, is_fleet, serving, alike, flaw)| {
            for (route, ratio) in routes.iter_mut().zip(serving).filter(|_| is_fleet) {
                let Some(ratio) = ratio else { continue };
                (route.status, route.health, route.end) = (RouteStatus::Running, HealthStatus::Healthy, None);
                (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Active, alike.unwrap_or(ratio));
            }
            if let Some((index, flaw)) = flaw.filter(|_| !routes.is_empty()) {
                let i = index.index(routes.len());
                match flaw {
                    0 => routes[i].id = routes[0].id.clone(),
                    1 => routes[i].id = String::new(),
                    _ => routes[i].traffic_ratio = f64::NAN,
                }
            }
            routes
        },
    )
}

fn any_bounds() -> impl Strategy<Value = Commitment> {
    let least = prop_oneof![5 => 0..7u32, 1 => any::<u32>()];
    let most = prop_oneof![5 => 3..20u32, 1 => any::<u32>()];
    (least, most).prop_map(|(least_serving, most_live)| Commitment { least_serving, most_live })
}

fn any_memo() -> impl Strategy<Value = String> {
    prop_oneof![Just("x".repeat(4096)), Just("x".repeat(4097)), Just("a\0".to_owned()), "\\PC{0,9}"]
}

fn any_status() -> impl Strategy<Value = TrafficStatus> {
    use TrafficStatus as T;
    select(vec![T::Active, T::Active, T::Standby, T::Inactive])
}

/// Ratios to set: right ones, and others.
fn any_set_ratio() -> impl Strategy<Value = f64> {
    let wrong = select(vec![f64::NAN, -0.1, 1.1, f64::INFINITY, -0.0]);
    prop_oneof![3 => Just(1.0), 2 => Just(0.0), 1 => select(vec![0.5, 0.1, 0.25]), 2 => any_ratio(), 1 => wrong]
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    let revision = prop_oneof![5 => Just("v2"), 3 => Just("v1"), 1 => Just("v9"), 1 => Just("")];
    let count = prop_oneof![8 => 1..4u32, 1 => Just(0), 1 => any::<u32>()];
    let create = (count, revision, any_status(), any_set_ratio()).prop_map(|(count, revision, status, ratio)| {
        let revision = revision.to_owned();
        RolloutSpec { count, revision, traffic_status: status, traffic_ratio: ratio, labels: Labels::default() }
    });
    prop_oneof![
        3 => index().prop_map(Edit::Promote),
        3 => (index(), any_status(), any_set_ratio()).prop_map(|(index, to, ratio)| Edit::Set(index, to, ratio)),
        3 => index().prop_map(Edit::Drain),
        3 => create.prop_map(Edit::Create),
        1 => any_ratio().prop_map(Edit::SetAll),
        1 => (0..3u8).prop_map(Edit::Forget),
        1 => (1..4u32).prop_map(Edit::More),
        1 => (0..12u8).prop_map(Edit::Unknown),
    ]
}

impl Author {
    fn plan(self, routes: &[Route], spec: &Spec) -> RouteChanges {
        let plan = match self {
            Self::Nobody => None,
            Self::BlueGreen => evaluate_cycle::<BlueGreen>(routes, spec).ok(),
            Self::RollingUpdate => {
                evaluate_cycle::<RollingUpdate>(routes, &Spec { config: "{}".to_owned(), ..spec.clone() }).ok()
            }
        };
        plan.unwrap_or_else(|| RouteChanges::none(SubStep::Provisioning, "test", String::new()))
    }
}

fn change(route_id: String, traffic_status: TrafficStatus, traffic_ratio: f64) -> TrafficChange {
    TrafficChange { route_id, traffic_status, traffic_ratio }
}

impl Edit {
    fn make(&self, plan: &mut RouteChanges, routes: &[Route]) {
        let pick = |index: &Index| (!routes.is_empty()).then(|| index.get(routes).id.clone());
        match self {
            Self::Promote(index) => plan.promote_route_ids.extend(pick(index)),
            Self::Set(index, status, ratio) => {
                plan.traffic_changes.extend(pick(index).map(|id| change(id, *status, *ratio)));
            }
            Self::Drain(index) => plan.drain_route_ids.extend(pick(index)),
            Self::Create(created) => plan.rollout_specs.push(created.clone()),
            Self::SetAll(ratio) => {
                let active = routes.iter().filter(|route| route.traffic_status == TrafficStatus::Active);
                let changes = active.map(|route| change(route.id.clone(), TrafficStatus::Active, *ratio));
                plan.traffic_changes.extend(changes);
            }
            Self::Forget(list) => match list {
                0 => plan.promote_route_ids.truncate(plan.promote_route_ids.len().saturating_sub(1)),
                1 => plan.traffic_changes.truncate(plan.traffic_changes.len().saturating_sub(1)),
                _ => plan.drain_route_ids.truncate(plan.drain_route_ids.len().saturating_sub(1)),
            },
            Self::More(more) => {
                plan.rollout_specs.iter_mut().for_each(|created| created.count = created.count.saturating_add(*more));
            }
            Self::Unknown(list) => match list {
                0 => plan.promote_route_ids.push("r-99".to_owned()),
                1 => plan.traffic_changes.push(change("r-99".to_owned(), TrafficStatus::Inactive, 0.0)),
                2 => plan.drain_route_ids.push("r-99".to_owned()),
                _ => {}
            },
        }
    }
}

/// Leaves out what single routes could do wrong, so that what they do together is looked at.
fn tidy(plan: &mut RouteChanges, routes: &[Route], spec: &Spec) {
    let find = |id: &String| routes.iter().find(|route| route.id == *id);
    let mut named = vec![];
    let mut is_first = |id: &String| {
        let is_first = !named.contains(id);
        named.push(id.clone());
        is_first
    };
    plan.drain_route_ids.retain(|id| find(id).is_some_and(Route::is_live) && is_first(id));
    let is_ready_green = |route: &Route| route.is_ready() && route.revision == spec.deploying_revision;
    plan.promote_route_ids.retain(|id| find(id).is_some_and(is_ready_green) && is_first(id));
    let in_range =
        |status, ratio: f64| (0.0..=1.0).contains(&ratio) && (status != TrafficStatus::Inactive || ratio == 0.0);
    plan.traffic_changes.retain(|change| {
        let may_change = |route: &Route| {
            route.is_live()
                && match change.traffic_status {
                    TrafficStatus::Active => route.is_ready() || route.is_serving() || change.traffic_ratio == 0.0,
                    TrafficStatus::Standby => route.traffic_status != TrafficStatus::Inactive,
                    TrafficStatus::Inactive => true,
                }
        };
        let is_right = in_range(change.traffic_status, change.traffic_ratio);
        is_right && find(&change.route_id).is_some_and(may_change) && is_first(&change.route_id)
    });
    let stable = spec.stable_revision.as_ref();
    plan.rollout_specs.retain(|created| {
        let is_ours = created.revision == spec.deploying_revision || Some(&created.revision) == stable;
        let is_right = in_range(created.traffic_status, created.traffic_ratio);
        is_right && is_ours && created.count > 0 && created.traffic_status != TrafficStatus::Standby
    });
    // The proxy takes whole steps, and most random ratios are none.
    let steps = spec.weight_steps;
    let fit = |ratio: &mut f64| {
        if steps > 0 {
            *ratio = (*ratio * f64::from(steps)).ceil() / f64::from(steps);
        }
    };
    plan.traffic_changes.iter_mut().for_each(|change| fit(&mut change.traffic_ratio));
    plan.rollout_specs.iter_mut().for_each(|created| fit(&mut created.traffic_ratio));
}
