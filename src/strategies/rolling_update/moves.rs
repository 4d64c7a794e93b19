//! The moves that the budget allows.

use super::Cycle;
use crate::{
    RolloutSpec, Route, RouteChanges, TrafficStatus,
    order::{first_to_drain, is_among, sort_by_id},
    strategies::{
        blip,
        departures::Leaving,
        room::Room,
        strength::{Strength, green_in_traffic},
        traffic::activate,
    },
};

/// What a cycle would do. Routes are in the order of their ids.
pub(super) struct Moves<'a> {
    /// How many new routes to create.
    pub(super) create: u32,
    /// How many of the stable revision.
    pub(super) restore: u32,
    /// Ready new routes that stay and are not promoted yet.
    pub(super) promote: Vec<&'a Route>,
    /// Old routes to put back into traffic.
    pub(super) return_old: Vec<&'a Route>,
    /// Old routes that go, and new ones beyond the target.
    pub(super) leaving: Leaving<'a>,
}

/// Old routes in traffic, and out of it.
struct Old<'a> {
    /// Live, and in traffic, or out of it for a moment.
    active: Vec<&'a Route>,
    /// Live, on standby or active with no share, and returned to where they are missed.
    standby: Vec<&'a Route>,
    /// Live, and nobody returns to them.
    abandoned: Vec<&'a Route>,
}

impl<'a> Moves<'a> {
    /// Whether nothing would change.
    pub(super) fn is_empty(&self) -> bool {
        let leaving = self.leaving.drained.len() + self.leaving.out.len();
        self.create + self.restore == 0 && self.promote.len() + self.return_old.len() + leaving == 0
    }

    /// Puts them into a plan.
    pub(super) fn make(&self, cycle: &Cycle<'a>, mut plan: RouteChanges) -> RouteChanges {
        let spec = cycle.rollout.spec();
        if let Some(stable) = spec.stable().filter(|_| self.restore > 0) {
            plan = plan.create(RolloutSpec::active(self.restore, stable));
        }
        if self.create > 0 {
            plan = plan.create(RolloutSpec::active(self.create, &spec.deploying_revision));
        }
        let plan = plan
            .change_traffic(self.return_old.iter().map(|route| activate(route)))
            .promote(self.promote.iter().copied());
        cycle.departures.depart(plan, &self.leaving)
    }
}

