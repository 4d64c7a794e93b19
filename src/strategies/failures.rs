//! Who failed: green that crashed, and what ended without a known cause beyond what the rollout drained itself.
//!
//! What was drained or evicted did not fail, whoever drained it. A host that does not say why a route ended leaves
//! green without `end`: of those as many were drained as applied plans have drained, less those that say so or are
//! still stopping; the memo counts them. A memo that was lost counts as nothing drained: a rollout is then rather given
//! up than repeated without end.
//!
//! A clock that is set back leaves failures ahead of it. Their back-off counts from the moment at which the number of
//! such routes last grew, which the memo keeps: else it would last until the clock has caught up.

use super::{
    back_off::{back_off, is_ahead},
    memo::{Key, Memo},
    wait::Wait,
};
use crate::{
    Rollout, Route, RouteEnd, RouteStatus, Timestamp,
    order::{sort_by_end, sort_by_id},
};

/// Remembers how many ended routes are stamped ahead of the clock.
pub(crate) fn note_ahead(rollout: &Rollout<'_>, memo: &mut Memo) {
    let now = rollout.spec().now;
    let ahead = rollout.routes().filter(|route| !route.is_live() && is_ahead(route, now)).count();
    let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
    if ahead > memo.number(Key::Ended) {
        memo.happens(Key::EndedAhead);
    }
    memo.set_number(Key::Ended, ahead);
    if ahead == 0 {
        memo.forget(Key::EndedAhead);
    }
}

/// The routes of a revision that failed in this rollout, in the order of their ids.
#[derive(Clone, Debug)]
pub(crate) struct Failures<'a> {
    routes: Vec<&'a Route>,
    /// When those failed that are stamped ahead of the clock.
    ahead: Timestamp,
}

impl<'a> Failures<'a> {
    pub(crate) fn of_green(rollout: &Rollout<'a>, memo: &Memo) -> Self {
        let spec = rollout.spec();
        let ended = rollout.green().filter(|route| route.has_ended_since(spec.beginning()));
        let of_end = |end| ended.clone().filter(move |route| route.end == end);
        let (stopping, unknown): (Vec<&Route>, Vec<&Route>) =
            of_end(None).partition(|route| route.status == RouteStatus::Terminating);
        // What is still stopping was drained, and is none of those that are not.
        let told = of_end(Some(RouteEnd::Drained)).count() + stopping.len();
        let drained = (memo.number(Key::Drained) as usize).saturating_sub(told);
        let mut failed = unknown;
        // Which of them were drained nobody knows; what ended last is taken for failed, for which is waited longer.
        sort_by_end(&mut failed);
        failed.drain(..drained.min(failed.len()));
        failed.extend(of_end(Some(RouteEnd::Crashed)));
        sort_by_id(&mut failed);
        Self::new(failed, rollout, memo)
    }

    /// The routes of the stable revision that failed since the rollout began.
    pub(crate) fn of_stable(rollout: &Rollout<'a>, memo: &Memo) -> Self {
        let beginning = rollout.spec().beginning();
        let failed = |route: &&Route| rollout.is_stable(route) && route.has_failed_since(beginning);
        Self::new(rollout.blue().filter(failed).collect(), rollout, memo)
    }

    fn new(routes: Vec<&'a Route>, rollout: &Rollout<'_>, memo: &Memo) -> Self {
        Self { routes, ahead: memo.moment(Key::EndedAhead).unwrap_or(rollout.spec().now) }
    }

    /// How many.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.routes.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn routes(&self) -> impl Iterator<Item = &'a Route> {
        self.routes.iter().copied()
    }

    /// The back-off after the last of them, if it is not over.
    pub(crate) fn back_off(&self, rollout: &Rollout<'_>) -> Option<Wait> {
        let spec = rollout.spec();
        back_off(self.routes(), spec.target_replicas, spec.now, self.ahead)
    }
}
