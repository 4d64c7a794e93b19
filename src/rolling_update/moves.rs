//! The moves that the budget allows, and the order in which routes are drained.

use std::cmp::min;

use super::Cycle;
use crate::{HealthStatus, Route, RouteStatus, Timestamp};

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
        let return_old = self.kept().filter(|route| !is_among(&drain_old, route)).collect();
        let drain_new = self.drain_new(self.target);
        let unpromoted = self.rollout.green().filter(|route| route.is_ready() && !route.is_promoted());
        let promote = unpromoted.filter(|route| !is_among(&drain_new, route)).collect();
        Moves { create: self.creatable(drain_old.len() + drain_new.len()), promote, return_old, drain_old, drain_new }
    }

    /// The old routes that may go: those out of traffic, and of the others as many as are not needed.
    fn drain_old(&self) -> Vec<&'a Route> {
        let is_in_traffic = |route: &Route| route.is_live() && route.is_active() || self.may_return(route);
        let in_traffic = self.rollout.blue().filter(|route| is_in_traffic(route));
        let available = u64::from(self.in_traffic) + u64::from(self.tally.ready_green);
        let last = last_to_drain(in_traffic, available.saturating_sub(self.least_available().into()));
        let goes = |route: &&Route| route.is_live() && (!is_in_traffic(route) || Some(drain_key(route)) <= last);
        self.rollout.blue().filter(goes).collect()
    }

    /// The ready old routes that were taken out of traffic for a way back, and may return.
    pub(super) fn kept(&self) -> impl Iterator<Item = &'a Route> {
        self.rollout.blue().filter(|route| self.may_return(route))
    }

    /// Whether an old route was kept, and may return: beside old routes in traffic, it was replaced before.
    fn may_return(&self, route: &Route) -> bool {
        self.tally.active_blue == 0 && route.is_kept() && route.is_ready()
    }

    /// The live new routes that go where only `kept` may stay.
    pub(super) fn drain_new(&self, kept: u32) -> Vec<&'a Route> {
        let live = self.rollout.green().filter(|route| route.is_live());
        let last = last_to_drain(live.clone(), self.tally.live_green.saturating_sub(kept).into());
        live.filter(|route| Some(drain_key(route)) <= last).collect()
    }

    /// How many new routes may be created in a plan that drains `leaving` live ones.
    fn creatable(&self, leaving: usize) -> u32 {
        if self.back_off().is_some() {
            return 0;
        }
        let live = self.tally.live_green.saturating_add(self.tally.live_blue);
        // What is drained leaves its place at once, or only when it has terminated.
        let occupied = if self.config.wait_for_termination {
            live.saturating_add(self.tally.terminating)
        } else {
            live.saturating_sub(u32::try_from(leaving).unwrap_or(u32::MAX))
        };
        min(self.target.saturating_sub(self.tally.live_green), self.most_live().saturating_sub(occupied))
    }
}

/// Whether a route is among these, which are in the order of their ids.
fn is_among(routes: &[&Route], route: &Route) -> bool {
    routes.binary_search_by(|other| other.id.cmp(&route.id)).is_ok()
}

/// Where a route stands in the drain order. No two routes stand in one place.
type DrainKey<'a> = (u8, Timestamp, &'a str);

/// The last of the first `n` in the drain order; none where there is none, or `n` is 0.
fn last_to_drain<'a>(routes: impl Iterator<Item = &'a Route>, n: u64) -> Option<DrainKey<'a>> {
    let last = usize::try_from(n.checked_sub(1)?).unwrap_or(usize::MAX);
    let mut keys: Vec<DrainKey<'a>> = routes.map(drain_key).collect();
    let last = min(last, keys.len().checked_sub(1)?);
    Some(*keys.select_nth_unstable(last).1)
}

fn drain_key(route: &Route) -> DrainKey<'_> {
    let rank = match (route.status, route.health) {
        (RouteStatus::Running, HealthStatus::Unhealthy) => 1,
        (RouteStatus::Running, HealthStatus::Degraded) => 2,
        (RouteStatus::Running, HealthStatus::NotChecked) => 3,
        (RouteStatus::Running, HealthStatus::Healthy) if !route.is_active() => 4,
        (RouteStatus::Running, HealthStatus::Healthy) => 5,
        _ => 0,
    };
    (rank, route.created_at, &route.id)
}
