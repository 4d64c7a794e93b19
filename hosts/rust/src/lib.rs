//! Loads Pointsman strategy components and evaluates them: sandboxed, limited, and never trusted.
//!
//! Rooms, from the lowest to the highest; each imports only from those above it in this table, which `tests/layers.rs`
//! checks:
//!
//! | room | what it is for |
//! |---|---|
//! | `clock.rs` | reading the clock |
//! | `text.rs` | wording of lists, lengths of time and long texts |
//! | `contract.rs` | the contract's version, and where a component exports its functions |
//! | `runtime.rs` | the engine, [`Limits`], permits, and what the runtime's errors mean |
//! | `plugin.rs` | [`Plugin`], [`Session`], [`Decision`], [`Guard`]: calls, and the check of their results |
//! | `loading.rs` | [`ComponentFile`]: from the bytes of a file to a plugin |
//! | `host.rs` | [`Host`]: the entry |
//! | `registry.rs` | [`Registry`]: strategies by name, swapped while they are in use |
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
#![deny(unsafe_code)]

mod clock;
mod contract;
mod host;
mod loading;
mod plugin;
pub mod registry;
mod runtime;
mod text;

pub use contract::SUPPORTED_CONTRACTS;
pub use host::Host;
pub use loading::{ComponentFile, LoadError};
pub use plugin::{
    CallError, CheckConfigError, Decision, EvaluateCyclesError, EvaluateError, FieldDifference, Guard, Plugin,
    PluginId, RequestWithPolicy, Session,
};
// In the public API, so that a caller needs no version of its own.
pub use pointsman;
pub use pointsman_loader::{Budget, Budgets, Part, UnknownBudget};
pub use registry::Registry;
pub use runtime::{HostError, Limits, Trap};

/// The README's Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
