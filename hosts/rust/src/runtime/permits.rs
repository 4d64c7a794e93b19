//! Permits for instances: how many there may be at once, and for which purpose.
//!
//! Calls have [`Limits::instances`](crate::Limits::instances) for themselves. What a host does in the background,
//! loading a plugin, checking a new version, trying one in the shadow of another, has a few of its own: it may wait for
//! them, and no call ever fails for its sake.

use std::sync::{
    Arc, Condvar, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

/// Instances for work in the background.
pub(super) const BACKGROUND: u32 = 2;

/// Purpose of an instance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A caller waits for it.
    Call,
    /// Nobody waits for it.
    Background,
}

/// The instances in use.
pub(super) struct Permits {
    most_calls: u32,
    calls: AtomicU32,
    background: Mutex<u32>,
    background_freed: Condvar,
}

/// The right to have one instance, until it is dropped. It must outlive the instance.
pub(crate) struct Permit {
    permits: Arc<Permits>,
    purpose: Purpose,
}

// === impl Permits ===

impl Permits {
    pub(super) fn new(most_calls: u32) -> Self {
        Self { most_calls, calls: AtomicU32::default(), background: Mutex::default(), background_freed: Condvar::new() }
    }
}

// === impl Permit ===

impl Permit {
    /// Takes one. For a call there is one at once, or none because the limit is reached; in the background one is
    /// waited for.
    pub(super) fn take(permits: &Arc<Permits>, purpose: Purpose) -> Option<Self> {
        let Permits { most_calls, calls, background, background_freed } = &**permits;
        match purpose {
            Purpose::Call => {
                let one_more = |used| (used < *most_calls).then_some(used + 1);
                calls.fetch_update(Ordering::Acquire, Ordering::Relaxed, one_more).ok()?;
            }
            Purpose::Background => {
                let used = background.lock().unwrap_or_else(PoisonError::into_inner);
                let is_full = |used: &mut u32| *used == BACKGROUND;
                *background_freed.wait_while(used, is_full).unwrap_or_else(PoisonError::into_inner) += 1;
            }
        }
        Some(Self { permits: Arc::clone(permits), purpose })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Permits { calls, background, background_freed, .. } = &*self.permits;
        match self.purpose {
            Purpose::Call => {
                calls.fetch_sub(1, Ordering::Release);
            }
            Purpose::Background => {
                *background.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
                background_freed.notify_one();
            }
        }
    }
}
