//! What every instance is held to, and what its failures mean.

use wasmtime::{Error, ResourceLimiter, Result, Store, Trap, error::OutOfMemory};

use crate::{
    CallError, PluginId,
    host::{Inner, TABLE_ELEMENTS},
};

/// What a store knows: how much memory its instance may have, in bytes.
pub(crate) struct Sandbox {
    memory: usize,
}

/// An instance wanted more memory than it may have. Raised where it asks, so that it cannot be taken for a trap of its own.
#[derive(Debug, thiserror::Error)]
#[error("more memory than the limit")]
struct MemoryExceeded;

// === impl Sandbox ===

impl Sandbox {
    /// A store whose instance is held to the host's limits.
    pub(crate) fn store(host: &Inner) -> Store<Self> {
        let mut store = Store::new(&host.engine, Self { memory: host.limits.memory });
        store.limiter(|sandbox| sandbox);
        store.set_hostcall_fuel(host.limits.response);
        store
    }
}

impl ResourceLimiter for Sandbox {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > self.memory { Err(MemoryExceeded.into()) } else { Ok(true) }
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// What a failed call means.
pub(crate) fn call_failure(error: Error, plugin: &PluginId, host: &Inner) -> CallError {
    let error = match failure(error, plugin, host) {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    let plugin = plugin.clone();
    if error.is::<OutOfMemory>() {
        return CallError::Runtime { plugin, source: error.into() };
    }
    // What is left is about the values that cross the border, which wasmtime lifts and lowers on our behalf. It describes
    // what is malformed in words or by the UTF-8 error; the one error with a type of its own, which is private, is the end
    // of the allowance that `Sandbox::store` set. The tests of both sides of this line are in host-test/tests/limits.rs.
    if error.is::<&'static str>() || error.is::<String>() || error.is::<std::str::Utf8Error>() {
        return CallError::Malformed { plugin, source: error.into() };
    }
    CallError::Response { plugin, limit: host.limits.response, source: error.into() }
}

/// What it means that an instance does not start.
pub(crate) fn start_failure(error: Error, plugin: &PluginId, host: &Inner) -> CallError {
    failure(error, plugin, host)
        .unwrap_or_else(|error| CallError::Runtime { plugin: plugin.clone(), source: error.into() })
}

/// What has a type: the limits, and traps.
fn failure(error: Error, plugin: &PluginId, host: &Inner) -> Result<CallError, Error> {
    let (plugin, limits) = (plugin.clone(), &host.limits);
    if error.is::<MemoryExceeded>() {
        return Ok(CallError::Memory { plugin, limit: limits.memory });
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Ok(CallError::Timeout { plugin, limit: limits.time }),
        Some(&trap) => Ok(CallError::Trap { plugin, trap, source: error.into() }),
        None => Err(error),
    }
}
