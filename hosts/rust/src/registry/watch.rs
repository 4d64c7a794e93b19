//! Loading what appears in a folder.
//!
//! A file is loaded only when it is whole. It is read once nothing about it has changed for a while, and what was read is
//! thrown away if anything changes for as long again; where the system tells when writers close a file, one that is open for
//! writing is waited for, however long its writer pauses. What a rename puts in place is loaded in the same way.
//!
//! Every change leads to a look at the whole folder, and files are told by their digests: so a link that comes to point
//! elsewhere, as in folders that Kubernetes mounts, is found like any other change, and a lost event costs nothing once the
//! next comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};

use super::{
    Inner, Swap, SwapError, Trial,
    swap::{self, Wanted},
};
use crate::{ComponentFile, runtime::contained};

/// How often a folder is looked for that is not there any more.
const LOOK_FOR_FOLDER: Duration = Duration::from_secs(1);

/// Whether the system tells when a file that was open for writing is closed.
const ARE_CLOSES_TOLD: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// How a folder is watched.
#[derive(Clone)]
pub struct Watching {
    /// For how long nothing about a file may change before it is read, and again before it is loaded; default 50 ms.
    pub quiet: Duration,
    /// Look every so often instead of asking the system for events; default none. For file systems that have none: NFS, and
    /// some folders that are mounted into containers. `quiet` is then at least this long.
    pub poll: Option<Duration>,
    /// Try new versions in the shadow of the current one first; default none.
    pub trial: Option<Trial>,
    /// Called with what came of each file, on the thread that watches.
    pub on_change: Arc<OnChange>,
}

/// What is called with what came of a file.
pub type OnChange = dyn Fn(&Path, &Result<Swap, SwapError>) + Send + Sync;

/// Why a folder is not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system does not watch it.
    #[error("folder `{}` cannot be watched", folder.display())]
    Watch {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: notify::Error,
    },
    /// The folder cannot be read.
    #[error("folder `{}` cannot be read", folder.display())]
    Read {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no thread to be had for it.
    #[error("the thread that watches folder `{}` does not start", folder.display())]
    Thread {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder that is watched, until this is dropped.
#[must_use = "the folder is watched until this is dropped"]
pub struct Watch {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

enum Signal {
    Event(notify::Result<Event>),
    Stop,
}

/// The folder as it is known.
struct Folder {
    registry: Arc<Inner>,
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
    /// Whether something has changed since the last look.
    is_stale: bool,
    /// Whether the folder is gone, and its watch with it.
    is_lost: bool,
}

// === impl Watching ===

impl Default for Watching {
    fn default() -> Self {
        Self { quiet: Duration::from_millis(50), poll: None, trial: None, on_change: Arc::new(|_, _| {}) }
    }
}

// === impl Watch ===

impl Watch {
    /// Returns when what is in the folder was loaded.
    pub(super) fn start(registry: &Arc<Inner>, path: &Path, mut options: Watching) -> Result<Self, WatchError> {
        let folder = || path.to_owned();
        let absolute = std::path::absolute(path).map_err(|source| WatchError::Read { folder: folder(), source })?;
        fs::read_dir(path).map_err(|source| WatchError::Read { folder: folder(), source })?;
        let (signals, received) = channel();
        let (has_looked, looked) = channel();
        options.quiet = options.quiet.max(options.poll.unwrap_or_default());
        let watcher = match options.poll {
            None => {
                let watcher = watcher(&absolute, signals.clone());
                Some(watcher.map_err(|source| WatchError::Watch { folder: folder(), source })?)
            }
            Some(_) => None,
        };
        let watched = Folder {
            registry: Arc::clone(registry),
            path: absolute,
            options,
            watcher,
            seen: BTreeMap::new(),
            open: BTreeSet::new(),
            read: BTreeMap::new(),
            is_stale: true,
            is_lost: false,
        };
        let thread = thread::Builder::new()
            .name("pointsman-watch".to_owned())
            .spawn(move || watched.run(&received, has_looked))
            .map_err(|source| WatchError::Thread { folder: folder(), source })?;
        // An error means that the thread is gone, which it is only after a look.
        let _ = looked.recv();
        Ok(Self { signals, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            // Nothing is known to panic in it; if something did, that was reported then.
            let _ = thread.join();
        }
    }
}

/// A watcher of this folder that sends its events on.
fn watcher(folder: &Path, signals: Sender<Signal>) -> notify::Result<RecommendedWatcher> {
    // Nobody receives them once the watch was dropped.
    let mut watcher = notify::recommended_watcher(move |event| drop(signals.send(Signal::Event(event))))?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

// === impl Folder ===

impl Folder {
    fn run(mut self, signals: &Receiver<Signal>, has_looked: Sender<()>) {
        let mut has_looked = Some(has_looked);
        // What does not change anything does not begin the waiting anew.
        let mut last_change = Instant::now();
        loop {
            let wait = if self.is_stale || !self.read.is_empty() {
                Some(self.options.quiet)
            } else {
                has_looked = None;
                if self.is_lost { Some(LOOK_FOR_FOLDER) } else { self.options.poll }
            };
            let signal = match wait {
                Some(wait) => signals.recv_timeout(wait.saturating_sub(last_change.elapsed())),
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
            last_change = Instant::now();
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
        tracing::error!(folder = %self.path.display(), "the folder is gone; what it held goes on");
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
            match self.registry.host.read(&path) {
                // Somebody has just begun to write it.
                Ok(file) if file.bytes().is_empty() => {}
                Ok(file) if self.seen.get(&path).is_some_and(|digest| digest == file.id().digest()) => {}
                Ok(file) => {
                    self.read.insert(path, file);
                }
                Err(error) => {
                    let told = self.seen.insert(path.clone(), error.to_string());
                    if told != Some(error.to_string()) {
                        self.tell(&path, &Err(error.into()));
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
                match self.registry.host.read(&path) {
                    Ok(again) if again.id().digest() == file.id().digest() => {}
                    _ => {
                        self.is_stale = true;
                        continue;
                    }
                }
            }
            self.seen.insert(path.clone(), file.id().digest().to_owned());
            let wanted = Wanted { trial: self.options.trial, ..Wanted::default() };
            self.tell(&path, &swap::change(&self.registry, wanted, &file));
        }
    }

    fn tell(&self, path: &Path, result: &Result<Swap, SwapError>) {
        swap::report(path, result);
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

/// The plugins in a folder, in the order of their names: every `*.wasm` that is not hidden. Not what could be waited for without
/// end, such as a named pipe; a folder or a dangling link of that name is told as what cannot be read.
pub(super) fn plugins(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    let ends = |path: &Path| fs::metadata(path).map_or(true, |metadata| metadata.is_file() || metadata.is_dir());
    files.retain(|path| is_plugin(path) && ends(path));
    files.sort();
    Ok(files)
}

fn is_plugin(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && path.extension().is_some_and(|extension| extension == "wasm")
}
