//! What is checked: a strategy under one configuration, and what it promises.

use pointsman::{
    CheckOutcome, EvaluationError, OperatorRequest, Route, RouteChanges, Spec, Strategy,
    blue_green::{BlueGreen, BlueGreenConfig},
    evaluate_cycle,
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};

use crate::world::{Kind, Revision, State, Traffic, Unit};

/// A strategy under one configuration.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says what of a state makes a difference")]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) config: &'static str,
    pub(crate) evaluate: fn(&[Route], &Spec) -> Result<RouteChanges, EvaluationError>,
    /// The bounds of a rolling update; none for blue-green.
    bounds: Option<RollingUpdateConfig>,
    /// The gates of blue-green; none for rolling update.
    gates: Option<BlueGreenConfig>,
    /// How many failures blue-green replaces.
    replacements: usize,
    pub(crate) has_delay: bool,
    pub(crate) has_deadline: bool,
    pub(crate) has_back_off: bool,
    pub(crate) tells_terminating_from_gone: bool,
    /// Whether a check is pending at the start.
    pub(crate) has_check: bool,
}

impl Subject {
    /// Blue-green, or what claims to be it.
    pub(crate) fn blue_green<S: Strategy>(config: &'static str) -> Self {
        let parsed: BlueGreenConfig = serde_json::from_str(config).expect("a configuration");
        Self {
            name: BlueGreen::NAME,
            config,
            evaluate: evaluate_cycle::<S>,
            bounds: None,
            replacements: parsed.max_replacements as usize,
            has_delay: parsed.promote_delay_seconds > 0,
            has_deadline: parsed.deadline_seconds.is_some(),
            gates: Some(parsed),
            has_back_off: false,
            tells_terminating_from_gone: false,
            has_check: false,
        }
    }

    /// Rolling update, or what claims to be it.
    pub(crate) fn rolling_update<S: Strategy>(config: &'static str) -> Self {
        let bounds: RollingUpdateConfig = serde_json::from_str(config).expect("a configuration");
        Self {
            name: RollingUpdate::NAME,
            config,
            evaluate: evaluate_cycle::<S>,
            replacements: 0,
            gates: None,
            has_delay: false,
            has_deadline: bounds.deadline_seconds.is_some(),
            has_back_off: true,
            tells_terminating_from_gone: bounds.wait_for_termination,
            has_check: false,
            bounds: Some(bounds),
        }
    }

    pub(crate) fn with_check(self) -> Self {
        Self { has_check: true, ..self }
    }

    /// How many of `target` routes must serve after a plan, if as many did before.
    pub(crate) fn least_serving(&self, target: u8) -> usize {
        let target = u32::from(target);
        let unavailable = self.bounds.as_ref().map_or(0, |bounds| {
            let at_least = u32::from(bounds.max_surge.of_rounded_up(target) == 0);
            bounds.max_unavailable.of_rounded_down(target).max(at_least)
        });
        target.saturating_sub(unavailable) as usize
    }

    /// Whether there are more routes than a plan may make it.
    pub(crate) fn exceeds_budget(&self, state: &State) -> bool {
        let target = usize::from(state.target);
        let new = state.count(|unit| unit.is_new() && unit.is_live());
        new > target
            || self.bounds.as_ref().is_some_and(|bounds| {
                let takes_a_place =
                    |unit: Unit| unit.is_live() || bounds.wait_for_termination && unit.kind == Kind::Terminating;
                let surge = bounds.max_surge.of_rounded_up(state.target.into()) as usize;
                state.count(takes_a_place) > target + surge
            })
    }

    /// Whether failures make it create without end: blue-green within its replacements, rolling update within the back-off.
    pub(crate) fn creates_without_end(&self, state: &State) -> bool {
        let failed = |unit: Unit| unit.is_new() && unit.kind == Kind::Gone;
        if self.has_back_off {
            return state.count(|unit| failed(unit) && unit.age == 0) > 0;
        }
        let all = state.count(|unit| unit.is_new() && unit.is_live() || failed(unit));
        all > usize::from(state.target) + self.replacements
    }

    /// Whether a plan of blue-green promotes although something is to be waited for: an operator, a check, the delay.
    pub(crate) fn ignores_a_gate(&self, state: &State, plan: &RouteChanges) -> bool {
        let Some(gates) = self.gates.as_ref() else { return false };
        let is_promoted = state.count(|unit| unit.is_new() && unit.is_live() && unit.is_active()) > 0;
        // In the window green is in traffic, even if all of it has failed; the delay is the preview's where there is one.
        let is_kept = |unit: Unit| unit.revision == Revision::Old && unit.traffic == Traffic::Kept;
        let was_promoted = state.remembers_promotion() || state.count(is_kept) > 0;
        // Where nothing is wanted and no blue is live, the rollout is over as it stands.
        if plan.promote_route_ids.is_empty() || is_promoted || was_promoted || state.target == 0 {
            return false;
        }
        let asked = state.request == Some(OperatorRequest::Promote);
        let is_early = gates.promote_delay_seconds > 0
            && gates.preview_replicas.is_none()
            && state.count(|unit| unit.is_new() && unit.kind == Kind::Healthy && unit.age == 0) > 0;
        let is_held = !gates.auto_promote || state.check == Some(CheckOutcome::Pending) || is_early;
        state.check == Some(CheckOutcome::Failed) || is_held && !asked
    }

    /// What it decides.
    pub(crate) fn plan(&self, state: &State) -> RouteChanges {
        (self.evaluate)(&state.routes(), &state.spec(self.config)).expect("the model's routes are valid")
    }
}
