//! Rolling update with the mistakes that others have made.

use pointsman::{
    EvaluationError, HealthStatus, Rollout, RolloutSpec, RouteChanges, Strategy, SubStep, TrafficStatus,
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};

use crate::broken::{as_if, broken, ids, is_code, new_routes};

broken!(
    /// The seed: no surge, and `max_unavailable` rounds down to nothing.
    Deadlocks, RollingUpdate, |rollout, config, plan| {
        let target = rollout.spec().target_replicas;
        let is_stuck = config.max_surge.rounded_up(target) == 0 && config.max_unavailable.rounded_down(target) == 0;
        if is_stuck && plan.sub_step == SubStep::Provisioning && rollout.tally().live_blue > 0 {
            plan = RouteChanges::none(SubStep::Provisioning, "replacing", "nothing may move".to_owned());
        }
    }
);

broken!(
    /// nomad#6936, nomad#19643: what is created counts as if it served, and healthy old routes go for it.
    CountsTheLiveAsAvailable, RollingUpdate, |rollout, config, plan| {
        let tally = rollout.tally();
        let may_go = (tally.live_green + tally.live_blue).saturating_sub(rollout.spec().target_replicas);
        if plan.sub_step == SubStep::Provisioning {
            plan.traffic_changes.clear();
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

    fn commitment(
        config: &RollingUpdateConfig,
        target: u32,
        limits: Option<pointsman::Commitment>,
    ) -> pointsman::Commitment {
        RollingUpdate::commitment(config, target, limits)
    }

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
    /// The same of the revision that is returned to.
    NoBackOffOnTheWayBack, RollingUpdate, |rollout, config, plan| {
        if plan.reason.message.contains("stable-does-not-start")
            && let Some(stable) = rollout.spec().stable()
        {
            plan.rollout_specs = vec![RolloutSpec::inactive(1, stable)];
        }
    }
);

broken!(
    /// argo-rollouts#1852: what was scaled up is scaled down in the next cycle, and up again.
    ScalesUpAndDown, RollingUpdate, |rollout, config, plan| {
        let tally = rollout.tally();
        let free = rollout.spec().target_replicas.saturating_sub(tally.live_green + tally.live_blue);
        if plan.is_empty() && plan.sub_step == SubStep::Provisioning && free == 0 {
            let waiting = rollout.green().filter(|route| route.is_live() && route.health != HealthStatus::Healthy);
            plan.drain_route_ids = ids(waiting.take(1));
        }
    }
);

broken!(
    /// A pause that stops what is created, and not what is drained.
    DrainsUnderPause, RollingUpdate, |rollout, config, plan| if is_code(&plan, "paused") {
        plan.drain_route_ids = as_if::<RollingUpdate>(rollout, config, |spec| spec.operator.pause = false)?
            .drain_route_ids;
    }
);

broken!(
    /// A pause is not read.
    GoesOnUnderPause, RollingUpdate, |rollout, config, plan| if is_code(&plan, "paused") {
        plan = as_if::<RollingUpdate>(rollout, config, |spec| spec.operator.pause = false)?;
    }
);

broken!(
    /// A new route at a full share beside old ones at what a person left them with: nearly all goes to the one.
    LeavesOldAtLess, RollingUpdate, |rollout, config, plan| {
        plan.traffic_changes.retain(|change| change.traffic_status != TrafficStatus::Active);
    }
);

broken!(
    /// Places that others need are taken, or nobody has them.
    SpendsOthersPlaces, RollingUpdate, |rollout, config, plan| {
        plan = as_if::<RollingUpdate>(rollout, config, |spec| spec.free_places = None)?;
    }
);

broken!(
    /// Completed as soon as all of it is created.
    CompletesTooEarly, RollingUpdate, |rollout, config, plan| {
        let is_created = rollout.tally().live_green >= rollout.spec().target_replicas;
        if plan.sub_step == SubStep::Provisioning && is_created {
            plan.sub_step = SubStep::Completed;
        }
    }
);

broken!(
    /// Nobody looks at the clock.
    NeverLate, RollingUpdate, |rollout, config, plan| if is_code(&plan, "deadline-exceeded") {
        let patient = RollingUpdateConfig { progress_deadline_seconds: None, ..config.clone() };
        plan = RollingUpdate::evaluate(rollout, &patient)?;
    }
);

broken!(
    /// What a check said is not read.
    IgnoresFailedChecks, RollingUpdate, |rollout, config, plan| if is_code(&plan, "check-failed") {
        plan = as_if::<RollingUpdate>(rollout, config, |spec| spec.checks.clear())?;
    }
);
