//! Loads Pointsman strategy components and evaluates them: sandboxed, limited, and never trusted.
//!
//! | file | what it is for |
//! |---|---|
//! | `host.rs` | [`Host`]: the engine that plugins run on; loading |
//! | `limits.rs` | [`Limits`]: what a plugin may use, and what each limit costs |
//! | `structure.rs` | [`Part`]: what a file has too much of, found before any other parser sees it |
//! | `admission.rs` | what a file must be to be loaded at all |
//! | `batch.rs` | the JSON of many requests: policies taken out, limits put in, answers checked |
//! | `contain.rs` | panics of the runtime |
//! | `guard.rs` | [`Guard`]: what is checked before a plan is returned |
//! | `plugin.rs` | [`Plugin`]: a loaded strategy; a fresh instance for every call |
//! | `registry.rs` | [`Registry`]: strategies by name, swapped while they are in use |
//! | `session.rs` | [`Session`]: one instance, reused, where a caller asks for that |
//! | `instances.rs` | how many instances there may be at once |
//! | `sandbox.rs` | what every instance is held to, and what its failures mean |
//! | `wire.rs` | the contract's types as the component ABI wants them |
//! | `decision.rs` | [`Decision`]: what a plugin decided, and in what two decisions differ |
//! | `ticker.rs` | the clock that stops endless loops |
//! | `error.rs` | one error per operation |
//!
//! ```no_run
//! use pointsman_host::{Host, Limits};
//! # use pointsman::{Route, Spec};
//! # fn example(routes: &[Route], spec: &Spec) -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::new(Limits::default())?;
//! let plugin = host.load("target/plugins/blue_green.wasm")?;
//! plugin.check_config(r#"{"auto_promote": true}"#, 3)?;
//!
//! let plan = plugin.evaluate_cycle(routes, spec)?;
//! println!("{}: {}", plan.reason.code, plan.reason.message);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod admission;
mod batch;
mod contain;
mod decision;
mod error;
mod guard;
mod host;
mod instances;
mod limits;
mod plugin;
pub mod registry;
mod sandbox;
mod session;
mod structure;
mod ticker;
mod wire;

pub use admission::SUPPORTED_CONTRACTS;
pub use decision::{Decision, FieldDifference};
pub use error::{CallError, CheckConfigError, EvaluateCyclesError, EvaluateError, HostError, LoadError};
pub use guard::Guard;
pub use host::{ComponentFile, Host};
pub use limits::Limits;
pub use plugin::{Plugin, PluginId};
pub use registry::Registry;
pub use session::Session;
pub use structure::Part;
// In the public API, so that a caller needs no version of its own.
pub use {pointsman, wasmtime::Trap};

/// The README's Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
