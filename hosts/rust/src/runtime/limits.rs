//! Limits of what a plugin may use.

use std::time::Duration;

use pointsman_loader::Budgets;

use super::error::HostError;

/// Period of the clock that stops endless loops.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Limits of what a plugin may use. Each limit ends a call with an error of its own; none ends the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one instance, in bytes; default 64 MiB. Memory comes in pages of 64 KiB; a page that
    /// does not fit whole is not given.
    ///
    /// Blue-green takes about 250 bytes a route through the typed entry point. Costs nothing until it is used; a host
    /// under attack may come to hold `memory * (instances + 2)`.
    pub memory: usize,
    /// Wall-clock time of one call, copying its arguments included; default 1 s, in steps of 10 ms. A call is stopped
    /// at the earliest after this time and at the latest two steps later, on a machine with a core to spare.
    ///
    /// Costs one thread for each host, which wakes every 10 ms, and a few per cent of speed, because the compiled code
    /// looks at a counter in every loop and function.
    pub time: Duration,
    /// Size of what one call may return, in bytes as the host will hold it: the length of each string, and the size of
    /// each list element; default 16 MiB.
    ///
    /// Costs nothing. Without it a few megabytes in the sandbox could become gigabytes outside, because a list may name
    /// one string many times.
    pub response: usize,
    /// Most instances at once, over all plugins of the host: calls under way, and sessions; default 64. A call beyond
    /// them fails at once. What the host does in the background, such as loading a plugin, has two more for itself.
    ///
    /// Each costs about 4 GiB of address space, not memory: reserved, so that compiled code needs no bounds checks.
    /// Lower it where address space is limited (`ulimit -v`).
    pub instances: u32,
    /// Size of a component file, in bytes; default 16 MiB.
    pub component: usize,
    /// Budgets of compiling a component, by name; by default what compiles within 2 s and 512 MiB. What a file may
    /// cost where a budget is raised is the operator's to know.
    pub budgets: Budgets,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            time: Duration::from_secs(1),
            response: 16 << 20,
            instances: 64,
            component: 16 << 20,
            budgets: Budgets::default(),
        }
    }
}

impl Limits {
    /// Finds limits that nothing could run under.
    pub(super) fn validate(&self) -> Result<(), HostError> {
        let too_small = |limit, least| Err(HostError::LimitTooSmall { limit, least });
        match self {
            _ if self.memory < 64 << 10 => too_small("memory", "65536 bytes, one page"),
            _ if self.memory > 4 << 30 => {
                Err(HostError::LimitTooLarge { limit: "memory", most: "4 GiB, the address space of a plugin" })
            }
            _ if self.time.is_zero() => too_small("time", "1 ns"),
            _ if self.instances == 0 => too_small("instances", "1"),
            _ if self.instances > 10_000 => {
                Err(HostError::LimitTooLarge { limit: "instances", most: "10000, 40 TiB of address space" })
            }
            _ => Ok(()),
        }
    }

    /// Ticks from now until a call is stopped: never early, so the tick under way does not count.
    pub(crate) fn ticks(&self) -> u64 {
        // Far enough from the end that the current tick can be added.
        const MOST: u64 = u64::MAX >> 1;
        u64::try_from(self.time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(MOST).min(MOST) + 1
    }
}
