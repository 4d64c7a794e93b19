//! The state folder: keeps the quarantine and the last good component of each strategy over restarts.
//!
//! ```text
//! quarantine.json                   {"format": 1, "quarantined": [{"digest", "strategy", "version", "reason", "at"}]}
//! good/<strategy>.json              {"format": 1, "strategy", "version", "digest", "at"}
//! good/<strategy>-<12 digits>.wasm  the component, named by the first hex digits of its digest
//! ```
//!
//! The layout is that of the hosts in all languages. A file is written whole or not at all, and a component before what
//! points to it, so that a crash at any moment leaves the last good version or the new one. What is damaged or foreign
//! is told to operators, and counts as none: nothing here keeps a registry from starting or from deciding.

use std::{
    error::Error,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;

use super::quarantined::Quarantined;
use crate::{
    clock,
    host::Host,
    loading::ComponentFile,
    registry::description,
    text::{shown, shown_path},
};

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;
/// Bytes of the largest JSON file that is read.
const LARGEST: u64 = 16 << 20;

/// A state folder.
pub(super) struct StateFolder {
    path: PathBuf,
    good: PathBuf,
    /// Held while the last good versions change, so that a component goes only when nothing points to it.
    writing: Mutex<()>,
}

/// The last good version of a strategy.
pub(in crate::registry) struct Good {
    pub(in crate::registry) strategy: String,
    pub(in crate::registry) version: String,
    pub(in crate::registry) file: ComponentFile,
    pub(in crate::registry) path: PathBuf,
}

/// Reasons why a file says nothing, in words for operators.
type Wrong = Box<dyn Error + Send + Sync>;

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct QuarantineFile {
    format: u32,
    quarantined: Vec<Quarantined>,
}

#[derive(Serialize, Deserialize)]
struct GoodFile {
    format: u32,
    strategy: String,
    version: String,
    digest: String,
    /// Milliseconds since the Unix epoch, for people.
    at: u64,
}

// === impl StateFolder ===

impl StateFolder {
    /// Makes the folder where it is not there. One that cannot be made or written to keeps nothing.
    pub(super) fn new(path: PathBuf) -> Self {
        let good = path.join("good");
        if let Err(error) = fs::create_dir_all(&good) {
            tell("cannot be used", &path, &error.into());
        }
        Self { path, good, writing: Mutex::default() }
    }

    /// Reads the quarantine.
    pub(super) fn quarantined(&self) -> Vec<Quarantined> {
        read(&self.path.join("quarantine.json")).map(|file: QuarantineFile| file.quarantined).unwrap_or_default()
    }

    /// Writes the quarantine.
    pub(super) fn write_quarantine(&self, quarantined: Vec<Quarantined>) {
        write_json(&self.path.join("quarantine.json"), &QuarantineFile { format: FORMAT, quarantined });
    }

    /// The strategies of which there may be a last good version, in the order of their names.
    pub(super) fn strategies(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.good).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
        let mut names: Vec<String> = names.filter(|name| description::is_name(name)).collect();
        names.sort();
        names
    }

    /// Reads the last good version of a strategy; none where there is none that is whole.
    pub(super) fn good(&self, host: &Host, strategy: &str) -> Option<Good> {
        let path = self.about(strategy);
        let about: GoodFile = read(&path)?;
        let found = self.component(strategy, &about.digest).ok_or_else(|| "its digest is none".into());
        let found = found.and_then(|component| {
            let file = host.read(&component).map_err(|error| {
                // The system's own words say more.
                error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
            })?;
            if about.strategy != strategy || file.id().digest() != about.digest {
                return Err("it is of another component".into());
            }
            Ok(Good { strategy: about.strategy, version: about.version, file, path: component })
        });
        found.map_err(|error| tell("is not what a registry writes, and counts as none", &path, &error)).ok()
    }

    /// Writes the last good version of a strategy.
    pub(super) fn write_good(&self, strategy: &str, version: &str, digest: &str, content: &[u8]) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(component) = self.component(strategy, digest) else { return };
        let about = self.about(strategy);
        let before = fs::metadata(&about).is_ok().then(|| read::<GoodFile>(&about)).flatten();
        if !write(&component, content) {
            return;
        }
        let (strategy, version, digest) = (strategy.to_owned(), version.to_owned(), digest.to_owned());
        let file = GoodFile { format: FORMAT, strategy, version, digest, at: clock::unix_millis() };
        if write_json(&about, &file)
            && let Some(before) = before.and_then(|before| self.component(&file.strategy, &before.digest))
            && before != component
        {
            // It is in nobody's way where it stays.
            let _ = fs::remove_file(before);
        }
    }

    fn about(&self, strategy: &str) -> PathBuf {
        self.good.join(format!("{strategy}.json"))
    }

    /// Where a component of this digest is; none for what is no digest.
    fn component(&self, strategy: &str, digest: &str) -> Option<PathBuf> {
        let digits = digest.strip_prefix("sha256:").filter(|hex| hex.len() == 64)?.get(..12)?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| self.good.join(format!("{strategy}-{digits}.wasm")))
    }
}

/// Reads a JSON file of this format; none where there is none, or none that can be read.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    // Not what somebody put there to be waited for.
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    let read = || -> Result<T, Wrong> {
        let mut text = String::new();
        fs::File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
        let Format { format } = serde_json::from_str(&text)?;
        if format != FORMAT {
            return Err(format!("its format is {format}, not {FORMAT}").into());
        }
        Ok(serde_json::from_str(&text)?)
    };
    read().map_err(|error| tell("cannot be read, and counts as none", path, &error)).ok()
}

fn write_json(path: &Path, value: &impl Serialize) -> bool {
    match serde_json::to_vec_pretty(value) {
        Ok(json) => write(path, &json),
        Err(error) => {
            tell("cannot be written", path, &error.into());
            false
        }
    }
}

/// Writes a file whole, or not at all; whether it did.
fn write(path: &Path, content: &[u8]) -> bool {
    let written = write_whole(path, content);
    if let Err(error) = written {
        tell("cannot be written", path, &error.into());
        return false;
    }
    true
}

fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    // As other files are, and not for its owner alone: another manager may take over.
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut part: NamedTempFile = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    part.write_all(content)?;
    part.as_file().sync_all()?;
    part.persist(path)?;
    Ok(())
}

fn tell(what: &str, path: &Path, error: &Wrong) {
    let path = shown_path(path);
    let error = shown(&error.to_string());
    tracing::error!("state folder: `{path}` {what}: {error}");
}
