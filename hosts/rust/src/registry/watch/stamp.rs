//! Stamps of files and folders: by which a change is told without reading.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Properties of a file that change when it does. They are those of what a link points to, so that one which comes to
/// point elsewhere has another stamp. Nothing, for what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    length: Option<u64>,
    modified: Option<SystemTime>,
    inode: Inode,
}

/// A folder that is watched: where it is, and which one. Another may come to be in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    device_and_number: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Inode {
    device_and_number: Option<(u64, u64)>,
    /// When anything about it changed, also its name: whoever sets the time of a file back sets this one.
    changed: Option<(i64, i64)>,
}

// === impl Stamp ===

impl Stamp {
    pub(super) fn of(path: &Path) -> Self {
        let Ok(metadata) = fs::metadata(path) else { return Self::default() };
        Self { length: Some(metadata.len()), modified: metadata.modified().ok(), inode: Inode::of(&metadata) }
    }
}

// === impl Place ===

impl Place {
    /// Where a path leads to; none where there is no folder.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let (path, metadata) = (fs::canonicalize(path).ok()?, fs::metadata(path).ok()?);
        metadata.is_dir().then(|| Self { path, device_and_number: Inode::of(&metadata).device_and_number })
    }
}

// === impl Inode ===

impl Inode {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self {
            device_and_number: Some((metadata.dev(), metadata.ino())),
            changed: Some((metadata.ctime(), metadata.ctime_nsec())),
        }
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self::default()
    }
}
