//! Blue-green that creates its routes a few at a time, for clusters where a burst of starts hurts. To be short it knows no
//! way back and no deadline: where an operator asks to abort or to pause it does nothing.

use pointsman::{EvaluationError, Rollout, RolloutSpec, RouteChanges, Strategy, SubStep};
use pointsman::{schemars, serde};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "pointsman::serde", deny_unknown_fields)]
#[schemars(crate = "pointsman::schemars")]
struct Config {
    /// How many routes may be provisioning at once.
    batch: std::num::NonZeroU32,
}

struct Batched;

impl Strategy for Batched {
    const NAME: &'static str = "batched";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Blue-green that creates its routes a few at a time.";
    type Config = Config;

    fn evaluate(rollout: &Rollout<'_>, config: &Config) -> Result<RouteChanges, EvaluationError> {
        let (tally, spec) = (rollout.tally(), rollout.spec());
        let message = format!("{} of {} green routes ready", tally.ready_green, spec.target_replicas);
        if spec.operator.abort || spec.operator.pause {
            return Ok(RouteChanges::none(SubStep::Provisioning, "held", message));
        }
        if tally.ready_green >= spec.target_replicas {
            let plan = RouteChanges::none(SubStep::Completed, "promoting", message);
            return Ok(plan.promote(rollout.green().filter(|route| route.is_ready())).drain(rollout.blue()));
        }
        // A failure keeps its slot, else a crash-looping revision creates routes without end.
        let missing = spec.target_replicas.saturating_sub(tally.live_green + tally.failed_green);
        let room = spec.limits.map_or(u32::MAX, |it| it.most_live.saturating_sub(tally.live() + tally.terminating));
        let count = missing.min(config.batch.get().saturating_sub(tally.provisioning_green)).min(room);
        let plan = RouteChanges::none(SubStep::Provisioning, "waiting-for-ready", message);
        let created = RolloutSpec::inactive(count, &spec.deploying_revision);
        Ok(if count == 0 { plan } else { plan.create(created) })
    }
}

pointsman::export_strategy!(Batched);
