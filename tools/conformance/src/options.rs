//! Options for trying a plugin.

use std::{fmt, num::NonZeroU32, path::PathBuf};

use pointsman_host::{Guard, Host, HostError, Limits};

use crate::Rule;

/// Options for trying a plugin.
///
/// ```
/// use std::num::NonZeroU32;
///
/// use pointsman_conformance::Options;
///
/// let options = Options { seed: 7, cases: NonZeroU32::new(1000).unwrap(), ..Options::default() };
/// # assert_eq!(options.seed, 7);
/// ```
#[derive(Clone)]
pub struct Options<'a> {
    /// Limits of the plugin. For `headroom` half of its memory and of its response are what it may use.
    pub limits: Limits,
    /// A folder for compiled plugins, as of [`Host::with_cache`]; none to compile each time.
    pub cache: Option<PathBuf>,
    /// The operator's policy that plans are judged by. A strategy that is configured to surge, or to serve less
    /// meanwhile, needs one that allows it.
    pub guard: Guard,
    /// Configurations to try, as JSON objects. Where there are none, they are made from the plugin's own schema.
    pub configs: Vec<String>,
    /// Random cases that each rule is tried with; default 256.
    pub cases: NonZeroU32,
    /// The same seed gives the same cases; default 0.
    pub seed: u64,
    /// Called before each rule is tried, with the rule and how many were tried before it.
    pub progress: Option<&'a dyn Fn(&'static Rule, usize)>,
}

// === impl Options ===

impl Options<'_> {
    pub(crate) fn host_with(&self, limits: Limits) -> Result<Host, HostError> {
        match &self.cache {
            Some(folder) => Host::with_cache(limits, folder),
            None => Host::new(limits),
        }
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            cache: None,
            guard: Guard::default(),
            configs: vec![],
            cases: NonZeroU32::new(256).expect("it is not zero"),
            seed: 0,
            progress: None,
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limits, cache, guard, configs, cases, seed, progress: _ } = self;
        f.debug_struct("Options")
            .field("limits", limits)
            .field("cache", cache)
            .field("guard", guard)
            .field("configs", configs)
            .field("cases", cases)
            .field("seed", seed)
            .finish_non_exhaustive()
    }
}
