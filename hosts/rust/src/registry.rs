//! Strategies by name, swapped while they are in use.
//!
//! A [`Registry`] maps a strategy's name to its current plugin. A swap does all that can fail off to the side: it reads
//! the file once, admits and compiles it, asks for its description, checks the configurations in use, and replays the
//! vectors it was given. Only then does it switch, atomically: evaluations under way end on the old version, and each
//! result names the plugin that gave it. Any failure keeps the current version.
//!
//! One deployment's input never changes what another gets. A deployment for which calls fail, be it by trap, timeout,
//! limit or a plan that the guard rejects, has a circuit of its own: it is answered with an error for a while that
//! doubles each time. Whose fault it is is asked in the background: what the new version fails and the one before it
//! does not is *pinned* to that one, and a version that fails three deployments in this way is quarantined and
//! reverted. With none to revert to, a version that fails for three deployments and for none succeeds has a circuit for
//! all. There is no state without a way out.
//!
//! Before that, a version can be [tried in the shadow](Registry::shadow) of the current one: both decide, the current
//! one's answer counts, and what the other decides differently is recorded. A folder can be [watched](Registry::watch),
//! so that putting a file into it is enough.
//!
//! Each file imports only from those above it in this table, which `tests/layers.rs` checks:
//!
//! | file | what it is for |
//! |---|---|
//! | `options.rs` | [`Options`] |
//! | `outcome.rs` | [`Outcome`]: how a call ended |
//! | `trial.rs` | [`Trial`] and [`Comparison`]: the terms and the state of a trial |
//! | `description.rs` | validation of a plugin's description |
//! | `error.rs` | one error for each operation |
//! | `counts.rs` | counts and latencies, also as metrics |
//! | `status.rs` | status of strategies, for operators |
//! | `version.rs` | one loaded version |
//! | `proof.rs` | whether a version is good |
//! | `state.rs` | what a restart keeps: quarantine and last good versions |
//! | `rivals.rs` | several files of one strategy in a folder |
//! | `blame.rs` | who is to blame for a failure: circuits, pins, verdicts |
//! | `seen.rs` | the deployments that there are, as far as that matters |
//! | `halves.rs` | batches that fail as a whole, in halves |
//! | `checks.rs` | [`Checks`] that a new version must pass |
//! | `entry_point.rs` | what is asked of a plugin, and what came of it |
//! | `record.rs` | [`Shadow`]: the record of a trial |
//! | `slot.rs` | one strategy: its versions, reverting |
//! | `questions.rs` | the thread that asks whose fault a failure is |
//! | `slots.rs` | the strategies by name |
//! | `call.rs` | calls for one deployment, or one after the other |
//! | `batch.rs` | calls for many at once, as JSON |
//! | `swap.rs` | everything that can fail, then the switch |
//! | `shadow.rs` | the thread that tries a version beside the current one |
//! | `watch.rs` | loading what appears in a folder |
//!
//! | metric | labels | what it counts |
//! |---|---|---|
//! | `pointsman_evaluations_total` | `strategy`, `outcome` | calls, by [`Outcome`] |
//! | `pointsman_evaluation_seconds` | `strategy` | a histogram of what calls took |
//! | `pointsman_violations_total` | `strategy`, `code` | violations, by [`ViolationCode`] |
//! | `pointsman_shadow_differences_total` | `strategy` | requests that a tried version decided differently |
//! | `pointsman_swaps_total` | `result` | swaps, by [`Swap`] in kebab-case; `failed` |
//! | `pointsman_reverts_total` | `strategy` | times that a version was reverted |
//!
//! The first three are there once more for versions that are tried, as `pointsman_shadow_…`.
//!
//! [`ViolationCode`]: pointsman::guard::ViolationCode
//!
//! They go through the `metrics` facade. `tracing` has an event for each swap, failed swap, shadow difference, end of a
//! trial, rejected plan, failed call, revert and open circuit: "reverted to 1.1.0: 3 deployments pinned", "circuit of
//! deployment `a` open for 4 s", "swap failed; keeping 1.2.0".

mod batch;
mod blame;
mod call;
mod checks;
mod counts;
mod description;
mod entry_point;
mod error;
mod halves;
mod options;
mod outcome;
mod proof;
mod questions;
mod record;
mod rivals;
mod seen;
mod shadow;
mod slot;
mod slots;
mod state;
mod status;
mod swap;
mod trial;
mod version;
mod watch;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use pointsman::{Commitment, Description, RouteChanges, guard::Policy};

