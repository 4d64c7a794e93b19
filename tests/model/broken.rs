//! Blue-green with the mistakes that others have made, each of which the model must find. Beside each stands where it
//! was found.

use pointsman::{
    Commitment, EvaluationError, Rollout, RolloutSpec, Route, RouteChanges, RouteEnd, RouteStatus, Spec, Strategy,
    SubStep, TrafficChange, TrafficStatus,
    blue_green::{BlueGreen, BlueGreenConfig},
};

/// A strategy that is another one but for what it does to its plans.
macro_rules! broken {
    ($(#[$doc:meta])* $name:ident, $base:ty, |$rollout:ident, $config:ident, $plan:ident| $change:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl pointsman::Strategy for $name {
            const NAME: &'static str = stringify!($name);
            const VERSION: &'static str = "0.0.0";
            const SUMMARY: &'static str = "Broken.";
            type Config = <$base as pointsman::Strategy>::Config;

            fn commitment(
                config: &Self::Config,
                target: u32,
                limits: Option<pointsman::Commitment>,
            ) -> pointsman::Commitment {
                <$base as pointsman::Strategy>::commitment(config, target, limits)
            }

            #[allow(unused_mut, unused_variables, unused_assignments, reason = "not every mistake needs all of it")]
            fn evaluate(
                $rollout: &pointsman::Rollout<'_>,
                $config: &Self::Config,
            ) -> Result<pointsman::RouteChanges, pointsman::EvaluationError> {
                let mut $plan = <$base as pointsman::Strategy>::evaluate($rollout, $config)?;
                $change;
                Ok($plan)
            }
        }
    };
}
pub(crate) use broken;

pub(crate) fn ids<'a>(routes: impl Iterator<Item = &'a Route>) -> Vec<String> {
    routes.map(|route| route.id.clone()).collect()
}

pub(crate) fn is_code(plan: &RouteChanges, code: &str) -> bool {
    plan.reason.code == code
}

/// `count` routes of the deploying revision, out of traffic.
pub(crate) fn new_routes(rollout: &Rollout<'_>, count: u32) -> Vec<RolloutSpec> {
    let created = RolloutSpec::inactive(count, &rollout.spec().deploying_revision);
    (count > 0).then_some(created).into_iter().collect()
}

/// Plan of a strategy for a request that is changed first.
pub(crate) fn as_if<S: Strategy>(
    rollout: &Rollout<'_>,
    config: &S::Config,
    change: impl FnOnce(&mut Spec),
) -> Result<RouteChanges, EvaluationError> {
    let mut spec = rollout.spec().clone();
    change(&mut spec);
    let routes: Vec<Route> = rollout.routes().cloned().collect();
    S::evaluate(&Rollout::new(&routes, &spec)?, config)
}

fn activate(route: &Route) -> TrafficChange {
    TrafficChange { route_id: route.id.clone(), traffic_status: TrafficStatus::Active, traffic_ratio: 1.0 }
}

fn is_rolling_back(plan: &RouteChanges) -> bool {
    matches!(plan.sub_step, SubStep::RollingBack | SubStep::RolledBack)
}

/// Puts these blue routes into traffic, whatever else the plan does.
fn return_to(rollout: &Rollout<'_>, plan: &mut RouteChanges, is_it: impl Fn(&Route) -> bool) {
    let returned: Vec<&Route> = rollout.blue().filter(|route| route.is_ready() && is_it(route)).collect();
    plan.drain_route_ids.retain(|id| !returned.iter().any(|route| route.id == *id));
    plan.traffic_changes.retain(|change| !returned.iter().any(|route| route.id == change.route_id));
    plan.traffic_changes.extend(returned.into_iter().map(activate));
}

broken!(
    /// argo-rollouts#2050, backend.ai#11110: the old revision goes before the new one is ready.
    DrainsBeforeReady, BlueGreen, |rollout, config, plan| if rollout.tally().ready_green > 0 {
        plan.traffic_changes.clear();
        plan.drain_route_ids = ids(rollout.blue().filter(|route| route.is_live()));
    }
);

broken!(
    /// backend.ai#10858: degraded routes and those not checked are not counted, so others are created beside them.
    CountsOnlyTheReady, BlueGreen, |rollout, config, plan| {
        let tally = rollout.tally();
        let missing = rollout.spec().target_replicas.saturating_sub(tally.ready_green + tally.provisioning_green);
        if plan.sub_step == SubStep::Provisioning {
            plan.rollout_specs = new_routes(rollout, missing);
        }
    }
);

