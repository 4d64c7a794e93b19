//! A folder that is watched: what is loaded from it and what is not.

mod files;
mod folder;

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use host_test::HOST;
use pointsman_host::{
    LoadError, Registry,
    registry::{Options, Swap, SwapError, Watch, Watching},
};

/// Longer than any change here takes to be seen, so that a broken watch ends.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// The name of a file, and what came of it.
pub(crate) type Told = (String, String);

/// A registry that watches a folder, and what it tells of its files.
pub(crate) struct Watched {
    pub(crate) registry: Registry,
    pub(crate) told: Receiver<Told>,
    pub(crate) watch: Watch,
}

impl Watched {
    pub(crate) fn new(folder: &Path, mut how: Watching, options: Options) -> Self {
        let (sender, told) = channel();
        let tell = move |path: &Path, result: &Result<Swap, SwapError>| {
            let what = match result {
                Ok(Swap::Loaded(_)) => "loaded",
                Ok(Swap::Swapped { .. }) => "swapped",
                Ok(Swap::Shadowing { .. }) => "shadowing",
                Ok(Swap::Unchanged(_)) => "unchanged",
                Ok(Swap::Quarantined(_)) => "quarantined",
                Err(SwapError::Load(LoadError::Read { .. })) => "unreadable",
                Err(_) => "failed",
            };
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Nobody listens once the test is over.
            let _ = sender.send((name, what.to_owned()));
        };
        let registry = Registry::new(HOST.clone(), options);
        how.on_change = Arc::new(tell);
        let watch = registry.watch(folder, how).unwrap();
        Self { registry, told, watch }
    }

    /// The next file that is told of.
    pub(crate) fn next(&self) -> (String, String) {
        self.told.recv_timeout(LONG).expect("the watch tells of a change")
    }

    pub(crate) fn current(&self) -> String {
        self.registry.status()[0].current.plugin.name().to_owned()
    }
}

pub(crate) fn told(name: &str, what: &str) -> Told {
    (name.to_owned(), what.to_owned())
}
