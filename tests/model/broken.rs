//! Strategies with the mistakes that others have made, each of which the model must find. Beside each stands
//! where it was found.

use pointsman::{
    EvaluationError, HealthStatus, OperatorRequest, Rollout, RolloutSpec, Route, RouteChanges, RouteStatus, Strategy,
    SubStep, TrafficStatus,
    blue_green::{BlueGreen, BlueGreenConfig},
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};

/// A strategy that is another one but for what it does to its plans.
macro_rules! broken {
    ($(#[$doc:meta])* $name:ident, $base:ty, |$rollout:ident, $config:ident, $plan:ident| $change:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl Strategy for $name {
            const NAME: &'static str = stringify!($name);
            const VERSION: &'static str = "0.0.0";
            const SUMMARY: &'static str = "Broken.";
            type Config = <$base as Strategy>::Config;

            #[allow(unused_mut, unused_variables, reason = "not every mistake needs all of it")]
            fn evaluate($rollout: &Rollout<'_>, $config: &Self::Config) -> Result<RouteChanges, EvaluationError> {
                let mut $plan = <$base>::evaluate($rollout, $config)?;
                $change;
                Ok($plan)
            }
        }
    };
}

fn ids<'a>(routes: impl Iterator<Item = &'a Route>) -> Vec<String> {
    routes.map(|route| route.id.clone()).collect()
}

fn is_code(plan: &RouteChanges, code: &str) -> bool {
    plan.reason.code == code
}

fn new_routes(rollout: &Rollout<'_>, count: u32) -> Vec<RolloutSpec> {
    let revision = rollout.spec().deploying_revision.clone();
    let created = RolloutSpec { count, revision, traffic_status: TrafficStatus::Inactive, traffic_ratio: 0.0 };
    (count > 0).then_some(created).into_iter().collect()
}

