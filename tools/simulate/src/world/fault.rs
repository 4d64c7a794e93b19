//! What can be done to routes from outside: faults, and what stands in for what they do by themselves.

use pointsman::{HealthStatus, Route, RouteStatus, TrafficStatus};

use super::{
    contract::{is_live, is_ready},
    life::{Life, Place},
};

/// Something that is done to a route.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// A live route ends by itself: it failed to start where it was provisioning, it crashed where it ran.
    Crash,
    /// A live route loses its place, and the place is lost. It is terminating.
    Evict,
    /// A live route is drained, by somebody else than the strategy. It is terminating.
    Drain,
    /// A terminating route is gone.
    Gone,
    /// A provisioning route that has a place runs; its health is not known yet.
    Start,
    /// A live route that has a place runs and is healthy.
    Ready,
    /// A running route has another health.
    Health(HealthStatus),
    /// A live route's traffic is set by hand.
    Traffic {
        /// Its traffic status.
        status: TrafficStatus,
        /// Its share of what it is built for, 0.0 to 1.0.
        ratio: f64,
    },
}

// === impl Fault ===

impl Fault {
    /// Returns whether it can happen to a route.
    pub(super) fn can_happen_to(self, route: &Route, life: &Life) -> bool {
        match self {
            Self::Crash | Self::Evict | Self::Drain | Self::Traffic { .. } => is_live(route),
            Self::Gone => route.status == RouteStatus::Terminating,
            Self::Start => route.status == RouteStatus::Provisioning && matches!(life.place, Place::Held),
            Self::Ready => is_live(route) && !is_ready(route) && matches!(life.place, Place::Held),
            Self::Health(health) => route.status == RouteStatus::Running && route.health != health,
        }
    }
}
