//! What holds a promotion once enough green is available: checks, the gate, the delay.

use super::{Cycle, Key};
use crate::{Route, strategies::wait::Wait};

/// Waited at with preview routes ready, before the rest is created.
const PREVIEW: &str = "preview";
/// Waited at with all routes ready, before traffic is switched over.
const PROMOTION: &str = "promotion";
/// Waited at where there is no room, before green is put into traffic as it comes.
pub(super) const TURNS: &str = "turns";

/// What is waited for.
pub(super) enum Hold<'a> {
    /// Checks without a verdict.
    Checks,
    /// A person, at the gate.
    Approval,
    /// The newest ready route and its delay.
    Delay(&'a Route, Wait),
}

impl<'a> Cycle<'a> {
    /// How many green routes are to be available before the first gate.
    pub(super) fn preview(&self) -> u32 {
        let preview = self.config.preview_replicas.filter(|_| !self.is_first() || self.config.approve_first);
        preview.map_or(self.target, |preview| preview.get().min(self.target))
    }

    /// The gate that the current stage ends at.
    pub(super) fn gate(&self) -> &'static str {
        if self.goal < self.target { PREVIEW } else { PROMOTION }
    }

    /// Rows 11 to 13: what holds the promotion, where anything is to be promoted.
    pub(super) fn hold(&self) -> Option<Hold<'a>> {
        let spec = self.rollout.spec();
        if self.goal == 0 || spec.operator.promote {
            return None;
        }
        if self.checks.are_pending() {
            return Some(Hold::Checks);
        }
        if self.is_held_at(self.gate()) {
            return Some(Hold::Approval);
        }
        self.delayed_by().map(|(newest, delay)| Hold::Delay(newest, delay))
    }

    /// Whether a person is to let the rollout through this gate, and has not.
    pub(super) fn is_held_at(&self, gate: &str) -> bool {
        let spec = self.rollout.spec();
        let has_gates = !self.config.auto_promote && (!self.is_first() || self.config.approve_first);
        has_gates && !spec.operator.promote && !spec.has_passed(gate)
    }

    /// The newest ready green route and its delay, if that is not over. The preview's delay holds once.
    fn delayed_by(&self) -> Option<(&'a Route, Wait)> {
        let ready = self.rollout.green().filter(|route| route.is_ready() && !self.memo.has(Key::ToppedUp));
        let newest = ready.max_by_key(|route| self.readiness.since(route))?;
        let delay = Wait::new(self.readiness.since(newest), self.config.promote_delay_seconds);
        (!delay.is_over(self.now())).then_some((newest, delay))
    }
}
