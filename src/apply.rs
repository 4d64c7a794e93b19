//! Applying a plan to routes in memory: the contract's rule, for tests, simulations, and hosts without a database.

use std::collections::BTreeMap;

use crate::{HealthStatus, Route, RouteChanges, RouteEnd, RouteStatus, Timestamp, TrafficStatus};

/// Represents a plan that could not be applied. The routes are as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The plan names a route that is not there. It was made from other routes.
    #[error("the plan names the route `{0}`, which is not there")]
    UnknownRoute(String),
}

impl RouteChanges {
    /// Makes of `routes` what this plan makes of them, in the contract's order: create, promote, change traffic, drain.
    /// All of it, or nothing.
    ///
    /// New routes are provisioning and not checked, come after the others, and get their ids from `new_id`, which must
    /// give one that is not there yet. Whether the plan does harm is not looked at; that is the
    /// [`guard`](crate::guard)'s part.
    ///
    /// # Errors
    /// [`ApplyError::UnknownRoute`] where a route that the plan names is not there.
    pub fn apply(
        &self,
        routes: &mut Vec<Route>,
        now: Timestamp,
        mut new_id: impl FnMut() -> String,
    ) -> Result<(), ApplyError> {
        let places: BTreeMap<&str, usize> =
            routes.iter().enumerate().map(|(i, route)| (route.id.as_str(), i)).collect();
        let find = |id: &String| places.get(id.as_str()).copied().ok_or_else(|| ApplyError::UnknownRoute(id.clone()));
        let promoted = self.promote_route_ids.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let changed = self.traffic_changes.iter().map(|change| Ok((find(&change.route_id)?, change)));
        let changed = changed.collect::<Result<Vec<_>, _>>()?;
        let drained = self.drain_route_ids.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        drop(places);

        for rollout in &self.rollout_specs {
            for _ in 0..rollout.count {
                routes.push(Route {
                    id: new_id(),
                    revision: rollout.revision.clone(),
                    status: RouteStatus::Provisioning,
                    health: HealthStatus::NotChecked,
                    traffic_status: rollout.traffic_status,
                    traffic_ratio: rollout.traffic_ratio,
                    created_at: now,
                    status_updated_at: Some(now),
                    end: None,
                    labels: rollout.labels.clone(),
                });
            }
        }
        for i in promoted {
            (routes[i].traffic_status, routes[i].traffic_ratio) = (TrafficStatus::Active, 1.0);
        }
        for (i, change) in changed {
            (routes[i].traffic_status, routes[i].traffic_ratio) = (change.traffic_status, change.traffic_ratio);
        }
        for i in drained {
            (routes[i].traffic_status, routes[i].traffic_ratio) = (TrafficStatus::Inactive, 0.0);
            routes[i].status = RouteStatus::Terminating;
            routes[i].status_updated_at = Some(now);
            routes[i].end = Some(RouteEnd::Drained);
        }
        Ok(())
    }
}