broken!(
    /// The seed: 400 rows of an always failing revision in 400 cycles.
    ReplacesWithoutEnd, BlueGreen, |rollout, config, plan| {
        let missing = rollout.spec().target_replicas.saturating_sub(rollout.tally().live_green);
        if is_code(&plan, "all-green-failed") {
            plan = RouteChanges::none(SubStep::Provisioning, "creating-green", String::new());
            plan.rollout_specs = new_routes(rollout, missing);
        }
    }
);

broken!(
    /// The seed: a rollout all of whose routes have failed waits for ever.
    WaitsForTheDead, BlueGreen, |rollout, config, plan| if is_code(&plan, "all-green-failed") {
        plan = RouteChanges::none(SubStep::Provisioning, "waiting-for-ready", "0 are ready".to_owned());
    }
);

broken!(
    /// The seed: one failed route, and nobody is told that it is for them to act.
    WaitsInSilence, BlueGreen, |rollout, config, plan| {
        plan.reason.message = plan.reason.message.replace(": raise max_replacements, or abort", "");
    }
);

broken!(
    /// The seed, three ways: promoted, and still deploying.
    NeverCompletes, BlueGreen, |rollout, config, plan| if plan.sub_step == SubStep::Completed {
        plan.sub_step = SubStep::AwaitingPromotion;
    }
);

broken!(
    /// argo-rollouts#1292: an abort scales everything down.
    AbortDrainsAll, BlueGreen, |rollout, config, plan| if rollout.spec().operator.abort {
        plan.promote_route_ids.clear();
        plan.traffic_changes.clear();
        plan.drain_route_ids = ids(rollout.routes().filter(|route| route.is_live()));
    }
);

broken!(
    /// argo-rollouts#3756: an abort that goes on and on.
    AbortsForEver, BlueGreen, |rollout, config, plan| if is_code(&plan, "aborted") {
        plan.sub_step = SubStep::RollingBack;
    }
);

broken!(
    /// nomad#7058, nomad#27804, argo-rollouts#3414: the deadline runs while a person, or a window, is waited for.
    DeadlineWhileWaiting, BlueGreen, |rollout, config, plan| {
        let spec = rollout.spec();
        let deadline = config.progress_deadline_seconds.map_or(u64::MAX, |seconds| u64::from(seconds.get()) * 1000);
        let waits = [SubStep::AwaitingPromotion, SubStep::Finalizing].contains(&plan.sub_step);
        let is_late = spec.now.saturating_millis_since(spec.started_at) >= deadline;
        if waits && is_late && rollout.tally().serving_blue > 0 {
            plan = RouteChanges::none(SubStep::RollingBack, "deadline-exceeded", String::new()).drain(rollout.green());
        }
    }
);

broken!(
    /// The seed: routes are promoted that were ready once.
    PromotesWhatRuns, BlueGreen, |rollout, config, plan| if is_code(&plan, "promoting") {
        let running = rollout.green().filter(|route| route.status == RouteStatus::Running && !route.is_active());
        plan.promote_route_ids = ids(running);
        plan.drain_route_ids.retain(|id| !plan.promote_route_ids.contains(id));
    }
);

broken!(
    /// argo-rollouts#4200: replicas and image changed together, and the number never fits.
    WaitsForExactlyTheTarget, BlueGreen, |rollout, config, plan| {
        if is_code(&plan, "promoting") && rollout.tally().ready_green != rollout.spec().target_replicas {
            plan = RouteChanges::none(SubStep::Provisioning, "waiting-for-ready", "fewer than the target".to_owned());
        }
    }
);

broken!(
    /// argo-rollouts#3848: scaling while the old revision is kept, and progressing for ever.
    ScalesNothingWhileKeepingBlue, BlueGreen, |rollout, config, plan| if is_code(&plan, "replacing-green") {
        plan.rollout_specs.clear();
    }
);

broken!(
    /// argo-rollouts#4534: a rollout that replaces another puts into traffic what the other left.
    ReturnsToAnything, BlueGreen, |rollout, config, plan| if is_rolling_back(&plan) {
        return_to(rollout, &mut plan, |route| !route.is_active());
    }
);

