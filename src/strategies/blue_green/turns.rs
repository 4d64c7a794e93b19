//! Turns: where there is no room for two full sets, the rollout goes on as a rolling update.
//!
//! It takes what room there is, and as many of the old routes out of the way as the operator's limits allow. The memo
//! keeps that it has begun, because places that come free later must not turn it back half-way.

use super::{BlueGreen, BlueGreenConfig, Cycle, Key, NoRoom, gates::TURNS};
use crate::{
    Amount, Commitment, Rollout, RouteChanges, Strategy, SubStep,
    guard::Policy,
    rolling_update::{RollingUpdate, RollingUpdateConfig, evaluate_as},
    strategies::room::Shortage,
};

/// The reason of the plan that begins it.
pub(super) const TAKING_TURNS: &str = "taking-turns";

/// How many routes must serve: what the operator's limits ask for, or the default policy where none are known.
pub(super) fn least_serving(target: u32, limits: Option<Commitment>) -> u32 {
    limits.unwrap_or_else(|| Policy::default().resolve(target)).least_serving.min(target)
}

/// Refuses limits that leave no move.
pub(super) fn admit(config: &BlueGreenConfig, target: u32, limits: Option<Commitment>) -> Result<(), String> {
    RollingUpdate::admit(&as_rolling_update(config, target, limits), target, limits)
}

/// Evaluates a cycle of a rollout that takes turns.
pub(super) fn go_on(rollout: &Rollout<'_>, config: &BlueGreenConfig) -> RouteChanges {
    let spec = rollout.spec();
    evaluate_as(BlueGreen::NAME, rollout, &as_rolling_update(config, spec.target_replicas, spec.limits), None)
}

/// Takes the first turn, in the cycle that finds no room; `why` says so.
pub(super) fn begin(rollout: &Rollout<'_>, config: &BlueGreenConfig, why: &str) -> RouteChanges {
    let spec = rollout.spec();
    let config = as_rolling_update(config, spec.target_replicas, spec.limits);
    let mut plan = evaluate_as(BlueGreen::NAME, rollout, &config, Some(Key::Turns));
    if plan.reason.code == "replacing" {
        TAKING_TURNS.clone_into(&mut plan.reason.code);
    }
    plan.reason.message = format!("{why}; {}", plan.reason.message);
    plan
}

/// The rolling update that keeps what blue-green promises with this configuration.
fn as_rolling_update(config: &BlueGreenConfig, target: u32, limits: Option<Commitment>) -> RollingUpdateConfig {
    RollingUpdateConfig {
        max_surge: Amount::percent(100),
        max_unavailable: Amount::Count(target - least_serving(target, limits)),
        min_ready_seconds: config.min_ready_seconds,
        progress_deadline_seconds: config.progress_deadline_seconds,
        drain_delay_seconds: config.drain_delay_seconds,
        wait_for_termination: false,
    }
}

impl Cycle<'_> {
    /// Whether the rollout takes turns since an earlier cycle.
    pub(super) fn takes_turns(&self) -> bool {
        self.config.no_room == NoRoom::Turns && self.memo.has(Key::Turns)
    }

    /// Row 18: the first turn is taken once a person has let it.
    pub(super) fn turn_to_turns(&self, shortage: Shortage, live: &str) -> RouteChanges {
        let lack = format!("{live}; there is no room for {} more ({})", self.missing(), shortage.as_str());
        if self.is_held_at(TURNS) {
            let message = format!(
                "{lack}; waiting for an operator to let green into traffic as it comes, at gate {TURNS}, or for room"
            );
            return self.plan(SubStep::AwaitingPromotion, "awaiting-approval", message).wait_at(TURNS);
        }
        RouteChanges::none(SubStep::Provisioning, TAKING_TURNS, format!("{lack}: going on as a rolling update"))
    }
}
