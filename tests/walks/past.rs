//! What truly happened in a rollout, as far as promises ask. No strategy is told.

use pointsman::{RouteChanges, RouteEnd, SubStep, TrafficStatus};

use crate::{clock::Mark, replica::Replica, setup::Which, world::World};

/// Whether the memo is what the last applied plan left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Kept,
    /// It was lost, or is another strategy's: what it said is not known.
    Lost,
    /// It is of a plan that was not the last applied: it says what is not so.
    Wrong,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Past {
    pub(crate) memory: Memory,
    /// Whether green was promoted, as the last applied plan said.
    pub(crate) is_promoted: bool,
    pub(crate) was_promoted: bool,
    /// When blue was last put on standby for it.
    pub(crate) kept_since: Mark,
    /// Whether promoted green was ever without a ready route.
    pub(crate) was_lost: bool,
    pub(crate) is_rolled_back: bool,
    /// The last progress.
    pub(crate) progress: Mark,
    has_begun: bool,
    most_ready: u32,
    pub(crate) highest_target: u32,
}

// === impl Past ===

impl Past {
    pub(crate) fn new(target: u32) -> Self {
        Self {
            memory: Memory::Kept,
            is_promoted: false,
            was_promoted: false,
            kept_since: Mark::default(),
            was_lost: false,
            is_rolled_back: false,
            progress: Mark::default(),
            has_begun: false,
            most_ready: 0,
            highest_target: target,
        }
    }

    /// The memo is gone, or somebody else's.
    pub(crate) fn forget(&mut self) {
        if self.memory != Memory::Wrong {
            self.memory = Memory::Lost;
        }
        self.has_begun = false;
    }

    /// What a strategy sees that is asked now: progress, and promoted green that is gone.
    pub(crate) fn sees(world: &World) -> Self {
        let mut past = world.past.clone();
        let ready = world.count(|replica| replica.is_new() && replica.is_ready());
        if !past.has_begun || ready > past.most_ready || world.target > past.highest_target {
            past.progress = world.clock.mark();
        }
        past.has_begun = true;
        past.most_ready = past.most_ready.max(ready);
        past.highest_target = past.highest_target.max(world.target);
        let looks_promoted = past.was_promoted || world.count(Replica::is_on_standby) > 0;
        past.was_lost |= looks_promoted && ready == 0 && world.target > 0;
        past
    }

    /// What is so once a plan was applied to this world.
    pub(crate) fn after(before: &World, plan: &RouteChanges) -> Self {
        let mut past = Self::sees(before);
        let is_put = |id: &str| before.replicas.iter().any(|it| it.id == id && !it.is_new() && it.is_in_traffic());
        let puts_by = plan
            .traffic_changes
            .iter()
            .any(|change| change.traffic_status == TrafficStatus::Standby && is_put(&change.route_id));
        let gives_up = is_rolling_back(plan.sub_step);
        let promotes = before.which == Which::BlueGreen && plan.sub_step == SubStep::Finalizing;
        if promotes && (puts_by || !past.is_promoted) {
            past.kept_since = before.clock.mark();
        }
        if past.is_rolled_back && !gives_up {
            past.progress = before.clock.mark();
        }
        past.is_promoted = promotes;
        past.was_promoted |= promotes;
        past.is_rolled_back = gives_up;
        past
    }
}

impl World {
    /// How many new routes may have failed, as far as the host can tell: of what it does not know the end of, all may.
    pub(crate) fn failed(&self) -> u32 {
        let keeping = self.setup.keeping;
        let is_doubtful = |replica: &Replica| {
            let is_unknown = |end| matches!(end, RouteEnd::Evicted) || self.past.memory != Memory::Kept;
            !keeping.tells_ends && !replica.is_live() && replica.end.is_some_and(is_unknown)
        };
        self.count(|replica| replica.is_new() && (replica.ended_by(RouteEnd::Crashed) || is_doubtful(replica)))
    }
}

pub(crate) fn is_rolling_back(sub_step: SubStep) -> bool {
    matches!(sub_step, SubStep::RollingBack | SubStep::RolledBack)
}
