//! Why a file is not loaded.

use serde::Serialize;

use crate::{Budget, Part};

/// Why a file is not loaded. Each message is a sentence without its subject, which is the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Refusal {
    /// Represents a file that does not begin as WebAssembly does.
    #[error("is not WebAssembly")]
    NotWasm,
    /// Represents a core module, which is what compilers make without a linker for components.
    #[error("is a core WebAssembly module, not a component; link it with `wasm-component-ld`")]
    CoreModule,
    /// Represents a file with more of a part than toolchains make, which is enough to crash a parser or a runtime.
    #[error("{part}")]
    TooComplex {
        /// What there is too much of.
        part: Part,
    },
    /// Represents a file that would cost more to compile than it may.
    #[error("has {found} {}{}, the budget `{budget}` is {most}; {}", budget.noun(), place(*function), budget.remedy())]
    OverBudget {
        /// What it has too much of.
        budget: Budget,
        /// How much it has, as far as it was read.
        found: u64,
        /// How much it may have.
        most: u64,
        /// The function that it is about, by its number among those of its core module that have code; none where it is
        /// about the file.
        function: Option<u32>,
    },
    /// Represents a damaged file, or one that uses what no host allows.
    #[error("is not a valid component: {reason}")]
    Malformed {
        /// What is wrong, and at which offset.
        reason: String,
    },
    /// Represents a component that wants something from its host. A strategy gets nothing.
    #[error("imports {}; a {contract} must not import anything", list(imports, *count))]
    Imports {
        /// The first of what is imported, each `interface#function` or a name.
        imports: Vec<String>,
        /// How many things are imported.
        count: usize,
        /// What the component was to be: `strategy` or `guard`.
        contract: &'static str,
    },
    /// Represents a component that exports nothing of the contract.
    #[error("is a component but not a {contract}: it does not export `{interface}`")]
    NotTheContract {
        /// What the component was to be: `strategy` or `guard`.
        contract: &'static str,
        /// The interface that it would have to export.
        interface: &'static str,
    },
    /// Represents a component that exports the contract in versions that hosts of this release do not support.
    #[error("exports contract {}; this host supports {supported}: {remedy}", list(found, found.len()))]
    UnsupportedContract {
        /// The versions that it exports.
        found: Vec<String>,
        /// The versions that are supported.
        supported: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Represents a component that exports only a part of the contract.
    #[error("does not export `{export}`")]
    MissingExport {
        /// The function that is missing.
        export: String,
    },
    /// Represents a component that exports a function of another type than the contract's.
    #[error("exports `{export}` with another type than the contract's")]
    WrongType {
        /// The function.
        export: String,
    },
    /// Represents a component of another number of core modules than the one that a host without the component model
    /// runs.
    #[error("has {count} core modules; this host needs exactly one: link its code into one")]
    CoreModules {
        /// How many core modules it has.
        count: usize,
    },
    /// Represents a core module that wants something that no part of its component gives it.
    #[error("has a core module that imports {}; this host needs one that is whole in itself", list(imports, *count))]
    CoreImports {
        /// The first of what is imported, each `module#name`.
        imports: Vec<String>,
        /// How many things are imported.
        count: usize,
    },
    /// Represents a component that needs more memory at its start than it may ever have.
    #[error("needs {needed} bytes of memory to start, the limit is {most}")]
    Memory {
        /// How much it needs, in bytes.
        needed: u64,
        /// How much it may have, in bytes.
        most: u64,
    },
}

/// How many names of a list are told.
pub(crate) const NAMED: usize = 3;

/// Says which function.
fn place(function: Option<u32>) -> String {
    function.map(|function| format!(" number {function}")).unwrap_or_default()
}

/// The first few names of so many: `a, b, c and 4 more`.
fn list(names: &[String], count: usize) -> String {
    let named = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let more = count.saturating_sub(named.len());
    let named = named.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

impl From<wasmparser::BinaryReaderError> for Refusal {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        // Parsers end some messages with a line of their own.
        let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Malformed { reason }
    }
}
