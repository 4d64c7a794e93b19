//! One route as the model sees it: what can be told apart, and nothing else.

use pointsman::{HealthStatus, Route, RouteEnd, RouteStatus, Timestamp, TrafficStatus};

use crate::time::{Clock, LONG_AGO};

/// The revision that served when the rollout started.
pub(crate) const STABLE: &str = "v1";
/// Another that is there beside it.
pub(crate) const LEFTOVER: &str = "v2";
/// The deploying one.
pub(crate) const NEW: &str = "v3";

/// A full share of traffic. Ratios are counted in quarters, so that all sums are exact.
pub(crate) const FULL: u8 = 4;

/// What a route's revision is to the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Revision {
    /// The one that served when the rollout started; nobody's where the host knows no stable revision.
    Stable,
    /// Another: its rollout was replaced before it took over, or the rollout before this one kept it.
    Leftover,
    /// The deploying one.
    New,
}

/// How a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Starting,
    Ready,
    Sick,
    Stopping,
    Gone,
}

/// What a route has to do with traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Traffic {
    /// Inactive.
    Out,
    /// On standby, with the ratio that it returns with.
    Standby(u8),
    /// Active, at this ratio.
    In(u8),
}

/// A route. The order is that of the ids that the strategy sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Unit {
    pub(crate) revision: Revision,
    pub(crate) kind: Kind,
    pub(crate) traffic: Traffic,
    pub(crate) end: Option<RouteEnd>,
    /// Ticks since its status or health changed; [`LONG_AGO`] where that makes no difference.
    pub(crate) age: u8,
}

// === impl Unit ===

impl Unit {
    /// A route that has been ready since long before the rollout.
    pub(crate) fn ready(revision: Revision, traffic: Traffic) -> Self {
        Self { revision, kind: Kind::Ready, traffic, end: None, age: LONG_AGO }
    }

    /// A route that the host has just created.
    pub(crate) fn created(revision: Revision, traffic: Traffic) -> Self {
        Self { kind: Kind::Starting, age: 0, ..Self::ready(revision, traffic) }
    }

    /// What it becomes now, out of traffic where it stops.
    pub(crate) fn becomes(self, kind: Kind, end: Option<RouteEnd>) -> Self {
        let traffic = if matches!(kind, Kind::Stopping | Kind::Gone) { Traffic::Out } else { self.traffic };
        Self { kind, end, traffic, age: 0, ..self }
    }

    pub(crate) fn is_new(self) -> bool {
        self.revision == Revision::New
    }

    pub(crate) fn is_live(self) -> bool {
        matches!(self.kind, Kind::Starting | Kind::Ready | Kind::Sick)
    }

    pub(crate) fn is_ready(self) -> bool {
        self.kind == Kind::Ready
    }

    /// Whether it is sent requests while it is ready.
    pub(crate) fn is_in_traffic(self) -> bool {
        matches!(self.traffic, Traffic::In(1..))
    }

    pub(crate) fn is_on_standby(self) -> bool {
        self.is_live() && matches!(self.traffic, Traffic::Standby(_))
    }

    /// Its share of traffic while it is ready, in quarters.
    pub(crate) fn ratio(self) -> u32 {
        match self.traffic {
            Traffic::In(ratio) if self.is_live() => ratio.into(),
            _ => 0,
        }
    }

    pub(crate) fn is_serving(self) -> bool {
        self.is_ready() && self.is_in_traffic()
    }

    pub(crate) fn has_crashed(self) -> bool {
        self.kind == Kind::Gone && self.end == Some(RouteEnd::Crashed)
    }

    /// Whether it holds a place of the machine.
    pub(crate) fn holds_a_place(self) -> bool {
        self.is_live() || self.kind == Kind::Stopping
    }

    /// The route that a strategy is shown.
    pub(crate) fn route(self, id: String, clock: Clock) -> Route {
        let (status, health) = match self.kind {
            Kind::Starting => (RouteStatus::Provisioning, HealthStatus::NotChecked),
            Kind::Ready => (RouteStatus::Running, HealthStatus::Healthy),
            Kind::Sick => (RouteStatus::Running, HealthStatus::Unhealthy),
            Kind::Stopping => (RouteStatus::Terminating, HealthStatus::NotChecked),
            Kind::Gone => (RouteStatus::Terminated, HealthStatus::NotChecked),
        };
        let (revision, created_at) = match self.revision {
            Revision::Stable => (STABLE, Clock::before_the_start(2)),
            Revision::Leftover => (LEFTOVER, Clock::before_the_start(1)),
            Revision::New => (NEW, Clock::before_the_start(0)),
        };
        let (traffic_status, ratio) = match self.traffic {
            Traffic::Out => (TrafficStatus::Inactive, 0),
            Traffic::Standby(ratio) => (TrafficStatus::Standby, ratio),
            Traffic::In(ratio) => (TrafficStatus::Active, ratio),
        };
        // What stopped or got sick did so in this rollout, and green was nothing before it.
        let is_of_this_rollout = self.is_new() || !self.is_live() || self.kind == Kind::Sick;
        let changed_at = if is_of_this_rollout { clock.moment(self.age) } else { Clock::long_ago() };
        Route {
            id,
            revision: revision.to_owned(),
            status,
            health,
            traffic_status,
            traffic_ratio: f64::from(ratio) / f64::from(FULL),
            created_at: Timestamp::from_millis(created_at),
            status_updated_at: Some(Timestamp::from_millis(changed_at)),
            end: self.end,
            labels: pointsman::Labels::default(),
        }
    }
}

/// As counter-examples tell it: `New:Ready:In(4)`.
impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}:{:?}:{:?}", self.revision, self.kind, self.traffic)?;
        match self.end {
            Some(end) => write!(f, ":{}@{}", end.as_str(), self.age),
            None if self.age < LONG_AGO => write!(f, "@{}", self.age),
            None => Ok(()),
        }
    }
}
