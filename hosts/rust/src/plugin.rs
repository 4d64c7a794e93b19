//! A loaded strategy.

use std::{fmt, sync::Arc};

use pointsman::{Commitment, Description, Route, RouteChanges, Spec, guard::Policy};
use sha2::{Digest, Sha256};
use wasmtime::component::InstancePre;

use crate::{
    CallError, CheckConfigError, EvaluateCyclesError, EvaluateError, Guard, Session, admission::Contract, host::Inner,
    instances::Purpose, sandbox::Sandbox, session::Answers,
};

/// How many of a digest's hex digits a message shows.
const SHOWN_DIGITS: usize = 12;

/// Which plugin: the name it was loaded under and the digest of its bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PluginId(Arc<(String, String)>);

/// A loaded strategy. Cheap to clone, and safe to use from several threads at once: every call has an instance of its own,
/// so nothing leaks from one deployment to another.
#[derive(Clone)]
pub struct Plugin {
    loaded: Arc<Loaded>,
    guard: Guard,
    purpose: Purpose,
}

/// What loading a plugin gives.
pub(crate) struct Loaded {
    pub(crate) host: Arc<Inner>,
    pub(crate) id: PluginId,
    pub(crate) pre: InstancePre<Sandbox>,
    pub(crate) contract: Contract,
    pub(crate) size: usize,
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

    /// The same plugin with the instances that are not for callers.
    pub(crate) fn for_upkeep(&self) -> Self {
        Self { purpose: Purpose::Upkeep, ..self.clone() }
    }

    /// The guard that its plans pass.
    pub fn guard(&self) -> Guard {
        self.guard
    }

    /// Decides one cycle of one rollout, through the typed entry point. The plan has passed the guard, and is
    /// [tidy](RouteChanges::tidy); it is not applied. Where the spec has no limits, the guard's policy is resolved into them.
    ///
    /// # Errors
    /// [`EvaluateError`]: the plugin's answer that the configuration or the routes are not right, a plan that the guard
    /// rejected, or a failed call.
    pub fn evaluate_cycle(&self, routes: &[Route], spec: &Spec) -> Result<RouteChanges, EvaluateError> {
        self.session()?.evaluate_cycle(routes, spec)
    }

    /// Decides cycles of many rollouts in one call, through the JSON entry point: an array of requests in, an array of
    /// answers of the same length and order out; see [`pointsman::json`]. One bad request spoils no other. In the place of
    /// a plan that the guard rejects stands an error, [`PlanRejected`](pointsman::json::ErrorCode::PlanRejected), with the
    /// violations.
    ///
    /// A request may have a third field, `policy`, for its deployment: `{"max_unavailable": "25%", "max_surge": 1}`. Each
    /// field of a [`Policy`] is a number of routes, `3`, from 0 to 4294967295, or a percentage of the target with at most
    /// three decimals, `"12.5%"`, from `"0%"` to `"4294967.295%"`; left out, it is that of [`Policy::default`], not the
    /// plugin's. The policy is resolved at the target into the spec's limits; where the spec has limits of its own they
    /// outweigh it. Anything else in its place, null too, is answered with
    /// [`InvalidRequest`](pointsman::json::ErrorCode::InvalidRequest).
    ///
    /// # Errors
    /// [`EvaluateCyclesError`]: the text is not a JSON array, answers that are not what the contract says, or a failed call.
    pub fn evaluate_cycles_json(&self, requests: &str) -> Result<String, EvaluateCyclesError> {
        Ok(self.answers(requests)?.text)
    }

    /// As [`evaluate_cycles_json`](Self::evaluate_cycles_json), with what the guard found.
    pub(crate) fn answers(&self, requests: &str) -> Result<Answers, EvaluateCyclesError> {
        self.session()?.answers(requests)
    }

    /// What the plugin says of itself.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn describe(&self) -> Result<Description, CallError> {
        self.session()?.describe()
    }

    /// What a plan with this configuration, one JSON object, would promise at this target, within the limits that the
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
        Session::new(self.clone())
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

    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn host(&self) -> &Arc<Inner> {
        &self.loaded.host
    }

    pub(crate) fn pre(&self) -> &InstancePre<Sandbox> {
        &self.loaded.pre
    }

    pub(crate) fn contract(&self) -> &Contract {
        &self.loaded.contract
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plugin").field(&self.loaded.id).finish()
    }
}

// === impl PluginId ===

impl PluginId {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        Self(Arc::new((name.to_owned(), format!("sha256:{:x}", Sha256::digest(bytes)))))
    }

    /// The name it was loaded under: that of its file.
    pub fn name(&self) -> &str {
        &self.0.0
    }

    /// `sha256:` and 64 hex digits: the digest of the component's bytes.
    pub fn digest(&self) -> &str {
        &self.0.1
    }
}

impl fmt::Display for PluginId {
    /// The name, and as much of the digest as tells versions apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}…)", self.name(), &self.digest()[.."sha256:".len() + SHOWN_DIGITS])
    }
}

impl fmt::Debug for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginId({} {})", self.name(), self.digest())
    }
}
