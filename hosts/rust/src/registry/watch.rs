//! Watch of a folder: what appears in it is loaded.
//!
//! A file is loaded only when it is whole. It is read once nothing about it has changed for a while, and read again
//! after as long: it is loaded if both are the same. Where the system tells when writers close a file, one that is open
//! for writing is waited for, however long its writer pauses. Each file waits for itself: one that is written to all
//! the time delays no other.
//!
//! The folder is also looked at as a whole, once a second, and soon after anything in it changes that is no plugin.
//! Files are told by the stamps of what links point to: so a link that comes to point elsewhere, as in folders that
//! Kubernetes mounts, is found like any other change, and so is a folder in whose place another was put. A lost event
//! costs nothing.
//!
//! A file that fails for a reason that may pass is tried again, at ever longer intervals: one that cannot be read, or
//! for which the host has no memory or no instance left.
//!
//! | file | what it is for |
//! |---|---|
//! | `watch/watching.rs` | [`Watching`]: options |
//! | `watch/files.rs` | the files of a folder that may be plugins |
//! | `watch/stamp.rs` | by what a change of a file or a folder is told |
//! | `watch/again.rs` | when a file is tried again |
//! | `watch/folder.rs` | the thread: what has changed, what was read, and what is loaded |

mod again;
mod files;
mod folder;
mod stamp;
mod watching;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
};

use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::slots::Slots;
use crate::{runtime::Cause, text::shown_path};
use folder::{Folder, Signal};

pub(super) use files::plugins;
pub use watching::{OnChange, Watching};

/// Represents a folder that is not watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// Represents a folder that the system does not watch.
    #[error("folder `{}` cannot be watched", shown_path(folder))]
    Watch {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: Cause,
    },
    /// Represents a folder that cannot be read.
    #[error("folder `{}` cannot be read", shown_path(folder))]
    Read {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Represents a watch that does not begin, for lack of a thread.
    #[error("the thread that watches folder `{}` does not start", shown_path(folder))]
    Thread {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// A folder that is watched, until this is dropped.
#[must_use = "the folder is watched until this is dropped"]
pub struct Watch {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

// === impl Watch ===

impl Watch {
    /// Returns when what is in the folder was loaded.
    pub(super) fn start(slots: &Arc<Slots>, path: &Path, mut options: Watching) -> Result<Self, WatchError> {
        let folder = || path.to_owned();
        let absolute = std::path::absolute(path).map_err(|source| WatchError::Read { folder: folder(), source })?;
        fs::read_dir(path).map_err(|source| WatchError::Read { folder: folder(), source })?;
        let (signals, received) = channel();
        let (has_looked, looked) = channel();
        options.quiet = options.quiet.max(options.poll.unwrap_or_default());
        let watcher = match options.poll {
            None => {
                let watcher = watcher(&absolute, signals.clone());
                Some(watcher.map_err(|error| WatchError::Watch { folder: folder(), source: reason(error) })?)
            }
            Some(_) => None,
        };
        let watched = Folder::new(Arc::clone(slots), absolute, options, watcher);
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

/// The reason why the system does not watch a folder. No type of the library that watches reaches a caller.
fn reason(error: notify::Error) -> Cause {
    match error.kind {
        ErrorKind::Io(error) => error.into(),
        ErrorKind::PathNotFound => "the folder is not there".into(),
        ErrorKind::MaxFilesWatch => "the system allows no more watches; raise `fs.inotify.max_user_watches`".into(),
        _ => error.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use notify::{Error, ErrorKind};
    use rstest::rstest;

    #[rstest]
    #[case::of_the_system(ErrorKind::Io(std::io::ErrorKind::PermissionDenied.into()), "permission denied")]
    #[case::too_many(
        ErrorKind::MaxFilesWatch,
        "the system allows no more watches; raise `fs.inotify.max_user_watches`"
    )]
    #[case::another(ErrorKind::Generic("out of luck".to_owned()), "out of luck")]
    fn the_reason_is_told_in_our_words(#[case] kind: ErrorKind, #[case] expected: &str) {
        assert_eq!(super::reason(Error::new(kind)).to_string(), expected);
    }
}
