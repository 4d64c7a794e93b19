//! The host: a runtime with its limits, and loading plugins into it.

use std::{path::Path, sync::Arc};

use crate::{
    loading::{self, ComponentFile, LoadError},
    plugin::Plugin,
    runtime::{HostError, Limits, Runtime},
};

/// A runtime that plugins are loaded into. Cheap to clone; plugins keep what they need of it alive.
#[derive(Clone)]
pub struct Host {
    runtime: Arc<Runtime>,
}

// === impl Host ===

impl Host {
    /// A host with these limits, without a compile cache.
    ///
    /// # Errors
    /// [`HostError`], where nothing could run under the limits or the system refuses the memory or the thread.
    pub fn new(limits: Limits) -> Result<Self, HostError> {
        Self::with(limits, None)
    }

    /// A host that keeps compiled components in `folder`, so that a restart need not compile them again.
    ///
    /// Entries are found by the component's content, wasmtime's version and every setting that changes the code, so the
    /// folder may outlive all of them; beyond 512 MiB those go that have not been used for longest. One that is damaged
    /// is compiled again. What the folder holds is run as native code: only the host may be able to write to it. A
    /// folder that cannot be written to is as good as none.
    ///
    /// # Errors
    /// As [`Host::new`], and [`HostError::Cache`] where the folder cannot be made.
    pub fn with_cache(limits: Limits, folder: impl AsRef<Path>) -> Result<Self, HostError> {
        Self::with(limits, Some(folder.as_ref()))
    }

    fn with(limits: Limits, cache: Option<&Path>) -> Result<Self, HostError> {
        Ok(Self { runtime: Arc::new(Runtime::new(limits, cache)?) })
    }

    /// The limits that its plugins run under.
    pub fn limits(&self) -> &Limits {
        self.runtime.limits()
    }

    /// Loads a plugin from a file.
    ///
    /// # Errors
    /// [`LoadError`], which says what about the file is not right.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Plugin, LoadError> {
        self.load_file(&self.read(path.as_ref())?)
    }

    /// Reads a component file, for [`load_file`](Self::load_file); for those who want to look at what they load.
    ///
    /// # Errors
    /// [`LoadError::Read`] and [`LoadError::TooLarge`].
    pub fn read(&self, path: &Path) -> Result<ComponentFile, LoadError> {
        ComponentFile::read(path, self.limits())
    }

    /// Loads a plugin from memory. The name is for messages.
    ///
    /// # Errors
    /// [`LoadError`], which says what about the bytes is not right.
    pub fn load_bytes(&self, name: &str, bytes: &[u8]) -> Result<Plugin, LoadError> {
        self.load_file(&ComponentFile::from_bytes(name, bytes, self.limits())?)
    }

    /// Loads a plugin from a file that was [read](Self::read).
    ///
    /// # Errors
    /// [`LoadError`], which says what about the file is not right.
    pub fn load_file(&self, file: &ComponentFile) -> Result<Plugin, LoadError> {
        loading::load(&self.runtime, file)
    }
}

#[cfg(test)]
mod tests;
