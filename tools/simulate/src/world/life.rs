//! What a route does by itself, and how that is drawn.

use std::collections::VecDeque;

use pointsman::{HealthStatus, RouteEnd};

use crate::{
    chance::Chance,
    scenario::{NewRoutes, Scenario},
};

/// How long after it got ready a route that flaps does so, in milliseconds.
const FLAP_AFTER: u64 = 5000;

/// How routes behave, in milliseconds and chances.
pub(super) struct Behaviour {
    /// In seconds: drawn numbers are whole seconds, which read better.
    start: (u32, u32),
    warm_up: u64,
    pub(super) termination: u64,
    fail_chance: f64,
    flap_chance: f64,
    flap: u64,
    /// How far ahead the clock is that stamps routes, in milliseconds; negative where it is behind.
    pub(super) stamp_offset: i64,
}

/// What a route has before it, and how it ended.
#[derive(Default)]
pub(super) struct Life {
    pub(super) ahead: VecDeque<(u64, Step)>,
    /// What it has before it once it has a place, from that moment on; none where it has one, or needs none any more.
    pub(super) unplaced: Option<VecDeque<(u64, Step)>>,
    /// It ended in this run.
    pub(super) has_ended: bool,
}

/// What a route does by itself.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Run,
    /// It ends by itself, or loses its place.
    Fail(RouteEnd),
    Health(HealthStatus),
    End,
}

// === impl Behaviour ===

impl Behaviour {
    /// That of a scenario.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let millis = |seconds: u32| u64::from(seconds) * 1000;
        Self {
            start: (scenario.start_seconds.min, scenario.start_seconds.max),
            warm_up: millis(scenario.warm_up_seconds),
            termination: millis(scenario.termination_seconds),
            fail_chance: scenario.fail_chance.0,
            flap_chance: scenario.flap_chance.0,
            flap: millis(scenario.flap_seconds),
            stamp_offset: i64::from(scenario.stamp_offset_seconds) * 1000,
        }
    }

    /// What becomes of a new route once it has a place. As many numbers are drawn for each, so that one chance does not
    /// move another.
    pub(super) fn new_life(&self, new_routes: NewRoutes, chance: &mut Chance) -> Life {
        let running = 1000 * u64::from(chance.between(self.start.0, self.start.1));
        let [fails, flaps] = [self.fail_chance, self.flap_chance].map(|likely| chance.happens(likely));
        let (checked, healthy) = (running + self.warm_up, HealthStatus::Healthy);
        let mut steps = VecDeque::new();
        match new_routes {
            NewRoutes::Hang => {}
            NewRoutes::Fail => steps.push_back((running, Step::Fail(RouteEnd::Crashed))),
            NewRoutes::Start if fails => steps.push_back((running, Step::Fail(RouteEnd::Crashed))),
            NewRoutes::Unhealthy => {
                steps.extend([(running, Step::Run), (checked, Step::Health(HealthStatus::Unhealthy))]);
            }
            NewRoutes::Start => {
                steps.extend([(running, Step::Run), (checked, Step::Health(healthy))]);
                if flaps {
                    let sick = checked + FLAP_AFTER;
                    let recovered = sick + self.flap;
                    steps.extend([(sick, Step::Health(HealthStatus::Unhealthy)), (recovered, Step::Health(healthy))]);
                }
            }
        }
        Life { unplaced: Some(steps), ..Life::default() }
    }
}
