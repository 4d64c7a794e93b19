//! Routes in virtual time: they start, pass health checks, fail and end as a scenario says, and a plan is applied to them.

use pointsman::{
    ApplyError, HealthStatus, Labels, Route, RouteChanges, RouteEnd, RouteStatus, Timestamp, TrafficStatus,
};

use self::life::{Behaviour, Life, Step};
pub use self::operator::OperatorAction;
use super::{
    chance::Chance,
    class::Class,
    scenario::{Chosen, Mishap, NewRoutes, Old, OldState, RouteCount, Scenario, Traffic, USUAL_REVISION},
};

mod life;
mod operator;
#[cfg(test)]
mod tests;

/// When every rollout starts: a day after the epoch, so that there is a time before it.
const START: Timestamp = Timestamp::from_millis(24 * 60 * 60 * 1000);

/// All routes, and what is to become of each. Times are milliseconds since the first rollout's start.
pub(super) struct World {
    routes: Vec<Route>,
    /// One for each route.
    lives: Vec<Life>,
    chance: Chance,
    new_routes: NewRoutes,
    behaviour: Behaviour,
    now: u64,
    /// How many routes there is room for, those that are still stopping included; none for any number. A route beyond
    /// them is created, as a host would, and provisioning until one that has a place is gone.
    places: Option<u32>,
}

// === impl World ===

