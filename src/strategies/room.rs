//! How many routes a plan may create: within what it promises, and where there are places.

use crate::{Commitment, Rollout, capacity::carries};

/// Room for new routes, and what bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    by_budget: u64,
    /// How many are live above the budget.
    above: u64,
    by_termination: u64,
    /// Whether there is no room even once all that is stopping has stopped.
    is_full_of_live: bool,
    by_places: u64,
}

/// Why there is no room for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// As many are live as may be.
    Budget,
    /// Too many are still stopping.
    Termination,
    /// The host has no free place.
    Places,
}

impl Shortage {
    /// What is short, in one or two words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "max_surge",
            Self::Termination => "routes still stopping",
            Self::Places => "free places",
        }
    }
}

impl Room {
    /// The room that a plan has which promises `bounds` and drains `leaving` live routes.
    ///
    /// What is still stopping takes no room in the surge, as in Kubernetes, but it holds its place: with it there are
    /// at most as many routes as the surge and another target. Where less serves than the operator's limits say,
    /// repairs do not wait for it.
    pub(crate) fn new(rollout: &Rollout<'_>, bounds: Commitment, leaving: usize) -> Self {
        let (spec, tally) = (rollout.spec(), rollout.tally());
        let [live, most] = [tally.live(), bounds.most_live].map(u64::from);
        let terminating =
            rollout.routes().filter(|route| route.is_terminating_since(spec.stopping_since())).count() as u64;
        let is_short = spec.limits.is_some_and(|limits| !carries(rollout.capacity(), limits.least_serving));
        let together = most.saturating_add(u64::from(spec.target_replicas));
        let stays = live.saturating_sub(leaving as u64);
        Self {
            by_budget: most.saturating_sub(stays),
            above: stays.saturating_sub(most),
            // What leaves goes on to hold its place.
            is_full_of_live: !is_short && live >= together,
            by_termination: if is_short { u64::MAX } else { together.saturating_sub(live + terminating) },
            by_places: spec.free_places.map_or(u64::MAX, u64::from),
        }
    }

    /// The room that is left once so many are created.
    #[must_use]
    pub(crate) fn less(self, created: u32) -> Self {
        let created = u64::from(created);
        Self {
            by_budget: self.by_budget.saturating_sub(created),
            by_termination: self.by_termination.saturating_sub(created),
            by_places: self.by_places.saturating_sub(created),
            ..self
        }
    }

    /// For how many routes there is room.
    pub(crate) fn left(self) -> u32 {
        self.by_budget.min(self.by_termination).min(self.by_places).try_into().unwrap_or(u32::MAX)
    }

    /// How many of `requested` may be created.
    pub(crate) fn for_up_to(self, requested: u32) -> u32 {
        requested.min(self.left())
    }

    /// For how many of `requested` there would be room if as many live routes went: the budget is all that they hold.
    pub(crate) fn to_make_for(self, requested: u32) -> usize {
        let creatable = u64::from(requested).min(self.by_places);
        let creatable = if self.is_full_of_live { creatable } else { creatable.min(self.by_termination) };
        if creatable <= self.by_budget {
            return 0;
        }
        usize::try_from(creatable + self.above - self.by_budget).unwrap_or(usize::MAX)
    }

    /// Why not all of `requested` may be created; none where they may.
    pub(crate) fn shortage(self, requested: u32) -> Option<Shortage> {
        let requested = u64::from(requested);
        [
            (self.by_places, Shortage::Places),
            (self.by_termination, Shortage::Termination),
            (self.by_budget, Shortage::Budget),
        ]
        .into_iter()
        .filter(|(room, _)| *room < requested)
        .min_by_key(|(room, _)| *room)
        .map(|(_, shortage)| shortage)
    }
}
