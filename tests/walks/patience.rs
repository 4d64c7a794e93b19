//! What waits: nothing is given up, drained or ended before its time, whatever a clock says for one cycle.

use pointsman::{SubStep, TrafficStatus};

use crate::{
    past::{Memory, is_rolling_back},
    promises::Cycle,
    replica::{Life, Replica},
    setup::Which,
};

/// For how long, in milliseconds, what ran and may recover is left alone.
const MAY_RECOVER: u64 = 10_000;

/// Whether blue-green ends no sooner than it says how long blue is kept.
pub(crate) fn keeps_the_way_back(cycle: &Cycle<'_>) -> bool {
    let (world, past) = (cycle.before, cycle.past);
    let kept = |replica: &&Replica| replica.is_stable() && replica.is_on_standby();
    let ends = cycle.plan.sub_step == SubStep::Completed && cycle.drained().filter(kept).count() > 0;
    // Without a memo green that serves tells of the promotion; with a target of 0 none does, and nobody returns.
    let is_told = past.memory == Memory::Kept || past.memory == Memory::Lost && world.target > 0;
    if world.which != Which::BlueGreen || !ends || !past.is_promoted || !is_told {
        return true;
    }
    world.clock.may_seem(past.kept_since) >= u64::from(world.setup.blue_green.keep_blue_seconds) * 1000
}

/// Whether a rollout is not late before its deadline.
pub(crate) fn meets_its_deadline(cycle: &Cycle<'_>) -> bool {
    let (world, past) = (cycle.before, cycle.past);
    let deadline = match world.which {
        Which::BlueGreen => world.setup.blue_green.progress_deadline_seconds,
        Which::RollingUpdate => world.setup.rolling_update.progress_deadline_seconds,
    };
    let is_new = cycle.plan.reason.code == "deadline-exceeded" && !past.is_rolled_back;
    if !is_new || past.memory == Memory::Wrong {
        return true;
    }
    deadline.is_some_and(|seconds| world.clock.may_seem(past.progress) >= u64::from(seconds.get()) * 1000)
}

/// Whether green that is ready, or may recover, is left alone as long as the stable revision does not carry the target
/// without it, and there is room to create what that lacks.
pub(crate) fn keeps_what_is_good(cycle: &Cycle<'_>) -> bool {
    let world = cycle.before;
    let carries = cycle.after.count(|it| it.is_stable() && it.is_ready() && it.is_approved()) >= world.target;
    if !is_rolling_back(cycle.plan.sub_step) || !world.setup.has_stable() || carries {
        return true;
    }
    let is_told = world.setup.keeping.stamps_ahead == Some(0) && !world.clock.is_wrong();
    let may_recover = |it: &Replica| {
        let ran = matches!(it.life, Life::Sick(_)) && it.traffic != TrafficStatus::Inactive;
        ran && is_told && world.clock.may_seem(it.since) < MAY_RECOVER
    };
    let stable = world.count(|it| it.is_stable() && it.is_live() && it.is_approved());
    let missing = world.target.saturating_sub(stable);
    let stopping = world.count(|it| it.life == Life::Stopping);
    let has_room = world.free_places().is_none_or(|free| free >= missing)
        && world.count(Replica::is_live) + missing <= world.bounds().most_live
        && world.count(Replica::is_live) + missing + stopping <= world.bounds().most_live + world.target;
    let is_good = |it: &Replica| it.is_new() && (may_recover(it) || has_room && it.is_ready() && !it.serves());
    !cycle.drained().any(is_good)
}
