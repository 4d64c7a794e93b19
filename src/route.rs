//! Routes, and the words for what one route is: live, ready, serving, failed.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Where a route is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteStatus {
    /// Being created: scheduled, pulling, starting. Live.
    Provisioning,
    /// The process runs; [`HealthStatus`] says whether it works. Live.
    Running,
    /// Asked to stop: no new traffic, finishing what it has. Not live.
    Terminating,
    /// Gone. Not live.
    Terminated,
    /// Never came up. Not live.
    FailedToStart,
}

/// What the last health check said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// No check has finished yet.
    NotChecked,
    /// The check passed.
    Healthy,
    /// The check failed.
    Unhealthy,
    /// The check passed in part: the route works, but not as it should.
    Degraded,
}

/// Whether the host's proxy sends requests to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrafficStatus {
    /// Requests are sent to it, in the measure of its traffic ratio.
    Active,
    /// No request is sent to it.
    Inactive,
}

/// One replica as the host tracks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The host's identifier, unique among the routes of one evaluation.
    pub id: String,
    /// The revision it was created from.
    pub revision: String,
    /// Where it is in its life.
    #[serde(deserialize_with = "crate::config::word")]
    pub status: RouteStatus,
    /// What the last health check said.
    #[serde(deserialize_with = "crate::config::word")]
    pub health: HealthStatus,
    /// Whether it gets requests.
    #[serde(deserialize_with = "crate::config::word")]
    pub traffic_status: TrafficStatus,
    /// Its share of traffic relative to its peers, 0.0 to 1.0 inclusive.
    pub traffic_ratio: f64,
    /// When the host created it.
    pub created_at: Timestamp,
    /// When `status` or `health` last changed; none where unknown. A health check that confirms what was known does not
    /// move it.
    #[serde(default)]
    pub status_updated_at: Option<Timestamp>,
}

// === impl Route ===

impl Route {
    /// Live: provisioning or running.
    pub fn is_live(&self) -> bool {
        matches!(self.status, RouteStatus::Provisioning | RouteStatus::Running)
    }

    /// Ready: running and healthy. Traffic does not matter.
    pub fn is_ready(&self) -> bool {
        self.status == RouteStatus::Running && self.health == HealthStatus::Healthy
    }

    /// Whether it gets requests.
    pub fn is_active(&self) -> bool {
        self.traffic_status == TrafficStatus::Active
    }

    /// Serving: ready and active.
    pub fn is_serving(&self) -> bool {
        self.is_ready() && self.is_active()
    }

    /// Promoted: active at the full ratio of 1.0, so that promoting it again would change nothing.
    pub fn is_promoted(&self) -> bool {
        self.is_active() && self.traffic_ratio >= 1.0
    }

    /// Kept: live, and out of traffic with the ratio that it had there, so that it can be put back at once. A route that was
    /// never in traffic has the ratio 0.0.
    pub fn is_kept(&self) -> bool {
        self.is_live() && !self.is_active() && self.traffic_ratio > 0.0
    }

    /// Failed: no longer live although it was created at or after `started_at`. Older rows are history, so that a
    /// revision which ran before can be deployed again.
    pub fn has_failed_since(&self, started_at: Timestamp) -> bool {
        !self.is_live() && self.created_at >= started_at
    }

    /// Since when a ready route has been ready, as far as is known: `status_updated_at`, or `created_at` without it (a
    /// proxy that may start the clock early, never late). A moment after `now` counts as `now`.
    pub fn ready_since(&self, now: Timestamp) -> Timestamp {
        self.changed_at(now)
    }

    /// When status or health last changed, as far as is known: `status_updated_at`, or `created_at` without it. A moment
    /// after `now` counts as `now`.
    pub fn changed_at(&self, now: Timestamp) -> Timestamp {
        self.status_updated_at.unwrap_or(self.created_at).min(now)
    }

    /// The one word that says best how it is: its status, or its health once it runs. For messages.
    pub fn condition(&self) -> &'static str {
        if self.status == RouteStatus::Running { self.health.as_str() } else { self.status.as_str() }
    }
}

// === the contract's words ===

impl RouteStatus {
    /// The contract's word, in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Running => "running",
            Self::Terminating => "terminating",
            Self::Terminated => "terminated",
            Self::FailedToStart => "failed-to-start",
        }
    }
}

impl HealthStatus {
    /// The contract's word, in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotChecked => "not-checked",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Degraded => "degraded",
        }
    }
}
