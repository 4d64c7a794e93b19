//! Steps forward, and what they wait for: gates, checks, delays, a person's wishes; and how long they may take.

use pointsman::{CheckOutcome, SubStep};

use crate::{
    capacity::Load,
    promises::{Cycle, goes_into_traffic, is_rolling_back},
    rollouts::tops_up,
    subject::Terms,
    unit::Unit,
    world::{Change, State},
};

/// Whether green is created, or put into traffic.
fn is_step_forward(change: &Change) -> bool {
    change.after.is_new() && (change.before.is_none() || goes_into_traffic(change))
}

/// Whether nothing goes forward under an abort or a pause, or ends as if it had; and whether what a pause protects
/// stays.
pub(crate) fn heeds_requests(cycle: &Cycle<'_>) -> bool {
    let (before, plan) = (cycle.before, cycle.plan);
    if before.wishes.abort {
        return is_rolling_back(plan.sub_step) && !cycle.changes.iter().any(is_step_forward);
    }
    // Where less serves than the operator's limits ask for, what is missing may be created.
    let least = cycle.subject.limits(before.target).map_or(0, |limits| limits.least_serving);
    if !before.is_paused() {
        return true;
    }
    let is_short = !before.load().carries(least);
    let carries = Load::of(cycle.after).carries(cycle.target());
    let is_protected = |unit: Unit| unit.is_serving() && !carries || unit.is_on_standby() && unit.is_ready();
    let goes_forward = cycle.changes.iter().any(is_step_forward) && !is_short;
    !plan.sub_step.is_over() && !goes_forward && !cycle.drained().any(is_protected)
}

/// Whether green is held back: by a check that failed; and in blue-green, until it is promoted, by all that comes
/// first.
pub(crate) fn passes_no_gate(cycle: &Cycle<'_>) -> bool {
    let state = cycle.before;
    let forward = || cycle.changes.iter().filter(|change| is_step_forward(change));
    if state.check == Some(CheckOutcome::Failed) && forward().next().is_some() {
        return false;
    }
    let Terms::BlueGreen(config) = &cycle.subject.terms else { return true };
    // Nothing skips the time that a route must have been ready.
    let is_fresh = |change: &Change| change.before.is_some_and(|unit| unit.age == 0) && change.after.is_in_traffic();
    if config.min_ready_seconds > 0 && !state.promoted && forward().any(is_fresh) {
        return false;
    }
    // With a target of 0 there is nothing to hold.
    if carries_the_traffic(state) || state.target == 0 || state.wishes.promote {
        return true;
    }
    // Nor where nothing serves that could be protected.
    let is_first = !state.has_stable && state.count(|unit| unit.is_live() && !unit.is_new()) == 0;
    let is_auto = config.auto_promote || is_first && !config.approve_first;
    let goes = forward().any(|change| change.after.is_in_traffic());
    let preview = config.preview_replicas.map(|preview| preview.get() as usize);
    let live = cycle.count(|unit| unit.is_new() && unit.is_live());
    let goes_on = preview.is_some_and(|preview| live > preview && forward().any(|change| change.before.is_none()));
    let [preview_passed, promotion_passed] = state.wishes.passed;
    let is_early = config.promote_delay_seconds > 0
        && preview.is_none()
        && state.count(|unit| unit.is_new() && unit.is_ready() && unit.age == 0) > 0;
    let has_verdict = matches!(state.check, None | Some(CheckOutcome::Passed));
    let may_go = has_verdict && !is_early && (is_auto || promotion_passed);
    let may_go_on = has_verdict && (is_auto || preview_passed);
    (!goes || may_go) && (!goes_on || may_go_on || is_first && !config.approve_first)
}

/// Whether green is promoted: as the last applied plan said, or as it looks.
fn carries_the_traffic(state: &State) -> bool {
    let is_in = |unit: &Unit| unit.is_live() && unit.is_in_traffic();
    state.promoted
        || state.units.iter().any(|unit| unit.is_new() && is_in(unit))
            && !state.units.iter().any(|unit| !unit.is_new() && is_in(unit))
}

/// Whether a rollout that is late is rolled back once two cycles have seen it, and never earlier.
pub(crate) fn meets_its_deadline(cycle: &Cycle<'_>) -> bool {
    let (state, plan) = (cycle.before, cycle.plan);
    let Some(deadline) = cycle.subject.deadline else { return true };
    let progress = state.seen();
    if plan.reason.code == "deadline-exceeded" {
        return progress.is_given_up || progress.has_ticked && progress.idle >= deadline;
    }
    let is_done = plan.sub_step.is_over() || plan.sub_step == SubStep::AwaitingPromotion || state.promoted;
    let is_held = state.wishes.pause || state.wishes.promote || state.memo.is_none();
    let goes_on = progress.is_rolled_back || tops_up(state, plan);
    let is_late = progress.has_ticked && progress.idle >= deadline && !goes_on;
    !is_late || is_done || is_held || plan.sub_step == SubStep::Finalizing || is_rolling_back(plan.sub_step)
}

/// Whether a rollout that is rolled back has a reason for it: a person or a check says so, it is late, too much of
/// green has crashed, or none of it is ready that was promoted. What was evicted is none.
pub(crate) fn rolls_back_for_a_reason(cycle: &Cycle<'_>) -> bool {
    let state = cycle.before;
    if !is_rolling_back(cycle.plan.sub_step) || state.wishes.abort || state.check == Some(CheckOutcome::Failed) {
        return true;
    }
    let progress = state.seen();
    if cycle.subject.deadline.is_some_and(|deadline| progress.is_given_up || progress.idle >= deadline) {
        return true;
    }
    let config = match &cycle.subject.terms {
        Terms::BlueGreen(config) => config,
        Terms::RollingUpdate(_) => return false,
        Terms::Other => return true,
    };
    let was_promoted = state.promoted || state.count(Unit::is_on_standby) > 0;
    let is_lost = was_promoted && state.count(|unit| unit.is_new() && unit.is_ready()) == 0;
    let crashed = state.count(|unit| unit.is_new() && unit.has_crashed());
    crashed > config.max_replacements as usize || is_lost || remembers_a_loss(state)
}

/// What was lost stays so until a person deploys again.
fn remembers_a_loss(state: &State) -> bool {
    state.memo.as_ref().is_some_and(|memo| memo.says("green-lost"))
}
