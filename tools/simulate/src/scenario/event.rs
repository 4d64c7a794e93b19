//! What happens in a scenario: a moment, and one key that says what.

use std::fmt;

use pointsman::{Check, CheckOutcome, HealthStatus, TrafficStatus};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::NewRoutes;
use crate::world::OperatorAction;

/// Something that happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "super::keys::Keys")]
pub(crate) struct Event {
    /// When, in seconds since the first rollout's start.
    pub(crate) at_seconds: u32,
    /// What.
    pub(crate) what: What,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Something happens to routes of a revision, the oldest first.
    Routes { revision: String, count: u32, mishap: Mishap },
    /// An operator does something.
    Operator(OperatorAction),
    /// The target is another.
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
    /// The clock that stamps routes is ahead by so many seconds from now on.
    StampOffset(i32),
}

/// Traffic that is set by hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "super::keys::TrafficKeys")]
pub(crate) struct Traffic {
    pub(crate) of: Chosen,
    pub(crate) status: TrafficStatus,
    pub(crate) ratio: f64,
}

/// Live routes that somebody chose.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    /// The oldest of a revision.
    Oldest { revision: String, count: u32 },
    /// These, by their ids: `r-1` is the first of all that there were.
    Named(Vec<String>),
}

/// A mishap of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It ends by itself: crashed if it ran, failed to start if not.
    Fail,
    /// It loses its place.
    Evict,
    /// It is drained, by somebody else than the strategy.
    Drain,
    /// Its health is another, if it runs.
    Health(HealthStatus),
}

/// Trouble of the host's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HostTrouble {
    /// It dies after a decision: the next plan that changes something is not applied.
    Crash,
    /// The strategy's memo is lost.
    LoseMemo,
}

// === impl Chosen ===

impl Chosen {
    /// Number of routes that it means.
    pub(crate) fn count(&self) -> u32 {
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
            Self::Operator(action) => action.fmt(f),
            Self::Rescale(target) => write!(f, "target is now {target}"),
            Self::Check(check) => write!(f, "check {} is {}", check.name, outcome(check.outcome)),
            Self::Host(HostTrouble::Crash) => f.write_str("host is about to crash"),
            Self::Host(HostTrouble::LoseMemo) => f.write_str("host loses the memo"),
            Self::NewRoutes(NewRoutes::Start) => f.write_str("new routes start from now on"),
            Self::NewRoutes(NewRoutes::Fail) => f.write_str("new routes fail from now on"),
            Self::NewRoutes(NewRoutes::Hang) => f.write_str("new routes hang from now on"),
            Self::NewRoutes(NewRoutes::Crash) => f.write_str("new routes crash once ready from now on"),
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
            Self::StampOffset(seconds) => write!(f, "clock of routes is {seconds:+} s off from now on"),
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
            Self::Drain => "drained by somebody else",
            Self::Health(HealthStatus::Healthy) => "recovered",
            Self::Health(health) => health.as_str(),
        })
    }
}
