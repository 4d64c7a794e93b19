//! The file format of a scenario: TOML, or the same keys as JSON.
//!
//! ```toml
//! title = "One of three starts late"
//! target = 3
//! config = { auto_promote = true }
//! start_seconds = { min = 20, max = 40 }
//!
//! [[events]]
//! at_seconds = 25
//! fail = "v2"
//! ```
//!
//! Only `title` and `target` must be there. Times are whole seconds of virtual time since the rollout's start.

use std::{collections::BTreeMap, num::NonZeroU32};

use pointsman::{Check, guard::Policy};
use pointsman_host::{CallError, Guard, Plugin, Session};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use self::expected::{Expect, ParseExpectError};
use self::strategies::ForStrategy;
pub(crate) use self::{
    event::{Chosen, Event, HostTrouble, Mishap, Traffic, What},
    fates::{NewRoutes, Old, OldState},
    start::Drawn,
    values::{Percent, Probability, RouteCount, Span},
};
use crate::ParseError;

mod event;
mod expected;
mod fates;
mod keys;
mod names;
mod start;
mod strategies;
mod values;

/// A rollout to play: its target, how the world behaves, and what happens when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Title.
    pub(crate) title: String,
    /// Purpose: what it shows.
    #[serde(default)]
    pub(crate) why: String,
    /// The target: routes that should serve when the rollout ends.
    pub(crate) target: RouteCount,
    /// The strategy's own configuration.
    #[serde(default)]
    pub(crate) config: Map<String, Value>,
    /// The routes there are before the rollout; without this key, as many as the target, of revision `v1`, serving.
    pub(crate) old: Option<Vec<Old>>,
    /// The revision that is rolled out.
    #[serde(default = "v2")]
    pub(crate) deploying_revision: String,
    /// The revision that is returned to; without this key, that of the first of `old` that serves.
    pub(crate) stable_revision: Option<String>,
    /// The operator's policy; what is left out of it has its default, and the command line's options stand in without
    /// it.
    pub(crate) policy: Option<Policy>,
    /// Routes that can be placed at the start, beside those that are there; without this key, any number.
    pub(crate) free_places: Option<RouteCount>,
    /// Ratios that the proxy takes: 1 is in or out only, 256 multiples of 1/256, 0 all.
    #[serde(default = "in_or_out")]
    pub(crate) weight_steps: u32,
    /// Lead of the clock that stamps routes, in seconds; negative where it is behind.
    #[serde(default)]
    pub(crate) stamp_offset_seconds: i32,
    /// Time from one cycle to the next, in seconds. It also evaluates when a plan asks for it, and
    /// when something of `events` has happened.
    #[serde(default = "ten")]
    pub(crate) cycle_seconds: NonZeroU32,
    /// Time that a new route is provisioning, in seconds.
    #[serde(default)]
    pub(crate) start_seconds: Span,
    /// Time that a route runs before its first health check passes, in seconds.
    #[serde(default)]
    pub(crate) warm_up_seconds: u32,
    /// Time that a drained route takes to be gone, in seconds.
    #[serde(default = "five")]
    pub(crate) termination_seconds: u32,
    /// Fate of new routes.
    #[serde(default)]
    pub(crate) new_routes: NewRoutes,
    /// The chance of each new route to fail instead of starting, 0.0 to 1.0.
    #[serde(default)]
    pub(crate) fail_chance: Probability,
    /// The chance of each new route to become unhealthy once, soon after it got ready, 0.0 to 1.0.
    #[serde(default)]
    pub(crate) flap_chance: Probability,
    /// Time that such a route is unhealthy, in seconds.
    #[serde(default = "fifteen")]
    pub(crate) flap_seconds: u32,
    /// The memo that the host has at the start: another strategy's, or that of another rollout.
    pub(crate) memo: Option<String>,
    /// The checks that the host makes, and how they stand at the start: `{ name = "smoke", outcome = "pending" }`.
    #[serde(default, deserialize_with = "keys::checks")]
    pub(crate) checks: Vec<Check>,
    /// Longest run, in seconds.
    #[serde(default = "an_hour")]
    pub(crate) give_up_seconds: u32,
    /// The end that is expected.
    pub(crate) expect: Option<Expect>,
    /// Share of the target that is expected to serve all the time, in percent. Less is an outage.
    pub(crate) serving_floor_percent: Option<Percent>,
    /// The most routes that are expected to be created.
    pub(crate) most_created: Option<u32>,
    /// Keys that are others for one strategy, by its name.
    #[serde(default)]
    pub(crate) strategies: BTreeMap<String, ForStrategy>,
    /// True where the configuration is not the scenario's own any more.
    #[serde(skip)]
    pub(crate) is_config_given: bool,
    /// Events, in any order.
    #[serde(default)]
    pub(crate) events: Vec<Event>,
}

