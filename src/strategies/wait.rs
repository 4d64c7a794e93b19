//! A stretch of time that a strategy waits for: a delay, a deadline, a back-off, a window.

use crate::Timestamp;

/// So many seconds from a moment. Exactly so many are enough. Arithmetic saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    since: Timestamp,
    seconds: u32,
}

impl Wait {
    pub(crate) fn new(since: Timestamp, seconds: u32) -> Self {
        Self { since, seconds }
    }

    pub(crate) fn seconds(self) -> u32 {
        self.seconds
    }

    /// From when it counts.
    pub(crate) fn since(self) -> Timestamp {
        self.since
    }

    /// Its length, in milliseconds.
    pub(crate) fn millis(self) -> u64 {
        u64::from(self.seconds) * 1000
    }

    /// Whether it is over.
    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        now.saturating_millis_since(self.since) >= self.millis()
    }

    /// When it will be over.
    pub(crate) fn end(self) -> Timestamp {
        self.since.saturating_add_millis(self.millis())
    }

    /// How long it still takes, in milliseconds.
    pub(crate) fn left(self, now: Timestamp) -> u64 {
        self.end().saturating_millis_since(now)
    }

    /// When to look whether it is over, if that is ahead. A moment that is not must not be the next evaluation: there
    /// would be no pause.
    pub(crate) fn end_ahead(self, now: Timestamp) -> Option<Timestamp> {
        Some(self.end()).filter(|end| *end > now)
    }
}
