//! Rollouts played in virtual time: what a strategy would do, before anybody runs it.
//!
//! A [`Scenario`] says what the target is, how the world behaves and what happens when. [`play`] plays it with a
//! plugin, and gives a [`Record`]. There is no clock and no waiting: the same scenario, plugin and seed give the same
//! record.
//!
//! ```
//! use pointsman_host::{Host, Limits};
//! use pointsman_simulate::{Scenario, Summary, play, show::Look, timeline};
//! # let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins");
//!
//! let scenario = Scenario::parse(
//!     r#"
//!     title = "One of three starts late"
//!     target = 3
//!     config = { auto_promote = true }
//!     start_seconds = { min = 20, max = 40 }
//!     "#,
//! )?;
//! let plugin = Host::new(Limits::default())?.load(format!("{plugins}/blue_green.wasm"))?;
//!
//! let record = play(&mut scenario.session(&plugin)?, &scenario, 7)?;
//!
//! let summary = Summary::of(&record);
//! assert_eq!((summary.ended, summary.created), ("completed", 3));
//! let mut text = vec![];
//! timeline::write(&mut text, &scenario, &record, &summary, Look::plain(), false)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | what it is for |
//! |---|---|
//! | `scenario.rs` | [`Scenario`]: the file format |
//! | `chance.rs` | numbers drawn from a seed |
//! | `world.rs` | [`world`]: one deployment, its routes, clocks and operator, and what can happen to them |
//! | `player.rs` | [`play`]: evaluate, guard, apply, on to the next moment |
//! | `record.rs` | [`Record`]: what happened |
//! | `load.rs` | [`Load`]: who gets how much of the traffic, where weights differ |
//! | `outage.rs` | [`Outage`]: spans in which nothing serves, or less than the floor |
//! | `class.rs` | [`Class`]: what a route is to somebody who looks on |
//! | `summary.rs` | [`Summary`]: a run as a whole |
//! | `document.rs` | [`Document`]: a run as JSON |
//! | `timeline.rs` | [`timeline`]: a run as text |
//! | `chart.rs` | [`chart`]: a run as a picture |
//! | `monte_carlo.rs` | [`monte_carlo`]: many runs with other seeds |
//! | `show.rs` | [`show`]: text for people, for every tool |
//! | `error.rs` | one error per operation |
//!
//! It may touch nothing: no file, no clock, no terminal. Who shows what came of it decides where, how wide and in which
//! colours.
#![forbid(unsafe_code)]

mod chance;
pub mod chart;
mod class;
mod document;
mod error;
mod load;
pub mod monte_carlo;
mod outage;
mod player;
mod record;
mod scenario;
pub mod show;
mod summary;
pub mod timeline;
pub mod world;

pub use class::Class;
pub use document::Document;
pub use error::{ParseError, PlayError};
pub use load::{Load, RouteLoad};
pub use outage::Outage;
pub use player::play;
pub use record::{Cycle, Decision, Ended, Happening, Record, Sample};
pub use scenario::{Expect, ParseExpectError, Scenario};
pub use summary::Summary;
