//! One replica as it truly is, and the route that a strategy is shown of it.

use pointsman::{HealthStatus, Labels, Route, RouteEnd, RouteStatus, Timestamp, TrafficStatus};

use crate::clock::Mark;

/// The revision that served when the rollout started.
pub(crate) const STABLE: &str = "v1";
/// Another that is there beside it.
pub(crate) const LEFTOVER: &str = "v2";
/// The deploying one.
pub(crate) const NEW: &str = "v3";

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Life {
    Starting,
    Ready,
    /// It ran, and may recover.
    Sick(HealthStatus),
    Stopping,
    Gone {
        has_started: bool,
    },
}

/// What a host tells of its routes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    /// Whether it knows why a route ended.
    pub(crate) tells_ends: bool,
    /// How far the clock that stamps is ahead of the host's, in milliseconds; none where nothing is stamped.
    pub(crate) stamps_ahead: Option<i64>,
    /// Whether its inactive rows have a ratio of 1.0.
    pub(crate) has_idle_ratios: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub(crate) id: String,
    pub(crate) revision: &'static str,
    pub(crate) life: Life,
    pub(crate) traffic: TrafficStatus,
    pub(crate) ratio: f64,
    /// By the host's clock.
    pub(crate) created_at: u64,
    /// By the clock that stamps.
    pub(crate) stamped_at: u64,
    /// Since when it is as it is.
    pub(crate) since: Mark,
    /// Why it truly ended.
    pub(crate) end: Option<RouteEnd>,
}

// === impl Replica ===

impl Replica {
    pub(crate) fn is_new(&self) -> bool {
        self.revision == NEW
    }

    pub(crate) fn is_stable(&self) -> bool {
        self.revision == STABLE
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.life, Life::Starting | Life::Ready | Life::Sick(_))
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.life == Life::Ready
    }

    /// Whether requests are sent to it while it is ready.
    pub(crate) fn is_in_traffic(&self) -> bool {
        self.is_live() && self.traffic == TrafficStatus::Active && self.ratio > 0.0
    }

    pub(crate) fn serves(&self) -> bool {
        self.is_ready() && self.is_in_traffic()
    }

    pub(crate) fn is_on_standby(&self) -> bool {
        self.is_live() && self.traffic == TrafficStatus::Standby
    }

    /// Whether it may be returned to.
    pub(crate) fn is_approved(&self) -> bool {
        self.traffic != TrafficStatus::Inactive
    }

    pub(crate) fn ended_by(&self, end: RouteEnd) -> bool {
        !self.is_live() && self.end == Some(end)
    }

    /// Whether it takes a place of the machine.
    pub(crate) fn holds_a_place(&self) -> bool {
        self.is_live() || self.life == Life::Stopping
    }

    /// The route that a strategy is shown.
    pub(crate) fn route(&self, keeping: Keeping) -> Route {
        let (status, health) = match self.life {
            Life::Starting => (RouteStatus::Provisioning, HealthStatus::NotChecked),
            Life::Ready => (RouteStatus::Running, HealthStatus::Healthy),
            Life::Sick(health) => (RouteStatus::Running, health),
            Life::Stopping => (RouteStatus::Terminating, HealthStatus::NotChecked),
            Life::Gone { has_started: true } => (RouteStatus::Terminated, HealthStatus::NotChecked),
            Life::Gone { has_started: false } => (RouteStatus::FailedToStart, HealthStatus::NotChecked),
        };
        let is_idle = self.traffic == TrafficStatus::Inactive;
        Route {
            id: self.id.clone(),
            revision: self.revision.to_owned(),
            status,
            health,
            traffic_status: self.traffic,
            traffic_ratio: if is_idle && keeping.has_idle_ratios { 1.0 } else { self.ratio },
            created_at: Timestamp::from_millis(self.created_at),
            status_updated_at: keeping.stamps_ahead.map(|_| Timestamp::from_millis(self.stamped_at)),
            end: self.end.filter(|_| keeping.tells_ends && !self.is_live()),
            labels: Labels::default(),
        }
    }
}
