//! Another attempt at a file that failed for a reason that may pass.

use std::time::{Duration, Instant};

/// Time until the first attempt.
const FIRST: Duration = Duration::from_secs(1);
/// The longest that this time becomes.
const LONGEST: Duration = Duration::from_mins(1);

/// When a file is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) at: Instant,
    wait: Duration,
}

// === impl Again ===

impl Again {
    /// The attempt after the last one, which failed now; each time it is waited for twice as long.
    pub(super) fn after(last: Option<&Self>, now: Instant) -> Self {
        let wait = last.map_or(FIRST, |last| (last.wait * 2).min(LONGEST));
        Self { at: now + wait, wait }
    }
}

#[cfg(test)]
mod tests {
    use super::Again;
    use crate::clock;

    #[test]
    fn it_is_waited_for_twice_as_long_each_time_up_to_a_minute() {
        let now = clock::now();
        let mut again = None;

        let waits: Vec<u64> = (0..8)
            .map(|_| {
                let next = Again::after(again.as_ref(), now);
                again = Some(next);
                (next.at - now).as_secs()
            })
            .collect();

        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
