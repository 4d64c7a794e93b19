//! A watched folder as its thread knows it: what has changed, what was read, and what is loaded.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};

use super::{
    again::Again,
    files::{is_plugin, plugins},
    stamp::{Place, Stamp},
    watching::Watching,
};
use crate::{
    clock,
    loading::ComponentFile,
    registry::{
        error::SwapError,
        rivals::Rivals,
        shadow,
        slots::Slots,
        swap::{self, Swap, SwapRequest},
    },
    runtime::contained,
    text::shown_path,
};

/// Interval of looks where the system tells of every change: it may still lose some, and tells nothing more of a folder
/// in whose place another was put. A look at a folder of a few files takes microseconds.
const BACKSTOP: Duration = Duration::from_secs(1);

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
    /// Where the path led to when the watcher was told of it.
    place: Option<Place>,
    options: Watching,
    /// None where the folder is looked at every so often.
    watcher: Option<RecommendedWatcher>,
    /// When to look at all files next.
    look_at: Instant,
    /// The files that something was done about, as they were then.
    known: BTreeMap<PathBuf, Stamp>,
    /// Their digests, or why they could not be read.
    told: BTreeMap<PathBuf, String>,
    /// The files that have changed.
    pending: BTreeMap<PathBuf, Pending>,
    /// The files that are open for writing.
    open: BTreeSet<PathBuf>,
    /// The files that are loaded, and what is in them.
    held: Rivals,
    /// The files that failed for a reason that may pass.
    again: BTreeMap<PathBuf, Again>,
}

