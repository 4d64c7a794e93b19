//! What happens in a scenario: a moment, and one key that says what.

use std::fmt;

use pointsman::{Check, CheckOutcome, HealthStatus, TrafficStatus};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{NewRoutes, Probability, RouteCount};
use crate::wish::Wish;

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
    /// An operator wishes for something, or takes it back.
    Operator(Wish),
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
    /// Somebody sets the traffic of routes by hand.
    Traffic(Traffic),
    /// So many more routes can be placed from now on.
    FreePlaces(u32),
    /// The host's clock is set by so many seconds, for good.
    ClockStep(i32),
    /// The host's clock is wrong by so many seconds, for the next cycle only.
    ClockBlip(i32),
}

/// Traffic that is set by hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "TrafficKeys")]
pub(in crate::simulate) struct Traffic {
    pub(in crate::simulate) of: Chosen,
    pub(in crate::simulate) status: TrafficStatus,
    pub(in crate::simulate) ratio: f64,
}

/// Live routes that somebody chose.
#[derive(Clone, Debug)]
pub(in crate::simulate) enum Chosen {
    /// The oldest of a revision.
    Oldest { revision: String, count: u32 },
    /// These, by their ids: `r-1` is the first of all that there were.
    Named(Vec<String>),
}

/// The keys of traffic that is set by hand, as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrafficKeys {
    revision: Option<String>,
    /// How many of the revision; 1 without it.
    count: Option<RouteCount>,
    /// Ids, in place of a revision.
    routes: Option<Vec<String>>,
    #[serde(default = "active")]
    status: TrafficStatus,
    ratio: Probability,
}

fn active() -> TrafficStatus {
    TrafficStatus::Active
}

/// What happens to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Mishap {
    /// It ends by itself: crashed if it ran, failed to start if not.
    Fail,
    /// It loses its place.
    Evict,
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
    /// How many routes; 1 without it. With `fail`, `evict`, `unhealthy`, `degraded` and `recover`.
    count: Option<RouteCount>,
    /// Routes of this revision end.
    fail: Option<String>,
    /// Routes of this revision lose their places.
    evict: Option<String>,
    /// Routes of this revision fail their health check.
    unhealthy: Option<String>,
    /// Routes of this revision pass their health check in part.
    degraded: Option<String>,
    /// Routes of this revision pass their health check again.
    recover: Option<String>,
    operator: Option<Wish>,
    /// A gate that an operator passes, as they saw it.
    pass_gate: Option<String>,
    rescale: Option<RouteCount>,
    check: Option<Check>,
    host: Option<HostTrouble>,
    new_routes: Option<NewRoutes>,
    config: Option<Map<String, Value>>,
    /// A revision.
    deploy: Option<String>,
    traffic: Option<Traffic>,
    free_places: Option<RouteCount>,
    clock_step_seconds: Option<i32>,
    clock_blip_seconds: Option<i32>,
}

/// Why a table is no event.
const ONE_KEY: &str = "an event has `at_seconds` and exactly one of `fail`, `evict`, `unhealthy`, `degraded`, \
    `recover`, `operator`, `pass_gate`, `rescale`, `check`, `host`, `new_routes`, `config`, `deploy`, `traffic`, `free_places`, \
    `clock_step_seconds`, `clock_blip_seconds`";

impl TryFrom<Keys> for Event {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let count = keys.count.map_or(1, |RouteCount(count)| count);
        let routes =
            |revision: Option<String>, mishap| revision.map(|revision| What::Routes { revision, count, mishap });
        let mut given = [
            routes(keys.fail, Mishap::Fail),
            routes(keys.evict, Mishap::Evict),
            routes(keys.unhealthy, Mishap::Health(HealthStatus::Unhealthy)),
            routes(keys.degraded, Mishap::Health(HealthStatus::Degraded)),
            routes(keys.recover, Mishap::Health(HealthStatus::Healthy)),
            keys.operator.map(What::Operator),
            keys.pass_gate.map(|gate| What::Operator(Wish::PassGate(gate))),
            keys.rescale.map(|RouteCount(target)| What::Rescale(target)),
            keys.check.map(What::Check),
            keys.host.map(What::Host),
            keys.new_routes.map(What::NewRoutes),
            keys.config.map(What::Config),
            keys.deploy.map(What::Deploy),
            keys.traffic.map(What::Traffic),
            keys.free_places.map(|RouteCount(free)| What::FreePlaces(free)),
            keys.clock_step_seconds.map(What::ClockStep),
            keys.clock_blip_seconds.map(What::ClockBlip),
        ]
        .into_iter()
        .flatten();
        let (Some(what), None) = (given.next(), given.next()) else { return Err(ONE_KEY) };
        if keys.count.is_some() && !matches!(what, What::Routes { .. }) {
            return Err("`count` goes with `fail`, `evict`, `unhealthy`, `degraded` and `recover` only");
        }
        Ok(Self { at_seconds: keys.at_seconds, what })
    }
}

impl TryFrom<TrafficKeys> for Traffic {
    type Error = &'static str;

    fn try_from(keys: TrafficKeys) -> Result<Self, &'static str> {
        let of = match (keys.revision, keys.routes, keys.count) {
            (Some(revision), None, count) => Chosen::Oldest { revision, count: count.map_or(1, |RouteCount(n)| n) },
            (None, Some(ids), None) => Chosen::Named(ids),
            _ => return Err("traffic is set on a `revision`, with `count` if need be, or on `routes` by their ids"),
        };
        Ok(Self { of, status: keys.status, ratio: keys.ratio.0 })
    }
}

// === impl Chosen ===

impl Chosen {
    /// How many routes it means.
    pub(in crate::simulate) fn count(&self) -> u32 {
        match self {
            Self::Oldest { count, .. } => *count,
            Self::Named(ids) => u32::try_from(ids.len()).unwrap_or(u32::MAX),
        }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oldest { revision, count } => write!(f, "{count} of {revision}"),
            Self::Named(ids) => f.write_str(&ids.join(", ")),
        }
    }
}

// === impl What ===

impl fmt::Display for What {
    /// A few words, for a line or a label.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routes { revision, count, mishap } => write!(f, "{count} of {revision} {mishap}"),
            Self::Operator(wish) => wish.fmt(f),
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
            Self::Traffic(Traffic { of, status, ratio }) => {
                write!(f, "{of} set to {} {ratio} by hand", status.as_str())
            }
            Self::FreePlaces(1) => f.write_str("1 place is free now"),
            Self::FreePlaces(free) => write!(f, "{free} places are free now"),
            Self::ClockStep(seconds) => write!(f, "host's clock is set by {seconds:+} s"),
            Self::ClockBlip(seconds) => write!(f, "host's clock is wrong by {seconds:+} s once"),
        }
    }
}

fn outcome(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Pending => "pending",
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "failed",
        CheckOutcome::Inconclusive => "inconclusive",
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "failed",
            Self::Evict => "evicted",
            Self::Health(HealthStatus::Healthy) => "recovered",
            Self::Health(health) => health.as_str(),
        })
    }
}
