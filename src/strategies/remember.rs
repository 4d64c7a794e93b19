//! What every plan leaves in the memo, whatever strategy made it.

use super::{
    blip, deadline,
    departures::Departures,
    failures,
    memo::{Key, Memo},
    rolling_back,
};
use crate::{Rollout, Route, RouteChanges, SubStep, text::SHORTEST_PAUSE_MILLIS};

/// Finishes a plan: remembers what it does, writes the memo, and asks for the evaluations that the memo needs.
///
/// `only_departs` is whether nothing but a drain delay keeps the next green route from being created.
pub(crate) fn finish(
    rollout: &Rollout<'_>,
    mut memo: Memo,
    mut plan: RouteChanges,
    departures: &Departures,
    only_departs: bool,
) -> RouteChanges {
    let spec = rollout.spec();
    failures::note_created(rollout, &mut memo, &plan);
    let drains = plan.drain_route_ids.iter().filter_map(|id| rollout.find(id));
    let drained = u32::try_from(drains.filter(|route: &&Route| rollout.is_green(route)).count()).unwrap_or(u32::MAX);
    memo.set_number(Key::Drained, memo.number(Key::Drained).saturating_add(drained));
    match plan.sub_step {
        SubStep::RollingBack | SubStep::RolledBack => memo.happens_once(Key::GivenUp),
        // It goes on: what was drained takes its time again.
        _ if memo.has(Key::GivenUp) => {
            memo.forget(Key::GivenUp);
            deadline::forget(&mut memo);
        }
        _ => {}
    }
    match plan.reason.code.as_str() {
        deadline::EXCEEDED => memo.happens_once(Key::Late),
        // A pause has whatever reason there was before.
        rolling_back::PAUSED if memo.has(Key::GivenUp) => {}
        _ => memo.forget(Key::Late),
    }
    if memo.has(Key::Progressed) {
        let is_held = matches!(plan.sub_step, SubStep::AwaitingPromotion | SubStep::RollingBack | SubStep::RolledBack);
        deadline::hold(&mut memo, is_held || only_departs || spec.is_paused(), spec.now);
    }
    departures.remember(rollout, &mut memo, &plan);
    // At the end of time nothing is ahead. A second is the shortest pause that a host makes.
    let ahead = [plan.next_evaluation_at, memo.look_again_at(), blip::look_again_at(rollout)]
        .into_iter()
        .flatten()
        .filter(|at| *at > spec.now);
    plan.next_evaluation_at = ahead.min().map(|at| at.max(spec.now.saturating_add_millis(SHORTEST_PAUSE_MILLIS)));
    plan.memo = Some(memo.to_string());
    plan
}
