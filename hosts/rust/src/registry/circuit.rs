//! The circuit breaker of a version.
//!
//! | state | calls |
//! |---|---|
//! | closed | go through; a failure is counted, anything else counts the failures anew |
//! | open | are answered with an error, until the back-off is over |
//! | half-open | go through; a failure opens the circuit for twice as long, anything else closes it |
//!
//! The circuit counts, and opens when it is told to: whether there is a version to revert to instead is for the slot to
//! say.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{options::Options, version::Version};

/// A version, and whether calls reach it.
pub(super) struct Circuit {
    version: Arc<Version>,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// None while it is closed.
    back_off: Option<BackOff>,
}

#[derive(Clone, Copy)]
struct BackOff {
    /// The circuit is open before this moment, and half-open after it.
    until: Instant,
    length: Duration,
}

/// A circuit that is open.
pub(super) struct Open {
    /// In a row.
    pub(super) failures: u32,
    /// Time for which it will still be.
    pub(super) remaining: Duration,
}

// === impl Circuit ===

impl Circuit {
    /// A closed one.
    pub(super) fn new(version: Arc<Version>) -> Self {
        Self { version, state: Mutex::default() }
    }

    pub(super) fn version(&self) -> &Arc<Version> {
        &self.version
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, unless the circuit is open. The clock is read only where it matters.
    pub(super) fn admit(&self, options: &Options) -> Result<(), Open> {
        let State { failures, back_off } = *self.state();
        let Some(back_off) = back_off else { return Ok(()) };
        let remaining = back_off.until.saturating_duration_since((options.clock)());
        if remaining.is_zero() { Ok(()) } else { Err(Open { failures, remaining }) }
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.state().failures
    }

    /// Counts a failure; how many there are in a row then.
    pub(super) fn fail(&self) -> u32 {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.failures
    }

    /// Closes the circuit, and counts failures anew.
    pub(super) fn close(&self) {
        *self.state() = State::default();
    }

    /// Opens the circuit, for twice as long as the last time; for how long.
    pub(super) fn open(&self, options: &Options) -> Duration {
        let mut state = self.state();
        let length = state.back_off.map_or(options.first_back_off, |back_off| back_off.length.saturating_mul(2));
        let length = length.min(options.longest_back_off);
        // A moment that the clock cannot express is never reached; a back-off must end.
        state.back_off = (options.clock)().checked_add(length).map(|until| BackOff { until, length });
        length
    }

    /// Time for which it will still be open; none, where it is not.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        let remaining = self.state().back_off?.until.saturating_duration_since(now);
        (!remaining.is_zero()).then_some(remaining)
    }
}
