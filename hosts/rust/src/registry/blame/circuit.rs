//! A circuit breaker: closed, open, half-open.
//!
//! | state | calls |
//! |---|---|
//! | closed | go through |
//! | open | are answered with an error, until the back-off is over |
//! | half-open | one goes through, as a probe; the others are answered with an error until it has returned |
//!
//! A probe that fails opens it for twice as long. Each back-off is lengthened by a random share, so that what opened at
//! the same time is not tried again at the same time. There is no state without a way out: a probe that does not return
//! within the longest back-off makes way for another.

use std::time::{Duration, Instant};

use crate::registry::options::Options;

/// A circuit; closed by default.
#[derive(Clone, Copy, Default)]
pub(super) struct Circuit(Option<BackOff>);

#[derive(Clone, Copy)]
struct BackOff {
    /// Open before this moment, half-open after it.
    until: Instant,
    /// Without the random share.
    length: Duration,
    /// When the probe began that is under way.
    probe: Option<Instant>,
}

/// The state at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Closed,
    /// For so long; zero while a probe is under way.
    Open(Duration),
    HalfOpen,
}

// === impl Circuit ===

impl Circuit {
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn state(&self, now: Instant, options: &Options) -> State {
        let Some(BackOff { until, probe, .. }) = self.0 else { return State::Closed };
        let remaining = until.saturating_duration_since(now);
        let is_probing = probe.is_some_and(|began| now.saturating_duration_since(began) < options.longest_back_off);
        if remaining.is_zero() && !is_probing { State::HalfOpen } else { State::Open(remaining) }
    }

    /// Time for which it will still be open; none, where it is not.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        let remaining = self.0?.until.saturating_duration_since(now);
        (!remaining.is_zero()).then_some(remaining)
    }

    /// Notes that a probe goes through.
    pub(super) fn probe(&mut self, now: Instant) {
        if let Some(back_off) = &mut self.0 {
            back_off.probe = Some(now);
        }
    }

    /// Notes that the probe has returned.
    pub(super) fn release(&mut self) {
        if let Some(back_off) = &mut self.0 {
            back_off.probe = None;
        }
    }

    /// Opens it, for twice as long as the last time; for how long.
    pub(super) fn open(&mut self, now: Instant, options: &Options) -> Duration {
        let length = self.0.map_or(options.first_back_off, |back_off| back_off.length.saturating_mul(2));
        let length = length.min(options.longest_back_off);
        let share = options.jitter.clamp(0.0, 1.0) * (options.random)().clamp(0.0, 1.0);
        let lengthened = length.saturating_add(length.mul_f64(share));
        // A moment that the clock cannot express is never reached; a back-off must end.
        let until = now.checked_add(lengthened).unwrap_or(now);
        self.0 = Some(BackOff { until, length, probe: None });
        lengthened
    }
}
