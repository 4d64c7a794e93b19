//! Who failed: green that crashed, and what ended without a known cause beyond what the rollout drained itself.
//!
//! What was drained or evicted did not fail, whoever drained it. A host that does not say why a route ended leaves
//! green without `end`: of those as many were drained as applied plans have drained, less those that say so; the memo
//! counts them. A memo that was lost counts as nothing drained: a rollout is then rather given up than repeated without
//! end.

use super::{
    back_off::back_off,
    memo::{Key, Memo},
    wait::Wait,
};
use crate::{
    Rollout, Route, RouteEnd, RouteStatus,
    order::{sort_by_end, sort_by_id},
};

/// The green routes that failed in this rollout, in the order of their ids.
#[derive(Clone, Debug)]
pub(crate) struct Failures<'a>(Vec<&'a Route>);

impl<'a> Failures<'a> {
    pub(crate) fn of_green(rollout: &Rollout<'a>, memo: &Memo) -> Self {
        let spec = rollout.spec();
        let ended = rollout.green().filter(|route| route.has_ended_since(spec.beginning()));
        let of_end = |end| ended.clone().filter(move |route| route.end == end);
        let unknown = of_end(None).filter(|route| route.status != RouteStatus::Terminating);
        let told = of_end(Some(RouteEnd::Drained)).count();
        let drained = (memo.number(Key::Drained) as usize).saturating_sub(told);
        let mut failed: Vec<&Route> = unknown.collect();
        // Which of them were drained nobody knows; what ended last is taken for failed, for which is waited longer.
        sort_by_end(&mut failed);
        failed.drain(..drained.min(failed.len()));
        failed.extend(of_end(Some(RouteEnd::Crashed)));
        sort_by_id(&mut failed);
        Self(failed)
    }

    /// The routes of the stable revision that failed since the rollout began.
    pub(crate) fn of_stable(rollout: &Rollout<'a>) -> Self {
        let beginning = rollout.spec().beginning();
        let failed = |route: &&Route| rollout.is_stable(route) && route.has_failed_since(beginning);
        Self(rollout.blue().filter(failed).collect())
    }

    /// How many.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn routes(&self) -> impl Iterator<Item = &'a Route> {
        self.0.iter().copied()
    }

    /// The back-off after the last of them, if it is not over.
    pub(crate) fn back_off(&self, rollout: &Rollout<'_>) -> Option<Wait> {
        let spec = rollout.spec();
        back_off(self.routes(), spec.target_replicas, spec.now)
    }
}
