//! The configurations that a plugin is tried with.
//!
//! Those of the command line, if any is given; else `{}`, if the plugin takes it, and what can be made from its own schema.
//! A plugin's `check-config` has the last word on each.

use std::path::Path;

use pointsman_host::{CheckConfigError, Plugin};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

use super::{requests::MOST_WANTED, schema, trial};
use crate::{error::CliError, input};

/// How many are wanted.
const WANTED: usize = 24;

/// How many are made, to get as many.
const MADE: usize = 200;

/// After so many that the plugin is not able to check, no more are shown to it.
const FAILED: usize = 3;

/// Configurations that the plugin takes, the plainest first.
pub(super) struct Configs {
    /// None where the plugin takes none that was found.
    pub(super) taken: Vec<String>,
    /// Whether they are the user's.
    are_given: bool,
}

// === impl Configs ===

impl Configs {
    /// Those of the command line.
    ///
    /// # Errors
    /// One that cannot be read, or that the plugin does not take.
    pub(super) fn given(plugin: &Plugin, configs: &[impl AsRef<Path>]) -> Result<Self, CliError> {
        let mut taken = vec![];
        for config in configs.iter().map(AsRef::as_ref) {
            let inline = config.to_str().filter(|text| text.trim_start().starts_with('{'));
            let text = inline.map_or_else(|| input::read(&config.to_owned()), |text| Ok(text.to_owned()))?;
            match plugin.check_config(&text, MOST_WANTED) {
                Ok(_) => taken.push(text.trim().to_owned()),
                Err(CheckConfigError::Invalid { message, .. }) => {
                    return Err(CliError::RefusedConfig { config: config.display().to_string(), message });
                }
                Err(error) => return Err(CliError::CheckConfig(error)),
            }
        }
        Ok(Self { taken, are_given: true })
    }

    /// Those that can be made from the plugin's schema, if it has one.
    pub(super) fn made(plugin: &Plugin, schema: Option<&Value>, seed: u64) -> Self {
        let mut candidates = vec!["{}".to_owned()];
        if let Some(schema) = schema {
            let (values, mut runner) = (schema::values(schema), trial::runner(seed, "configs"));
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
                Err(CheckConfigError::Call(_)) => failed += 1,
            }
            if taken.len() == WANTED || failed == FAILED {
                break;
            }
        }
        Self { taken, are_given: false }
    }

    /// Those that say no more than the user said: what a wild one may ask for, a plain one must not do.
    pub(super) fn plain(&self) -> &[String] {
        if self.are_given { &self.taken } else { &self.taken[..self.taken.len().min(1)] }
    }
}