/// The revision of the routes before the rollout, where a scenario does not name any.
pub(crate) const USUAL_REVISION: &str = "v1";

fn v2() -> String {
    "v2".to_owned()
}

fn in_or_out() -> u32 {
    1
}

fn ten() -> NonZeroU32 {
    NonZeroU32::new(10).expect("it is not zero")
}

fn five() -> u32 {
    5
}

fn fifteen() -> u32 {
    15
}

fn an_hour() -> u32 {
    3600
}

// === impl Scenario ===

impl Scenario {
    /// Parses a scenario. What begins as a JSON object does is JSON, everything else TOML.
    ///
    /// # Errors
    /// [`ParseError`], which names the key at fault where there is one.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scenario: Self = if text.trim_start().starts_with('{') {
            let mut json = serde_json::Deserializer::from_str(text);
            let scenario = with_path(&mut json)?;
            json.end().map_err(|source| ParseError::Text(source.into()))?;
            scenario
        } else {
            with_path(toml::Deserializer::parse(text).map_err(|source| ParseError::Text(source.into()))?)?
        };
        scenario.check_names()?;
        // Those of one moment happen in the order of the file.
        scenario.events.sort_by_key(|event| event.at_seconds);
        Ok(scenario)
    }

    /// Its title. It is untrusted text.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its purpose, in its author's words. They are untrusted text.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The operator's policy, where it has one.
    pub fn policy(&self) -> Option<Policy> {
        self.policy
    }

    /// A session of a plugin to play it with: under its own policy where it has one, else under the plugin's. A guard
    /// that checks nothing but ids stays as it is.
    ///
    /// # Errors
    /// [`CallError`], where no instance starts.
    pub fn session(&self, plugin: &Plugin) -> Result<Session, CallError> {
        match self.policy {
            Some(policy) if matches!(plugin.guard(), Guard::Policy(_)) => plugin.under(policy).session(),
            _ => plugin.session(),
        }
    }

    /// The revision that is returned to, if there is one.
    pub(crate) fn stable_revision(&self) -> Option<String> {
        let serves = |old: &&Old| old.state == OldState::Serving && old.revision != self.deploying_revision;
        let first = || match &self.old {
            Some(old) => old.iter().find(serves).map(|old| old.revision.clone()),
            None => Some(USUAL_REVISION.to_owned()),
        };
        self.stable_revision.clone().or_else(first)
    }

    /// Returns whether two seeds can give two different runs.
    pub fn is_left_to_chance(&self) -> bool {
        self.start_seconds.min < self.start_seconds.max || self.fail_chance.0 > 0.0 || self.flap_chance.0 > 0.0
    }
}

/// Deserializes, and names the key at fault.
fn with_path<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, ParseError>
where
    D::Error: std::error::Error + Send + Sync + 'static,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let key = error.path().to_string();
        let source = error.into_inner().into();
        // The root has no name.
        if key == "." { ParseError::Text(source) } else { ParseError::Key { key, source } }
    })
}

/// The configuration as a host keeps it.
pub(crate) fn json(config: &Map<String, Value>) -> String {
    serde_json::to_string(config).expect("an object of JSON values is JSON")
}
