//! A folder of compiled code, found by content, so that a restart need not compile again.
//!
//! What it holds is run as native code, so whoever can write to the folder runs what they like. A file is written
//! whole, and begins with a digest of its key and its code: what is damaged, or has the name of another, is not run.
//! Nor is what belongs to another user, or what others may write to.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};

use super::error::HostError;
use crate::{clock, text::shown_path};

/// Bytes that a folder keeps; beyond them those files go that have not been used for longest.
const MOST: u64 = 512 << 20;
/// The folder within that which was given, in which is nothing else.
const FOLDER: &str = "compiled";

/// What a file is found by, and what it begins with.
pub(super) type Digest = sha2::digest::Output<Sha256>;

/// A folder of compiled code. Safe to use from several threads and processes.
pub(super) struct Cache {
    folder: PathBuf,
    most: u64,
}

// === impl Cache ===

impl Cache {
    /// Makes the folder where it is not there. One that cannot be written to is only read.
    pub(super) fn new(folder: &Path) -> Result<Self, HostError> {
        let inner = folder.join(FOLDER);
        let made = fs::create_dir_all(folder).and_then(|()| make_private(&inner));
        made.map_err(|error| HostError::Cache { folder: folder.to_owned(), source: error.into() })?;
        Ok(Self { folder: inner, most: MOST })
    }

    /// Reads what was written under a key; none where there is nothing, or what is there is not right.
    pub(super) fn read(&self, key: &Digest) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut file = File::open(&path).ok()?;
        if !file.metadata().is_ok_and(|metadata| is_ours(&metadata)) {
            return None;
        }
        let (mut digest, mut code) = (Digest::default(), vec![]);
        let read = file.read_exact(&mut digest).and_then(|()| file.read_to_end(&mut code));
        if read.is_ok() && digest == digest_of(key, &code) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(clock::unix_millis());
            // It was used just now.
            let _ = File::options().append(true).open(&path).and_then(|file| file.set_modified(now));
            return Some(code);
        }
        tracing::warn!(file = shown_path(&path), "damaged compiled code is not used; it is compiled again");
        // One flipped bit may crash the process that runs it. The next write puts a whole file in its place.
        let _ = fs::remove_file(path);
        None
    }

    /// Writes something under a key. A folder that does not take it goes without.
    pub(super) fn write(&self, key: &Digest, code: &[u8]) {
        if let Err(error) = self.try_to_write(key, code) {
            tracing::debug!(folder = shown_path(&self.folder), %error, "compiled code is not kept");
        }
    }

    fn try_to_write(&self, key: &Digest, code: &[u8]) -> io::Result<()> {
        let mut part = tempfile::NamedTempFile::new_in(&self.folder)?;
        part.write_all(&digest_of(key, code))?;
        part.write_all(code)?;
        part.persist(self.path(key))?;
        self.make_room()
    }

    /// Removes what has not been used for longest, also what somebody was killed over while it was written.
    fn make_room(&self) -> io::Result<()> {
        let stated = |entry: fs::DirEntry| Some((entry.path(), entry.metadata().ok()?));
        // Another process may have removed it.
        let mut files: Vec<(PathBuf, Metadata)> = fs::read_dir(&self.folder)?.flatten().filter_map(stated).collect();
        files.sort_by_key(|(_, metadata)| metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        let mut size: u64 = files.iter().map(|(_, metadata)| metadata.len()).sum();
        for (path, metadata) in files {
            if size <= self.most {
                break;
            }
            let _ = fs::remove_file(path);
            size -= metadata.len();
        }
        Ok(())
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.folder.join(format!("{key:x}"))
    }
}

fn digest_of(key: &Digest, code: &[u8]) -> Digest {
    Sha256::new().chain_update(key).chain_update(code).finalize()
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Whether nobody else but the system's administrator can have written a file.
#[cfg(unix)]
fn is_ours(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    const BY_OTHERS: u32 = 0o022;
    metadata.is_file()
        && metadata.mode() & BY_OTHERS == 0
        && [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid())
}

#[cfg(not(unix))]
fn is_ours(metadata: &Metadata) -> bool {
    metadata.is_file()
}
