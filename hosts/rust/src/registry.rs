//! Strategies by name, swapped while they are in use.
//!
//! A [`Registry`] maps a strategy's name to its current plugin. A swap does all that can fail off to the side: it reads the
//! file once, admits and compiles it, asks what it is, checks the configurations in use, and replays the vectors it was
//! given. Only then does it switch, atomically: evaluations under way end on the old version, and each result names the
//! plugin that gave it. Any failure keeps the old version.
//!
//! A version that fails [`Options::revert_after`] times in a row, be it by trap, timeout, limit or a plan that the guard
//! rejects, is given up for the version before it, once. With none to go back to, the registry answers with an error for a
//! while that doubles each time, and tries again after it: there is no state without a way out.
//!
//! | metric | labels | what it counts |
//! |---|---|---|
//! | `pointsman_evaluations_total` | `strategy`, `outcome` | calls, by how they ended: see [`Outcome`] |
//! | `pointsman_evaluation_seconds` | `strategy` | a histogram of what calls took |
//! | `pointsman_swaps_total` | `result` | swaps: `loaded`, `swapped`, `unchanged`, `failed` |
//! | `pointsman_reverts_total` | `strategy` | times the version before was gone back to |
//!
//! They go through the `metrics` facade. `tracing` has an event for each swap, failed swap, failed call, revert and back-off.

mod slot;
mod status;
mod swap;

use std::{
    collections::BTreeMap,
    fmt,
    num::NonZeroU32,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use pointsman::{Route, RouteChanges, Spec};

use crate::{EvaluateCyclesError, EvaluateError, Guard, Host, PluginId};
use slot::Slot;

pub use status::{Latency, Outcome, StrategyStatus, VersionStatus};
pub use swap::{Checks, Swap, SwapError, Vector};

/// How a registry treats its plugins.
#[derive(Clone)]
pub struct Options {
    /// The guard of every plugin.
    pub guard: Guard,
    /// After how many failures in a row a version is given up; default 3.
    pub revert_after: NonZeroU32,
    /// For how long calls are answered with an error at first, once a version has failed so often and there is none to go
    /// back to; default 1 s. It doubles with every further failure.
    pub first_back_off: Duration,
    /// The longest that it becomes; default 1 minute.
    pub longest_back_off: Duration,
    /// The clock for the back-off; default [`Instant::now`].
    pub clock: Arc<dyn Fn() -> Instant + Send + Sync>,
}

/// Strategies by name. Cheap to clone, safe to use from several threads.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    host: Host,
    options: Options,
    slots: RwLock<BTreeMap<String, Arc<Slot>>>,
}

/// A result, and which plugin gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated<T> {
    /// The plugin that gave it.
    pub plugin: PluginId,
    /// What it gave.
    pub value: T,
}

/// Why a registry has no result.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError<E> {
    /// No plugin of this name was loaded.
    #[error("there is no strategy `{name}`; there is {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The plugin fails, and there is no version to go back to.
    #[error("plugin {plugin} failed {failures} times in a row; it is tried again in {remaining:?}")]
    BackingOff {
        /// The plugin.
        plugin: PluginId,
        /// How often it failed, last time included.
        failures: u32,
        /// How long calls will still be answered with this.
        remaining: Duration,
    },
    /// The evaluation has no result.
    #[error(transparent)]
    Evaluate(E),
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            revert_after: const { NonZeroU32::new(3).expect("3 is not 0") },
            first_back_off: Duration::from_secs(1),
            longest_back_off: Duration::from_mins(1),
            clock: Arc::new(Instant::now),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("guard", &self.guard)
            .field("revert_after", &self.revert_after)
            .field("first_back_off", &self.first_back_off)
            .field("longest_back_off", &self.longest_back_off)
            .finish_non_exhaustive()
    }
}

// === impl Registry ===

impl Registry {
    /// An empty registry on a host.
    pub fn new(host: Host, options: Options) -> Self {
        Self { inner: Arc::new(Inner { host, options, slots: RwLock::default() }) }
    }

    /// Loads every `*.wasm` file of a folder, in the order of their names, each under the name that it says it has. What
    /// cannot be loaded keeps nothing else from being loaded.
    ///
    /// # Errors
    /// Only where the folder cannot be read; what came of each file is in the list.
    pub fn load_dir(
        &self,
        folder: impl AsRef<Path>,
    ) -> std::io::Result<Vec<(std::path::PathBuf, Result<Swap, SwapError>)>> {
        let mut files = vec![];
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files.into_iter().map(|path| (path.clone(), swap::swap(&self.inner, None, &path))).collect())
    }

    /// Makes the plugin in a file the current one for a name. What must hold for that, besides loading, are the checks that
    /// were [set](Self::set_checks) for the name. The same file again changes nothing.
    ///
    /// # Errors
    /// [`SwapError`]; the version before goes on.
    pub fn swap(&self, name: &str, file: impl AsRef<Path>) -> Result<Swap, SwapError> {
        swap::swap(&self.inner, Some(name), file.as_ref())
    }

    /// Sets what every later version of a strategy must pass before it is switched to.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`].
    pub fn set_checks(&self, name: &str, checks: Checks) -> Result<(), RegistryError<std::convert::Infallible>> {
        self.inner.slot(name)?.set_checks(checks);
        Ok(())
    }

    /// Decides one cycle with the strategy of this name; see [`Plugin::evaluate_cycle`](crate::Plugin::evaluate_cycle).
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn evaluate_cycle(
        &self,
        name: &str,
        routes: &[Route],
        spec: &Spec,
    ) -> Result<Evaluated<RouteChanges>, RegistryError<EvaluateError>> {
        self.inner.slot(name)?.call(&self.inner.options, |plugin| plugin.evaluate_cycle(routes, spec), |_| Outcome::Ok)
    }

    /// Decides cycles of many rollouts with the strategy of this name; see
    /// [`Plugin::evaluate_cycles`](crate::Plugin::evaluate_cycles). A batch in which the guard rejects a plan counts as one
    /// failure.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn evaluate_cycles(
        &self,
        name: &str,
        requests: &str,
    ) -> Result<Evaluated<String>, RegistryError<EvaluateCyclesError>> {
        let slot = self.inner.slot(name)?;
        slot.call(
            &self.inner.options,
            |plugin| plugin.evaluate_cycles(requests),
            |answers| Outcome::of_answers(answers),
        )
    }

    /// How every strategy does, in the order of their names.
    pub fn status(&self) -> Vec<StrategyStatus> {
        let now = (self.inner.options.clock)();
        let slots = self.inner.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.values().map(|slot| slot.status(now)).collect()
    }
}

// === impl Inner ===

impl Inner {
    fn slot<E>(&self, name: &str) -> Result<Arc<Slot>, RegistryError<E>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots
            .get(name)
            .cloned()
            .ok_or_else(|| RegistryError::Unknown { name: name.to_owned(), known: slots.keys().cloned().collect() })
    }
}
