//! One error per operation.

use std::{error::Error, io, path::PathBuf, time::Duration};

use pointsman::{RouteChanges, guard::Violation};
use wasmtime::Trap;

use crate::{Part, PluginId, SUPPORTED_CONTRACTS, guard::summary};

/// The text and cause of an error from the runtime.
type Cause = Box<dyn Error + Send + Sync>;

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Nothing could run under this limit.
    #[error("limit `{limit}` is too small: it must be at least {least}")]
    LimitTooSmall {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// What it must be at least.
        least: &'static str,
    },
    /// No system could give this much.
    #[error("limit `{limit}` is too large: it must be at most {most}")]
    LimitTooLarge {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// What it must be at most.
        most: &'static str,
    },
    /// The engine does not start: most often the address space for the instances cannot be had.
    #[error("the engine does not start; lower the limit `instances` if address space is short")]
    Engine(#[source] Cause),
    /// The thread that ends endless loops does not start.
    #[error("the thread that enforces the time limit does not start")]
    Ticker(#[source] io::Error),
    /// The compile cache cannot be used.
    #[error("cache folder `{}` cannot be used", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: Cause,
    },
}

/// Why a file is not a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than a component may be.
    #[error("`{name}` has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size in bytes.
        size: usize,
        /// [`Limits::component`](crate::Limits::component).
        limit: usize,
    },
    /// It does not begin as WebAssembly does.
    #[error("`{name}` is not WebAssembly")]
    NotWasm {
        /// The file.
        name: String,
    },
    /// It is a core module.
    #[error("`{name}` is a core WebAssembly module, not a component; link it with `wasm-component-ld`")]
    CoreModule {
        /// The file.
        name: String,
    },
    /// It has more of a part than toolchains make, which is enough to crash a runtime.
    #[error("`{name}` {part}")]
    TooComplex {
        /// The file.
        name: String,
        /// What there is too much of.
        part: Part,
    },
    /// It is damaged, or uses what this host does not allow.
    #[error("`{name}` is not a valid component")]
    Malformed {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: Cause,
    },
    /// It wants something from the host. A strategy gets nothing.
    #[error("`{name}` imports {}; a strategy must not import anything", list(imports))]
    Imports {
        /// The file.
        name: String,
        /// What it imports.
        imports: Vec<String>,
    },
    /// It does not export the contract at all.
    #[error("`{name}` is a component but not a strategy: it does not export `pointsman:strategy/strategy`")]
    NotAStrategy {
        /// The file.
        name: String,
    },
    /// It exports the contract in versions that this host does not know.
    #[error(
        "`{name}` exports contract version {}; this host supports {}: rebuild it with that version of `pointsman` \
         (CONTRIBUTING, \"From 0.1.0 to 0.2.0\")",
        list(found),
        list(&SUPPORTED_CONTRACTS)
    )]
    UnsupportedContract {
        /// The file.
        name: String,
        /// Its versions.
        found: Vec<String>,
    },
    /// It exports only a part of the contract.
    #[error("`{name}` does not export `{export}`")]
    MissingExport {
        /// The file.
        name: String,
        /// The function.
        export: String,
    },
    /// It exports a function of another type than the contract's.
    #[error("`{name}` exports `{export}` with another type than the contract's")]
    WrongType {
        /// The file.
        name: String,
        /// The function.
        export: &'static str,
        /// The difference.
        source: Cause,
    },
    /// It starts with more memory than it may have.
    #[error("`{name}` needs {needed} bytes of memory to start, the limit is {limit}")]
    Memory {
        /// The file.
        name: String,
        /// What it needs, in bytes.
        needed: u64,
        /// [`Limits::memory`](crate::Limits::memory).
        limit: usize,
    },
    /// It cannot be started.
    #[error("the plugin does not start")]
    Start(#[source] CallError),
    /// The runtime, or this host, panicked on it. That is their bug, which the plugin need not share; whatever else is loaded
    /// or evaluated goes on.
    #[error("the runtime panicked while plugin {plugin} was loaded, a bug in it or in this host: {message}")]
    Panicked {
        /// The plugin.
        plugin: PluginId,
        /// The panic's words.
        message: String,
    },
}

