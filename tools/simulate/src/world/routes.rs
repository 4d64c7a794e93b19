//! Routes: plans that are applied to them, faults that are injected, and what they do by themselves while time passes.

use pointsman::{ApplyError, HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, TrafficStatus};

use super::{
    Behaviour, Fault, Step, World, contract,
    life::{Life, Place},
};

impl World {
    /// Applies a plan, and keeps its memo and its gate. Routes are stamped by the [stamping
    /// clock](World::stamping_clock); what they do from now on the behaviour says. Returns how many were created.
    ///
    /// # Errors
    /// [`ApplyError`]. Nothing is applied then.
    pub fn apply(&mut self, plan: &RouteChanges, behaviour: &mut impl Behaviour) -> Result<u32, ApplyError> {
        let was_live: Vec<bool> = self.routes.iter().map(contract::is_live).collect();
        contract::apply(plan, &mut self.routes, self.clocks.stamp())?;
        for (i, was_live) in was_live.iter().enumerate() {
            if *was_live && !contract::is_live(&self.routes[i]) {
                self.stop(i, behaviour.termination());
            }
        }
        let mut created = 0;
        while self.lives.len() < self.routes.len() {
            self.lives.push(Life { place: Place::Awaited(behaviour.start()), ..Life::default() });
            created += 1;
        }
        self.keep(plan);
        self.place();
        Ok(created)
    }

    /// The routes that a fault can happen to, the oldest first.
    pub fn affected(&self, fault: Fault) -> impl Iterator<Item = &Route> {
        let routes = self.routes.iter().zip(&self.lives);
        routes.filter(move |(route, life)| fault.can_happen_to(route, life)).map(|(route, _)| route)
    }

    /// Does something to routes, by their ids; returns to how many. What a route would have done by itself it does no
    /// more, unless only its traffic is set.
    pub fn inject(&mut self, fault: Fault, ids: &[String]) -> u32 {
        let mut injected = 0;
        for i in 0..self.routes.len() {
            if !ids.contains(&self.routes[i].id) || !fault.can_happen_to(&self.routes[i], &self.lives[i]) {
                continue;
            }
            injected += 1;
            if let Fault::Traffic { status, ratio } = fault {
                (self.routes[i].traffic_status, self.routes[i].traffic_ratio) = (status, ratio);
                continue;
            }
            self.lives[i].ahead.clear();
            match fault {
                Fault::Crash => self.step(i, Step::Crash),
                Fault::Evict => self.ask_to_stop(i, RouteEnd::Evicted),
                Fault::Drain => self.ask_to_stop(i, RouteEnd::Drained),
                Fault::Gone => self.step(i, Step::Gone),
                Fault::Start => {
                    self.step(i, Step::Run);
                    self.step(i, Step::Health(HealthStatus::NotChecked));
                }
                Fault::Ready => {
                    self.step(i, Step::Run);
                    self.step(i, Step::Health(HealthStatus::Healthy));
                }
                Fault::Health(health) => self.step(i, Step::Health(health)),
                Fault::Traffic { .. } => {}
            }
        }
        self.place();
        injected
    }

    /// When a route next does something by itself, in milliseconds since the world began.
    pub fn next_step(&self) -> Option<u64> {
        self.lives.iter().filter_map(|life| life.ahead.front()).map(|(at, _)| *at).min()
    }

    /// Lets time pass up to a moment, in milliseconds since the world began. Routes do what they do by themselves
    /// meanwhile.
    pub fn advance(&mut self, to: u64) {
        while let Some(at) = self.next_step().filter(|at| *at <= to) {
            self.advance_to_step(at.max(self.clocks.elapsed));
        }
        self.clocks.elapsed = to;
    }

    fn advance_to_step(&mut self, to: u64) {
        self.clocks.elapsed = to;
        for i in 0..self.routes.len() {
            while let Some((_, step)) = self.lives[i].ahead.pop_front_if(|(at, _)| *at <= to) {
                self.step(i, step);
            }
        }
        self.place();
    }