broken!(
    /// What the rollout before this one kept comes back beside what serves.
    ReturnsWhatWasReplaced, BlueGreen, |rollout, config, plan| if is_rolling_back(&plan) {
        return_to(rollout, &mut plan, Route::is_standby);
    }
);

broken!(
    /// knative serving, PR 10311: the next step is always now.
    LooksAgainAtOnce, BlueGreen, |rollout, config, plan| if plan.sub_step == SubStep::AwaitingPromotion {
        plan.next_evaluation_at = Some(rollout.spec().now);
    }
);

broken!(
    /// The seed: a promotion that nobody approved.
    NeedsNoApproval, BlueGreen, |rollout, config, plan| if is_code(&plan, "awaiting-approval") {
        plan = BlueGreen::evaluate(rollout, &BlueGreenConfig { auto_promote: true, ..config.clone() })?;
    }
);

broken!(
    /// The seed: the delay is ignored, because the handler looked for its own row.
    NeedsNoDelay, BlueGreen, |rollout, config, plan| if is_code(&plan, "awaiting-delay") {
        plan = BlueGreen::evaluate(rollout, &BlueGreenConfig { promote_delay_seconds: 0, ..config.clone() })?;
    }
);

broken!(
    /// A check that has no verdict yet, or not enough data for one, counts as passed.
    NeedsNoVerdict, BlueGreen, |rollout, config, plan| if is_code(&plan, "awaiting-checks") {
        plan = as_if::<BlueGreen>(rollout, config, |spec| spec.checks.clear())?;
    }
);

broken!(
    /// A gate passed early counts for all that come after it.
    PassesEveryGateAtOnce, BlueGreen, |rollout, config, plan| if !rollout.spec().operator.passed_gates.is_empty() {
        plan = as_if::<BlueGreen>(rollout, config, |spec| spec.operator.promote |= !spec.operator.abort)?;
    }
);

broken!(
    /// What is ready is promoted, aborted or not.
    PromotesUnderAbort, BlueGreen, |rollout, config, plan| if rollout.spec().operator.abort {
        plan = as_if::<BlueGreen>(rollout, config, |spec| spec.operator.abort = false)?;
    }
);

broken!(
    /// The window ends while the rollout is paused, and the way back is gone.
    RetiresUnderPause, BlueGreen, |rollout, config, plan| if is_code(&plan, "paused") {
        let kept = rollout.blue().filter(|route| route.is_standby());
        plan.traffic_changes.clear();
        plan.drain_route_ids = ids(kept);
    }
);

broken!(
    /// The rollout is called rolled back while the stable revision is still being created.
    EndsTooEarly, BlueGreen, |rollout, config, plan| if plan.sub_step == SubStep::RollingBack {
        plan.sub_step = SubStep::RolledBack;
    }
);

broken!(
    /// A node that went away counts as the new revision's failure.
    RollsBackOnEviction, BlueGreen, |rollout, config, plan| {
        if rollout.green().any(|route| route.end == Some(RouteEnd::Evicted)) {
            plan = as_if::<BlueGreen>(rollout, config, |spec| spec.operator.abort = true)?;
            "all-green-failed".clone_into(&mut plan.reason.code);
        }
    }
);

broken!(
    /// What never served is put where only what did may be.
    KeepsWhatNeverServed, BlueGreen, |rollout, config, plan| if is_code(&plan, "awaiting-approval") {
        let green = rollout.green().filter(|route| route.is_live() && !route.is_active());
        plan.traffic_changes =
            green.map(|route| TrafficChange { traffic_status: TrafficStatus::Standby, ..activate(route) }).collect();
    }
);

/// What is promised at admission is not what is kept.
pub(crate) struct PromisesNothing;

impl Strategy for PromisesNothing {
    const NAME: &'static str = "PromisesNothing";
    const VERSION: &'static str = "0.0.0";
    const SUMMARY: &'static str = "Broken.";
    type Config = BlueGreenConfig;

    fn commitment(_: &BlueGreenConfig, _: u32, _: Option<Commitment>) -> Commitment {
        Commitment::NONE
    }

    fn evaluate(rollout: &Rollout<'_>, config: &BlueGreenConfig) -> Result<RouteChanges, EvaluationError> {
        BlueGreen::evaluate(rollout, config)
    }
}
