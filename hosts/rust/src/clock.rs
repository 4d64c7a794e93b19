//! Reading of the clock: the only place that does, so that a test can put a clock of its own in the place of this one.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "everything else is given its clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the Unix epoch, for people and files: nothing is decided by it.
#[expect(clippy::disallowed_methods, reason = "what is kept for people says when it was")]
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
