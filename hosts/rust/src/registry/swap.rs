//! Changing a strategy's version: everything that can fail first, then the switch.

use std::{
    path::Path,
    sync::{Arc, PoisonError},
};

use metrics::counter;
use pointsman::json::Answer;

use super::{
    Inner, Trial, description,
    shadow::Trying,
    slot::{Change, Slot, Version},
};
use crate::{
    CallError, CheckConfigError, ComponentFile, EvaluateCyclesError, Guard, LoadError, PluginId, runtime::contained,
};

/// What a new version of a strategy must pass before it is switched to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The configurations of rollouts under way, each with its target: it must take each within the strategy's policy.
    pub configs: Vec<(String, u32)>,
    /// Requests whose answers are known: it must give them.
    pub vectors: Vec<Vector>,
}

/// A request and the answer that a strategy must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// For messages.
    pub name: String,
    /// A JSON request, as [`pointsman::json`] takes it.
    pub request: String,
    /// The answer, as [`pointsman::json`] gives it.
    pub response: String,
}

/// What came of a swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// There was no plugin of this name; now there is.
    Loaded(PluginId),
    /// The current plugin was replaced.
    Swapped {
        /// The plugin until now.
        from: PluginId,
        /// The plugin from now on.
        to: PluginId,
    },
    /// It is tried in the shadow of the current plugin.
    Shadowing {
        /// The current plugin.
        current: PluginId,
        /// The plugin that is tried.
        shadow: PluginId,
    },
    /// It is the current plugin already, or is being tried already.
    Unchanged(PluginId),
    /// It is a version that failed before, found in a folder. Only [`Registry::swap`](super::Registry::swap) takes it back.
    GivenUp(PluginId),
}

