//! What cannot be undone because time has passed, done only once two cycles have seen it.
//!
//! A clock that is early for one cycle must not give a rollout up, nor end the time to go back. The first applied cycle
//! that sees the time passed remembers it and asks for a second; one that comes at least a second later, and sees it
//! passed still, acts. One that sees it not passed forgets it.

use super::memo::{Key, Memo};
use crate::Timestamp;

/// How far apart the two cycles are, in milliseconds.
const APART_MILLIS: u64 = 1000;

/// Whether it may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The time has not passed.
    NotYet,
    /// It has for the first time; look again then.
    Seen(Timestamp),
    /// It has, twice.
    Now,
}

impl Due {
    /// Judges what is remembered under `key`, and remembers what is seen.
    pub(crate) fn judge(memo: &mut Memo, key: Key, has_passed: bool, now: Timestamp) -> Self {
        if !has_passed {
            memo.forget(key);
            return Self::NotYet;
        }
        memo.happens_once(key);
        let first = memo.moment(key).unwrap_or(now);
        if now.saturating_millis_since(first) >= APART_MILLIS {
            return Self::Now;
        }
        Self::Seen(first.saturating_add_millis(APART_MILLIS))
    }

    pub(crate) fn is_now(self) -> bool {
        self == Self::Now
    }

    /// When to look again, if that is what it waits for.
    pub(crate) fn look_again_at(self) -> Option<Timestamp> {
        match self {
            Self::Seen(at) => Some(at),
            _ => None,
        }
    }
}