impl World {
    /// As it is when the rollout starts.
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut world = Self {
            routes: vec![],
            lives: vec![],
            chance: Chance::new(seed),
            new_routes: scenario.new_routes,
            behaviour: Behaviour::of(scenario),
            now: 0,
            places: None,
        };
        let usual =
            || vec![Old { revision: USUAL_REVISION.to_owned(), count: scenario.target, state: OldState::Serving }];
        for old in scenario.old.clone().unwrap_or_else(usual) {
            for _ in 0..old.count.0 {
                world.add_old(&old);
            }
        }
        world.set_free_places(scenario.free_places.map(|RouteCount(free)| free));
        world
    }

    /// So many more can be placed from now on.
    pub(super) fn set_free_places(&mut self, free: Option<u32>) {
        self.places = free.map(|free| free.saturating_add(self.occupied()));
        self.place();
    }

    /// How many more can be placed now; none for any number.
    pub(super) fn free_places(&self) -> Option<u32> {
        self.places.map(|places| places.saturating_sub(self.occupied()))
    }

    fn occupied(&self) -> u32 {
        let routes = self.routes.iter().zip(&self.lives);
        let holds_a_place = |(route, life): &(&Route, &Life)| {
            life.unplaced.is_none() && (route.is_live() || route.status == RouteStatus::Terminating)
        };
        u32::try_from(routes.filter(holds_a_place).count()).unwrap_or(u32::MAX)
    }

    /// Gives places that are free to the routes that wait for one, the oldest first.
    fn place(&mut self) {
        let mut free = self.free_places().unwrap_or(u32::MAX);
        for life in &mut self.lives {
            if free == 0 {
                return;
            }
            if let Some(steps) = life.unplaced.take() {
                life.ahead = steps.into_iter().map(|(after, step)| (self.now + after, step)).collect();
                free -= 1;
            }
        }
    }

    /// The moment as the clock tells it that stamps routes.
    fn stamp(&self) -> Timestamp {
        let now = Self::timestamp(self.now).as_millis();
        Timestamp::from_millis(now.saturating_add_signed(self.behaviour.stamp_offset))
    }

    fn add_old(&mut self, old: &Old) {
        let (status, health) = match old.state {
            OldState::Serving => (RouteStatus::Running, HealthStatus::Healthy),
            OldState::Unhealthy => (RouteStatus::Running, HealthStatus::Unhealthy),
            OldState::Terminated => (RouteStatus::Terminated, HealthStatus::Healthy),
            OldState::FailedToStart => (RouteStatus::FailedToStart, HealthStatus::NotChecked),
        };
        let is_active = status == RouteStatus::Running;
        self.routes.push(Route {
            id: id(self.routes.len()),
            revision: old.revision.clone(),
            status,
            health,
            traffic_status: if is_active { TrafficStatus::Active } else { TrafficStatus::Inactive },
            traffic_ratio: if is_active { 1.0 } else { 0.0 },
            // Half a day before the rollout.
            created_at: Timestamp::from_millis(START.as_millis() / 2),
            status_updated_at: Some(Timestamp::from_millis(START.as_millis() / 2)),
            end: match old.state {
                OldState::Serving | OldState::Unhealthy => None,
                OldState::Terminated => Some(RouteEnd::Drained),
                OldState::FailedToStart => Some(RouteEnd::Crashed),
            },
            labels: Labels::default(),
        });
        self.lives.push(Life::default());
    }

    pub(super) fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// A moment of virtual time as plugins are told it.
    pub(super) fn timestamp(at: u64) -> Timestamp {
        START.saturating_add_millis(at)
    }

    /// What each route is, in the order of creation; those that are gone are left out.
    pub(super) fn classes<'a>(&'a self, deploying_revision: &'a str) -> impl Iterator<Item = Class> + 'a {
        let routes = self.routes.iter().zip(&self.lives);
        routes.filter_map(move |(route, life)| Class::of(route, life.has_ended, deploying_revision))
    }

    /// When a route next does something by itself.
    pub(super) fn next_step(&self) -> Option<u64> {
        self.lives.iter().filter_map(|life| life.ahead.front()).map(|(at, _)| *at).min()
    }

    /// Lets time go on to `to`, which must not be later than the next step.
    pub(super) fn advance(&mut self, to: u64) {
        self.now = to;
        for i in 0..self.routes.len() {
            while let Some((_, step)) = self.lives[i].ahead.pop_front_if(|(at, _)| *at <= to) {
                self.step(i, step);
            }
        }
        self.place();
    }

    fn step(&mut self, i: usize, step: Step) {
        let now = self.stamp();
        let (route, life) = (&mut self.routes[i], &mut self.lives[i]);
        let had_a_place = life.unplaced.is_none();
        let before = (route.status, route.health);
        match step {
            Step::Run => route.status = RouteStatus::Running,
            Step::Health(health) => route.health = health,
            Step::Fail(end) => {
                let never_ran = route.status == RouteStatus::Provisioning && end == RouteEnd::Crashed;
                route.status = if never_ran { RouteStatus::FailedToStart } else { RouteStatus::Terminated };
                (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
                route.end = Some(end);
                life.has_ended = true;
                life.unplaced = None;
                // What is evicted made room for something else.
                if end == RouteEnd::Evicted && had_a_place {
                    self.places = self.places.map(|places| places.saturating_sub(1));
                }
            }
            Step::End => route.status = RouteStatus::Terminated,
        }
        if (route.status, route.health) != before {
            route.status_updated_at = Some(now);
        }
    }

    /// Something happens to the oldest routes of a revision; returns to how many.
    pub(super) fn befall(&mut self, revision: &str, count: u32, mishap: Mishap) -> u32 {
        let mut befallen = 0;
        for i in 0..self.routes.len() {
            let route = &self.routes[i];
            let can_befall = match mishap {
                Mishap::Fail | Mishap::Evict => route.is_live(),
                Mishap::Health(health) => route.status == RouteStatus::Running && route.health != health,
            };
            if befallen == count || route.revision != revision || !can_befall {
                continue;
            }
            befallen += 1;
            self.lives[i].ahead.clear();
            self.step(
                i,
                match mishap {
                    Mishap::Fail => Step::Fail(RouteEnd::Crashed),
                    Mishap::Evict => Step::Fail(RouteEnd::Evicted),
                    Mishap::Health(health) => Step::Health(health),
                },
            );
        }
        self.place();
        befallen
    }

    /// Somebody sets the traffic of live routes by hand; returns of how many.
    pub(super) fn set_traffic(&mut self, hand: &Traffic) -> u32 {
        let is_chosen = |route: &Route| match &hand.of {
            Chosen::Oldest { revision, .. } => route.revision == *revision,
            Chosen::Named(ids) => ids.contains(&route.id),
        };
        let live = self.routes.iter_mut().filter(|route| route.is_live() && is_chosen(route));
        let mut set = 0;
        for route in live.take(hand.of.count() as usize) {
            (route.traffic_status, route.traffic_ratio) = (hand.status, hand.ratio);
            set += 1;
        }
        set
    }

    /// From now on this becomes of new routes.
    pub(super) fn set_new_routes(&mut self, new_routes: NewRoutes) {
        self.new_routes = new_routes;
    }

    /// Applies a plan; returns how many routes it created.
    pub(super) fn apply(&mut self, plan: &RouteChanges) -> Result<u32, ApplyError> {
        let was_live: Vec<bool> = self.routes.iter().map(Route::is_live).collect();
        let mut next = self.routes.len();
        let stamp = self.stamp();
        plan.apply(&mut self.routes, stamp, || {
            next += 1;
            id(next - 1)
        })?;
        for (i, was_live) in was_live.iter().enumerate() {
            if *was_live && !self.routes[i].is_live() {
                // What never had a place has nothing to stop.
                let has_a_place = self.lives[i].unplaced.take().is_none();
                let termination = if has_a_place { self.behaviour.termination } else { 0 };
                self.lives[i].ahead = [(self.now + termination, Step::End)].into();
            }
        }
        let mut created = 0;
        while self.lives.len() < self.routes.len() {
            let life = self.behaviour.new_life(self.new_routes, &mut self.chance);
            self.lives.push(life);
            created += 1;
        }
        self.place();
        Ok(created)
    }
}

/// The id of the route that was created as this one, from 0.
fn id(place: usize) -> String {
    format!("r-{}", place + 1)
}