    /// Lets terminating routes be gone after so many milliseconds, by their ids: who drained them gave them that long.
    pub fn end_after(&mut self, ids: &[String], termination: Option<u64>) {
        for i in 0..self.routes.len() {
            if ids.contains(&self.routes[i].id) && self.routes[i].status == RouteStatus::Terminating {
                self.stop(i, termination);
            }
        }
    }

    // Places.

    /// Sets how many more routes can be placed from now on; none for any number.
    pub fn set_free_places(&mut self, free: Option<u32>) {
        self.places = free.map(|free| free.saturating_add(self.occupied()));
        self.place();
    }

    /// Number of routes that can be placed now; none for any number. A route that is created beyond them is
    /// provisioning until one that has a place is gone.
    pub fn free_places(&self) -> Option<u32> {
        self.places.map(|places| places.saturating_sub(self.occupied()))
    }

    fn occupied(&self) -> u32 {
        let held = self.lives.iter().filter(|life| matches!(life.place, Place::Held));
        u32::try_from(held.count()).unwrap_or(u32::MAX)
    }

    /// Gives places that are free to the routes that wait for one, the oldest first.
    fn place(&mut self) {
        let mut free = self.free_places().unwrap_or(u32::MAX);
        for life in &mut self.lives {
            if free == 0 {
                return;
            }
            if let Place::Awaited(steps) = &mut life.place {
                let steps = std::mem::take(steps);
                life.ahead = steps.into_iter().map(|(after, step)| (self.clocks.elapsed + after, step)).collect();
                life.place = Place::Held;
                free -= 1;
            }
        }
    }

    // What becomes of one route.

    fn step(&mut self, i: usize, step: Step) {
        let stamp = self.clocks.stamp();
        let route = &mut self.routes[i];
        let before = (route.status, route.health);
        match step {
            Step::Run => route.status = RouteStatus::Running,
            Step::Health(health) => route.health = health,
            Step::Crash => {
                let never_ran = route.status == RouteStatus::Provisioning;
                route.status = if never_ran { RouteStatus::FailedToStart } else { RouteStatus::Terminated };
                (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
                route.end = Some(RouteEnd::Crashed);
                self.lives[i].lost_at = Some(self.clocks.elapsed);
                self.lives[i].place = Place::None;
            }
            Step::Gone => {
                route.status = RouteStatus::Terminated;
                let had_a_place = matches!(std::mem::take(&mut self.lives[i].place), Place::Held);
                // What is evicted made room for something else.
                if route.end == Some(RouteEnd::Evicted) && had_a_place {
                    self.places = self.places.map(|places| places.saturating_sub(1));
                }
            }
        }
        if (route.status, route.health) != before {
            route.status_updated_at = Some(stamp);
        }
    }

    /// Tells a route to stop, as nobody's plan does.
    fn ask_to_stop(&mut self, i: usize, end: RouteEnd) {
        let stamp = self.clocks.stamp();
        let route = &mut self.routes[i];
        (route.status, route.end, route.status_updated_at) = (RouteStatus::Terminating, Some(end), Some(stamp));
        (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Inactive, 0.0);
        self.lives[i].lost_at = (end == RouteEnd::Evicted).then_some(self.clocks.elapsed);
        self.stop(i, None);
    }

    /// Lets a route stop that was told to, for so many milliseconds. What never had a place has nothing to stop.
    fn stop(&mut self, i: usize, termination: Option<u64>) {
        let life = &mut self.lives[i];
        let termination = match life.place {
            Place::Held => termination,
            Place::Awaited(_) | Place::None => Some(0),
        };
        if !matches!(life.place, Place::Held) {
            life.place = Place::None;
        }
        life.ahead =
            termination.map(|millis| (self.clocks.elapsed.saturating_add(millis), Step::Gone)).into_iter().collect();
    }
}
