//! Several files of one strategy in a folder: the newest version runs, however they are named or came there.
//!
//! By name `1.0.9` would come after `1.0.10`, and by time what was copied last would win, so that a restart changed
//! what runs. The newest is that of [Semantic Versioning](https://semver.org); a version that is not semantic is older
//! than all that are.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use semver::Version as Semantic;

use super::{error::SwapError, version::Version};
use crate::{plugin::PluginId, text::shown};

/// What is in a file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    id: PluginId,
    pub(super) strategy: String,
    version: String,
}

/// The files of a folder of which it is known what is in them.
pub(super) type Rivals = BTreeMap<PathBuf, Held>;

// === impl Held ===

impl Held {
    pub(super) fn of(version: &Version) -> Self {
        let (id, description) = (version.plugin.id().clone(), &version.description);
        Self { id, strategy: description.name.clone(), version: description.version.clone() }
    }

    /// Which of two files is switched to first: the newest comes last, to stay.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        precedence(&self.version, &other.version)
    }

    /// Says why this file is not switched to beside the others of its folder; none where it may be. `running` are the
    /// digests of what runs, or is tried.
    pub(super) fn objection(&self, held: &Rivals, running: &[String]) -> Option<SwapError> {
        let is_other = |other: &Self| other.strategy == self.strategy && other.id.digest() != self.id.digest();
        held.iter()
            .filter(|(_, other)| is_other(other))
            .find_map(|(path, other)| match self.compare(other) {
                Ordering::Equal => Some(format!(
                    "{} has version {} of `{}`, too: remove one of them, or give them different versions",
                    name(path),
                    shown(&other.version),
                    shown(&self.strategy)
                )),
                Ordering::Less if running.iter().any(|digest| digest == other.id.digest()) => {
                    let (newer, older) = (shown(&other.version), shown(&self.version));
                    Some(format!("{} has {newer}, which is newer than {older}", name(path)))
                }
                _ => None,
            })
            .map(|problem| SwapError::Rival { plugin: self.id.clone(), problem })
    }
}

/// A file of the same folder.
fn name(path: &Path) -> String {
    format!("`{}`", shown(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()))
}

fn precedence(a: &str, b: &str) -> Ordering {
    match (Semantic::parse(a), Semantic::parse(b)) {
        (Ok(a), Ok(b)) => a.cmp_precedence(&b),
        (a, b) => a.is_ok().cmp(&b.is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::precedence;

    /// Versions from the oldest to the newest, as Semantic Versioning has it.
    const ORDER: [&str; 14] = [
        "no version",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0",
        "1.0.9",
        "1.0.10",
        "1.10.0",
        "2.0.0",
    ];

    #[test]
    fn the_newest_is_that_of_semantic_versioning() {
        for (i, a) in ORDER.iter().enumerate() {
            for (j, b) in ORDER.iter().enumerate() {
                assert_eq!(precedence(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
        assert_eq!(precedence("1.0.0+a", "1.0.0+b"), Ordering::Equal);
        assert_eq!(precedence("latest", "newest"), Ordering::Equal);
    }
}
