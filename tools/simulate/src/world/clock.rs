//! Clocks that need not agree: that of the world, that of the host, and the one that stamps routes.

use pointsman::Timestamp;

/// The clocks of a world. Only its own is always right.
#[derive(Clone, Debug)]
pub(super) struct Clocks {
    start: Timestamp,
    /// Since the start, in milliseconds.
    pub(super) elapsed: u64,
    /// Lead of the host's clock, in milliseconds: for good, and until the next evaluation is over.
    pub(super) host: i64,
    pub(super) blip: i64,
    /// Lead of the clock that stamps routes, in milliseconds.
    pub(super) stamps: i64,
}

// === impl Clocks ===

impl Clocks {
    pub(super) fn new(start: Timestamp) -> Self {
        Self { start, elapsed: 0, host: 0, blip: 0, stamps: 0 }
    }

    /// The moment as the host tells it.
    pub(super) fn host(&self) -> Timestamp {
        self.ahead(self.host.saturating_add(self.blip))
    }

    /// The moment as routes are stamped.
    pub(super) fn stamp(&self) -> Timestamp {
        self.ahead(self.stamps)
    }

    fn ahead(&self, millis: i64) -> Timestamp {
        let now = self.start.saturating_add_millis(self.elapsed).as_millis();
        Timestamp::from_millis(now.saturating_add_signed(millis))
    }
}