use crate::{
    host::Host,
    plugin::{CheckConfigError, EvaluateCyclesError, EvaluateError, Plugin},
};
use slots::Slots;
use swap::SwapRequest;

pub use batch::EvaluatedBatch;
pub use checks::{Checks, Vector};
pub use counts::Latency;
pub use entry_point::Cycle;
pub use error::{CircuitOpen, InvalidDeployment, PromoteError, RegistryError, SwapError, UnknownStrategy};
pub use options::Options;
pub use outcome::Outcome;
pub use record::Shadow;
pub use slot::Evaluated;
pub use status::{Circuits, OpenCircuit, ShadowStatus, StrategyStatus, VersionStatus};
pub use swap::Swap;
pub use trial::{Comparison, Difference, Trial, TrialLength};
pub use watch::{OnChange, Watch, WatchError, Watching};

/// Strategies by name. Cheap to clone, safe to use from several threads.
#[derive(Clone)]
pub struct Registry {
    slots: Arc<Slots>,
}

// === impl Registry ===

impl Registry {
    /// An empty registry on a host.
    pub fn new(host: Host, options: Options) -> Self {
        Self { slots: Arc::new(Slots::new(host, options)) }
    }

    /// Loads every `*.wasm` file of a folder that is not hidden, in the order of their names, each under the name that
    /// it says it has. What cannot be loaded keeps nothing else from being loaded. Of several files of one strategy the
    /// newest version runs, in the order of [Semantic Versioning](https://semver.org); two of the same are refused. Where
    /// nothing is loaded of a strategy whose last good version is in the [state folder](Options::state), that one is.
    ///
    /// # Errors
    /// Only where the folder cannot be read; what came of each file is in the list.
    pub fn load_dir(&self, folder: impl AsRef<Path>) -> io::Result<Vec<(PathBuf, Result<Swap, SwapError>)>> {
        Ok(swap::load_all(&self.slots, &watch::plugins(folder.as_ref())?))
    }

    /// Loads a folder as [`load_dir`](Self::load_dir) does, and from then on whatever changes in it, for as long as the
    /// [`Watch`] lives. A file that is being written is not loaded. A version that is quarantined is not loaded again,
    /// and removing a file takes no strategy away.
    ///
    /// Returns once what is there was loaded.
    ///
    /// # Errors
    /// [`WatchError`].
    pub fn watch(&self, folder: impl AsRef<Path>, how: Watching) -> Result<Watch, WatchError> {
        Watch::start(&self.slots, folder.as_ref(), how)
    }

    /// Makes the plugin in a file the current one for a name. What must hold for that, besides loading, are the checks
    /// that were [set](Self::set_checks) for the name. The same file again changes nothing.
    ///
    /// # Errors
    /// [`SwapError`]; the current version is kept.
    pub fn swap(&self, name: &str, file: impl AsRef<Path>) -> Result<Swap, SwapError> {
        swap::swap(&self.slots, by_name(name), file.as_ref())
    }

    /// Tries the plugin in a file in the shadow of the current one for a name: both decide, the current one's answers
    /// count, and what the other decides differently is recorded; see [`Shadow`]. Before that it must hold what must
    /// hold for a [swap](Self::swap). Where there is no current one yet, it becomes that.
    ///
    /// # Errors
    /// [`SwapError`]; nothing has changed.
    pub fn shadow(&self, name: &str, file: impl AsRef<Path>, trial: Trial) -> Result<Swap, SwapError> {
        shadow::shadow(&self.slots, by_name(name), trial, file.as_ref())
    }

    /// The last version of a strategy that was tried, whatever came of it; none, where none was.
    ///
    /// # Errors
    /// [`UnknownStrategy`].
    pub fn last_shadow(&self, name: &str) -> Result<Option<Shadow>, UnknownStrategy> {
        Ok(self.slots.get(name)?.last_shadow())
    }

    /// Makes the version that is tried the current one, however its trial stands.
    ///
    /// # Errors
    /// [`PromoteError`]; nothing has changed.
    pub fn promote(&self, name: &str) -> Result<Swap, PromoteError> {
        shadow::promote(&*self.slots.get(name)?)
    }

