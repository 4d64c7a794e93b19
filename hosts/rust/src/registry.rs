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
//! Before that, a version can be [tried in the shadow](Registry::shadow) of the current one: both decide, the current one's answer
//! counts, and what the other decides differently is recorded. A folder can be [watched](Registry::watch), so that putting a
//! file into it is enough.
//!
//! | file | what it is for |
//! |---|---|
//! | `slot.rs` | one strategy: its versions, calls, going back, backing off |
//! | `swap.rs` | what a new version must pass, and the switch |
//! | `shadow.rs` | trying a version beside the current one |
//! | `watch.rs` | loading what appears in a folder |
//! | `door.rs` | the two ways to call a plugin, as the registry sees them |
//! | `description.rs` | whether what a plugin says of itself can be |
//! | `status.rs` | counts and latencies |
//!
//! | metric | labels | what it counts |
//! |---|---|---|
//! | `pointsman_evaluations_total` | `strategy`, `outcome` | calls, by how they ended: see [`Outcome`] |
//! | `pointsman_evaluation_seconds` | `strategy` | a histogram of what calls took |
//! | `pointsman_violations_total` | `strategy`, `code` | what the guard found in plans: see [`ViolationCode`](pointsman::guard::ViolationCode) |
//! | `pointsman_shadow_evaluations_total`, `…_evaluation_seconds`, `…_violations_total` | as above | the same of versions that are tried |
//! | `pointsman_shadow_differences_total` | `strategy` | requests that such a version decided differently |
//! | `pointsman_swaps_total` | `result` | swaps: `loaded`, `swapped`, `shadowing`, `unchanged`, `given-up`, `failed` |
//! | `pointsman_reverts_total` | `strategy` | times the version before was gone back to |
//!
//! They go through the `metrics` facade. `tracing` has an event for each swap, failed swap,
//! shadow difference, end of a trial, rejected plan, failed call, revert and back-off.

mod description;
mod door;
mod shadow;
mod slot;
mod status;
mod swap;
mod watch;

