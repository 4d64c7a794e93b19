//! Building a plan, list by list.

use super::{Reason, RolloutSpec, RouteChanges, SubStep, TrafficChange};
use crate::{Commitment, Labels, Route, Timestamp};

impl RouteChanges {
    /// A plan that changes nothing. Set the public fields, or use the builders below, for one that does.
    pub fn none(sub_step: SubStep, code: &str, message: String) -> Self {
        Self {
            sub_step,
            rollout_specs: vec![],
            promote_route_ids: vec![],
            traffic_changes: vec![],
            drain_route_ids: vec![],
            reason: Reason { code: code.to_owned(), message, blocking_route_ids: vec![] },
            gate: None,
            next_evaluation_at: None,
            memo: None,
            commitment: Commitment::NONE,
            progress: None,
            labels: Labels::default(),
        }
    }

    /// Creates routes as `rollout` says.
    #[must_use]
    pub fn create(mut self, rollout: RolloutSpec) -> Self {
        self.rollout_specs.push(rollout);
        self
    }

    /// Promotes `routes`, without those that are promoted already.
    #[must_use]
    pub fn promote<'a>(mut self, routes: impl IntoIterator<Item = &'a Route>) -> Self {
        let routes = routes.into_iter().filter(|route| !route.is_promoted());
        self.promote_route_ids.extend(routes.map(|route| route.id.clone()));
        self
    }

    /// Drains `routes`, without those that are no longer live.
    #[must_use]
    pub fn drain<'a>(mut self, routes: impl IntoIterator<Item = &'a Route>) -> Self {
        let routes = routes.into_iter().filter(|route| route.is_live());
        self.drain_route_ids.extend(routes.map(|route| route.id.clone()));
        self
    }

    /// Changes the traffic of routes. Where both lists are in the order of ids, so is what they come to.
    #[must_use]
    pub fn change_traffic(mut self, changes: impl IntoIterator<Item = TrafficChange>) -> Self {
        let mut given = std::mem::take(&mut self.traffic_changes).into_iter().peekable();
        for change in changes {
            while let Some(before) = given.next_if(|before| before.route_id <= change.route_id) {
                self.traffic_changes.push(before);
            }
            self.traffic_changes.push(change);
        }
        self.traffic_changes.extend(given);
        self
    }

    /// Names the routes that the rollout waits for.
    #[must_use]
    pub fn blocked_by<'a>(mut self, routes: impl IntoIterator<Item = &'a Route>) -> Self {
        self.reason.blocking_route_ids.extend(routes.into_iter().map(|route| route.id.clone()));
        self
    }

    /// Asks for the next evaluation at `at`, unless an earlier one is asked for already.
    #[must_use]
    pub fn evaluate_again(mut self, at: Option<Timestamp>) -> Self {
        self.next_evaluation_at = [self.next_evaluation_at, at].into_iter().flatten().min();
        self
    }

    /// Waits at a gate.
    #[must_use]
    pub fn wait_at(mut self, gate: &str) -> Self {
        self.gate = Some(gate.to_owned());
        self
    }
}
