//! Reasons why a file is not a plugin.

use std::{io, path::PathBuf};

use pointsman_loader::{Budget, Part};

use crate::{
    contract::SUPPORTED_CONTRACTS,
    plugin::{CallError, PluginId},
    runtime::Cause,
    text::{list, list_of, shown, shown_path},
};

/// Represents a file that is not a plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Represents a file that cannot be read.
    #[error("cannot read `{}`", shown_path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Represents a file that is larger than a component may be.
    #[error("`{}` has {size} bytes, the limit is {limit}", shown(name))]
    TooLarge {
        /// The file.
        name: String,
        /// Its size in bytes.
        size: usize,
        /// [`Limits::component`](crate::Limits::component).
        limit: usize,
    },
    /// Represents a file that does not begin as WebAssembly does.
    #[error("`{}` is not WebAssembly", shown(name))]
    NotWasm {
        /// The file.
        name: String,
    },
    /// Represents a core module.
    #[error("`{}` is a core WebAssembly module, not a component; link it with `wasm-component-ld`", shown(name))]
    CoreModule {
        /// The file.
        name: String,
    },
    /// Represents a component that has more of a part than toolchains make, which is enough to crash a runtime.
    #[error("`{}` {part}", shown(name))]
    TooComplex {
        /// The file.
        name: String,
        /// The part that there is too much of.
        part: Part,
    },
    /// Represents a component that would cost more to compile than it may; see
    /// [`Limits::budgets`](crate::Limits::budgets).
    #[error("`{}` {message}", shown(name))]
    OverBudget {
        /// The file.
        name: String,
        /// Found and allowed amounts, and the remedy, as a sentence.
        message: String,
        /// The budget that is exceeded.
        budget: Budget,
        /// Amount found, as far as the file was read.
        found: u64,
        /// Amount allowed.
        most: u64,
    },
    /// Represents a component that is damaged, or uses what this host does not allow.
    #[error("`{}` is not a valid component", shown(name))]
    Malformed {
        /// The file.
        name: String,
        /// The runtime's words.
        source: Cause,
    },
    /// Represents a component that imports something from the host. A strategy gets nothing.
    #[error("`{}` imports {}; a strategy must not import anything", shown(name), list_of(imports, *count))]
    Imports {
        /// The file.
        name: String,
        /// The names of its first imports.
        imports: Vec<String>,
        /// Number of imports.
        count: usize,
    },
    /// Represents a component that does not export the contract at all.
    #[error("`{}` is a component but not a strategy: it does not export `pointsman:strategy/strategy`", shown(name))]
    NotAStrategy {
        /// The file.
        name: String,
    },
    /// Represents a component that exports the contract in versions that this host does not know.
    #[error(
        "`{}` exports contract version {}; this host supports {}: {remedy}",
        shown(name),
        list(found),
        list(SUPPORTED_CONTRACTS)
    )]
    UnsupportedContract {
        /// The file.
        name: String,
        /// The versions that it exports, the first few.
        found: Vec<String>,
        /// Advice that ends the sentence.
        remedy: &'static str,
    },
    /// Represents a component that exports only a part of the contract.
    #[error("`{}` does not export `{export}`", shown(name))]
    MissingExport {
        /// The file.
        name: String,
        /// The function.
        export: String,
    },
    /// Represents a component that exports a function of another type than the contract's.
    #[error("`{}` exports `{export}` with another type than the contract's", shown(name))]
    WrongType {
        /// The file.
        name: String,
        /// The function.
        export: String,
    },
    /// Represents a component that starts with more memory than it may have.
    #[error("`{}` needs {needed} bytes of memory to start, the limit is {limit}", shown(name))]
    Memory {
        /// The file.
        name: String,
        /// The memory that it needs, in bytes.
        needed: u64,
        /// [`Limits::memory`](crate::Limits::memory).
        limit: usize,
    },
    /// Represents an instance that does not start.
    #[error("the plugin does not start")]
    Start(#[source] CallError),
    /// Represents a panic of the runtime or of this host. That is their bug, which the plugin need not share; whatever
    /// else is loaded or evaluated goes on.
    #[error("the runtime panicked while plugin {plugin} was loaded, a bug in it or in this host: {}", shown(message))]
    Panicked {
        /// The plugin.
        plugin: PluginId,
        /// The panic's words.
        message: String,
    },
}
