//! A watched folder as its thread knows it: what has changed, what was read, and what is loaded.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};

use super::{
    files::{is_plugin, plugins},
    watching::Watching,
};
use crate::{
    clock,
    loading::ComponentFile,
    registry::{
        error::SwapError,
        shadow,
        slots::Slots,
        swap::{self, Swap, SwapRequest},
    },
    runtime::contained,
};

/// Retry interval while the watched folder is missing.
const RETRY: Duration = Duration::from_secs(1);

/// True where the system tells when a file that was open for writing is closed.
const ARE_CLOSES_TOLD: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A message to the thread.
pub(super) enum Signal {
    Event(notify::Result<Event>),
    Stop,
}

/// The folder as it is known.
pub(super) struct Folder {
    slots: Arc<Slots>,
    path: PathBuf,
    options: Watching,
    /// None where the folder is looked at every so often.
    watcher: Option<RecommendedWatcher>,
    /// The files that something was done about, and their digests or why they could not be read.
    seen: BTreeMap<PathBuf, String>,
    /// The files that are open for writing.
    open: BTreeSet<PathBuf>,
    /// The files that were read and are loaded unless they change.
    read: BTreeMap<PathBuf, ComponentFile>,
    /// Something has changed since the last look.
    is_stale: bool,
    /// The folder is gone, and its watch with it.
    is_lost: bool,
}

// === impl Folder ===

impl Folder {
    /// A folder that nothing is known of.
    pub(super) fn new(
        slots: Arc<Slots>,
        path: PathBuf,
        options: Watching,
        watcher: Option<RecommendedWatcher>,
    ) -> Self {
        Self {
            slots,
            path,
            options,
            watcher,
            seen: BTreeMap::new(),
            open: BTreeSet::new(),
            read: BTreeMap::new(),
            is_stale: true,
            is_lost: false,
        }
    }

    /// Loads what is there and what changes, until it is told to stop. `has_looked` is dropped once what was there is
    /// loaded.
    pub(super) fn run(mut self, signals: &Receiver<Signal>, has_looked: Sender<()>) {
        let mut has_looked = Some(has_looked);
        // What does not change anything does not begin the waiting anew.
        let mut last_change = clock::now();
        loop {
            let wait = if self.is_stale || !self.read.is_empty() {
                Some(self.options.quiet)
            } else {
                has_looked = None;
                if self.is_lost { Some(RETRY) } else { self.options.poll }
            };
            let signal = match wait {
                Some(wait) => {
                    signals.recv_timeout(wait.saturating_sub(clock::now().saturating_duration_since(last_change)))
                }
                None => signals.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match signal {
                Ok(Signal::Event(event)) => {
                    if !self.note(event) {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) if self.is_lost => self.look_for_folder(),
                Err(RecvTimeoutError::Timeout) if !self.is_stale && !self.read.is_empty() => self.load(),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            last_change = clock::now();
        }
        drop(has_looked);
    }

    /// Takes note of an event; what it is about has to be read again. False for one that changes no plugin.
    fn note(&mut self, event: notify::Result<Event>) -> bool {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(folder = %self.path.display(), %error, "events may have been lost");
                self.forget();
                return true;
            }
        };
        if event.need_rescan() {
            self.forget();
            return true;
        }
        if event.kind.is_remove() && event.paths.contains(&self.path) {
            self.lose();
            return true;
        }
        // By name, because not every system tells paths as they were given.
        let is_about = |path: &Path| event.paths.iter().any(|changed| changed.file_name() == path.file_name());
        match event.kind {
            // Reading is no change; the watch itself reads.
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                self.open.retain(|path| !is_about(path));
            }
            EventKind::Access(_) => return false,
            EventKind::Modify(ModifyKind::Data(_)) => {
                let (plugins, others): (Vec<_>, Vec<_>) = event.paths.iter().partition(|path| is_plugin(path));
                if plugins.is_empty() && !others.is_empty() {
                    // A log that is written to all the time keeps nobody from loading plugins.
                    return false;
                }
                if ARE_CLOSES_TOLD {
                    self.open.extend(plugins.iter().filter_map(|path| Some(self.path.join(path.file_name()?))));
                }
            }
            _ => self.open.retain(|path| !is_about(path)),
        }
        self.read.retain(|path, _| !is_about(path));
        self.is_stale = true;
        true
    }

    /// Starts from nothing: anything may have changed.
    fn forget(&mut self) {
        self.open.clear();
        self.read.clear();
        self.is_stale = true;
    }

    fn lose(&mut self) {
        tracing::error!(folder = %self.path.display(), "the folder is gone; what it held is kept");
        self.is_lost = true;
        self.is_stale = false;
    }

    /// Reads what has changed.
    fn look(&mut self) {
        self.is_stale = false;
        let Ok(files) = plugins(&self.path) else {
            return self.lose();
        };
        self.seen.retain(|path, _| files.contains(path));
        for path in files {
            if self.open.contains(&path) || self.read.contains_key(&path) {
                continue;
            }
            match self.slots.host.read(&path) {
                // Somebody has just begun to write it.
                Ok(file) if file.bytes().is_empty() => {}
                Ok(file) if self.seen.get(&path).is_some_and(|digest| digest == file.id().digest()) => {}
                Ok(file) => {
                    self.read.insert(path, file);
                }
                Err(error) => {
                    let told = self.seen.insert(path.clone(), error.to_string());
                    if told != Some(error.to_string()) {
                        let error = swap::not_read(&self.slots, SwapRequest::default(), &path, error);
                        self.tell(&path, &Err(error));
                    }
                }
            }
        }
    }

    /// Loads what was read and has not changed since, in the order of the files' names.
    fn load(&mut self) {
        for (path, file) in std::mem::take(&mut self.read) {
            // Where no event tells that it goes on changing, another look does.
            if self.watcher.is_none() {
                match self.slots.host.read(&path) {
                    Ok(again) if again.id().digest() == file.id().digest() => {}
                    _ => {
                        self.is_stale = true;
                        continue;
                    }
                }
            }
            self.seen.insert(path.clone(), file.id().digest().to_owned());
            let request = SwapRequest::default();
            let result = match self.options.trial {
                None => swap::change(&self.slots, request, &path, &file),
                Some(trial) => shadow::change(&self.slots, request, trial, &path, &file),
            };
            self.tell(&path, &result);
        }
    }

    fn tell(&self, path: &Path, result: &Result<Swap, SwapError>) {
        // Also the caller's panic is no reason to leave later files unseen.
        if let Err(message) = contained(|| (self.options.on_change)(path, result)) {
            tracing::error!(file = %path.display(), message, "`on_change` panicked");
        }
    }

    /// Watches the folder again once it is back.
    fn look_for_folder(&mut self) {
        if !self.path.is_dir() {
            return;
        }
        if let Some(watcher) = &mut self.watcher {
            // The old watch may still be there, and is of no use.
            let _ = watcher.unwatch(&self.path);
            if watcher.watch(&self.path, RecursiveMode::NonRecursive).is_err() {
                return;
            }
        }
        tracing::info!(folder = %self.path.display(), "the folder is back");
        self.is_lost = false;
        self.forget();
    }
}
