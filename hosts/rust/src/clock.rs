//! Reading of the clock: the only place that does, so that a test can put a clock of its own in the place of this one.

use std::time::Instant;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "everything else is given its clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
