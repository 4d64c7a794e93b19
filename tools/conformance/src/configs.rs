//! The configurations that a plugin is tried with.
//!
//! Those of the caller, if any is given; else `{}`, if the plugin takes it, and what can be made from its own schema.
//! A plugin's `check-config` has the last word on each.

use pointsman_host::{CheckConfigError, Plugin};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

use crate::{CheckError, requests::MOST_WANTED, schema, trial};

/// Why a rule that needs a configuration was not tried.
const NO_CONFIG: &str =
    "the plugin takes no configuration that was made from its schema, nor `{}`; give one that it takes";

/// Configurations that are looked for.
const WANTED: usize = 24;

/// Configurations that are made, to get as many.
const MADE: usize = 200;

/// After so many that the plugin is not able to check, no more are shown to it.
const FAILED: usize = 3;

/// Configurations that the plugin takes, the plainest first.
pub(crate) struct Configs {
    /// None where the plugin takes none that was found.
    pub(crate) taken: Vec<String>,
    /// True where they are the caller's.
    are_given: bool,
    /// Sentences on what of the schema was too large to make any from.
    too_large: Vec<String>,
}

// === impl Configs ===

impl Configs {
    /// The caller's.
    ///
    /// # Errors
    /// One that the plugin does not take, or cannot check.
    pub(crate) fn given(plugin: &Plugin, configs: &[String]) -> Result<Self, CheckError> {
        let mut taken = vec![];
        for (i, config) in configs.iter().enumerate() {
            match plugin.check_config(config, MOST_WANTED) {
                Ok(_) => taken.push(config.trim().to_owned()),
                Err(CheckConfigError::Invalid { message, .. }) => {
                    return Err(CheckError::RefusedConfig { number: i + 1, message });
                }
                Err(error) => return Err(CheckError::CheckConfig(error)),
            }
        }
        Ok(Self { taken, are_given: true, too_large: vec![] })
    }

    /// Those that can be made from the plugin's schema, if it has one.
    pub(crate) fn made(plugin: &Plugin, schema: Option<&Value>, seed: u64) -> Self {
        let (mut candidates, mut too_large) = (vec!["{}".to_owned()], vec![]);
        if let Some(schema) = schema {
            let (made, mut runner) = (schema::values(schema), trial::runner(seed, "configs"));
            let values = made.values;
            too_large = made.too_large;
            for i in 0..MADE {
                let Ok(mut tree) = values.new_tree(&mut runner) else { break };
                if i == 0 {
                    let _ = (0..MADE).find(|_| !tree.simplify());
                }
                candidates.push(tree.current().to_string());
            }
        }
        let (mut taken, mut failed) = (vec![], 0);
        for candidate in candidates {
            if taken.contains(&candidate) {
                continue;
            }
            match plugin.check_config(&candidate, MOST_WANTED) {
                Ok(_) => taken.push(candidate),
                Err(CheckConfigError::Invalid { .. }) => {}
                Err(_) => failed += 1,
            }
            if taken.len() == WANTED || failed == FAILED {
                break;
            }
        }
        Self { taken, are_given: false, too_large }
    }

    /// Tells what of the schema was too large to make configurations from; none where nothing was.
    pub(crate) fn too_large(&self) -> Option<String> {
        (!self.too_large.is_empty()).then(|| self.too_large.join("; "))
    }

    /// Tells why there are none.
    pub(crate) fn why_none(&self) -> String {
        self.too_large().map_or(NO_CONFIG.to_owned(), |too_large| format!("{NO_CONFIG}; {too_large}"))
    }

    /// Those that say no more than the caller said: what a wild one may ask for, a plain one must not do.
    pub(crate) fn plain(&self) -> &[String] {
        if self.are_given { &self.taken } else { &self.taken[..self.taken.len().min(1)] }
    }
}