use std::{
    collections::BTreeMap,
    fmt,
    num::NonZeroU32,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use pointsman::{Route, RouteChanges, Spec, guard::Policy};

use crate::{EvaluateCyclesError, EvaluateError, Guard, Host, PluginId, clock};
use door::{Cycle, Cycles};
use slot::Slot;
use swap::Wanted;

pub use shadow::{Difference, Shadow, Trial, TrialLength, Verdict};
pub use status::{Latency, Outcome, ShadowStatus, StrategyStatus, VersionStatus};
pub use swap::{Checks, Swap, SwapError, Vector};
pub use watch::{OnChange, Watch, WatchError, Watching};

/// How a registry treats its plugins.
#[derive(Clone)]
pub struct Options {
    /// The guard of every plugin that has none of its own in `guards`.
    pub guard: Guard,
    /// The guards of single strategies, by name: a canary may need a `max_unavailable` of its own beside a blue-green that
    /// needs none.
    pub guards: BTreeMap<String, Guard>,
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

/// No plugin of this name was loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no strategy `{name}`; there is {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
pub struct UnknownStrategy {
    /// The name asked for.
    pub name: String,
    /// The names there are.
    pub known: Vec<String>,
}

/// Why a version that is tried was not promoted or discarded.
#[derive(Debug, thiserror::Error)]
pub enum PromoteError {
    /// No plugin of this name was loaded.
    #[error(transparent)]
    Unknown(#[from] UnknownStrategy),
    /// No version of it is tried, or waits to be promoted.
    #[error("no version of `{name}` is tried in the shadow of the current one")]
    NoShadow {
        /// The strategy.
        name: String,
    },
    /// It does not pass the checks that are set by now. It goes on being tried.
    #[error(transparent)]
    Check(#[from] SwapError),
}

/// Why a registry has no result.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError<E> {
    /// No plugin of this name was loaded.
    #[error(transparent)]
    Unknown(#[from] UnknownStrategy),
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
            guards: BTreeMap::new(),
            revert_after: const { NonZeroU32::new(3).expect("3 is not 0") },
            first_back_off: Duration::from_secs(1),
            longest_back_off: Duration::from_mins(1),
            clock: Arc::new(clock::now),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("guard", &self.guard)
            .field("guards", &self.guards)
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

    /// Loads every `*.wasm` file of a folder that is not hidden, in the order of their names, each under the name that it says it has. What
    /// cannot be loaded keeps nothing else from being loaded.
    ///
    /// # Errors
    /// Only where the folder cannot be read; what came of each file is in the list.
    pub fn load_dir(
        &self,
        folder: impl AsRef<Path>,
    ) -> std::io::Result<Vec<(std::path::PathBuf, Result<Swap, SwapError>)>> {
        let files = watch::plugins(folder.as_ref())?;
        Ok(files.into_iter().map(|path| (path.clone(), swap::swap(&self.inner, Wanted::default(), &path))).collect())
    }

    /// Loads a folder as [`load_dir`](Self::load_dir) does, and from then on whatever changes in it, for as long as the [`Watch`]
    /// lives. A file that is being written is not loaded. A version that was given up is not loaded again, and removing a
    /// file takes no strategy away.
    ///
    /// Returns once what is there was loaded.
    ///
    /// # Errors
    /// [`WatchError`].
    pub fn watch(&self, folder: impl AsRef<Path>, how: Watching) -> Result<Watch, WatchError> {
        Watch::start(&self.inner, folder.as_ref(), how)
    }

    /// Makes the plugin in a file the current one for a name. What must hold for that, besides loading, are the checks that
    /// were [set](Self::set_checks) for the name. The same file again changes nothing.
    ///
    /// # Errors
    /// [`SwapError`]; the version before goes on.
    pub fn swap(&self, name: &str, file: impl AsRef<Path>) -> Result<Swap, SwapError> {
        let wanted = Wanted { name: Some(name), even_given_up: true, ..Wanted::default() };
        swap::swap(&self.inner, wanted, file.as_ref())
    }

    /// Tries the plugin in a file in the shadow of the current one for a name: both decide, the current one's answers count,
    /// and what the other decides differently is recorded; see [`Shadow`]. Before that it must hold what must hold for a
    /// [swap](Self::swap). Where there is no current one yet, it becomes that.
    ///
    /// # Errors
    /// [`SwapError`]; nothing has changed.
    pub fn shadow(&self, name: &str, file: impl AsRef<Path>, trial: Trial) -> Result<Swap, SwapError> {
        let wanted = Wanted { name: Some(name), trial: Some(trial), even_given_up: true };
        swap::swap(&self.inner, wanted, file.as_ref())
    }

    /// The last version of a strategy that was tried, whatever came of it; none, where none was.
    ///
    /// # Errors
    /// [`UnknownStrategy`].
    pub fn last_shadow(&self, name: &str) -> Result<Option<Shadow>, UnknownStrategy> {
        Ok(self.inner.slot(name)?.last_shadow())
    }

    /// Makes the version that is tried the current one, however its trial stands.
    ///
    /// # Errors
    /// [`PromoteError`]; nothing has changed.
    pub fn promote(&self, name: &str) -> Result<Swap, PromoteError> {
        self.inner.slot(name)?.promote(&self.inner.options)
    }

    /// Stops trying a version.
    ///
    /// # Errors
    /// [`PromoteError::Unknown`] and [`PromoteError::NoShadow`].
    pub fn discard_shadow(&self, name: &str) -> Result<(), PromoteError> {
        self.inner.slot(name)?.discard_shadow()
    }

    /// Sets what every later version of a strategy must pass before it is switched to.
    ///
    /// # Errors
    /// [`UnknownStrategy`].
    pub fn set_checks(&self, name: &str, checks: Checks) -> Result<(), UnknownStrategy> {
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
        self.inner.slot(name)?.call(&self.inner.options, &Cycle { routes, spec, policy: None })
    }

    /// As [`evaluate_cycle`](Self::evaluate_cycle), under the policy of the deployment instead of the strategy's. It has no
    /// say where the strategy's guard checks ids only.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn evaluate_cycle_under(
        &self,
        name: &str,
        policy: Policy,
        routes: &[Route],
        spec: &Spec,
    ) -> Result<Evaluated<RouteChanges>, RegistryError<EvaluateError>> {
        self.inner.slot(name)?.call(&self.inner.options, &Cycle { routes, spec, policy: Some(policy) })
    }

    /// Decides cycles of many rollouts with the strategy of this name; see
    /// [`Plugin::evaluate_cycles_json`](crate::Plugin::evaluate_cycles_json). A batch in which the guard rejects a plan counts as one
    /// failure.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn evaluate_cycles_json(
        &self,
        name: &str,
        requests: &str,
    ) -> Result<Evaluated<String>, RegistryError<EvaluateCyclesError>> {
        let Evaluated { plugin, value } = self.inner.slot(name)?.call(&self.inner.options, &Cycles(requests))?;
        Ok(Evaluated { plugin, value: value.text })
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
    fn slot(&self, name: &str) -> Result<Arc<Slot>, UnknownStrategy> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots
            .get(name)
            .cloned()
            .ok_or_else(|| UnknownStrategy { name: name.to_owned(), known: slots.keys().cloned().collect() })
    }
}
