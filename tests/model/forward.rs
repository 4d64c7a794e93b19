//! Steps forward, and what they wait for: gates, checks, delays, a person's wishes; and how long they may take.

use pointsman::CheckOutcome;

use crate::{
    capacity::Load,
    promises::{Cycle, goes_into_traffic, is_rolling_back},
    subject::Terms,
    unit::{Kind, Unit},
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
    if !before.is_paused() {
        return true;
    }
    let carries = Load::of(cycle.after).carries(cycle.target());
    let is_protected = |unit: Unit| unit.is_serving() && !carries || unit.is_on_standby() && unit.is_ready();
    !plan.sub_step.is_over() && !cycle.changes.iter().any(is_step_forward) && !cycle.drained().any(is_protected)
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
    // Where nothing is wanted there is nothing to hold.
    if carries_the_traffic(state) || state.target == 0 || state.wishes.promote {
        return true;
    }
    let goes = forward().any(|change| change.after.is_in_traffic());
    let preview = config.preview_replicas.map(|preview| preview.get() as usize);
    let live = cycle.count(|unit| unit.is_new() && unit.is_live());
    let goes_on = preview.is_some_and(|preview| live > preview && forward().any(|change| change.before.is_none()));
    let [preview_passed, promotion_passed] = state.wishes.passed;
    let is_early = config.promote_delay_seconds > 0
        && preview.is_none()
        && state.count(|unit| unit.is_new() && unit.is_ready() && unit.age == 0) > 0;
    let has_verdict = matches!(state.check, None | Some(CheckOutcome::Passed));
    let may_go = has_verdict && !is_early && (config.auto_promote || promotion_passed);
    let may_go_on = has_verdict && (config.auto_promote || preview_passed);
    (!goes || may_go) && (!goes_on || may_go_on)
}

/// Whether green is promoted: as the last applied plan said, or as it looks.
fn carries_the_traffic(state: &State) -> bool {
    let is_in = |unit: &Unit| unit.is_live() && unit.is_in_traffic();
    state.promoted
        || state.units.iter().any(|unit| unit.is_new() && is_in(unit))
            && !state.units.iter().any(|unit| !unit.is_new() && is_in(unit))
}

/// Whether a rollout that is late is given up, and one that is ready is not. Only what nobody held can be late.
pub(crate) fn meets_its_deadline(cycle: &Cycle<'_>) -> bool {
    let (state, plan) = (cycle.before, cycle.plan);
    let Some(deadline) = cycle.subject.deadline else { return true };
    let ready = state.count(|unit| unit.is_new() && unit.kind == Kind::Ready);
    if plan.reason.code == "deadline-exceeded" {
        return ready < usize::from(state.target);
    }
    let goal = match &cycle.subject.terms {
        Terms::BlueGreen(config) => config.preview_replicas.map_or(usize::MAX, |preview| preview.get() as usize),
        Terms::RollingUpdate(_) => usize::MAX,
    };
    let is_late = state.elapsed >= deadline && ready < goal.min(state.target.into());
    // What was held counts from another moment, which the memo has.
    let is_held = state.wishes.pause || state.wishes.promote || state.promoted || state.memo.is_some();
    !is_late || is_held || carries_the_traffic(state) || is_rolling_back(plan.sub_step)
}

/// Whether a rollout that is given up has a reason for it: a person or a check says so, it is late, too much of green
/// has crashed, or none of it is ready that was promoted. What was evicted is none.
pub(crate) fn gives_up_for_a_reason(cycle: &Cycle<'_>) -> bool {
    let state = cycle.before;
    if !is_rolling_back(cycle.plan.sub_step) || state.wishes.abort || state.check == Some(CheckOutcome::Failed) {
        return true;
    }
    if cycle.subject.deadline.is_some_and(|deadline| state.elapsed >= deadline) {
        return true;
    }
    let Terms::BlueGreen(config) = &cycle.subject.terms else { return false };
    let is_remembered = state.promoted || state.memo.is_some() || state.count(Unit::is_on_standby) > 0;
    let is_lost = is_remembered && state.count(|unit| unit.is_new() && unit.is_ready()) == 0;
    let crashed = state.count(|unit| unit.is_new() && unit.has_crashed());
    crashed > config.max_replacements as usize || is_lost || remembers_a_loss(state)
}

/// What was lost stays so until a person deploys again.
fn remembers_a_loss(state: &State) -> bool {
    state.memo.as_ref().is_some_and(|memo| memo.says("green-lost-at"))
}
