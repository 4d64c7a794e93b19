//! What a scenario says of single strategies, so that one file serves several: their configurations, and what is
//! expected of them.

use pointsman::guard::Policy;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Expect, Percent, Scenario};

/// Keys of a scenario that are others for one strategy. What is left out is the scenario's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForStrategy {
    config: Option<Map<String, Value>>,
    policy: Option<Policy>,
    expect: Option<Expect>,
    serving_floor_percent: Option<Percent>,
    most_created: Option<u32>,
}

// === impl Scenario ===

impl Scenario {
    /// The strategies that it has keys for, by the names that plugins give themselves.
    pub fn strategies(&self) -> impl Iterator<Item = &str> {
        self.strategies.keys().map(String::as_str)
    }

    /// The same scenario with the keys that it has for a strategy.
    #[must_use]
    pub fn for_strategy(mut self, name: &str) -> Self {
        let Some(own) = self.strategies.get(name).cloned() else { return self };
        self.config = own.config.unwrap_or(self.config);
        self.policy = own.policy.or(self.policy);
        self.expect = own.expect.or(self.expect);
        self.serving_floor_percent = own.serving_floor_percent.or(self.serving_floor_percent);
        self.most_created = own.most_created.or(self.most_created);
        self
    }

    /// The same scenario with another configuration, for the whole run: events do not change it. The end and the most
    /// creations that were expected are those of its own configuration, and expected no more; the serving floor is.
    #[must_use]
    pub fn with_config(mut self, config: Map<String, Value>) -> Self {
        self.config = config;
        self.is_config_given = true;
        (self.expect, self.most_created) = (None, None);
        self
    }

    /// Its configuration as JSON, as a host keeps it.
    pub fn config(&self) -> String {
        super::json(&self.config)
    }

    /// The target at the start: routes that should serve.
    pub fn target(&self) -> u32 {
        self.target.0
    }
}