    /// Stops trying a version.
    ///
    /// # Errors
    /// [`PromoteError::Unknown`] and [`PromoteError::NoShadow`].
    pub fn discard_shadow(&self, name: &str) -> Result<(), PromoteError> {
        shadow::discard(&*self.slots.get(name)?)
    }

    /// Sets what every version of a strategy must pass from now on before it is switched to, also the first.
    pub fn set_checks(&self, name: &str, checks: Checks) {
        self.slots.set_checks(name, checks);
    }

    /// Decides one cycle of one deployment with the strategy of this name, in an instance of its own; see
    /// [`Plugin::evaluate_cycle`](crate::Plugin::evaluate_cycle).
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn evaluate_cycle(
        &self,
        name: &str,
        cycle: &Cycle<'_>,
    ) -> Result<Evaluated<RouteChanges>, RegistryError<EvaluateError>> {
        call::one(&self.slots, &self.slots.get(name)?, cycle)
    }

    /// Decides one cycle of each of many deployments, one after the other; one result for each, in their order. What
    /// fails for one costs no other its plan. Instances are reused from one deployment to the next as long as no call
    /// fails: see [`Session`](crate::Session) for what that saves and costs.
    ///
    /// # Errors
    /// [`UnknownStrategy`]; of a single deployment [`RegistryError`].
    #[expect(clippy::type_complexity, reason = "a result for each")]
    pub fn evaluate_cycles(
        &self,
        name: &str,
        cycles: &[Cycle<'_>],
    ) -> Result<Vec<Result<Evaluated<RouteChanges>, RegistryError<EvaluateError>>>, UnknownStrategy> {
        Ok(call::many(&self.slots, &self.slots.get(name)?, cycles))
    }

    /// Decides cycles of many deployments in one call; see
    /// [`Plugin::evaluate_cycles_json`](crate::Plugin::evaluate_cycles_json). Each request has a field `deployment`
    /// beside `routes`, `spec` and `policy`, its key, which the plugin does not see. What fails for one costs no other
    /// its plan: see [`EvaluatedBatch`].
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], and [`RegistryError::Evaluate`] where the text is no array.
    pub fn evaluate_cycles_json(
        &self,
        name: &str,
        requests: &str,
    ) -> Result<EvaluatedBatch, RegistryError<EvaluateCyclesError>> {
        batch::evaluate(&self.slots, &self.slots.get(name)?, requests).map_err(RegistryError::Evaluate)
    }

    /// Checks a configuration with the current version of a strategy; see
    /// [`Plugin::check_config`](crate::Plugin::check_config). The policy is that of the deployment; none for the
    /// strategy's.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] and [`RegistryError::Evaluate`].
    pub fn check_config(
        &self,
        name: &str,
        config: &str,
        target_replicas: u32,
        policy: Option<Policy>,
    ) -> Result<Commitment, RegistryError<CheckConfigError>> {
        let plugin = self.current(name)?;
        let plugin = policy.map_or_else(|| plugin.clone(), |policy| plugin.under(policy));
        plugin.check_config(config, target_replicas).map_err(RegistryError::Evaluate)
    }

    /// The description of the current version of a strategy.
    ///
    /// # Errors
    /// [`UnknownStrategy`].
    pub fn describe(&self, name: &str) -> Result<Description, UnknownStrategy> {
        Ok(self.slots.get(name)?.versions().current.description.clone())
    }

    /// The current plugin of a strategy, under its guard.
    ///
    /// # Errors
    /// [`UnknownStrategy`].
    pub fn current(&self, name: &str) -> Result<Plugin, UnknownStrategy> {
        Ok(self.slots.get(name)?.versions().current.plugin.clone())
    }

    /// Takes the version with this digest out of quarantine, so that a folder's file of it is loaded again; whether it
    /// was there.
    pub fn release(&self, digest: &str) -> bool {
        self.slots.state.release(digest)
    }

    /// Waits until it is known of all failures whose fault they were, but no longer than this; whether it is.
    pub fn wait_for_verdicts(&self, longest: Duration) -> bool {
        self.slots.questions.wait(longest)
    }

    /// The status of every strategy, in the order of their names.
    pub fn status(&self) -> Vec<StrategyStatus> {
        self.slots.status()
    }
}

/// A request of somebody who knows the strategy, and takes a version also out of quarantine.
fn by_name(name: &str) -> SwapRequest<'_> {
    SwapRequest { name: Some(name), even_quarantined: true, ..SwapRequest::default() }
}
