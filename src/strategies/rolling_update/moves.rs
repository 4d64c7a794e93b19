//! The moves that the budget allows.

use super::Cycle;
use crate::{
    Route, TrafficStatus,
    order::{first_to_drain, is_among, sort_by_id},
    strategies::room::Room,
};

/// What a cycle would do. Routes are in the order of their ids.
pub(super) struct Moves<'a> {
    /// How many new routes to create.
    pub(super) create: u32,
    /// Ready new routes that stay and are not promoted yet.
    pub(super) promote: Vec<&'a Route>,
    /// Old routes to put back into traffic.
    pub(super) return_old: Vec<&'a Route>,
    /// Old routes to drain.
    pub(super) drain_old: Vec<&'a Route>,
    /// New routes beyond the target.
    pub(super) drain_new: Vec<&'a Route>,
}

impl Moves<'_> {
    pub(super) fn is_empty(&self) -> bool {
        let lists = [&self.promote, &self.return_old, &self.drain_old, &self.drain_new];
        self.create == 0 && lists.iter().all(|routes| routes.is_empty())
    }
}

impl<'a> Cycle<'a> {
    /// All moves that are allowed at once.
    pub(super) fn moves(&self) -> Moves<'a> {
        let drain_old = self.drain_old();
        let stays = |route: &Route| route.is_live() && !is_among(&drain_old, route);
        let is_one_in_traffic = self.rollout.blue().any(|route| route.is_active() && stays(route));
        let may_return = |route: &&Route| stays(route) && self.may_return(route, is_one_in_traffic);
        let return_old = self.rollout.blue().filter(may_return).collect();
        let drain_new = self.drain_new();
        let unpromoted = self.rollout.green().filter(|route| route.is_ready() && !route.is_promoted());
        let promote = unpromoted.filter(|route| !is_among(&drain_new, route)).collect();
        Moves { create: self.creatable(drain_old.len() + drain_new.len()), promote, return_old, drain_old, drain_new }
    }

    /// The old routes that may go: those that nobody returns to, and of the others as many as are not needed, leftovers
    /// first.
    fn drain_old(&self) -> Vec<&'a Route> {
        let is_counted = |route: &Route| route.is_live() && !self.is_abandoned(route);
        let counted = self.rollout.blue().filter(|route| is_counted(route));
        let available = counted.clone().count() as u64 + u64::from(self.tally.ready_green);
        let spare = available.saturating_sub(u64::from(self.bounds.least_serving));
        let spare = usize::try_from(spare).unwrap_or(usize::MAX);
        // What does not serve, then leftovers, then the stable revision's.
        let serving = |is_leftover| {
            let serving = counted.clone().filter(|route| route.is_serving());
            serving.filter(move |route| self.rollout.is_leftover(route) == is_leftover)
        };
        let mut leaving = first_to_drain(counted.clone().filter(|route| !route.is_serving()), spare);
        leaving.extend(first_to_drain(serving(true), spare - leaving.len()));
        leaving.extend(first_to_drain(serving(false), spare - leaving.len()));
        leaving.extend(self.rollout.blue().filter(|route| route.is_live() && self.is_abandoned(route)));
        sort_by_id(&mut leaving);
        leaving
    }

    /// Whether nobody returns to an old route, and nobody would miss it.
    fn is_abandoned(&self, route: &Route) -> bool {
        let is_inactive = route.traffic_status == TrafficStatus::Inactive;
        self.rollout.is_leftover(route) && !route.is_active() || self.rollout.spec().stable().is_none() && is_inactive
    }

    /// Whether an old route is put back into traffic, where it stays: on standby and ready, and stable, or no other is in
    /// traffic.
    fn may_return(&self, route: &Route, is_one_in_traffic: bool) -> bool {
        let is_wanted = !is_one_in_traffic || self.rollout.is_stable(route);
        is_wanted && route.is_standby() && route.is_ready() && !self.is_abandoned(route)
    }

    /// The live new routes beyond the target.
    pub(super) fn drain_new(&self) -> Vec<&'a Route> {
        let live = self.rollout.green().filter(|route| route.is_live());
        first_to_drain(live, self.tally.live_green.saturating_sub(self.target) as usize)
    }

    /// How many new routes may be created in a plan that drains `leaving` live ones.
    fn creatable(&self, leaving: usize) -> u32 {
        if self.back_off().is_some() {
            return 0;
        }
        let room = Room::new(self.rollout, self.bounds, leaving).for_up_to(self.missing());
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
