//! Options of a registry.

use std::{
    collections::BTreeMap,
    fmt,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use crate::{clock, plugin::Guard};

/// Options of a registry.
#[derive(Clone)]
pub struct Options {
    /// The guard of every plugin that has none of its own in `guards`.
    pub guard: Guard,
    /// The guards of single strategies, by name: a canary may need a `max_unavailable` of its own beside a blue-green
    /// that needs none.
    pub guards: BTreeMap<String, Guard>,
    /// Deployments that a version must fail, where the one before it does not, to be reverted; all that there are,
    /// where there are fewer. Where there is none before it, deployments that must fail in a row for its circuit to
    /// open. Default 3.
    pub revert_after: NonZeroU32,
    /// Failures in a row after which the circuit of a deployment opens; default 3.
    pub open_after: NonZeroU32,
    /// Time for which a circuit is open at first; default 1 s. It doubles with every probe that fails.
    pub first_back_off: Duration,
    /// The longest that this time becomes; default 1 minute.
    pub longest_back_off: Duration,
    /// Share of that time by which it is lengthened at random, at most; from 0 to 1, default 0.5. What opened together
    /// is not tried again together.
    pub jitter: f64,
    /// Time for all calls of one batch together; default 30 s. Each of them has the host's time limit besides.
    pub batch_time: Duration,
    /// Most deployments that are remembered because they fail, for each strategy; default 65,536.
    pub most_entries: NonZeroUsize,
    /// A folder that keeps the quarantine and the last good component of each strategy over restarts; made where it is
    /// not there, default none. Where nothing else of a strategy loads from a folder, the last good version is loaded.
    /// A version is good once calls for `revert_after` deployments succeeded, or as many calls where there are fewer.
    /// It is one registry's: two would overwrite what the other keeps.
    pub state: Option<PathBuf>,
    /// The clock for circuits, trials and latencies; default [`Instant::now`](std::time::Instant::now).
    pub clock: Arc<dyn Fn() -> std::time::Instant + Send + Sync>,
    /// Random numbers from 0.0 to 1.0, for the jitter.
    pub random: Arc<dyn Fn() -> f64 + Send + Sync>,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            guards: BTreeMap::new(),
            revert_after: const { NonZeroU32::new(3).expect("3 is not 0") },
            open_after: const { NonZeroU32::new(3).expect("3 is not 0") },
            first_back_off: Duration::from_secs(1),
            longest_back_off: Duration::from_mins(1),
            jitter: 0.5,
            batch_time: Duration::from_secs(30),
            most_entries: const { NonZeroUsize::new(65_536).expect("it is not 0") },
            state: None,
            clock: Arc::new(clock::now),
            random: Arc::new(fastrand::f64),
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
            .field("open_after", &self.open_after)
            .field("longest_back_off", &self.longest_back_off)
            .field("jitter", &self.jitter)
            .field("batch_time", &self.batch_time)
            .field("most_entries", &self.most_entries)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
