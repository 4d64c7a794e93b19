//! Replicas before and after a plan, as the oracle sees them.

use pointsman::{HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Spec, TrafficStatus};

/// Whose replica it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    New,
    Stable,
    Other,
}

/// Where requests for it go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Traffic {
    /// To it, in this measure, while it answers.
    Active(f64),
    /// Elsewhere; it may return.
    Standby,
    /// Elsewhere; it was never approved.
    Inactive,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It answers.
    Up,
    /// It lives, and does not answer yet, or no more.
    Down,
    /// It was asked to stop and holds its place; whether that counts against this rollout.
    Leaving {
        counts: bool,
    },
    Gone,
}

/// One replica, or several that are created alike.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    pub(super) id: Option<String>,
    pub(super) side: Side,
    pub(super) life: Life,
    pub(super) traffic: Traffic,
    pub(super) copies: u64,
}

#[derive(Clone, Debug)]
pub(super) struct World(pub(super) Vec<Replica>);

impl Replica {
    pub(super) fn lives(&self) -> bool {
        matches!(self.life, Life::Up | Life::Down)
    }

    /// In which measure requests are sent to it as long as it answers; none where they never are.
    pub(super) fn measure(&self) -> Option<f64> {
        match self.traffic {
            Traffic::Active(ratio) if ratio > 0.0 && self.lives() && self.copies > 0 => Some(ratio),
            _ => None,
        }
    }

    /// In which measure it gets requests now.
    pub(super) fn works(&self) -> Option<f64> {
        self.measure().filter(|_| self.life == Life::Up)
    }
}

impl World {
    pub(super) fn of(routes: &[Route], spec: &Spec) -> Self {
        Self(routes.iter().map(|route| replica(route, spec)).collect())
    }

    pub(super) fn of_side(&self, side: Side) -> Self {
        Self(self.0.iter().filter(|replica| replica.side == side).cloned().collect())
    }

    pub(super) fn find(&self, id: &str) -> &Replica {
        self.0.iter().find(|replica| replica.id.as_deref() == Some(id)).expect("the ids are right")
    }

    /// The measures of all that get requests now.
    pub(super) fn working(&self) -> Vec<f64> {
        self.0.iter().filter_map(Replica::works).collect()
    }

    /// How many live.
    pub(super) fn living(&self) -> u64 {
        self.0.iter().filter(|replica| replica.lives()).map(|replica| replica.copies).sum()
    }

    /// The world after a plan whose ids are right: created, promoted, changed, drained.
    pub(super) fn after(&self, plan: &RouteChanges, spec: &Spec) -> Self {
        let mut world = self.clone();
        let find = |world: &mut Self, id: &str| {
            world.0.iter().position(|replica| replica.id.as_deref() == Some(id)).expect("the ids are right")
        };
        for id in &plan.promote_route_ids {
            let i = find(&mut world, id);
            world.0[i].traffic = Traffic::Active(1.0);
        }
        for change in &plan.traffic_changes {
            let i = find(&mut world, &change.route_id);
            world.0[i].traffic = traffic(change.traffic_status, change.traffic_ratio);
        }
        for id in &plan.drain_route_ids {
            let i = find(&mut world, id);
            // What is not alive cannot be stopped; what is holds its place for a while.
            if world.0[i].lives() {
                world.0[i].life = Life::Leaving { counts: true };
            }
            world.0[i].traffic = Traffic::Inactive;
        }
        world.0.extend(plan.rollout_specs.iter().map(|created| Replica {
            id: None,
            side: side(&created.revision, spec),
            life: Life::Down,
            traffic: traffic(created.traffic_status, created.traffic_ratio),
            copies: created.count.into(),
        }));
        world
    }
}

fn traffic(status: TrafficStatus, ratio: f64) -> Traffic {
    match status {
        TrafficStatus::Active => Traffic::Active(ratio),
        TrafficStatus::Standby => Traffic::Standby,
        TrafficStatus::Inactive => Traffic::Inactive,
    }
}

/// A revision without a name is nobody's.
fn side(revision: &str, spec: &Spec) -> Side {
    match revision {
        "" => Side::Other,
        new if new == spec.deploying_revision => Side::New,
        old if Some(old) == spec.stable_revision.as_deref() => Side::Stable,
        _ => Side::Other,
    }
}

fn replica(route: &Route, spec: &Spec) -> Replica {
    let life = match (route.status, route.health) {
        (RouteStatus::Running, HealthStatus::Healthy) => Life::Up,
        (RouteStatus::Running | RouteStatus::Provisioning, _) => Life::Down,
        // A place that was lost is not held. A stop before the rollout is not its doing; with a clock that is behind
        // the start, nobody knows.
        (RouteStatus::Terminating, _) => Life::Leaving {
            counts: match (route.end, route.status_updated_at) {
                (Some(RouteEnd::Evicted), _) => false,
                (_, Some(stopped_at)) => spec.now < spec.started_at || stopped_at >= spec.started_at,
                (_, None) => true,
            },
        },
        (RouteStatus::Terminated | RouteStatus::FailedToStart, _) => Life::Gone,
    };
    let traffic = traffic(route.traffic_status, route.traffic_ratio);
    Replica { id: Some(route.id.clone()), side: side(&route.revision, spec), life, traffic, copies: 1 }
}
