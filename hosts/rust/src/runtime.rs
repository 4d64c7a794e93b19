//! The runtime: an engine with its settings, and what every instance on it is held to.
//!
//! This room knows wasmtime and limits. It knows no plugin: what went wrong is a [`Failure`], and who it happened to is
//! added above it.
//!
//! | file | what it is for |
//! |---|---|
//! | `error.rs` | [`HostError`]: why there is no runtime |
//! | `limits.rs` | [`Limits`]: what a plugin may use, and what each limit costs |
//! | `permits.rs` | bounds how many instances there are at once, for calls and in the background |
//! | `ticker.rs` | the clock that stops endless loops |
//! | `engine.rs` | settings of the engine, each with its reason |
//! | `store.rs` | the store of an instance, and its memory limit |
//! | `trap.rs` | [`Trap`]: kinds of trap |
//! | `failure.rs` | meaning of the runtime's errors |
//! | `contain.rs` | panics of the runtime |

mod contain;
mod engine;
mod error;
mod failure;
mod limits;
mod permits;
mod store;
mod ticker;
mod trap;

use std::sync::Arc;

use wasmtime::{Cache, Engine};

use permits::Permits;
use ticker::Ticker;

pub(crate) use contain::contained;
pub(crate) use error::Cause;
pub use error::HostError;
pub(crate) use failure::Failure;
pub use limits::Limits;
pub(crate) use permits::{Permit, Purpose};
pub(crate) use store::MemoryLimit;
pub use trap::Trap;

/// An engine, its limits, and the instances on it. Plugins share it, and keep it alive.
pub(crate) struct Runtime {
    engine: Engine,
    limits: Limits,
    permits: Arc<Permits>,
    _ticker: Ticker,
}

// === impl Runtime ===

impl Runtime {
    pub(crate) fn new(limits: Limits, cache: Option<Cache>) -> Result<Self, HostError> {
        limits.validate()?;
        let engine =
            Engine::new(engine::config(&limits).cache(cache)).map_err(|error| HostError::Engine(error.into()))?;
        let ticker = Ticker::start(engine.clone()).map_err(HostError::Ticker)?;
        let permits = Arc::new(Permits::new(limits.instances));
        Ok(Self { engine, limits, permits, _ticker: ticker })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The permit for one more instance; see [`Permit::take`].
    pub(crate) fn permit(&self, purpose: Purpose) -> Option<Permit> {
        Permit::take(&self.permits, purpose)
    }

    /// An empty store whose instance is held to the limits.
    pub(crate) fn store(&self) -> wasmtime::Store<MemoryLimit> {
        store::new(&self.engine, &self.limits)
    }
}