broken!(
    /// argo-rollouts#2050, backend.ai#11110: the old revision goes before the new one is ready.
    DrainsBeforeReady, BlueGreen, |rollout, config, plan| if rollout.tally().live_green > 0 {
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
    AbortDrainsAll, BlueGreen, |rollout, config, plan| if rollout.spec().asks_to(OperatorRequest::Abort) {
        plan.promote_route_ids.clear();
        plan.traffic_changes.clear();
        plan.drain_route_ids = ids(rollout.routes().filter(|route| route.is_live()));
    }
);

broken!(
    /// argo-rollouts#3756: an abort that goes on and on.
    AbortsForEver, BlueGreen, |rollout, config, plan| if is_code(&plan, "aborted") {
        plan.drain_route_ids.clear();
    }
);

broken!(
    /// nomad#7058, nomad#27804, argo-rollouts#3414: the deadline runs while a person, or a window, is waited for.
    DeadlineWhileWaiting, BlueGreen, |rollout, config, plan| {
        let deadline = config.deadline_seconds.map_or(u64::MAX, |seconds| u64::from(seconds.get()) * 1000);
        let waits = [SubStep::AwaitingPromotion, SubStep::Finalizing].contains(&plan.sub_step);
        if waits && rollout.spec().elapsed_millis() >= deadline && rollout.tally().serving_blue > 0 {
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
            plan = RouteChanges::none(SubStep::Provisioning, "waiting-for-ready", "not as many as wanted".to_owned());
        }
    }
);

broken!(
    /// argo-rollouts#3848: scaling while the old revision is kept, and progressing for ever.
    KeepsBlueUntilAllIsReady, BlueGreen, |rollout, config, plan| {
        if is_code(&plan, "retiring-blue") && rollout.tally().ready_green < rollout.spec().target_replicas {
            plan = RouteChanges::none(SubStep::Finalizing, "keeping-blue", "not yet".to_owned());
            plan.memo.clone_from(&rollout.spec().memo);
        }
    }
);

broken!(
    /// argo-rollouts#4534: a rollout that replaces another puts into traffic what the other left.
    ReturnsToAnything, BlueGreen, |rollout, config, plan| if plan.sub_step == SubStep::RollingBack {
        let idle = rollout.blue().filter(|route| route.is_ready() && !route.is_active());
        plan.traffic_changes = idle
            .map(|route| pointsman::TrafficChange {
                route_id: route.id.clone(),
                traffic_status: TrafficStatus::Active,
                traffic_ratio: 1.0,
            })
            .collect();
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
    /// A check that has no verdict yet counts as passed.
    NeedsNoVerdict, BlueGreen, |rollout, config, plan| if is_code(&plan, "awaiting-checks") {
        plan = RouteChanges::none(SubStep::Completed, "promoting", String::new())
            .promote(rollout.green().filter(|route| route.is_ready()))
            .drain(rollout.blue());
    }
);

broken!(
    /// What the rollout before this one kept comes back beside what serves.
    ReturnsWhatWasReplaced, BlueGreen, |rollout, config, plan| if plan.sub_step == SubStep::RollingBack {
        let kept = rollout.blue().filter(|route| route.is_ready() && route.is_kept());
        plan.traffic_changes = kept
            .map(|route| pointsman::TrafficChange {
                route_id: route.id.clone(),
                traffic_status: TrafficStatus::Active,
                traffic_ratio: 1.0,
            })
            .collect();
    }
);

/// The seed: no surge, and `max_unavailable` rounds down to nothing.
pub(crate) struct Deadlocks;

impl Strategy for Deadlocks {
    const NAME: &'static str = "Deadlocks";
    const VERSION: &'static str = "0.0.0";
    const SUMMARY: &'static str = "Broken.";
    type Config = RollingUpdateConfig;

    fn evaluate(rollout: &Rollout<'_>, config: &RollingUpdateConfig) -> Result<RouteChanges, EvaluationError> {
        let target = rollout.spec().target_replicas;
        let is_stuck =
            config.max_surge.of_rounded_up(target) == 0 && config.max_unavailable.of_rounded_down(target) == 0;
        if is_stuck && rollout.tally().live_blue > 0 {
            return Ok(RouteChanges::none(SubStep::Provisioning, "replacing", "nothing may move".to_owned()));
        }
        RollingUpdate::evaluate(rollout, config)
    }
}

broken!(
    /// nomad#6936, nomad#19643: what is created counts as if it served, and healthy old routes go for it.
    CountsTheLiveAsAvailable, RollingUpdate, |rollout, config, plan| {
        let tally = rollout.tally();
        let may_go = (tally.live_green + tally.live_blue).saturating_sub(rollout.spec().target_replicas);
        if plan.sub_step == SubStep::Provisioning {
            plan.drain_route_ids = ids(rollout.blue().filter(|route| route.is_live()).take(may_go as usize));
        }
    }
);

/// kubernetes#99513: terminating routes are not counted, and no surge is a surge all the same.
pub(crate) struct IgnoresTerminating;

impl Strategy for IgnoresTerminating {
    const NAME: &'static str = "IgnoresTerminating";
    const VERSION: &'static str = "0.0.0";
    const SUMMARY: &'static str = "Broken.";
    type Config = RollingUpdateConfig;

    fn evaluate(rollout: &Rollout<'_>, config: &RollingUpdateConfig) -> Result<RouteChanges, EvaluationError> {
        RollingUpdate::evaluate(rollout, &RollingUpdateConfig { wait_for_termination: false, ..config.clone() })
    }
}

broken!(
    /// The seed once more: a crash-looping revision is created in every cycle.
    NoBackOff, RollingUpdate, |rollout, config, plan| if is_code(&plan, "backing-off") {
        plan.rollout_specs = new_routes(rollout, 1);
    }
);

broken!(
    /// argo-rollouts#1852: what was scaled up is scaled down in the next cycle, and up again.
    ScalesUpAndDown, RollingUpdate, |rollout, config, plan| {
        let free = rollout.spec().target_replicas.saturating_sub(rollout.tally().live_green + rollout.tally().live_blue);
        if plan.is_empty() && plan.sub_step == SubStep::Provisioning && free == 0 {
            let waiting = rollout.green().filter(|route| route.is_live() && route.health != HealthStatus::Healthy);
            plan.drain_route_ids = ids(waiting.take(1));
        }
    }
);
