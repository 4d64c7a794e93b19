//! The clock that stops endless loops: it always runs, whatever the limits are.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
};

use wasmtime::Engine;

use super::limits::TICK;

/// Advances an engine's epoch every [`TICK`] until it is dropped.
pub(super) struct Ticker {
    /// Dropping it is the signal to stop.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

// === impl Ticker ===

impl Ticker {
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new().name("pointsman-ticker".to_owned()).spawn(tick)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic.
            let _ = thread.join();
        }
    }
}
