//! Routes that go, with a drain delay: they leave the traffic first, and are drained once every proxy knows.
//!
//! A route in traffic is put on standby; what has been so for `drain_delay_seconds` is drained. The delay counts from
//! when a route was last put on standby, so that none is drained early; a lost memo counts from now. What was never in
//! traffic is drained at once.

use super::{
    memo::{Key, Memo},
    traffic::put_on_standby,
    wait::Wait,
};
use crate::{Rollout, Route, RouteChanges, RouteStatus, Timestamp, TrafficStatus};

/// When what leaves the traffic may be drained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departures {
    delay: Option<Wait>,
    now: Timestamp,
}

/// Routes that go, each list in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaving<'a> {
    /// Drained now.
    pub(crate) drained: Vec<&'a Route>,
    /// Put on standby now.
    pub(crate) out: Vec<&'a Route>,
    /// How many are on standby already, and wait for the delay.
    pub(crate) waiting: u32,
}

// === impl Departures ===

impl Departures {
    pub(crate) fn new(rollout: &Rollout<'_>, memo: &Memo, drain_delay_seconds: u32) -> Self {
        let now = rollout.spec().now;
        let left = memo.moment(Key::LeftTraffic).unwrap_or(now);
        Self { delay: (drain_delay_seconds > 0).then(|| Wait::new(left, drain_delay_seconds)), now }
    }

    /// When what is on standby may be drained, if that is ahead.
    pub(crate) fn look_again_at(&self) -> Option<Timestamp> {
        self.delay.and_then(|delay| delay.end_ahead(self.now))
    }

    /// Sorts live routes that go by how they do.
    pub(crate) fn split<'a>(&self, routes: impl IntoIterator<Item = &'a Route>) -> Leaving<'a> {
        let mut leaving = Leaving::default();
        for route in routes.into_iter().filter(|route| route.is_live()) {
            match self.delay {
                Some(_) if route.is_active() && route.status == RouteStatus::Running => leaving.out.push(route),
                Some(delay) if route.is_standby() && !delay.is_over(self.now) => leaving.waiting += 1,
                _ => leaving.drained.push(route),
            }
        }
        leaving
    }

    /// Whether anything waits for its delay once the plan is applied: it leaves the traffic now, or did before.
    pub(crate) fn are_under_way(&self, rollout: &Rollout<'_>, plan: &RouteChanges) -> bool {
        let Some(delay) = self.delay else { return false };
        let change = |route: &Route| plan.traffic_changes.iter().find(|change| change.route_id == route.id);
        let is_drained = |route: &Route| plan.drain_route_ids.contains(&route.id);
        rollout.routes().filter(|route| route.is_live() && !is_drained(route)).any(|route| match change(route) {
            Some(change) => change.traffic_status == TrafficStatus::Standby,
            None => route.is_standby() && !delay.is_over(self.now),
        })
    }

    /// Takes them out of the plan's traffic, drains what may go, and asks for the next evaluation when the rest may.
    pub(crate) fn depart(&self, plan: RouteChanges, leaving: &Leaving<'_>) -> RouteChanges {
        let plan = plan.change_traffic(leaving.out.iter().copied().map(put_on_standby));
        let plan = plan.drain(leaving.drained.iter().copied());
        let end = match self.delay {
            Some(delay) if !leaving.out.is_empty() => Wait::new(self.now, delay.seconds()).end_ahead(self.now),
            Some(_) if leaving.waiting > 0 => self.look_again_at(),
            _ => None,
        };
        plan.evaluate_again(end)
    }

    /// Remembers when a plan took routes out of traffic, as long as any are and there is a delay.
    pub(crate) fn remember(&self, rollout: &Rollout<'_>, memo: &mut Memo, plan: &RouteChanges) {
        if self.delay.is_none() {
            return;
        }
        let is_put = |id: &str| rollout.find(id).is_some_and(Route::is_active);
        let changes = plan.traffic_changes.iter();
        let mut put = changes.filter(|change| change.traffic_status == TrafficStatus::Standby);
        if put.any(|change| is_put(&change.route_id)) {
            memo.happens(Key::LeftTraffic);
        } else if !rollout.routes().any(Route::is_standby) {
            memo.forget(Key::LeftTraffic);
        } else {
            // Of what is on standby, and nobody knows since when.
            memo.happens_once(Key::LeftTraffic);
        }
    }
}

// === impl Leaving ===

impl Leaving<'_> {
    /// Whether some of them stay for a while.
    pub(crate) fn takes_time(&self) -> bool {
        !self.out.is_empty() || self.waiting > 0
    }
}
