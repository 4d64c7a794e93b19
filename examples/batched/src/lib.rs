//! Blue-green that creates its routes a few at a time, for clusters where a burst of starts hurts. To be short it knows
//! no deadline, does nothing while an operator pauses it, and goes back as the rolling update does.

use pointsman::rolling_update::{RollingUpdate, RollingUpdateConfig};
use pointsman::{EvaluationError, Rollout, RolloutSpec, RouteChanges, Strategy, SubStep, schemars, serde};

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
        let (tally, spec, target) = (rollout.tally(), rollout.spec(), rollout.spec().target_replicas);
        let (ready, blue) = (rollout.green().filter(|route| route.is_ready()), rollout.blue());
        // A failure keeps its slot, else a crash-looping revision creates routes without end.
        let missing = target.saturating_sub(tally.live_green + tally.failed_green);
        let room = spec.limits.map_or(u32::MAX, |it| it.most_live.saturating_sub(tally.live() + tally.terminating));
        let count = missing.min(config.batch.get().saturating_sub(tally.provisioning_green)).min(room);
        let plan = |step, code| RouteChanges::none(step, code, format!("{} of {target} are ready", tally.ready_green));
        Ok(match count {
            _ if spec.operator.abort => return RollingUpdate::evaluate(rollout, &RollingUpdateConfig::default()),
            _ if spec.operator.pause => plan(SubStep::Provisioning, "held"),
            _ if tally.ready_green >= target => plan(SubStep::Completed, "promoting").promote(ready).drain(blue),
            0 => plan(SubStep::Provisioning, "waiting-for-ready"),
            _ => plan(SubStep::Provisioning, "creating").create(RolloutSpec::inactive(count, &spec.deploying_revision)),
        })
    }
}

pointsman::export_strategy!(Batched);
