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
//! | `cache.rs` | a folder of compiled code |

mod cache;
mod contain;
mod engine;
mod error;
mod failure;
mod limits;
mod permits;
mod store;
mod ticker;
mod trap;

use std::{
    hash::{Hash, Hasher},
    path::Path,
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

use cache::Cache;
use permits::Permits;
use ticker::Ticker;

pub(crate) use contain::contained;
pub(crate) use error::Cause;
pub use error::HostError;
pub(crate) use failure::{Failure, words};
pub use limits::Limits;
pub(crate) use permits::{Permit, Purpose};
pub(crate) use store::MemoryLimit;
pub use trap::Trap;

/// An engine, its limits, and the instances on it. Plugins share it, and keep it alive.
pub(crate) struct Runtime {
    engine: Engine,
    limits: Limits,
    cache: Option<Cache>,
    permits: Arc<Permits>,
    _ticker: Ticker,
}

// === impl Runtime ===

impl Runtime {
    /// A runtime that keeps compiled code in a folder, if one is given.
    pub(crate) fn new(limits: Limits, cache: Option<&Path>) -> Result<Self, HostError> {
        limits.validate()?;
        let cache = cache.map(Cache::new).transpose()?;
        let engine = Engine::new(&engine::config(&limits)).map_err(|error| HostError::Engine(error.into()))?;
        let ticker = Ticker::start(engine.clone()).map_err(HostError::Ticker)?;
        let permits = Arc::new(Permits::new(limits.instances));
        Ok(Self { engine, limits, cache, permits, _ticker: ticker })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiles a component, or finds it compiled.
    pub(crate) fn compile(&self, bytes: &[u8]) -> wasmtime::Result<Component> {
        let Some(cache) = &self.cache else { return Component::from_binary(&self.engine, bytes) };
        let key = self.key(bytes);
        if let Some(code) = cache.read(&key) {
            #[expect(unsafe_code, reason = "there is no other way to run what is compiled already")]
            // SAFETY: only the user whose process this is could write it, and its digest says that it is what
            // `Component::serialize` gave for this component on an engine of the same release and settings.
            if let Ok(component) = unsafe { Component::deserialize(&self.engine, code) } {
                return Ok(component);
            }
        }
        let component = Component::from_binary(&self.engine, bytes)?;
        cache.write(&key, &component.serialize()?);
        Ok(component)
    }

    /// What compiled code depends on: the component, wasmtime's release, and every setting that changes the code.
    fn key(&self, bytes: &[u8]) -> cache::Digest {
        let mut engine = Key(Sha256::new_with_prefix(Sha256::digest(bytes)));
        self.engine.precompile_compatibility_hash().hash(&mut engine);
        engine.0.finalize()
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

/// A digest of what is hashed.
struct Key(Sha256);

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the whole digest is taken")
    }
}
