//! What is checked: a strategy under one configuration, and what it promises.

use std::num::NonZeroU32;

use pointsman::{
    Commitment, EvaluationError, Route, RouteChanges, Spec, Strategy,
    blue_green::{BlueGreen, BlueGreenConfig},
    check_config, evaluate_cycle,
    rolling_update::{RollingUpdate, RollingUpdateConfig},
};

use crate::{time::TICK, unit::FULL, world::State};

/// A strategy under one configuration, within an operator's limits, behind a proxy, on a machine.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) config: &'static str,
    pub(crate) evaluate: fn(&[Route], &Spec) -> Result<RouteChanges, EvaluationError>,
    pub(crate) check_config: fn(&str, u32, Option<Commitment>) -> Result<Commitment, String>,
    /// What of its configuration the promises know.
    pub(crate) terms: Terms,
    pub(crate) limits: Limits,
    /// Ratios that the proxy has.
    pub(crate) weight_steps: u8,
    /// Whether a check is pending at the start.
    pub(crate) has_check: bool,
    /// How many more places than the target the machine has; none where there are always more.
    pub(crate) places_beyond: Option<u8>,
    pub(crate) has_delay: bool,
    /// In ticks.
    pub(crate) deadline: Option<u8>,
    pub(crate) waits_for_termination: bool,
}

/// The configuration that a strategy's promises are about.
#[derive(Clone)]
pub(crate) enum Terms {
    BlueGreen(BlueGreenConfig),
    RollingUpdate(RollingUpdateConfig),
    /// Of a strategy from elsewhere: none but what it says at admission.
    Other,
}

/// What the operator's policy comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limits {
    /// None is known.
    None,
    /// The default: a quarter may be missing, but one from two on; as many more may be live.
    Default,
    /// One more may be live.
    OneMore,
    /// Nothing may be missing, and nothing more be live.
    Frozen,
}

// === impl Subject ===

impl Subject {
    /// Blue-green, or what claims to be it.
    pub(crate) fn blue_green<S: Strategy>(config: &'static str) -> Self {
        let parsed: BlueGreenConfig = serde_json::from_str(config).expect("a configuration");
        Self {
            name: BlueGreen::NAME,
            has_delay: parsed.promote_delay_seconds.max(parsed.min_ready_seconds) > 0,
            deadline: parsed.progress_deadline_seconds.map(ticks),
            ..Self::new::<S>(config, Terms::BlueGreen(parsed))
        }
    }

    /// Rolling update, or what claims to be it.
    pub(crate) fn rolling_update<S: Strategy>(config: &'static str) -> Self {
        let parsed: RollingUpdateConfig = serde_json::from_str(config).expect("a configuration");
        Self {
            name: RollingUpdate::NAME,
            has_delay: parsed.min_ready_seconds > 0,
            deadline: parsed.progress_deadline_seconds.map(ticks),
            waits_for_termination: parsed.wait_for_termination,
            ..Self::new::<S>(config, Terms::RollingUpdate(parsed))
        }
    }

    /// Any other strategy, under a configuration of its own. It is held to what it says at admission, and to what every
    /// strategy owes; which gates it has, and when it may give up, the model does not know.
    pub(crate) fn other<S: Strategy>(config: &'static str) -> Self {
        Self { has_delay: true, ..Self::new::<S>(config, Terms::Other) }
    }

    fn new<S: Strategy>(config: &'static str, terms: Terms) -> Self {
        Self {
            name: S::NAME,
            config,
            evaluate: evaluate_cycle::<S>,
            check_config: check_config::<S>,
            terms,
            limits: Limits::Default,
            weight_steps: 1,
            has_check: false,
            places_beyond: None,
            has_delay: false,
            deadline: None,
            waits_for_termination: false,
        }
    }

    pub(crate) fn with_check(self) -> Self {
        Self { has_check: true, ..self }
    }

    pub(crate) fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Behind a proxy that has quarters.
    pub(crate) fn with_weights(self) -> Self {
        Self { weight_steps: FULL, ..self }
    }

    /// On a machine that has so many places more than the target.
    pub(crate) fn with_places(self, beyond: u8) -> Self {
        Self { places_beyond: Some(beyond), ..self }
    }

    /// What the host says of the operator's policy.
    pub(crate) fn limits(&self, target: u8) -> Option<Commitment> {
        let target = u32::from(target);
        let missing = u32::from(target >= 2).min(target);
        let (least_serving, most_live) = match self.limits {
            Limits::None => return None,
            // A quarter of less than eight is one at most.
            Limits::Default => (target - missing, 2 * target),
            Limits::OneMore => (target - missing, if target == 0 { 0 } else { target + 1 }),
            Limits::Frozen => (target, target),
        };
        Some(Commitment { least_serving, most_live })
    }

    /// How many must serve, and how many may be live, in the strategy's words and the operator's.
    pub(crate) fn bounds(&self, target: u8) -> Commitment {
        let limits = self.limits(target).unwrap_or(Commitment::NONE);
        let target = u32::from(target);
        let own = || (self.check_config)(self.config, target, None).expect("without limits it is admitted");
        let (least, most) = match &self.terms {
            Terms::BlueGreen(_) => (target, 2 * target),
            Terms::RollingUpdate(_) if target == 0 => (0, 0),
            Terms::RollingUpdate(config) => {
                let surge = config.max_surge.rounded_up(target);
                let missing = config.max_unavailable.rounded_down(target).max(u32::from(surge == 0));
                (target.saturating_sub(missing), target + surge)
            }
            Terms::Other => (own().least_serving, own().most_live),
        };
        Commitment { least_serving: least.max(limits.least_serving), most_live: most.min(limits.most_live) }
    }

    /// Whether anything can be replaced within its bounds.
    pub(crate) fn can_move(&self, target: u8) -> bool {
        let (bounds, limits, target) = (self.bounds(target), self.limits(target), u32::from(target));
        match self.terms {
            Terms::BlueGreen(_) => bounds.most_live >= 2 * target,
            Terms::RollingUpdate(_) => target == 0 || bounds.least_serving < target || bounds.most_live > target,
            Terms::Other => (self.check_config)(self.config, target, limits).is_ok(),
        }
    }

    /// What it decides.
    pub(crate) fn plan(&self, state: &State) -> RouteChanges {
        (self.evaluate)(&state.routes(), &state.spec(self)).expect("the model's routes are valid")
    }

    /// As counter-examples and the list of states tell it.
    pub(crate) fn describe(&self) -> String {
        let mut what = format!("{} {}", self.name, self.config);
        if self.has_check {
            what += " with a check";
        }
        if self.limits != Limits::Default {
            what += &format!(", limits: {:?}", self.limits);
        }
        if self.weight_steps > 1 {
            what += &format!(", weights in 1/{}", self.weight_steps);
        }
        if let Some(beyond) = self.places_beyond {
            what += &format!(", {beyond} places beyond the target");
        }
        what
    }
}

fn ticks(seconds: NonZeroU32) -> u8 {
    u8::try_from(u64::from(seconds.get()) * 1000 / TICK).expect("a few ticks")
}