impl<'a> Old<'a> {
    /// Those that are left without some.
    fn without(&self, gone: &[&Route]) -> Self {
        let left = |routes: &[&'a Route]| routes.iter().copied().filter(|route| !is_among(gone, route)).collect();
        Self { active: left(&self.active), standby: left(&self.standby), abandoned: left(&self.abandoned) }
    }
}

impl<'a> Cycle<'a> {
    /// All moves that are allowed at once.
    pub(super) fn moves(&self) -> Moves<'a> {
        let (old, drain_new) = (self.old(), self.drain_new());
        let unpromoted = self.rollout.green().filter(|route| route.is_ready() && !route.is_promoted());
        let promote: Vec<&Route> = unpromoted.filter(|route| !is_among(&drain_new, route)).collect();
        let moves = |old: &Old<'a>, least: u32| {
            let (return_old, rest) = self.returned(old, least);
            let leaves = self.drain_old(&old.active, return_old.len(), least);
            let mut leaving: Vec<&Route> = [&old.abandoned[..], &rest, &leaves, &drain_new].concat();
            sort_by_id(&mut leaving);
            let leaving = self.departures.split(leaving);
            let room = Room::new(self.rollout, self.bounds, leaving.drained.len());
            let green = self.tally.live_green.min(self.target);
            let strength = Strength::new(self.rollout, &self.memo, green, &leaving.drained);
            let (create, restore) = self.created(room, strength);
            Moves { create, restore, return_old, leaving, promote: vec![] }
        };
        // After a failure the new revision may cost nothing, unless none of it could be on its way then.
        let is_cautious = self.failures.count() > 0;
        let cautious = is_cautious.then(|| moves(&old, self.target));
        let is_on_its_way = self.tally.live_green > self.available || self.missing() == 0;
        let is_enough = |moves: &Moves<'_>| moves.create > 0 || is_on_its_way || self.back_off.is_some();
        let moves = cautious.filter(is_enough).unwrap_or_else(|| {
            let bold = moves(&old, self.bounds.least_serving);
            if !is_cautious || bold.create == 0 {
                return bold;
            }
            // Once one is on its way the rest costs nothing again: what need not leave the traffic stays.
            let rest = moves(&old.without(&bold.leaving.drained), self.target);
            let leaving = Leaving { drained: bold.leaving.drained, ..rest.leaving };
            Moves { return_old: rest.return_old, leaving, ..bold }
        });
        Moves { promote, ..moves }
    }

    /// Rows 4 and 5: which old routes are returned, and what the stable revision lacks. It takes no step forward.
    pub(super) fn repairs(&self) -> (Vec<&'a Route>, Option<Strength<'a>>) {
        let (returned, _) = self.returned(&self.old(), self.target);
        (returned, Strength::new(self.rollout, &self.memo, green_in_traffic(self.rollout), &[]))
    }

    /// How many new routes, and how many of the stable revision, may be created where there is this room.
    fn created(&self, room: Room, strength: Option<Strength<'a>>) -> (u32, u32) {
        if self.back_off.is_none() {
            return (self.creatable(room), 0);
        }
        (0, strength.map_or(0, |strength| strength.creatable(room)))
    }

    fn old(&self) -> Old<'a> {
        let live: Vec<&Route> = self.rollout.blue().filter(|route| route.is_live()).collect();
        let (abandoned, others): (Vec<&Route>, Vec<&Route>) = live.iter().partition(|route| self.is_abandoned(route));
        let is_out = |route: &&Route| route.is_standby() || route.is_active() && !route.is_in_traffic();
        let (standby, active) = others.into_iter().partition(is_out);
        Old { active, standby, abandoned }
    }

    /// Those of the old routes on standby that are missed, if so many are to serve, and can; and those that nobody
    /// misses.
    fn returned(&self, old: &Old<'a>, least: u32) -> (Vec<&'a Route>, Vec<&'a Route>) {
        let serving = old.active.iter().filter(|route| route.is_serving()).count() as u64;
        let serving = serving + u64::from(self.tally.ready_green);
        let missed = usize::try_from(u64::from(least).saturating_sub(serving)).unwrap_or(usize::MAX);
        let (ready, others): (Vec<&Route>, Vec<&Route>) = old.standby.iter().partition(|route| route.is_ready());
        // Those that would be drained first stay out.
        let mut rest = first_to_drain(ready.iter().copied(), ready.len().saturating_sub(missed));
        let returned = ready.into_iter().filter(|route| !is_among(&rest, route)).collect();
        let is_gone = |route: &&Route| blip::wait(route, self.now()).is_over(self.now());
        rest.extend(others.into_iter().filter(is_gone));
        (returned, rest)
    }

    /// As many of these old routes as may go beside those that are returned, if so many are to serve: what does not
    /// serve, then what does; of each leftovers first.
    fn drain_old(&self, active: &[&'a Route], returned: usize, least: u32) -> Vec<&'a Route> {
        let available = (active.len() + returned) as u64 + u64::from(self.available);
        let spare = usize::try_from(available.saturating_sub(u64::from(least))).unwrap_or(usize::MAX);
        let mut leaving = vec![];
        for (serves, is_leftover) in [(false, true), (false, false), (true, true), (true, false)] {
            let is_next =
                |route: &&Route| route.is_serving() == serves && self.rollout.is_leftover(route) == is_leftover;
            leaving.extend(first_to_drain(active.iter().copied().filter(is_next), spare - leaving.len()));
        }
        leaving
    }

    /// Whether nobody returns to an old route, and nobody would miss it.
    fn is_abandoned(&self, route: &Route) -> bool {
        let is_inactive = route.traffic_status == TrafficStatus::Inactive;
        self.rollout.is_leftover(route) && !blip::is_counted_on(route, self.now())
            || self.rollout.spec().stable().is_none() && is_inactive
    }

    /// The live new routes beyond the target, those that are not available first.
    pub(super) fn drain_new(&self) -> Vec<&'a Route> {
        let beyond = self.tally.live_green.saturating_sub(self.target) as usize;
        let live = self.rollout.green().filter(|route| route.is_live());
        let (available, others): (Vec<&Route>, Vec<&Route>) =
            live.partition(|route| self.readiness.is_available(route));
        let mut leaving = first_to_drain(others, beyond);
        leaving.extend(first_to_drain(available, beyond - leaving.len()));
        sort_by_id(&mut leaving);
        leaving
    }

    /// How many new routes may be created where there is this room.
    fn creatable(&self, room: Room) -> u32 {
        let room = room.for_up_to(self.missing());
        if !self.config.wait_for_termination {
            return room;
        }
        // What is drained leaves its place only when it has terminated.
        let occupied = self.tally.live().saturating_add(self.tally.terminating);
        room.min(self.bounds.most_live.saturating_sub(occupied))
    }

    /// How many new routes are not live.
    pub(super) fn missing(&self) -> u32 {
        self.target.saturating_sub(self.tally.live_green)
    }
}