/// Why a version was not switched to. The one before goes on.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// The file is no plugin.
    #[error("the new version cannot be loaded")]
    Load(#[from] LoadError),
    /// The plugin does not say what it is.
    #[error("the new version does not describe itself")]
    Describe(#[source] CallError),
    /// What it says it is cannot be.
    #[error("plugin {plugin} describes itself wrongly: {problem}")]
    Description {
        /// The new plugin.
        plugin: PluginId,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// It says that it is another strategy.
    #[error("plugin {plugin} is the strategy `{found}`, not `{expected}`")]
    Name {
        /// The new plugin.
        plugin: PluginId,
        /// The name it was to have.
        expected: String,
        /// The name it says it has.
        found: String,
    },
    /// It does not take a configuration that is in use.
    #[error("the new version does not take a configuration in use, {config}")]
    Config {
        /// The configuration.
        config: String,
        /// Why not.
        source: CheckConfigError,
    },
    /// It does not answer at all where the answer is known.
    #[error("the new version fails on vector `{vector}`")]
    VectorFailed {
        /// The vector's name.
        vector: String,
        /// How.
        source: EvaluateCyclesError,
    },
    /// It answers otherwise than is known.
    #[error("the new version answers vector `{vector}` with {found} instead of {expected}")]
    Vector {
        /// The vector's name.
        vector: String,
        /// The answer it must give.
        expected: String,
        /// The answer it gives.
        found: String,
    },
    /// It cannot be tried: there is no thread to be had for it.
    #[error("the new version cannot be tried")]
    Shadow(#[source] std::io::Error),
}

/// What is to become of a file.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// The strategy that it must be; the one that it says it is, where that is all the same.
    pub(super) name: Option<&'a str>,
    /// Whether it is tried first.
    pub(super) trial: Option<Trial>,
    /// Whether a version is taken that was given up.
    pub(super) even_given_up: bool,
}

/// Makes the plugin in a file the current one, or tries it.
pub(super) fn swap(registry: &Inner, wanted: Wanted<'_>, file: &Path) -> Result<Swap, SwapError> {
    let result = registry.host.read(file).map_err(SwapError::from).and_then(|read| change(registry, wanted, &read));
    report(file, &result);
    result
}

/// As [`swap`], for a file that was read. Who watches a folder relies on it that no file makes this panic.
pub(super) fn change(registry: &Inner, wanted: Wanted<'_>, file: &ComponentFile) -> Result<Swap, SwapError> {
    contained(|| try_to_change(registry, wanted, file))
        .unwrap_or_else(|message| Err(LoadError::Panicked { plugin: file.id().clone(), message }.into()))
}

fn try_to_change(registry: &Inner, wanted: Wanted<'_>, file: &ComponentFile) -> Result<Swap, SwapError> {
    let id = file.id();
    let known = |name: &str| registry.slots.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    // Before the work of loading it.
    let is_done = |slot: Arc<Slot>| nothing_to_do(&slot, &slot.begin_change(), wanted, id);
    if let Some(done) = wanted.name.and_then(known).and_then(is_done) {
        return Ok(done);
    }
    let plugin = registry.host.load_file(file)?;
    let description = plugin.in_background().describe().map_err(SwapError::Describe)?;
    description::check(&description).map_err(|problem| SwapError::Description { plugin: id.clone(), problem })?;
    if let Some(expected) = wanted.name.filter(|name| *name != description.name) {
        return Err(SwapError::Name { plugin: id.clone(), expected: expected.to_owned(), found: description.name });
    }
    let name = description.name.clone();
    let guard = registry.options.guards.get(&name).copied().unwrap_or(registry.options.guard);
    let version = Version::new(plugin.with_guard(guard), description);
    let slot = {
        let mut slots = registry.slots.write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get(&name) else {
            slots.insert(name.clone(), Arc::new(Slot::new(&name, version)));
            return Ok(Swap::Loaded(id.clone()));
        };
        Arc::clone(slot)
    };
    let change = slot.begin_change();
    if let Some(done) = nothing_to_do(&slot, &change, wanted, id) {
        return Ok(done);
    }
    change.checks.pass(&version)?;
    let version = Arc::new(version);
    match wanted.trial {
        None => Ok(slot.switch(version, &registry.options)),
        Some(trial) => slot.shadow(version, trial, &registry.options).map_err(SwapError::Shadow),
    }
}

/// Whether a plugin need not be changed to, or must not.
fn nothing_to_do(slot: &Slot, change: &Change, wanted: Wanted<'_>, id: &PluginId) -> Option<Swap> {
    let versions = slot.versions();
    let current = versions.current.plugin.id();
    if current.digest() == id.digest() {
        return Some(Swap::Unchanged(current.clone()));
    }
    let is_tried = |trying: &Trying| wanted.trial.is_some() && trying.shadow.version().digest() == id.digest();
    if versions.trying.as_deref().is_some_and(is_tried) {
        return Some(Swap::Unchanged(id.clone()));
    }
    let is_given_up = !wanted.even_given_up && change.given_up.contains(id.digest());
    is_given_up.then(|| Swap::GivenUp(id.clone()))
}

// === impl Checks ===

impl Checks {
    pub(super) fn pass(&self, version: &Version) -> Result<(), SwapError> {
        for (config, target_replicas) in &self.configs {
            let check = version.plugin.in_background().check_config(config, *target_replicas);
            check.map_err(|source| SwapError::Config { config: config.clone(), source })?;
        }
        // What a vector expects is the plugin's own answer, before any policy.
        let plugin = version.plugin.in_background().with_guard(Guard::IdsOnly);
        for Vector { name, request, response } in &self.vectors {
            let answer = plugin.evaluate_cycles_json(&format!("[{request}]"));
            let answer = answer.map_err(|source| SwapError::VectorFailed { vector: name.clone(), source })?;
            let is_expected = serde_json::from_str::<Vec<Answer>>(&answer).ok()
                == serde_json::from_str::<Answer>(response).ok().map(|answer| vec![answer]);
            if !is_expected {
                return Err(SwapError::Vector { vector: name.clone(), expected: response.clone(), found: answer });
            }
        }
        Ok(())
    }
}

/// Tells operators what came of it.
pub(super) fn report(file: &Path, result: &Result<Swap, SwapError>) {
    let file = file.display();
    let label = match result {
        Ok(Swap::Loaded(plugin)) => {
            tracing::info!(%file, %plugin, "loaded");
            "loaded"
        }
        Ok(Swap::Swapped { from, to }) => {
            tracing::info!(%file, %from, %to, "swapped");
            "swapped"
        }
        Ok(Swap::Shadowing { current, shadow }) => {
            tracing::info!(%file, %current, %shadow, "trying a version in the shadow");
            "shadowing"
        }
        Ok(Swap::Unchanged(plugin)) => {
            tracing::debug!(%file, %plugin, "unchanged");
            "unchanged"
        }
        Ok(Swap::GivenUp(plugin)) => {
            tracing::warn!(%file, %plugin, "not swapped: this version failed before");
            "given-up"
        }
        Err(error) => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(%file, %error, cause, "not swapped; the version before goes on");
            "failed"
        }
    };
    counter!("pointsman_swaps_total", "result" => label).increment(1);
}
