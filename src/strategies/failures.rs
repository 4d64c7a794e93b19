//! Who failed: green that crashed, and what ended without a known cause beyond what the rollout drained itself.
//!
//! What was drained or evicted did not fail, whoever drained it. A host that does not say why a route ended leaves
//! green without `end`: of those as many were drained as applied plans have drained, less those that say so or are
//! still stopping; the memo counts them. A memo that was lost counts as nothing drained: a rollout is then rather given
//! up than repeated without end.
//!
//! A clock that is set back leaves failures ahead of it. Their back-off counts from the moment at which the number of
//! such routes last grew, which the memo keeps: else it would last until the clock has caught up. A clock that is far
//! ahead of the one that stamps routes would leave no back-off at all: so where more have failed since the strategy
//! last created one after a failure, the last of them failed no earlier than it did that.

use super::{
    back_off::{back_off, is_ahead},
    memo::{Key, Memo},
    wait::Wait,
};
use crate::{
    Rollout, Route, RouteChanges, RouteEnd, RouteStatus, Timestamp,
    order::{sort_by_end, sort_by_id},
};

/// When a route was last created after a failure, and how many had failed then: of green, and of the stable revision.
const GREEN: (Key, Key) = (Key::Created, Key::Failed);
const STABLE: (Key, Key) = (Key::Restored, Key::StableFailed);

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

/// Remembers of which revisions a plan creates routes after others have failed, and how many had.
pub(crate) fn note_created(rollout: &Rollout<'_>, memo: &mut Memo, plan: &RouteChanges) {
    let spec = rollout.spec();
    let failed = [Failures::of_green(rollout, memo).count(), Failures::of_stable(rollout, memo).count()];
    let creates = |revision: &str| plan.rollout_specs.iter().any(|created| created.revision == revision);
    let created = [creates(&spec.deploying_revision), spec.stable().is_some_and(creates)];
    for (((moment, number), failed), is_created) in [GREEN, STABLE].into_iter().zip(failed).zip(created) {
        if failed == 0 {
            memo.forget(moment);
            memo.forget(number);
        } else if is_created {
            memo.happens(moment);
            memo.set_number(number, failed);
        } else if memo.number(number) > failed {
            // The host has forgotten some.
            memo.set_number(number, failed);
        }
    }
}

/// The routes of a revision that failed in this rollout, in the order of their ids.
#[derive(Clone, Debug)]
pub(crate) struct Failures<'a> {
    routes: Vec<&'a Route>,
    /// When those failed that are stamped ahead of the clock.
    ahead: Timestamp,
    /// When a route was last created after a failure, if one has failed since.
    created: Option<Timestamp>,
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
        Self::new(failed, rollout, memo, GREEN)
    }

    /// The routes of the stable revision that failed since the rollout began.
    pub(crate) fn of_stable(rollout: &Rollout<'a>, memo: &Memo) -> Self {
        let beginning = rollout.spec().beginning();
        let failed = |route: &&Route| rollout.is_stable(route) && route.has_failed_since(beginning);
        Self::new(rollout.blue().filter(failed).collect(), rollout, memo, STABLE)
    }

    fn new(routes: Vec<&'a Route>, rollout: &Rollout<'_>, memo: &Memo, (moment, number): (Key, Key)) -> Self {
        let ahead = memo.moment(Key::EndedAhead).unwrap_or(rollout.spec().now);
        let created = memo.moment(moment).filter(|_| routes.len() > memo.number(number) as usize);
        Self { routes, ahead, created }
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
        back_off(self.routes(), spec.target_replicas, spec.now, self.ahead, self.created)
    }
}
