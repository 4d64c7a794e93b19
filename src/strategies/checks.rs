//! Verdicts of checks, as far as they are about what is there.
//!
//! A verdict that says when it was observed counts only if that was after the routes judged were ready: a *passed* one
//! after the newest of the ready green routes, a *failed* or *inconclusive* one after the oldest. One about routes that
//! are gone, or with none ready, is no verdict: pending. What is observed ahead of now is observed now.
//!
//! A check that has a rollout rolled back stands as long as it says failed: else draining the routes that it was about
//! would take the verdict back.

use super::{
    memo::{Key, Memo},
    readiness::Readiness,
};
use crate::{Check, CheckOutcome, Rollout, Timestamp};

/// The checks that failed, and those that have no verdict.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks<'a> {
    /// In the order in which they were given.
    pub(crate) failed: Vec<&'a str>,
    pub(crate) pending: Vec<&'a str>,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(rollout: &Rollout<'a>, readiness: &Readiness, memo: &Memo) -> Self {
        let (spec, mut checks) = (rollout.spec(), Self::default());
        if spec.checks.is_empty() {
            return checks;
        }
        let since = || rollout.green().filter(|route| route.is_ready()).map(|route| readiness.since(route));
        let (oldest, newest) = (since().min(), since().max());
        let counts = |check: &Check, least: Option<Timestamp>| match check.observed_at {
            None => true,
            Some(at) => least.is_some_and(|least| at.min(spec.now) >= least),
        };
        for check in &spec.checks {
            match check.outcome {
                CheckOutcome::Passed if counts(check, newest) => {}
                CheckOutcome::Failed if counts(check, oldest) || memo.has(Key::GivenUp) => {
                    checks.failed.push(&check.name);
                }
                _ => checks.pending.push(&check.name),
            }
        }
        checks
    }

    pub(crate) fn have_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    pub(crate) fn are_pending(&self) -> bool {
        !self.pending.is_empty()
    }
}