/// Why a call into a plugin has no result. The instance is thrown away; plugin and host go on.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It trapped: a bug in the plugin.
    #[error("plugin {plugin} trapped: {trap}")]
    Trap {
        /// The plugin.
        plugin: PluginId,
        /// The kind of trap.
        trap: Trap,
        /// With the plugin's stack.
        source: Cause,
    },
    /// It ran for too long.
    #[error("plugin {plugin} ran for longer than {limit:?}")]
    Timeout {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::time`](crate::Limits::time).
        limit: Duration,
    },
    /// It wanted too much memory.
    #[error("plugin {plugin} wanted more than {limit} bytes of memory")]
    Memory {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::memory`](crate::Limits::memory).
        limit: usize,
    },
    /// It returned too much.
    #[error("plugin {plugin} returned more than {limit} bytes")]
    Response {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::response`](crate::Limits::response).
        limit: usize,
        /// The runtime's words.
        source: Cause,
    },
    /// Too many instances are in use. Not the plugin's fault: try again, or raise the limit.
    #[error("plugin {plugin} was not called: {limit} instances are in use already")]
    Instances {
        /// The plugin.
        plugin: PluginId,
        /// [`Limits::instances`](crate::Limits::instances).
        limit: u32,
    },
    /// The runtime could not do its part: the system has no memory left, or gives none. Not the plugin's fault.
    #[error("plugin {plugin} could not be run")]
    Runtime {
        /// The plugin.
        plugin: PluginId,
        /// Why.
        source: Cause,
    },
    /// It returned what the component ABI does not allow: a string that is not UTF-8, a pointer to nowhere.
    #[error("plugin {plugin} returned a malformed response")]
    Malformed {
        /// The plugin.
        plugin: PluginId,
        /// What is wrong with it.
        source: Cause,
    },
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The plugin says that the configuration is not what it takes; the text names the key.
    #[error("plugin {plugin}: invalid config: {message}")]
    InvalidConfig {
        /// The plugin.
        plugin: PluginId,
        /// Its words.
        message: String,
    },
    /// The plugin says that another field of the spec cannot be right; the text names it.
    #[error("plugin {plugin}: invalid spec: {message}")]
    InvalidSpec {
        /// The plugin.
        plugin: PluginId,
        /// Its words.
        message: String,
    },
    /// The plugin says that the routes cannot be right; the text names the route.
    #[error("plugin {plugin}: invalid routes: {message}")]
    InvalidRoutes {
        /// The plugin.
        plugin: PluginId,
        /// Its words.
        message: String,
    },
    /// The guard rejected the plan. Nothing of it may be applied.
    #[error("plugin {plugin}: plan rejected: {}", summary(violations))]
    Rejected {
        /// The plugin.
        plugin: PluginId,
        /// The plan, for people to look at.
        plan: Box<RouteChanges>,
        /// All that is wrong with it.
        violations: Vec<Violation>,
    },
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why there are no answers from the JSON entry point.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateCyclesError {
    /// The answers are not what the contract says, so none is to be trusted.
    #[error("plugin {plugin} broke the contract: {message}")]
    Answers {
        /// The plugin.
        plugin: PluginId,
        /// What is wrong with them.
        message: String,
    },
    /// The plugin says that the text is not a JSON array. (One bad request in an array has its answer in the result.)
    #[error("plugin {plugin}: {message}")]
    InvalidRequests {
        /// The plugin.
        plugin: PluginId,
        /// Its words.
        message: String,
    },
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why a configuration is not good, or could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckConfigError {
    /// The plugin does not take it, or has no move left within the limits; the text names the key or the budget.
    #[error("plugin {plugin}: invalid config: {message}")]
    Invalid {
        /// The plugin.
        plugin: PluginId,
        /// Its words.
        message: String,
    },
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// `` `a`, `b` and 3 more ``.
fn list(names: &[impl AsRef<str>]) -> String {
    const NAMED: usize = 3;
    let named = names.iter().take(NAMED).map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
