//! Loading: from the bytes of a file to a plugin that has started once.
//!
//! This room knows files, what a component must be, and how to compile one. The runtime sees no byte before
//! [`pointsman_loader`] has seen all of them.
//!
//! | file | what it is for |
//! |---|---|
//! | `error.rs` | [`LoadError`]: why a file is not a plugin |
//! | `admission.rs` | what a file must be to be loaded at all |
//! | `file.rs` | [`ComponentFile`]: a file that was read, once |

mod admission;
mod error;
mod file;

use std::sync::Arc;

use wasmtime::component::Linker;

use crate::{
    plugin::{Loaded, Plugin, WrongType},
    runtime::{Runtime, contained, words},
};

pub use error::LoadError;
pub use file::ComponentFile;

/// A file of this name makes the loader panic, in tests.
#[cfg(test)]
pub(crate) const PANICS: &str = "panics.wasm";

/// Loads a plugin.
pub(crate) fn load(runtime: &Arc<Runtime>, file: &ComponentFile) -> Result<Plugin, LoadError> {
    let loaded = contained(|| {
        let version = admission::check(file.id().name(), file.bytes(), runtime.limits())?;
        compile(runtime, file, version)
    });
    loaded.unwrap_or_else(|message| Err(LoadError::Panicked { plugin: file.id().clone(), message }))
}

/// Compiles a file that was admitted, and starts it.
pub(crate) fn compile(
    runtime: &Arc<Runtime>,
    file: &ComponentFile,
    version: &'static str,
) -> Result<Plugin, LoadError> {
    let (name, bytes) = (file.id().name(), file.bytes());
    #[cfg(test)]
    assert_ne!(name, PANICS, "as told");
    let malformed = |source: wasmtime::Error| LoadError::Malformed { name: name.to_owned(), source: words(&source) };
    let component = runtime.compile(bytes).map_err(malformed)?;
    let contract = admission::find_contract(name, &component, version)?;
    admission::check_memory(name, &component, runtime.limits())?;
    let pre = Linker::new(runtime.engine()).instantiate_pre(&component).map_err(malformed)?;
    let (runtime, id) = (Arc::clone(runtime), file.id().clone());
    let plugin = Plugin::new(Loaded { runtime, id, pre, contract, size: bytes.len() });
    // Once now, so that a plugin that cannot even start is not found out in the night.
    let mut session = plugin.in_background().session().map_err(LoadError::Start)?;
    session
        .check_types()
        .map_err(|WrongType { export }| LoadError::WrongType { name: name.to_owned(), export: export.to_owned() })?;
    Ok(plugin)
}
