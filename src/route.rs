//! Routes, and the words for what one route is: live, ready, serving, ended, failed.

use serde::{Deserialize, Serialize};

use crate::{Labels, Timestamp, words};

/// Stage of a route's life.
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

/// Verdict of the last health check.
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

/// Whether requests are sent to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrafficStatus {
    /// Sent to it while it is ready, in the measure of its ratio; 0.0 gets nothing.
    Active,
    /// Out of traffic, was active before, may be returned to traffic at once.
    Standby,
    /// Out of traffic and not approved: never returned to.
    Inactive,
}

/// Cause for which a route stopped being live. The first one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteEnd {
    /// A plan, the host or a person asked it to stop.
    Drained,
    /// Its place was lost: preemption, node, spot.
    Evicted,
    /// It stopped by itself, or never started.
    Crashed,
}

/// One replica as the host tracks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The host's identifier; not empty, unique among the routes of one evaluation.
    pub id: String,
    /// The revision it was created from, compared byte for byte; `""` is none, and never green.
    pub revision: String,
    /// Stage of its life.
    #[serde(deserialize_with = "crate::config::word")]
    pub status: RouteStatus,
    /// Verdict of the last health check.
    #[serde(deserialize_with = "crate::config::word")]
    pub health: HealthStatus,
    /// Whether it gets requests.
    #[serde(deserialize_with = "crate::config::word")]
    pub traffic_status: TrafficStatus,
    /// 0.0 to 1.0: 1.0 is a full share of what this route is built for. In standby, what it returns with.
    pub traffic_ratio: f64,
    /// Moment at which the host created it.
    pub created_at: Timestamp,
    /// Moment at which `status` or `health` last changed; none where unknown. A health check that confirms what was
    /// known does not move it.
    #[serde(default)]
    pub status_updated_at: Option<Timestamp>,
    /// Cause of its end; none while it is live. None when terminating counts as drained, else the cause is unknown.
    #[serde(default, deserialize_with = "crate::config::optional_word")]
    pub end: Option<RouteEnd>,
    /// The host's facts about it.
    #[serde(default)]
    pub labels: Labels,
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

    /// Whether its traffic status is active: requests are sent to it while it is ready.
    pub fn is_active(&self) -> bool {
        self.traffic_status == TrafficStatus::Active
    }

    /// In traffic: active, and with a ratio above 0.0, ready or not.
    pub fn is_in_traffic(&self) -> bool {
        self.is_active() && self.traffic_ratio > 0.0
    }

    /// Serving: ready, active, and with a ratio above 0.0.
    pub fn is_serving(&self) -> bool {
        self.is_ready() && self.is_in_traffic()
    }

    /// Promoted: active at the full ratio of 1.0, so that promoting it again would change nothing.
    pub fn is_promoted(&self) -> bool {
        self.is_active() && self.traffic_ratio >= 1.0
    }

    /// On standby: live, out of traffic, and may be returned to it at once.
    pub fn is_standby(&self) -> bool {
        self.is_live() && self.traffic_status == TrafficStatus::Standby
    }

    /// Ended: not live, and so since `since`, the rollout's beginning. Older rows are history, so that a revision which
    /// ran before can be deployed again.
    ///
    /// Where an end is known the moment of it counts; otherwise that of the creation, because a host without ends may
    /// move `status_updated_at` when it cleans up. What was created since has ended since, whatever a stamp says of
    /// another clock that is behind.
    pub fn has_ended_since(&self, since: Timestamp) -> bool {
        let stamp = self.status_updated_at.filter(|_| self.end.is_some());
        !self.is_live() && stamp.max(Some(self.created_at)) >= Some(since)
    }

    /// Failed: ended since `since` and neither drained nor evicted. One that is terminating without an end was asked to
    /// stop.
    pub fn has_failed_since(&self, since: Timestamp) -> bool {
        let failed = match self.end {
            Some(end) => end == RouteEnd::Crashed,
            None => self.status != RouteStatus::Terminating,
        };
        failed && self.has_ended_since(since)
    }

    /// Whether it takes a place while it finishes what it has: terminating, not evicted, and asked to stop since
    /// `since` or at an unknown moment.
    pub fn is_terminating_since(&self, since: Timestamp) -> bool {
        self.status == RouteStatus::Terminating
            && self.end != Some(RouteEnd::Evicted)
            && self.status_updated_at.is_none_or(|at| at >= since)
    }

    /// Moment at which status or health last changed, as far as is known: the later of `status_updated_at` and
    /// `created_at`, because a stamp may be of another clock, which is behind. What is ahead of `now` says nothing;
    /// where both are, it is now.
    pub fn changed_at(&self, now: Timestamp) -> Timestamp {
        let known = [self.status_updated_at, Some(self.created_at)].into_iter().flatten();
        known.filter(|at| *at <= now).max().unwrap_or(now)
    }

    /// Checks what must hold of it whatever the other routes are.
    ///
    /// # Errors
    /// One sentence without the route's name.
    pub(crate) fn validate_ratio(&self) -> Result<(), String> {
        // NaN is in no range.
        if (0.0..=1.0).contains(&self.traffic_ratio) {
            return Ok(());
        }
        Err(format!("traffic ratio {} is not in 0.0 to 1.0", words::float(self.traffic_ratio)))
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

impl TrafficStatus {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Standby => "standby",
            Self::Inactive => "inactive",
        }
    }
}

impl RouteEnd {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Evicted => "evicted",
            Self::Crashed => "crashed",
        }
    }
}
