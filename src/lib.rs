//! Rollout strategies as pure functions, and as sandboxed WebAssembly components.
//!
//! A host scheduler keeps *routes*, the replicas of a deployed model or service. While a new revision is rolled out, a
//! *strategy* decides cycle by cycle which routes to create, promote to traffic and drain. This crate holds
//!
//! - the contract's types ([`Route`], [`Spec`], [`RouteChanges`]), which mirror `wit/strategy.wit`,
//! - the [`Strategy`] trait and [`export_strategy!`], which turns an implementation into a plugin,
//! - the strategies themselves ([`blue_green`], [`rolling_update`]),
//! - the [`guard`], which checks any strategy's plan before it is applied.
//!
//! Nothing here has a clock, does I/O or uses randomness: the same input gives the same plan, byte for byte, in
//! whatever order the routes come. It compiles natively as well as to WebAssembly.
//!
//! ```
//! use pointsman::{Spec, SubStep, Timestamp, blue_green::BlueGreen, evaluate_cycle};
//!
//! let mut spec = Spec::new("v2", 3, Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
//! spec.config = r#"{"auto_promote": true}"#.into();
//! let plan = evaluate_cycle::<BlueGreen>(&[], &spec)?;
//!
//! assert_eq!(plan.sub_step, SubStep::Provisioning);
//! assert_eq!(plan.rollout_specs[0].count, 3);
//! assert_eq!(plan.reason.message, "0 of 3 green routes are live: creating 3");
//! # Ok::<(), pointsman::EvaluationError>(())
//! ```

#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]

mod amount;
mod apply;
pub mod capacity;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod component;
mod config;
mod export;
pub mod guard;
pub mod json;
mod labels;
mod order;
mod plan;
mod rollout;
mod route;
mod spec;
pub mod strategies;
mod strategy;
pub mod text;
mod timestamp;
mod weights;
mod words;

pub use amount::{Amount, ParseAmountError};
pub use apply::ApplyError;
pub use labels::Labels;
pub use plan::{EvaluationError, Progress, Reason, RolloutSpec, RouteChanges, SubStep, TrafficChange};
pub use rollout::{Rollout, Tally};
pub use route::{HealthStatus, Route, RouteEnd, RouteStatus, TrafficStatus};
pub use spec::{Check, CheckOutcome, Commitment, Operator, Spec};
pub use strategies::{blue_green, rolling_update};
pub use strategy::{Description, Strategy, check_config, describe, evaluate_cycle, schema_of};
pub use timestamp::Timestamp;
pub use weights::WeightSteps;

// What `export_strategy!` and a plugin's config type need, so that a plugin has one dependency to keep in step.
pub use {schemars, serde};
