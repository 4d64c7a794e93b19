//! How a scenario's rollout starts, and what its routes do by themselves.

use pointsman::{HealthStatus, Labels, Route, RouteEnd, RouteStatus, Spec, Timestamp, TrafficStatus};

use super::{NewRoutes, Old, OldState, RouteCount, Scenario, USUAL_REVISION};
use crate::{
    chance::Chance,
    world::{Behaviour, Step, World},
};

/// When every rollout starts: a day after the epoch, so that there is a time before it.
pub(super) const START: Timestamp = Timestamp::from_millis(24 * 60 * 60 * 1000);

/// When the routes that are there before were created: half a day before the rollout.
const BEFORE: Timestamp = Timestamp::from_millis(12 * 60 * 60 * 1000);

/// Time from when it got ready until a route that flaps does so, in milliseconds.
const FLAP_AFTER: u64 = 5000;

/// Time from when it got ready until a route that crashes does so, in milliseconds.
const CRASH_AFTER: u64 = 5000;

/// Behaviour of a scenario's routes, in milliseconds and chances.
pub(crate) struct Drawn {
    chance: Chance,
    pub(crate) new_routes: NewRoutes,
    /// In seconds: drawn numbers are whole seconds, which read better.
    start: (u32, u32),
    warm_up: u64,
    termination: u64,
    fail_chance: f64,
    flap_chance: f64,
    flap: u64,
}

// === impl Scenario ===

impl Scenario {
    /// The world as it is when the rollout starts.
    pub(crate) fn world(&self) -> World {
        let spec = Spec {
            stable_revision: self.stable_revision(),
            checks: self.checks.clone(),
            config: super::json(&self.config),
            memo: self.memo.clone(),
            weight_steps: self.weight_steps,
            free_places: self.free_places.map(|RouteCount(free)| free),
            ..Spec::new(&self.deploying_revision, self.target.0, START, START)
        };
        let usual = || vec![Old { revision: USUAL_REVISION.to_owned(), count: self.target, state: OldState::Serving }];
        let mut routes = vec![];
        for old in self.old.clone().unwrap_or_else(usual) {
            for _ in 0..old.count.0 {
                routes.push(old.route(routes.len()));
            }
        }
        let mut world = World::new(spec, routes);
        world.set_stamps_ahead(i64::from(self.stamp_offset_seconds) * 1000);
        world
    }

    /// The behaviour of its routes, with the numbers that come from a seed.
    pub(crate) fn behaviour(&self, seed: u64) -> Drawn {
        let millis = |seconds: u32| u64::from(seconds) * 1000;
        Drawn {
            chance: Chance::new(seed),
            new_routes: self.new_routes,
            start: (self.start_seconds.min, self.start_seconds.max),
            warm_up: millis(self.warm_up_seconds),
            termination: millis(self.termination_seconds),
            fail_chance: self.fail_chance.0,
            flap_chance: self.flap_chance.0,
            flap: millis(self.flap_seconds),
        }
    }
}

// === impl Old ===

impl Old {
    /// The route that is there as this one, from 0.
    fn route(&self, place: usize) -> Route {
        let (status, health, end) = match self.state {
            OldState::Serving => (RouteStatus::Running, HealthStatus::Healthy, None),
            OldState::Unhealthy => (RouteStatus::Running, HealthStatus::Unhealthy, None),
            OldState::Terminated => (RouteStatus::Terminated, HealthStatus::Healthy, Some(RouteEnd::Drained)),
            OldState::FailedToStart => (RouteStatus::FailedToStart, HealthStatus::NotChecked, Some(RouteEnd::Crashed)),
        };
        let is_active = status == RouteStatus::Running;
        Route {
            id: format!("r-{}", place + 1),
            revision: self.revision.clone(),
            status,
            health,
            traffic_status: if is_active { TrafficStatus::Active } else { TrafficStatus::Inactive },
            traffic_ratio: if is_active { 1.0 } else { 0.0 },
            created_at: BEFORE,
            status_updated_at: Some(BEFORE),
            end,
            labels: Labels::default(),
        }
    }
}

// === impl Drawn ===

impl Behaviour for Drawn {
    /// As many numbers are drawn for each route, so that one chance does not move another.
    fn start(&mut self) -> Vec<(u64, Step)> {
        let running = 1000 * u64::from(self.chance.between(self.start.0, self.start.1));
        let [fails, flaps] = [self.fail_chance, self.flap_chance].map(|likely| self.chance.happens(likely));
        let (checked, healthy) = (running + self.warm_up, Step::Health(HealthStatus::Healthy));
        let unhealthy = Step::Health(HealthStatus::Unhealthy);
        match self.new_routes {
            NewRoutes::Hang => vec![],
            NewRoutes::Fail => vec![(running, Step::Crash)],
            NewRoutes::Start if fails => vec![(running, Step::Crash)],
            NewRoutes::Unhealthy => vec![(running, Step::Run), (checked, unhealthy)],
            NewRoutes::Crash => vec![(running, Step::Run), (checked, healthy), (checked + CRASH_AFTER, Step::Crash)],
            NewRoutes::Start => {
                let mut steps = vec![(running, Step::Run), (checked, healthy)];
                if flaps {
                    let sick = checked + FLAP_AFTER;
                    steps.extend([(sick, unhealthy), (sick + self.flap, healthy)]);
                }
                steps
            }
        }
    }

    fn termination(&self) -> Option<u64> {
        Some(self.termination)
    }
}
