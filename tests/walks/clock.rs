//! Clocks: the true time, which nobody in a deployment sees, and what the host and the keeper of the routes read.

/// When the rollouts start, as the host's clock says.
pub(crate) const STARTED_AT: u64 = 1_760_000_000_000;

/// The true time, and how wrong clocks are. All in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// True time since the start.
    elapsed: u64,
    /// How far the host's clock is ahead of the true time, for good.
    ahead: i64,
    /// How far it is ahead in the next cycle alone.
    glitch: i64,
    /// Whether the last cycle had such a glitch: a clock that is wrong twice is wrong for longer than a cycle.
    was_wrong: bool,
    /// Sum of all steps ahead that lasted.
    gained: i64,
    /// Whether any step went back, or was for one cycle.
    pub(crate) has_gone_back: bool,
    pub(crate) was_ever_wrong: bool,
}

/// A moment, for the question how much time may seem to have passed since.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    elapsed: u64,
    gained: i64,
}

// === impl Clock ===

impl Clock {
    /// What the host reads.
    pub(crate) fn host(&self) -> u64 {
        self.at(self.ahead + self.glitch)
    }

    /// What the host reads once the glitch is over, and who else is right.
    pub(crate) fn lasting(&self) -> u64 {
        self.at(self.ahead)
    }

    fn at(&self, ahead: i64) -> u64 {
        (STARTED_AT + self.elapsed).saturating_add_signed(ahead)
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        self.elapsed += millis;
    }

    /// The host's clock is set, for good.
    pub(crate) fn step(&mut self, by: i64) {
        self.ahead += by;
        self.gained += by.max(0);
        self.has_gone_back |= by < 0;
        self.was_ever_wrong = true;
    }

    /// The host's clock is wrong in the next cycle.
    pub(crate) fn be_wrong_once(&mut self, by: i64) {
        self.glitch = by;
        self.has_gone_back |= by < 0;
        self.was_ever_wrong = true;
        if self.was_wrong {
            self.gained += by.abs();
        }
    }

    pub(crate) fn is_wrong(&self) -> bool {
        self.glitch != 0
    }

    /// The cycle is over.
    pub(crate) fn be_right(&mut self) {
        self.was_wrong = self.is_wrong();
        self.glitch = 0;
    }

    /// This moment. One that is noted by a clock that is behind may seem longer ago than it is.
    pub(crate) fn mark(&self) -> Mark {
        Mark { elapsed: self.elapsed, gained: self.gained + self.glitch.min(0) }
    }

    /// How much time may seem to have passed at most, to who heeds that a clock may be wrong for a cycle.
    pub(crate) fn may_seem(&self, since: Mark) -> u64 {
        (self.elapsed - since.elapsed).saturating_add_signed(self.gained - since.gained)
    }
}

// === impl Mark ===

impl Mark {
    /// So many milliseconds before, but not before the start.
    pub(crate) fn earlier(self, millis: u64) -> Self {
        Self { elapsed: self.elapsed.saturating_sub(millis), ..self }
    }

    /// Whether it truly is not before another.
    pub(crate) fn is_since(self, other: Self) -> bool {
        self.elapsed >= other.elapsed
    }
}
