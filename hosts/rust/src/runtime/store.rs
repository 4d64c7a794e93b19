//! The store of an instance: its memory limit, and its allowance for what it returns.

use wasmtime::{Engine, ResourceLimiter, Result, Store};

use super::{engine::TABLE_ELEMENTS, limits::Limits};

/// Most linear memory of an instance, in bytes: what its store knows.
pub(crate) struct MemoryLimit(usize);

/// Represents a request for more memory than the limit. Raised where the instance asks, so that it cannot be taken for
/// a trap of its own.
#[derive(Debug, thiserror::Error)]
#[error("more memory than the limit")]
pub(super) struct MemoryExceeded;

/// An empty store whose instance is held to the limits.
pub(super) fn new(engine: &Engine, limits: &Limits) -> Store<MemoryLimit> {
    let mut store = Store::new(engine, MemoryLimit(limits.memory));
    store.limiter(|limit| limit);
    store.set_hostcall_fuel(limits.response);
    store
}

// === impl MemoryLimit ===

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > self.0 { Err(MemoryExceeded.into()) } else { Ok(true) }
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}
