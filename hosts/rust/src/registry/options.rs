//! Options of a registry.

use std::{collections::BTreeMap, fmt, num::NonZeroU32, sync::Arc, time::Duration};

use crate::{clock, plugin::Guard};

/// Options of a registry.
#[derive(Clone)]
pub struct Options {
    /// The guard of every plugin that has none of its own in `guards`.
    pub guard: Guard,
    /// The guards of single strategies, by name: a canary may need a `max_unavailable` of its own beside a blue-green
    /// that needs none.
    pub guards: BTreeMap<String, Guard>,
    /// Failures in a row after which a version is reverted, or where there is none before it its circuit opens; default
    /// 3.
    pub revert_after: NonZeroU32,
    /// Time for which a circuit is open at first; default 1 s. It doubles with every further failure.
    pub first_back_off: Duration,
    /// The longest that this time becomes; default 1 minute.
    pub longest_back_off: Duration,
    /// The clock for circuits, trials and latencies; default [`Instant::now`](std::time::Instant::now).
    pub clock: Arc<dyn Fn() -> std::time::Instant + Send + Sync>,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            guards: BTreeMap::new(),
            revert_after: const { NonZeroU32::new(3).expect("3 is not 0") },
            first_back_off: Duration::from_secs(1),
            longest_back_off: Duration::from_mins(1),
            clock: Arc::new(clock::now),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("guard", &self.guard)
            .field("guards", &self.guards)
            .field("revert_after", &self.revert_after)
            .field("first_back_off", &self.first_back_off)
            .field("longest_back_off", &self.longest_back_off)
            .finish_non_exhaustive()
    }
}
