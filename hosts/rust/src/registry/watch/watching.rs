//! Options of a watch.

use std::{path::Path, sync::Arc, time::Duration};

use crate::registry::{error::SwapError, swap::Swap, trial::Trial};

/// Options of a watch.
#[derive(Clone)]
pub struct Watching {
    /// Debounce: the time for which nothing about a file may change before it is read, and again before it is loaded;
    /// default 50 ms.
    pub quiet: Duration,
    /// Poll with this period instead of asking the system for events; default none. For file systems that have none:
    /// NFS, and some folders that are mounted into containers. `quiet` is then at least this long.
    pub poll: Option<Duration>,
    /// Try new versions in the shadow of the current one first; default none.
    pub trial: Option<Trial>,
    /// Called with what came of each file, on the thread that watches.
    pub on_change: Arc<OnChange>,
}

/// A function that is called with what came of a file.
pub type OnChange = dyn Fn(&Path, &Result<Swap, SwapError>) + Send + Sync;

// === impl Watching ===

impl Default for Watching {
    fn default() -> Self {
        Self { quiet: Duration::from_millis(50), poll: None, trial: None, on_change: Arc::new(|_, _| {}) }
    }
}
