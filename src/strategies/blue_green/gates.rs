//! What holds a promotion: gates, delay and deadline.

use super::{Cycle, Memo, What};
use crate::{Route, Timestamp, strategies::wait::Wait};

/// Waited at with preview routes ready, before the rest is created.
const PREVIEW: &str = "preview";
/// Waited at with all routes ready, before traffic is switched over.
const PROMOTION: &str = "promotion";

impl<'a> Cycle<'a> {
    /// How many green routes are to be ready before the first gate.
    pub(super) fn preview(&self) -> u32 {
        self.config.preview_replicas.map_or(self.target, |preview| preview.get().min(self.target))
    }

    /// The gate that the current stage ends at.
    pub(super) fn gate(&self) -> &'static str {
        if self.goal < self.target { PREVIEW } else { PROMOTION }
    }

    /// The newest ready green route and its delay, if that is not over. The preview's delay is asked for once.
    pub(super) fn delayed_by(&self) -> Option<(&'a Route, Wait)> {
        let ready = self.rollout.green().filter(|route| route.is_ready() && self.topping_up.is_none());
        let newest = ready.max_by_key(|route| route.ready_since(self.now()))?;
        let delay = Wait::new(newest.ready_since(self.now()), self.config.promote_delay_seconds);
        (!delay.is_over(self.now())).then_some((newest, delay))
    }

    /// The deadline, where one is set and no operator asked to go on. It is met once green was promoted.
    pub(super) fn deadline(&self) -> Option<Wait> {
        if self.is_promoted() || self.rollout.spec().operator.promote {
            return None;
        }
        self.config.deadline_seconds.map(|seconds| Wait::new(self.deadline_since(), seconds.get()))
    }

    /// From when the deadline counts: waiting at a gate is not the new revision's fault.
    pub(super) fn deadline_since(&self) -> Timestamp {
        match (self.topping_up, self.memo) {
            (Some(at), _) => at,
            (None, Some(Memo { what: What::Waited, at, .. })) => at.min(self.now()),
            _ => self.rollout.spec().started_at,
        }
    }

    /// The deadline, where one is set and still ahead.
    pub(super) fn deadline_ahead(&self) -> Option<Timestamp> {
        self.deadline().and_then(|deadline| deadline.end_ahead(self.now()))
    }
}
