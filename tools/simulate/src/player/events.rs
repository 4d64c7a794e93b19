//! What the scenario's events make of a host and its world.

use super::Player;
use crate::{
    record::Happening,
    scenario::{Chosen, HostTrouble, Mishap, Traffic, What, json},
    world::{Behaviour, Fault, OperatorAction},
};

impl Player<'_> {
    /// When the next event is, in milliseconds since the first rollout's start.
    pub(super) fn next_event(&mut self) -> Option<u64> {
        self.events.peek().map(|event| u64::from(event.at_seconds) * 1000)
    }

    /// Lets the events of this moment happen; returns whether there were any.
    pub(super) fn happen(&mut self) -> bool {
        let (before, now) = (self.record.happenings.len(), self.now());
        while let Some(event) = self.events.next_if(|event| u64::from(event.at_seconds) * 1000 <= now) {
            let mut what = event.what.to_string();
            what.push_str(&self.happen_now(&event.what));
            self.record.happenings.push(Happening { at: now, what });
        }
        self.record.happenings.len() > before
    }

    /// Lets something happen; returns what is to be said of it besides.
    fn happen_now(&mut self, what: &What) -> String {
        let world = &mut self.world;
        match what {
            What::Routes { revision, count, mishap } => return self.befall(revision, *count, *mishap),
            What::Traffic(hand) => return self.set_traffic(hand),
            What::Operator(action) if !world.operate(action) => return self.why_nothing(action),
            What::Operator(_) => {}
            What::Rescale(target) => world.rescale(*target),
            What::Check(check) => world.set_check(check.clone()),
            What::Host(HostTrouble::Crash) => self.is_about_to_crash = true,
            What::Host(HostTrouble::LoseMemo) => drop(world.lose_memo()),
            What::NewRoutes(new_routes) => self.behaviour.new_routes = *new_routes,
            What::Config(_) if self.scenario.is_config_given => return " (left out: another is given)".to_owned(),
            What::Config(config) => world.set_config(json(config)),
            What::FreePlaces(free) => world.set_free_places(Some(*free)),
            What::ClockStep(seconds) => world.step_clock(i64::from(*seconds) * 1000),
            What::ClockBlip(seconds) => world.blip_clock(i64::from(*seconds) * 1000),
            What::StampOffset(seconds) => world.set_stamps_ahead(i64::from(*seconds) * 1000),
            What::Deploy(revision) => {
                world.deploy(revision, self.scenario.checks.clone());
                self.over = None;
                self.record.deployed.push(revision.to_owned());
            }
        }
        String::new()
    }

    /// Something happens to the oldest routes of a revision.
    fn befall(&mut self, revision: &str, count: u32, mishap: Mishap) -> String {
        let fault = match mishap {
            Mishap::Fail => Fault::Crash,
            Mishap::Evict => Fault::Evict,
            Mishap::Drain => Fault::Drain,
            Mishap::Health(health) => Fault::Health(health),
        };
        let of_revision = self.world.affected(fault).filter(|route| route.revision == revision);
        let ids: Vec<String> = of_revision.take(count as usize).map(|route| route.id.clone()).collect();
        let befallen = self.world.inject(fault, &ids);
        if fault == Fault::Drain {
            self.world.end_after(&ids, self.behaviour.termination());
        }
        if fault == Fault::Evict {
            // Whoever takes a place away waits for nobody.
            self.world.inject(Fault::Gone, &ids);
        }
        how_many(befallen, count)
    }

    /// Somebody sets the traffic of live routes by hand.
    fn set_traffic(&mut self, Traffic { of, status, ratio }: &Traffic) -> String {
        let fault = Fault::Traffic { status: *status, ratio: *ratio };
        let ids: Vec<String> = match of {
            Chosen::Named(ids) => ids.clone(),
            Chosen::Oldest { revision, count } => {
                let of_revision = self.world.affected(fault).filter(|route| route.revision == *revision);
                of_revision.take(*count as usize).map(|route| route.id.clone()).collect()
            }
        };
        how_many(self.world.inject(fault, &ids), of.count())
    }

    /// Why an action had no effect: ` (too late: it waits at promotion)`.
    fn why_nothing(&self, action: &OperatorAction) -> String {
        match (self.world.gate(), action) {
            (None, _) => " (it waits at no gate)".to_owned(),
            (Some(gate), OperatorAction::PassGate(seen)) if gate != seen => {
                format!(" (nothing happens: it waits at {gate})")
            }
            (Some(gate), _) => format!(" ({gate} was passed before)"),
        }
    }
}

/// What is said where there were fewer routes than the scenario says.
fn how_many(there: u32, named: u32) -> String {
    if there >= named {
        return String::new();
    }
    format!(" (there {} {there})", if there == 1 { "was" } else { "were" })
}
