//! What is checked: a strategy under one configuration, and what it promises.

use pointsman::{
    EvaluationError, Route, RouteChanges, Spec, Strategy,
    blue_green::{BlueGreen, BlueGreenConfig},
    evaluate_cycle,
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};

use crate::world::{Kind, State, Unit};

/// A strategy under one configuration.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says what of a state makes a difference")]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) config: &'static str,
    pub(crate) evaluate: fn(&[Route], &Spec) -> Result<RouteChanges, EvaluationError>,
    /// The bounds of a rolling update; none for blue-green.
    bounds: Option<RollingUpdateConfig>,
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

    /// What it decides.
    pub(crate) fn plan(&self, state: &State) -> RouteChanges {
        (self.evaluate)(&state.routes(), &state.spec(self.config)).expect("the model's routes are valid")
    }
}
