//! Changing a strategy's version: everything that can fail first, then the switch.

use std::{
    path::Path,
    sync::{Arc, PoisonError},
};

use metrics::counter;
use pointsman::json::Answer;

use super::{
    Inner,
    slot::{Slot, Version},
};
use crate::{CallError, CheckConfigError, EvaluateCyclesError, Guard, LoadError, PluginId};

/// What a new version of a strategy must pass before it is switched to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The configurations of rollouts under way: it must take each.
    pub configs: Vec<String>,
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
    /// It is the current plugin already.
    Unchanged(PluginId),
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
}

/// Loads a file under this name, or under the one that the plugin says it has.
pub(super) fn swap(registry: &Inner, name: Option<&str>, file: &Path) -> Result<Swap, SwapError> {
    report(file, read(registry, file).and_then(|(id, bytes)| change(registry, name, id, &bytes)))
}

/// Reads the file, once: what is digested is what is loaded.
fn read(registry: &Inner, file: &Path) -> Result<(PluginId, Vec<u8>), SwapError> {
    let (name, bytes) = registry.host.read(file)?;
    Ok((PluginId::new(&name, &bytes), bytes))
}

fn change(registry: &Inner, name: Option<&str>, id: PluginId, bytes: &[u8]) -> Result<Swap, SwapError> {
    let known = |name: &str| registry.slots.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    if let Some(slot) = name.and_then(known) {
        // Before the work of loading it.
        let current = slot.versions().current.plugin.id().clone();
        if current.digest() == id.digest() {
            return Ok(Swap::Unchanged(current));
        }
    }
    let plugin = registry.host.load_bytes(id.name(), bytes)?.with_guard(registry.options.guard);
    let description = plugin.describe().map_err(SwapError::Describe)?;
    if let Some(expected) = name.filter(|name| *name != description.name) {
        return Err(SwapError::Name { plugin: id, expected: expected.to_owned(), found: description.name });
    }
    let name = description.name.clone();
    let version = Version::new(plugin, description);
    let slot = {
        let mut slots = registry.slots.write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get(&name) else {
            slots.insert(name.clone(), Arc::new(Slot::new(&name, version)));
            return Ok(Swap::Loaded(id));
        };
        Arc::clone(slot)
    };
    let checks = slot.begin_change();
    let from = slot.versions().current.plugin.id().clone();
    if from.digest() == id.digest() {
        return Ok(Swap::Unchanged(from));
    }
    checks.pass(&version)?;
    slot.switch(version, &registry.options);
    Ok(Swap::Swapped { from, to: id })
}

// === impl Checks ===

impl Checks {
    fn pass(&self, version: &Version) -> Result<(), SwapError> {
        for config in &self.configs {
            let check = version.plugin.check_config(config);
            check.map_err(|source| SwapError::Config { config: config.clone(), source })?;
        }
        // What a vector expects is the plugin's own answer, before any policy.
        let plugin = version.plugin.with_guard(Guard::IdsOnly);
        for Vector { name, request, response } in &self.vectors {
            let answer = plugin.evaluate_cycles(&format!("[{request}]"));
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
fn report(file: &Path, result: Result<Swap, SwapError>) -> Result<Swap, SwapError> {
    let file = file.display();
    let label = match &result {
        Ok(Swap::Loaded(plugin)) => {
            tracing::info!(%file, %plugin, "loaded");
            "loaded"
        }
        Ok(Swap::Swapped { from, to }) => {
            tracing::info!(%file, %from, %to, "swapped");
            "swapped"
        }
        Ok(Swap::Unchanged(plugin)) => {
            tracing::debug!(%file, %plugin, "unchanged");
            "unchanged"
        }
        Err(error) => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(%file, %error, cause, "not swapped; the version before goes on");
            "failed"
        }
    };
    counter!("pointsman_swaps_total", "result" => label).increment(1);
    result
}
