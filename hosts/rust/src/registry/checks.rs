//! Checks that a new version must pass before it is switched to.

use pointsman::json::Answer;

use super::{error::SwapError, version::Version};
use crate::plugin::Guard;

/// Checks that a new version of a strategy must pass before it is switched to.
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

// === impl Checks ===

impl Checks {
    /// Tries a version on all of them.
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
