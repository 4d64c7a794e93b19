//! The progress deadline: how long a rollout may go without getting any further.
//!
//! Progress is what Kubernetes' Deployments [call so][kubernetes]: more green routes ready than ever before, or a step
//! of the strategy's, or a target above the highest so far. The *mark*, the most that were ready at once, sinks by as
//! many green routes as were evicted or drained since, by the target at most in one rollout: their replacements are
//! progress again. What crashed or flaps lowers nothing, so a revision that never holds is given up.
//!
//! Time at a gate, for a check, a delay or a pause is not counted: while it is *held*, the deadline stands still. So it
//! does while nothing but a drain delay keeps the next green route from being created: the delay is the operator's, and
//! says nothing of the new revision ([argo-rollouts#3414][drain]). It counts beside a delay as soon as green is on its
//! way, or is not created again because it failed: a delay must not hide a revision that does not start.
//!
//! A lost memo counts from now, and so does a rollout that goes on after it was rolled back. Rolling back has no
//! deadline.
//!
//! [drain]: https://github.com/argoproj/argo-rollouts/issues/3414
//! [kubernetes]: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds

use std::num::NonZeroU32;

use super::{
    due::Due,
    memo::{Key, Memo},
    wait::Wait,
};
use crate::{Rollout, RouteEnd, Tally, Timestamp, words::seconds};

/// The reason of a plan that gives a rollout up for its deadline.
pub(crate) const EXCEEDED: &str = "deadline-exceeded";

/// A progress deadline, as of one cycle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// From the last progress on, without the time that was not counted.
    wait: Wait,
    /// Until when time is counted: now, or when the rollout was held.
    until: Timestamp,
    due: Due,
    /// Whether an operator promotes, whatever it says.
    is_waived: bool,
    now: Timestamp,
}

// === impl Deadline ===

impl Deadline {
    /// Looks at the progress, remembers it, and judges the deadline; none where none is set.
    pub(crate) fn new(
        rollout: &Rollout<'_>,
        tally: &Tally,
        memo: &mut Memo,
        seconds: Option<NonZeroU32>,
    ) -> Option<Self> {
        let now = rollout.spec().now;
        let Some(seconds) = seconds else {
            forget(memo);
            return None;
        };
        if !memo.has(Key::GivenUp) {
            note_progress(rollout, tally, memo);
        }
        let wait = Wait::new(memo.moment(Key::Progressed).unwrap_or(now), seconds.get());
        let until = memo.moment(Key::Held).unwrap_or(now);
        // Rolling back for another reason has no deadline.
        let counts = !memo.has(Key::GivenUp) || memo.has(Key::Late);
        let due = Due::judge(memo, Key::DueDeadline, counts && wait.is_over(until), now);
        Some(Self { wait, until, due, is_waived: rollout.spec().operator.promote, now })
    }

    /// Whether it has passed, as two cycles have seen, and no operator promotes.
    pub(crate) fn has_passed(&self) -> bool {
        self.due.is_now() && !self.is_waived
    }

    /// When to look at it again: later by what was not counted up to now, and not for its end while it is held.
    pub(crate) fn look_again_at(&self, is_held: bool) -> Option<Timestamp> {
        let not_counted = self.now.saturating_millis_since(self.until);
        let wait = Wait::new(self.wait.since().saturating_add_millis(not_counted), self.wait.seconds());
        let at = self.due.look_again_at().or_else(|| wait.end_ahead(self.now).filter(|_| !is_held));
        at.filter(|_| !self.is_waived)
    }

    /// `181 s without progress (the deadline is 180 s)`.
    pub(crate) fn spent(&self) -> String {
        let spent = self.until.saturating_millis_since(self.wait.since());
        format!("{} without progress (the deadline is {})", seconds(spent), seconds(self.wait.millis()))
    }
}

/// Remembers from when on time is not counted, or that it is counted again.
pub(crate) fn hold(memo: &mut Memo, is_held: bool, now: Timestamp) {
    if is_held {
        memo.happens_once(Key::Held);
    } else if memo.is_ahead(Key::Held) || memo.is_ahead(Key::Progressed) {
        // The clock is late for a cycle, and says nothing of how long that was; or for good, and the memo gets over it.
    } else if let Some(held) = memo.moment(Key::Held) {
        if let Some(progressed) = memo.moment(Key::Progressed) {
            let not_counted = now.saturating_millis_since(held);
            memo.set_moment(Key::Progressed, progressed.saturating_add_millis(not_counted).min(now));
        }
        memo.forget(Key::Held);
    }
}

/// Forgets all of it.
pub(crate) fn forget(memo: &mut Memo) {
    for key in [Key::Progressed, Key::Held, Key::DueDeadline, Key::Mark, Key::Gone, Key::Lowered, Key::Highest] {
        memo.forget(key);
    }
}

/// Compares what is ready with the mark, and the target with the highest.
fn note_progress(rollout: &Rollout<'_>, tally: &Tally, memo: &mut Memo) {
    let spec = rollout.spec();
    let ended = rollout.green().filter(|route| route.has_ended_since(spec.beginning()));
    let through_nobodys_fault = |end| matches!(end, Some(RouteEnd::Evicted | RouteEnd::Drained));
    let gone = ended.filter(|route| through_nobodys_fault(route.end)).count();
    let gone = u32::try_from(gone).unwrap_or(u32::MAX);
    let lowered = memo.number(Key::Lowered);
    // What was gone before the first progress lowers nothing.
    let before = if memo.has(Key::Progressed) { memo.number(Key::Gone) } else { gone };
    let lower_by = gone.saturating_sub(before).min(spec.target_replicas.saturating_sub(lowered));
    let mark = memo.number(Key::Mark).saturating_sub(lower_by);
    let highest = memo.number(Key::Highest);
    if !memo.has(Key::Progressed) || tally.ready_green > mark || spec.target_replicas > highest {
        memo.happens(Key::Progressed);
        if memo.has(Key::Held) {
            memo.happens(Key::Held);
        }
    }
    memo.set_number(Key::Gone, gone);
    memo.set_number(Key::Lowered, lowered + lower_by);
    memo.set_number(Key::Mark, mark.max(tally.ready_green));
    memo.set_number(Key::Highest, highest.max(spec.target_replicas));
}

/// Finds a deadline that could only pass.
///
/// # Errors
/// One sentence that names the keys.
pub(crate) fn check_config(deadline: Option<NonZeroU32>, min_ready_seconds: u32) -> Result<(), String> {
    match deadline {
        Some(deadline) if deadline.get() <= min_ready_seconds => Err(format!(
            "`progress_deadline_seconds` is {deadline}; it should be more than `min_ready_seconds`, {min_ready_seconds}"
        )),
        _ => Ok(()),
    }
}
