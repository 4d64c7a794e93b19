//! The keys of events as they are written, and what they come to.

use pointsman::{Check, CheckOutcome, HealthStatus, TrafficStatus};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Chosen, Event, HostTrouble, Mishap, NewRoutes, Probability, RouteCount, Traffic, What, start::START};
use crate::world::OperatorAction;

/// The keys of an event as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    at_seconds: u32,
    /// How many routes; 1 without it. With `fail`, `evict`, `drain`, `unhealthy`, `degraded` and `recover`.
    count: Option<RouteCount>,
    /// Routes of this revision end.
    fail: Option<String>,
    /// Routes of this revision lose their places.
    evict: Option<String>,
    /// Routes of this revision are drained, by somebody else than the strategy.
    drain: Option<String>,
    /// Routes of this revision fail their health check.
    unhealthy: Option<String>,
    /// Routes of this revision pass their health check in part.
    degraded: Option<String>,
    /// Routes of this revision pass their health check again.
    recover: Option<String>,
    operator: Option<OperatorAction>,
    /// A gate that an operator passes, as they saw it.
    pass_gate: Option<String>,
    rescale: Option<RouteCount>,
    check: Option<CheckKeys>,
    host: Option<HostTrouble>,
    new_routes: Option<NewRoutes>,
    config: Option<Map<String, Value>>,
    /// A revision.
    deploy: Option<String>,
    traffic: Option<Traffic>,
    free_places: Option<RouteCount>,
    clock_step_seconds: Option<i32>,
    clock_blip_seconds: Option<i32>,
    stamp_offset_seconds: Option<i32>,
}

/// The keys of a check as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckKeys {
    name: String,
    outcome: CheckOutcome,
    /// When it was last sampled, in seconds since the first rollout's start.
    observed_at_seconds: Option<u32>,
}

/// The keys of traffic that is set by hand, as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficKeys {
    revision: Option<String>,
    /// How many of the revision; 1 without it.
    count: Option<RouteCount>,
    /// Ids, in place of a revision.
    routes: Option<Vec<String>>,
    #[serde(default = "active")]
    status: TrafficStatus,
    ratio: Probability,
}

/// Reads checks as they are written.
pub(super) fn checks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Check>, D::Error> {
    let checks: Vec<CheckKeys> = Deserialize::deserialize(deserializer)?;
    Ok(checks.into_iter().map(Check::from).collect())
}

fn active() -> TrafficStatus {
    TrafficStatus::Active
}

/// Why a table is no event.
const ONE_KEY: &str = "an event has `at_seconds` and exactly one of `fail`, `evict`, `drain`, `unhealthy`, \
    `degraded`, `recover`, `operator`, `pass_gate`, `rescale`, `check`, `host`, `new_routes`, `config`, `deploy`, \
    `traffic`, `free_places`, `clock_step_seconds`, `clock_blip_seconds`, `stamp_offset_seconds`";

impl TryFrom<Keys> for Event {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let count = keys.count.map_or(1, |RouteCount(count)| count);
        let routes =
            |revision: Option<String>, mishap| revision.map(|revision| What::Routes { revision, count, mishap });
        let mut given = [
            routes(keys.fail, Mishap::Fail),
            routes(keys.evict, Mishap::Evict),
            routes(keys.drain, Mishap::Drain),
            routes(keys.unhealthy, Mishap::Health(HealthStatus::Unhealthy)),
            routes(keys.degraded, Mishap::Health(HealthStatus::Degraded)),
            routes(keys.recover, Mishap::Health(HealthStatus::Healthy)),
            keys.operator.map(What::Operator),
            keys.pass_gate.map(|gate| What::Operator(OperatorAction::PassGate(gate))),
            keys.rescale.map(|RouteCount(target)| What::Rescale(target)),
            keys.check.map(|check| What::Check(check.into())),
            keys.host.map(What::Host),
            keys.new_routes.map(What::NewRoutes),
            keys.config.map(What::Config),
            keys.deploy.map(What::Deploy),
            keys.traffic.map(What::Traffic),
            keys.free_places.map(|RouteCount(free)| What::FreePlaces(free)),
            keys.clock_step_seconds.map(What::ClockStep),
            keys.clock_blip_seconds.map(What::ClockBlip),
            keys.stamp_offset_seconds.map(What::StampOffset),
        ]
        .into_iter()
        .flatten();
        let (Some(what), None) = (given.next(), given.next()) else { return Err(ONE_KEY) };
        if keys.count.is_some() && !matches!(what, What::Routes { .. }) {
            return Err("`count` goes with `fail`, `evict`, `drain`, `unhealthy`, `degraded` and `recover` only");
        }
        Ok(Self { at_seconds: keys.at_seconds, what })
    }
}

impl From<CheckKeys> for Check {
    fn from(keys: CheckKeys) -> Self {
        let observed_at =
            keys.observed_at_seconds.map(|seconds| START.saturating_add_millis(u64::from(seconds) * 1000));
        Self { name: keys.name, outcome: keys.outcome, observed_at }
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
