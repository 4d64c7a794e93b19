//! One rollout at one moment: its routes checked, in order, sorted into green and blue, and counted.

use crate::{EvaluationError, Route, RouteStatus, Spec};

/// The routes of one deployment and what is wanted of them.
///
/// The routes are in the order of their ids, whatever order they came in: a strategy that takes the first route of some
/// kind takes the same one in every host, and every list of a plan comes out in that order.
#[derive(Clone, Debug)]
pub struct Rollout<'a> {
    routes: Vec<&'a Route>,
    spec: &'a Spec,
}

/// How many routes are what, in routes. See [`Route`] for the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Live green routes.
    pub live_green: u32,
    /// Green routes that are provisioning.
    pub provisioning_green: u32,
    /// Ready green routes.
    pub ready_green: u32,
    /// Serving green routes.
    pub serving_green: u32,
    /// Live green routes in traffic, ready or not.
    pub active_green: u32,
    /// Green routes that failed in this rollout.
    pub failed_green: u32,
    /// Live blue routes.
    pub live_blue: u32,
    /// Live blue routes in traffic, ready or not.
    pub active_blue: u32,
    /// Blue routes that are kept out of traffic.
    pub kept_blue: u32,
    /// Ready blue routes that are kept out of traffic.
    pub ready_kept_blue: u32,
    /// Serving blue routes.
    pub serving_blue: u32,
    /// Terminating routes, of every revision.
    pub terminating: u32,
}

// === impl Rollout ===

impl<'a> Rollout<'a> {
    /// Sorts the routes and checks what no strategy can work with.
    ///
    /// Routes that come in the order of their ids already save most of the sorting.
    ///
    /// # Errors
    /// [`EvaluationError::InvalidRoutes`] where two routes have one id, or a traffic ratio is not in 0.0 to 1.0. It names
    /// the route; of several the one whose id sorts first.
    pub fn new(routes: &'a [Route], spec: &'a Spec) -> Result<Self, EvaluationError> {
        let mut routes: Vec<&Route> = routes.iter().collect();
        routes.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        if let Some(twins) = routes.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(EvaluationError::InvalidRoutes(format!("route `{}` is given more than once", twins[0].id)));
        }
        // NaN is in no range.
        if let Some(route) = routes.iter().find(|route| !(0.0..=1.0).contains(&route.traffic_ratio)) {
            return Err(EvaluationError::InvalidRoutes(format!(
                "route `{}`: traffic ratio {} is not in 0.0 to 1.0",
                route.id, route.traffic_ratio
            )));
        }
        Ok(Self { routes, spec })
    }

    /// What is wanted.
    pub fn spec(&self) -> &'a Spec {
        self.spec
    }

    /// All routes.
    pub fn routes(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes.iter().copied()
    }

    /// The route of this id.
    pub fn find(&self, id: &str) -> Option<&'a Route> {
        self.routes.binary_search_by(|route| route.id.as_str().cmp(id)).ok().map(|i| self.routes[i])
    }

    /// Whether `route` is of the deploying revision.
    pub fn is_green(&self, route: &Route) -> bool {
        route.revision == self.spec.deploying_revision
    }

    /// The routes of the deploying revision.
    pub fn green(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes().filter(|route| self.is_green(route))
    }

    /// The routes of every other revision.
    pub fn blue(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes().filter(|route| !self.is_green(route))
    }

    /// The green routes that failed in this rollout.
    pub fn failed_green(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.green().filter(|route| route.has_failed_since(self.spec.started_at))
    }

    /// Counts the routes, in one pass.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for route in self.routes() {
            tally.terminating += u32::from(route.status == RouteStatus::Terminating);
            let [live, ready, serving] = [route.is_live(), route.is_ready(), route.is_serving()].map(u32::from);
            if self.is_green(route) {
                tally.live_green += live;
                tally.ready_green += ready;
                tally.serving_green += serving;
                tally.active_green += u32::from(route.is_live() && route.is_active());
                tally.provisioning_green += u32::from(route.status == RouteStatus::Provisioning);
                tally.failed_green += u32::from(route.has_failed_since(self.spec.started_at));
            } else {
                tally.live_blue += live;
                tally.active_blue += u32::from(route.is_live() && route.is_active());
                tally.kept_blue += u32::from(route.is_kept());
                tally.ready_kept_blue += u32::from(route.is_kept() && route.is_ready());
                tally.serving_blue += serving;
            }
        }
        tally
    }
}

// === impl Tally ===

impl Tally {
    /// How many routes serve.
    pub fn serving(&self) -> u32 {
        self.serving_green + self.serving_blue
    }

    /// The serving floor for `target` replicas: a plan must leave at least this many routes serving.
    pub fn serving_floor(&self, target: u32) -> u32 {
        self.serving().min(target)
    }

    /// Whether all green routes can be drained without going below the serving floor.
    pub fn can_do_without_green(&self, target: u32) -> bool {
        self.serving_blue >= self.serving_floor(target)
    }
}
