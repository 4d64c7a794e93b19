//! Component files, read once.

use std::{fs, io::Read, path::Path};

use super::{admission, error::LoadError};
use crate::{plugin::PluginId, runtime::Limits};

/// A component file that was read, once: what its digest says is what is loaded.
pub struct ComponentFile {
    id: PluginId,
    bytes: Vec<u8>,
}

// === impl ComponentFile ===

impl ComponentFile {
    pub(crate) fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self { id: PluginId::new(name, &bytes), bytes }
    }

    /// Takes bytes from memory, if there are not too many of them.
    pub(crate) fn from_bytes(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self, LoadError> {
        admission::check_size(name, bytes.len(), limits)?;
        Ok(Self::new(name, bytes.to_vec()))
    }

    /// Reads a file, and no more of it than a component may have.
    pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Self, LoadError> {
        let read = |source| LoadError::Read { path: path.to_owned(), source };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        // One byte more than is allowed tells a file that is too large, also where its size cannot be told.
        let most = limits.component.saturating_add(1);
        let mut bytes = vec![];
        let file = fs::File::open(path).map_err(read)?;
        let size = file.metadata().map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
        admission::check_size(&name, size, limits)?;
        file.take(most as u64).read_to_end(&mut bytes).map_err(read)?;
        admission::check_size(&name, bytes.len(), limits)?;
        Ok(Self::new(&name, bytes))
    }

    /// The name of the file, and the digest of its content.
    pub fn id(&self) -> &PluginId {
        &self.id
    }

    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
