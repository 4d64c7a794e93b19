//! What happens in a scenario: a moment, and one key that says what.

use std::fmt;

use pointsman::{Check, CheckOutcome, HealthStatus, OperatorRequest};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{NewRoutes, RouteCount};

/// Something that happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Keys")]
pub(in crate::simulate) struct Event {
    /// When, in seconds since the first rollout's start.
    pub(in crate::simulate) at_seconds: u32,
    /// What.
    pub(in crate::simulate) what: What,
}

/// What happens.
#[derive(Clone, Debug)]
pub(in crate::simulate) enum What {
    /// Something happens to routes of a revision, the oldest first.
    Routes { revision: String, count: u32, mishap: Mishap },
    /// An operator asks for something, or takes it back.
    Operator(Option<OperatorRequest>),
    /// Another number of routes is wanted.
    Rescale(u32),
    /// A check has another outcome, or is new.
    Check(Check),
    /// The host itself is in trouble.
    Host(HostTrouble),
    /// From now on this becomes of routes that are created.
    NewRoutes(NewRoutes),
    /// Somebody changes the strategy's configuration.
    Config(Map<String, Value>),
    /// The rollout is replaced by that of another revision.
    Deploy(String),
}

/// What happens to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Mishap {
    /// It ends: evicted if it ran, failed to start if not.
    Fail,
    /// Its health is another, if it runs.
    Health(HealthStatus),
}

/// What happens to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::simulate) enum HostTrouble {
    /// It dies after a decision: the next plan that changes something is not applied.
    Crash,
    /// The strategy's memo is lost.
    LoseMemo,
}

/// The keys of an event as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    at_seconds: u32,
    /// How many routes; 1 without it. With `fail`, `unhealthy`, `degraded` and `recover`.
    count: Option<RouteCount>,
    /// Routes of this revision end.
    fail: Option<String>,
    /// Routes of this revision fail their health check.
    unhealthy: Option<String>,
    /// Routes of this revision pass their health check in part.
    degraded: Option<String>,
    /// Routes of this revision pass their health check again.
    recover: Option<String>,
    operator: Option<Word>,
    rescale: Option<RouteCount>,
    check: Option<Check>,
    host: Option<HostTrouble>,
    new_routes: Option<NewRoutes>,
    config: Option<Map<String, Value>>,
    /// A revision.
    deploy: Option<String>,
}

/// What an operator says.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Promote,
    Abort,
    /// Nothing is asked for any more.
    TakeBack,
}

/// Why a table is no event.
const ONE_KEY: &str = "an event has `at_seconds` and exactly one of `fail`, `unhealthy`, `degraded`, `recover`, \
    `operator`, `rescale`, `check`, `host`, `new_routes`, `config`, `deploy`";

impl TryFrom<Keys> for Event {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let count = keys.count.map_or(1, |RouteCount(count)| count);
        let routes =
            |revision: Option<String>, mishap| revision.map(|revision| What::Routes { revision, count, mishap });
        let mut given = [
            routes(keys.fail, Mishap::Fail),
            routes(keys.unhealthy, Mishap::Health(HealthStatus::Unhealthy)),
            routes(keys.degraded, Mishap::Health(HealthStatus::Degraded)),
            routes(keys.recover, Mishap::Health(HealthStatus::Healthy)),
            keys.operator.map(|word| What::Operator(word.request())),
            keys.rescale.map(|RouteCount(target)| What::Rescale(target)),
            keys.check.map(What::Check),
            keys.host.map(What::Host),
            keys.new_routes.map(What::NewRoutes),
            keys.config.map(What::Config),
            keys.deploy.map(What::Deploy),
        ]
        .into_iter()
        .flatten();
        let (Some(what), None) = (given.next(), given.next()) else { return Err(ONE_KEY) };
        if keys.count.is_some() && !matches!(what, What::Routes { .. }) {
            return Err("`count` goes with `fail`, `unhealthy`, `degraded` and `recover` only");
        }
        Ok(Self { at_seconds: keys.at_seconds, what })
    }
}

// === impl Word ===

impl Word {
    fn request(self) -> Option<OperatorRequest> {
        match self {
            Self::Promote => Some(OperatorRequest::Promote),
            Self::Abort => Some(OperatorRequest::Abort),
            Self::TakeBack => None,
        }
    }
}

// === impl What ===

impl fmt::Display for What {
    /// A few words, for a line or a label.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routes { revision, count, mishap } => write!(f, "{count} of {revision} {mishap}"),
            Self::Operator(Some(OperatorRequest::Promote)) => f.write_str("operator asks to promote"),
            Self::Operator(Some(OperatorRequest::Abort)) => f.write_str("operator asks to abort"),
            Self::Operator(None) => f.write_str("operator takes it back"),
            Self::Rescale(target) => write!(f, "target is now {target}"),
            Self::Check(check) => write!(f, "check {} is {}", check.name, outcome(check.outcome)),
            Self::Host(HostTrouble::Crash) => f.write_str("host is about to crash"),
            Self::Host(HostTrouble::LoseMemo) => f.write_str("host loses the memo"),
            Self::NewRoutes(NewRoutes::Start) => f.write_str("new routes start from now on"),
            Self::NewRoutes(NewRoutes::Fail) => f.write_str("new routes fail from now on"),
            Self::NewRoutes(NewRoutes::Hang) => f.write_str("new routes hang from now on"),
            Self::NewRoutes(NewRoutes::Unhealthy) => f.write_str("new routes stay unhealthy from now on"),
            Self::Config(_) => f.write_str("config changes"),
            Self::Deploy(revision) => write!(f, "{revision} is deployed instead"),
        }
    }
}

fn outcome(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Pending => "pending",
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "failed",
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "failed",
            Self::Health(HealthStatus::Healthy) => "recovered",
            Self::Health(health) => health.as_str(),
        })
    }
}
