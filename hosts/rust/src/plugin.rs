//! Plugins: loaded strategies, and everything about calling them.
//!
//! This room knows the contract, the guard and the runtime below it. It knows no files and no registry.
//!
//! | file | what it is for |
//! |---|---|
//! | `id.rs` | [`PluginId`]: a name and a digest |
//! | `guard.rs` | [`Guard`]: the check of plans before they are returned |
//! | `error.rs` | one error for each operation |
//! | `wire.rs` | the contract's types in the shape of the component ABI |
//! | `request.rs` | [`RequestWithPolicy`]: a request with the policy of its deployment |
//! | `answers.rs` | answers of the JSON entry point |
//! | `batch.rs` | many requests as JSON text, before and after the plugin |
//! | `decision.rs` | [`Decision`]: what was decided, and in what two decisions differ |
//! | `loaded.rs` | what all instances of a plugin share |
//! | `instance.rs` | a started instance: calls under the limits |
//! | `session.rs` | [`Session`]: one instance, reused, where a caller asks for that |

mod answers;
mod batch;
mod decision;
mod error;
mod guard;
mod id;
mod instance;
mod loaded;
mod request;
mod session;
mod wire;

use std::{fmt, sync::Arc};

use pointsman::{Commitment, Description, Route, RouteChanges, Spec, guard::Policy};

use crate::runtime::Purpose;

pub(crate) use answers::{AnswerKind, Answers};
pub use decision::{Decision, FieldDifference};
pub use error::{CallError, CheckConfigError, EvaluateCyclesError, EvaluateError};
pub use guard::Guard;
pub use id::PluginId;
pub(crate) use instance::WrongType;
pub(crate) use loaded::Loaded;
pub use request::RequestWithPolicy;
pub use session::Session;

/// A loaded strategy. Cheap to clone, and safe to use from several threads at once: every call has an instance of its
/// own, so nothing leaks from one deployment to another.
#[derive(Clone)]
pub struct Plugin {
    loaded: Arc<Loaded>,
    guard: Guard,
    purpose: Purpose,
}

// === impl Plugin ===

impl Plugin {
    pub(crate) fn new(loaded: Loaded) -> Self {
        Self { loaded: Arc::new(loaded), guard: Guard::default(), purpose: Purpose::Call }
    }

    /// The same plugin under another guard. Plans are guarded by default; see [`Guard`] for what can be changed.
    #[must_use]
    pub fn with_guard(&self, guard: Guard) -> Self {
        Self { guard, ..self.clone() }
    }

    /// The same plugin under the policy of one deployment, which has no say where only ids are checked: see
    /// [`Guard::under`]. As cheap as a clone.
    #[must_use]
    pub fn under(&self, policy: Policy) -> Self {
        self.with_guard(self.guard.under(policy))
    }

    /// The same plugin with the instances for work in the background, which callers never wait for.
    pub(crate) fn in_background(&self) -> Self {
        Self { purpose: Purpose::Background, ..self.clone() }
    }

    /// The guard that its plans pass.
    pub fn guard(&self) -> Guard {
        self.guard
    }

    /// Decides one cycle of one rollout, through the typed entry point. The plan has passed the guard, and is
    /// [tidy](RouteChanges::tidy); it is not applied. Where the spec has no limits, the guard's policy is resolved into
    /// them.
    ///
    /// # Errors
    /// [`EvaluateError`]: the plugin's answer that the configuration or the routes are not right, a plan that the guard
    /// rejected, or a failed call.
    pub fn evaluate_cycle(&self, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluateError> {
        self.session()?.evaluate_cycle(routes, spec)
    }

    /// Decides cycles of many rollouts in one call, through the JSON entry point: an array of requests in, an array of
    /// answers of the same length and order out; see [`pointsman::json`]. One bad request spoils no other. In the place
    /// of a plan that the guard rejects stands an error, [`PlanRejected`](pointsman::json::ErrorCode::PlanRejected),
    /// with the violations.
    ///
    /// A request may have a third field, `policy`, for its deployment: `{"max_unavailable": "25%", "max_surge": 1}`.
    /// Each field of a [`Policy`] is a number of routes, `3`, from 0 to 4294967295, or a percentage of the target with
    /// at most three decimals, `"12.5%"`, from `"0%"` to `"4294967.295%"`; left out, it is that of [`Policy::default`],
    /// not the plugin's. The policy is resolved at the target into the spec's limits; where the spec has limits of its
    /// own they outweigh it. Anything else in its place, null too, is answered with
    /// [`InvalidRequest`](pointsman::json::ErrorCode::InvalidRequest).
    ///
    /// # Errors
    /// [`EvaluateCyclesError`]: the text is not a JSON array, answers that are not what the contract says, or a failed
    /// call.
    pub fn evaluate_cycles_json(&self, requests: &str) -> Result<String, EvaluateCyclesError> {
        Ok(self.answers(requests)?.text)
    }

    /// As [`evaluate_cycles_json`](Self::evaluate_cycles_json), with what the guard found.
    pub(crate) fn answers(&self, requests: &str) -> Result<Answers, EvaluateCyclesError> {
        self.session()?.answers(requests)
    }

    /// The plugin's description of itself.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn describe(&self) -> Result<Description, CallError> {
        self.session()?.describe()
    }

    /// The promise of a plan with this configuration, one JSON object, at this target, within the limits that the
    /// guard's policy comes to there.
    ///
    /// # Errors
    /// [`CheckConfigError`]: the plugin's answer what is wrong with it, or a failed call.
    pub fn check_config(&self, config: &str, target_replicas: u32) -> Result<Commitment, CheckConfigError> {
        self.session()?.check_config(config, target_replicas)
    }

    /// The same through the JSON entry point, with the limits that the request names: a
    /// [`ConfigToCheck`](pointsman::json::ConfigToCheck) in, an [`Admission`](pointsman::json::Admission) out, or the
    /// plugin's words on why the text is no request.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn check_config_json(&self, request: &str) -> Result<Result<String, String>, CallError> {
        self.session()?.check_config_json(request)
    }

    /// One instance for many calls; see [`Session`] for what that saves and costs.
    ///
    /// # Errors
    /// [`CallError`], where no instance can be had.
    pub fn session(&self) -> Result<Session, CallError> {
        Session::new(Arc::clone(&self.loaded), self.guard, self.purpose)
    }

    /// Its name and digest.
    pub fn id(&self) -> &PluginId {
        &self.loaded.id
    }

    /// The contract version that it is called by.
    pub fn contract_version(&self) -> &'static str {
        self.loaded.contract.version
    }

    /// Size of the component in bytes.
    pub fn size(&self) -> usize {
        self.loaded.size
    }

    /// The names of what it exports. What it imports needs no list: nothing but types is admitted.
    pub fn exports(&self) -> Vec<String> {
        let component = self.loaded.pre.component();
        component.component_type().exports(component.engine()).map(|(name, _)| name.to_owned()).collect()
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plugin").field(&self.loaded.id).finish()
    }
}
