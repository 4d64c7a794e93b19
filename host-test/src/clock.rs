//! A clock for tests: it goes only when it is told, so that no test waits and none depends on how fast a machine is.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use pointsman_host::registry::Options;

/// A clock that stands still until it is told. Clones are the same clock.
#[derive(Clone)]
pub struct Clock {
    now: Arc<Mutex<Instant>>,
    step: Duration,
}

// === impl Clock ===

impl Clock {
    /// A clock that stands still.
    #[allow(clippy::new_without_default, reason = "no two are alike")]
    pub fn new() -> Self {
        Self::stepping(Duration::ZERO)
    }

    /// A clock that goes on by this much with each reading.
    #[expect(clippy::disallowed_methods, reason = "there is no other way to have a moment")]
    pub fn stepping(step: Duration) -> Self {
        Self { now: Arc::new(Mutex::new(Instant::now())), step }
    }

    /// Goes on.
    pub fn advance(&self, by: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// The default options of a registry, with this clock and no jitter.
    pub fn options(&self) -> Options {
        let clock = self.clone();
        Options { clock: Arc::new(move || clock.read()), jitter: 0.0, ..Options::default() }
    }

    fn read(&self) -> Instant {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now += self.step;
        *now
    }
}
