//! Ready since: the moment from which a route has been ready, whatever clock its stamps are of.
//!
//! A stamp of `status_updated_at` at or before now is taken as it is; without one `created_at` stands for it, which may
//! be early. One that is ahead of now says nothing, because another clock made it: the moment counts at which the
//! number of such routes last grew, which the memo keeps. So a delay is longer by a second at most, and ends.

use super::{
    memo::{Key, Memo},
    wait::Wait,
};
use crate::{Rollout, Route, Timestamp};

/// Since when green has been ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readiness {
    now: Timestamp,
    /// For how long, in seconds, a route must have been ready to be available.
    min_ready_seconds: u32,
    /// Since when those have been that are stamped ahead of the clock.
    ahead_since: Timestamp,
}

impl Readiness {
    /// Looks at the stamps of ready green, and remembers how many are ahead of the clock.
    pub(crate) fn new(rollout: &Rollout<'_>, memo: &mut Memo, min_ready_seconds: u32) -> Self {
        let now = rollout.spec().now;
        let is_ahead = |route: &&Route| route.is_ready() && stamp(route) > now;
        let ahead = u32::try_from(rollout.green().filter(is_ahead).count()).unwrap_or(u32::MAX);
        if ahead > memo.number(Key::Ahead) {
            memo.happens(Key::StampedAhead);
        }
        memo.set_number(Key::Ahead, ahead);
        if ahead == 0 {
            memo.forget(Key::StampedAhead);
        }
        Self { now, min_ready_seconds, ahead_since: memo.moment(Key::StampedAhead).unwrap_or(now) }
    }

    /// Since when a ready green route has been ready.
    pub(crate) fn since(&self, route: &Route) -> Timestamp {
        let stamp = stamp(route);
        if stamp > self.now { self.ahead_since } else { stamp }
    }

    /// Whether a green route is ready, and has been for long enough.
    pub(crate) fn is_available(&self, route: &Route) -> bool {
        route.is_ready() && self.min_ready(route).is_over(self.now)
    }

    /// For how long a ready route is not available.
    pub(crate) fn min_ready(&self, route: &Route) -> Wait {
        Wait::new(self.since(route), self.min_ready_seconds)
    }

    /// How many green routes are available.
    pub(crate) fn available(&self, rollout: &Rollout<'_>) -> u32 {
        let available = rollout.green().filter(|route| self.is_available(route)).count();
        u32::try_from(available).unwrap_or(u32::MAX)
    }

    /// The ready green routes that are not available yet.
    pub(crate) fn too_fresh<'a>(&self, rollout: &Rollout<'a>) -> Vec<&'a Route> {
        rollout.green().filter(|route| route.is_ready() && !self.is_available(route)).collect()
    }

    /// When the next of them is.
    pub(crate) fn next_available_at(&self, rollout: &Rollout<'_>) -> Option<Timestamp> {
        let ready = rollout.green().filter(|route| route.is_ready());
        ready.filter_map(|route| self.min_ready(route).end_ahead(self.now)).min()
    }
}

/// What says since when it has been ready.
fn stamp(route: &Route) -> Timestamp {
    route.status_updated_at.unwrap_or(route.created_at)
}
