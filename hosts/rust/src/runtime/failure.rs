//! Meaning of the runtime's errors.

use std::time::Duration;

use wasmtime::{Error, WasmBacktrace, error::OutOfMemory};

use super::{
    error::Cause,
    limits::Limits,
    store::MemoryExceeded,
    trap::{self, Trap},
};
use crate::text::shown;

/// Most functions of a stack that are named.
const MOST_FRAMES: usize = 20;

/// Failure of an instance; whose it was is for those above to add.
pub(crate) enum Failure {
    /// It trapped.
    Trap { trap: Trap, source: Cause },
    /// It ran for longer than the limit.
    Timeout { limit: Duration },
    /// It requested more memory than the limit, in bytes.
    Memory { limit: usize },
    /// It returned more than the limit, in bytes.
    Response { limit: usize, source: Cause },
    /// The runtime could not do its part.
    Runtime { source: Cause },
    /// It returned what the component ABI does not allow.
    Malformed { source: Cause },
}

// === impl Failure ===

impl Failure {
    /// The meaning of an error of a call.
    pub(crate) fn of_call(error: Error, limits: &Limits) -> Self {
        let error = match typed(error, limits) {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        if error.is::<OutOfMemory>() {
            return Self::Runtime { source: words(&error) };
        }
        // What is left is about the values that cross the border, which wasmtime lifts and lowers on our behalf. It
        // describes what is malformed in words or by the UTF-8 error; the one error with a type of its own, which is
        // private, is the end of the allowance that `store::new` set. The tests of both sides of this line are in
        // host-test/tests/limits.rs.
        if error.is::<&'static str>() || error.is::<String>() || error.is::<std::str::Utf8Error>() {
            return Self::Malformed { source: words(&error) };
        }
        Self::Response { limit: limits.response, source: words(&error) }
    }

    /// The meaning of an error at the start of an instance.
    pub(crate) fn of_start(error: Error, limits: &Limits) -> Self {
        typed(error, limits).unwrap_or_else(|error| Self::Runtime { source: words(&error) })
    }
}

/// The failure that an error has a type for: a limit, or a trap. Otherwise the error.
fn typed(error: Error, limits: &Limits) -> Result<Failure, Error> {
    if error.is::<MemoryExceeded>() {
        return Ok(Failure::Memory { limit: limits.memory });
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::Interrupt) => Ok(Failure::Timeout { limit: limits.time }),
        Some(&trap) => Ok(Failure::Trap { trap: trap::kind(trap), source: words(&error) }),
        None => Err(error),
    }
}

/// The runtime's words. Names of functions are the plugin's own, and each is on a line of its own.
pub(crate) fn words(error: &Error) -> Cause {
    let Some(stack) = error.downcast_ref::<WasmBacktrace>() else {
        return shown(&format!("{error:#}")).into();
    };
    let frame = |(i, frame): (usize, &wasmtime::FrameInfo)| {
        format!("\n  {i}: {}", frame.func_name().map_or_else(|| "?".to_owned(), shown))
    };
    let frames: String = stack.frames().iter().take(MOST_FRAMES).enumerate().map(frame).collect();
    format!("{}, in{frames}", shown(&error.root_cause().to_string())).into()
}