/// A file that has changed.
struct Pending {
    /// None where an event told of the change.
    stamp: Option<Stamp>,
    since: Instant,
    /// What was read: it is loaded if it is the same after as long again.
    read: Option<ComponentFile>,
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
            place: Place::of(&path),
            path,
            options,
            watcher,
            look_at: clock::now(),
            known: BTreeMap::new(),
            told: BTreeMap::new(),
            pending: BTreeMap::new(),
            open: BTreeSet::new(),
            held: Rivals::new(),
            again: BTreeMap::new(),
        }
    }

    /// Loads what is there and what changes, until it is told to stop. `has_looked` is dropped once what was there is
    /// loaded.
    pub(super) fn run(mut self, signals: &Receiver<Signal>, has_looked: Sender<()>) {
        let mut has_looked = Some(has_looked);
        loop {
            let wait = self.next_look().saturating_duration_since(clock::now());
            match signals.recv_timeout(wait) {
                Ok(Signal::Event(event)) => self.note(event),
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    if self.waiting().next().is_none()
                        && let Some(has_looked) = has_looked.take()
                    {
                        self.fall_back();
                        drop(has_looked);
                    }
                }
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        drop(has_looked);
    }

    /// When something has to be looked at. Each file waits for itself, so that what happens to others delays nothing.
    fn next_look(&self) -> Instant {
        let pending = self.waiting().map(|pending| pending.since + self.options.quiet);
        let again = self.again.values().map(|again| again.at);
        pending.chain(again).chain([self.look_at]).min().unwrap_or(self.look_at)
    }

    /// The files that wait for their time. One that is open waits for its writer.
    fn waiting(&self) -> impl Iterator<Item = &Pending> {
        self.pending.iter().filter(|(path, _)| !self.open.contains(*path)).map(|(_, pending)| pending)
    }

    /// Takes note of an event: what it is about has to be read again.
    fn note(&mut self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(folder = %self.shown(), %error, "events may have been lost");
                return self.forget();
            }
        };
        if event.need_rescan() {
            return self.forget();
        }
        // By name, because not every system tells paths as they were given.
        let paths = event.paths.iter().filter_map(|path| Some(self.path.join(path.file_name()?)));
        let (plugins, others): (Vec<_>, Vec<_>) = paths.partition(|path| is_plugin(path));
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
            // Reading is no change; the watch itself reads.
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Data(_)) => {
                if ARE_CLOSES_TOLD {
                    self.open.extend(plugins.iter().cloned());
                }
                return self.changed(plugins);
            }
            // A link among them may be what plugins point to.
            _ if !others.is_empty() => self.look_at = self.look_at.min(clock::now() + self.options.quiet),
            _ => {}
        }
        self.open.retain(|path| !plugins.contains(path));
        self.changed(plugins);
    }

    fn changed(&mut self, plugins: Vec<PathBuf>) {
        let since = clock::now();
        for path in plugins {
            self.known.remove(&path);
            self.pending.insert(path, Pending { stamp: None, since, read: None });
        }
    }

    /// Starts from nothing: anything may have changed.
    fn forget(&mut self) {
        self.open.clear();
        self.pending.clear();
        self.known.clear();
        self.look_at = clock::now();
    }

    /// Looks at what has changed, and loads what is whole.
    fn look(&mut self) {
        let now = clock::now();
        self.look_at = now + self.options.poll.unwrap_or(BACKSTOP);
        self.follow();
        if self.place.is_none() {
            return;
        }
        let Ok(files) = plugins(&self.path) else { return self.lose() };
        self.forget_gone(&files);
        for (path, _) in self.again.iter().filter(|(_, again)| again.at <= now) {
            self.known.remove(path);
        }
        let mut whole = vec![];
        for path in files {
            whole.extend(self.look_at_file(&path, now).map(|file| (path, file)));
        }
        self.load(&whole);
    }

    /// Watches what the path leads to now: the folder may be a link that has come to point elsewhere.
    fn follow(&mut self) {
        let place = Place::of(&self.path);
        if place == self.place {
            return;
        }
        if place.is_none() {
            return self.lose();
        }
        if let Some(watcher) = &mut self.watcher {
            // The old watch may still be there, and is of no use.
            let _ = watcher.unwatch(&self.path);
            if watcher.watch(&self.path, RecursiveMode::NonRecursive).is_err() {
                return;
            }
        }
        tracing::info!(folder = %self.shown(), "another folder is in its place, and is watched");
        self.place = place;
        self.open.clear();
        self.pending.clear();
        self.known.clear();
    }

    fn lose(&mut self) {
        if self.place.take().is_some() {
            tracing::error!(folder = %self.shown(), "the folder is gone; what it held is kept");
        }
    }

    fn forget_gone(&mut self, files: &[PathBuf]) {
        let is_there = |path: &PathBuf| files.contains(path);
        let gone: Vec<PathBuf> = self.held.keys().filter(|path| !is_there(path)).cloned().collect();
        for held in gone.iter().filter_map(|path| self.held.remove(path)).collect::<Vec<_>>() {
            // Another file of the strategy may be the newest now.
            self.look_anew(&held.strategy, None);
        }
        self.known.retain(|path, _| is_there(path));
        self.told.retain(|path, _| is_there(path));
        self.again.retain(|path, _| is_there(path));
        self.pending.retain(|path, _| is_there(path));
        self.open.retain(is_there);
    }

    /// Has the files of a strategy loaded again, because another of them is gone or has changed.
    fn look_anew(&mut self, strategy: &str, but: Option<&Path>) {
        for (path, held) in &self.held {
            if held.strategy == strategy && Some(path.as_path()) != but {
                self.known.remove(path);
                self.told.remove(path);
            }
        }
    }

    /// Reads a file that has changed and is left alone since; returns one that is whole, and new.
    fn look_at_file(&mut self, path: &Path, now: Instant) -> Option<ComponentFile> {
        if self.open.contains(path) {
            return None;
        }
        let stamp = Stamp::of(path);
        if self.known.get(path) == Some(&stamp) {
            self.pending.remove(path);
            return None;
        }
        let quiet = self.options.quiet;
        let new = || Pending { stamp: Some(stamp.clone()), since: now, read: None };
        let pending = self.pending.entry(path.to_owned()).or_insert_with(new);
        if *pending.stamp.get_or_insert_with(|| stamp.clone()) != stamp {
            *pending = new();
        }
        if now.saturating_duration_since(pending.since) < quiet {
            return None;
        }
        match self.slots.host.read(path) {
            // Somebody has just begun to write it, or has only touched it.
            Ok(file)
                if file.bytes().is_empty() || self.told.get(path).is_some_and(|told| told == file.id().digest()) =>
            {
                self.done(path, stamp);
            }
            Ok(file) if pending.read.as_ref().is_some_and(|read| read.id() == file.id()) => {
                self.done(path, stamp);
                self.told.insert(path.to_owned(), file.id().digest().to_owned());
                return Some(file);
            }
            Ok(file) => (pending.read, pending.since) = (Some(file), now),
            Err(error) => {
                self.done(path, stamp);
                let told = self.told.insert(path.to_owned(), error.to_string());
                let is_new = told.as_ref() != Some(&error.to_string());
                let error = SwapError::Load(error);
                self.settle(path, Some(&error));
                if is_new {
                    let error = swap::not_loaded(&self.slots, SwapRequest::default(), path, error);
                    self.tell(path, &Err(error));
                }
            }
        }
        None
    }

    fn done(&mut self, path: &Path, stamp: Stamp) {
        self.known.insert(path.to_owned(), stamp);
        self.pending.remove(path);
    }

    /// Loads what is whole, together: of several versions of a strategy the newest is to run.
    fn load(&mut self, whole: &[(PathBuf, ComponentFile)]) {
        if whole.is_empty() {
            return;
        }
        let before = self.held.clone();
        let results = match self.options.trial {
            None => swap::change_all(&self.slots, SwapRequest::default(), whole, &mut self.held, &swap::switching),
            Some(trial) => shadow::change_all(&self.slots, trial, whole, &mut self.held),
        };
        for (path, result) in &results {
            self.settle(path, result.as_ref().err());
        }
        for (path, _) in whole {
            if let Some(was) = before.get(path).filter(|was| self.held.get(path) != Some(was)) {
                self.look_anew(&was.strategy, Some(path));
            }
        }
        for (path, result) in results {
            self.tell(&path, &result);
        }
    }

    /// Has a file tried again that failed for a reason that may pass.
    fn settle(&mut self, path: &Path, error: Option<&SwapError>) {
        if error.is_some_and(SwapError::may_pass) {
            let again = Again::after(self.again.get(path), clock::now());
            self.again.insert(path.to_owned(), again);
            if self.told.get(path).is_some_and(|told| told.starts_with("sha256:")) {
                // What was read is not what failed.
                self.told.remove(path);
            }
        } else {
            self.again.remove(path);
        }
    }

    /// Loads the last good version of each strategy of which nothing was loaded.
    fn fall_back(&self) {
        for (path, result) in swap::fall_back(&self.slots) {
            self.tell(&path, &result);
        }
    }

    fn tell(&self, path: &Path, result: &Result<Swap, SwapError>) {
        // Also the caller's panic is no reason to leave later files unseen.
        if let Err(message) = contained(|| (self.options.on_change)(path, result)) {
            let file = shown_path(path);
            tracing::error!(file, message, "`on_change` panicked");
        }
    }

    fn shown(&self) -> String {
        shown_path(&self.path)
    }
}
