//! How many instances there may be at once, and for what.
//!
//! Calls have [`Limits::instances`](crate::Limits::instances) for themselves. What a host does besides, loading a plugin, checking
//! a new version, trying one in the shadow of another, has a few of its own: it may wait for them, and no call ever fails
//! for its sake.

use std::sync::{
    Arc, Condvar, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use crate::host::Inner;

/// Instances for everything but calls.
pub(crate) const UPKEEP: u32 = 2;

/// What an instance is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A caller waits for it.
    Call,
    /// Nobody waits for it.
    Upkeep,
}

/// The instances in use.
#[derive(Default)]
pub(crate) struct Instances {
    calls: AtomicU32,
    upkeep: Mutex<u32>,
    upkeep_freed: Condvar,
}

/// The right to have one instance, until it is dropped. It must outlive the instance.
pub(crate) struct Permit {
    host: Arc<Inner>,
    purpose: Purpose,
}

// === impl Permit ===

impl Permit {
    /// For a call there is one at once, or none because the limit is reached; for upkeep one is waited for.
    pub(crate) fn take(host: &Arc<Inner>, purpose: Purpose) -> Option<Self> {
        let Instances { calls, upkeep, upkeep_freed } = &host.instances;
        match purpose {
            Purpose::Call => {
                let one_more = |used| (used < host.limits.instances).then_some(used + 1);
                calls.fetch_update(Ordering::Acquire, Ordering::Relaxed, one_more).ok()?;
            }
            Purpose::Upkeep => {
                let used = upkeep.lock().unwrap_or_else(PoisonError::into_inner);
                let is_full = |used: &mut u32| *used == UPKEEP;
                *upkeep_freed.wait_while(used, is_full).unwrap_or_else(PoisonError::into_inner) += 1;
            }
        }
        Some(Self { host: Arc::clone(host), purpose })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Instances { calls, upkeep, upkeep_freed } = &self.host.instances;
        match self.purpose {
            Purpose::Call => {
                calls.fetch_sub(1, Ordering::Release);
            }
            Purpose::Upkeep => {
                *upkeep.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
                upkeep_freed.notify_one();
            }
        }
    }
}
