//! Checks, bounds and meters component files before a WebAssembly runtime sees them.
//!
//! Every host of Pointsman loads files that nobody has vouched for. What a runtime does with such a file, panicking,
//! taking gigabytes or compiling for minutes, happens before any limit of a sandbox holds. So one program stands in
//! front of all of them: a component goes in, and what comes out is a core module that a runtime can compile within a
//! budget, or a [`Refusal`] that says what is too much or not right. The host in Rust calls it as a library
//! ([`admit`]); those in Python and Go run it as a core module in their own sandbox ([`load`], the package
//! `pointsman-loader-module`).
//!
//! It depends on no runtime and knows no strategy. Of the contract it knows which functions a component has to export.
//!
//! | file | what it is for |
//! |---|---|
//! | `structure.rs` and below | [`Part`]: what crashes parsers and runtimes, found before anything else is read |
//! | `budget.rs` | [`Budget`], [`Budgets`]: what compiling may cost, by name |
//! | `price.rs` and below | counting what a file has of each |
//! | `contract.rs` | [`Contract`]: the functions that a component has to export |
//! | `signature.rs` | the types of functions as text |
//! | `admission.rs` and below | [`admit`]: all checks, in their order |
//! | `meter.rs` and below | rewriting a core module so that it can be stopped, and says when it was refused memory |
//! | `operators.rs` | reading instructions |
//! | `refusal.rs` | [`Refusal`]: why a file is not loaded |
//!
//! ```
//! use pointsman_loader::{Budgets, Contract, Refusal, Runtime, admit};
//!
//! let refusal = admit(b"\0asm\x01\0\0\0", &Contract::STRATEGY, Runtime::Wasmtime, &Budgets::default()).unwrap_err();
//! assert!(matches!(refusal, Refusal::CoreModule));
//! ```
#![forbid(unsafe_code)]

mod admission;
mod budget;
mod contract;
mod meter;
mod operators;
mod price;
mod refusal;
mod signature;
mod structure;

pub use admission::{Admitted, Runtime, admit};
pub use budget::{Budget, Budgets, UnknownBudget};
pub use contract::{Contract, Function};
pub use meter::{GLOBAL_PREFIX, Loaded, METER_MODULE, METER_TICK, Options, REFUSED_GLOBAL, load};
pub use refusal::Refusal;
pub use structure::Part;
