//! One rollout at one moment: its routes checked, in order, sorted into green and blue, and counted.

use crate::{
    EvaluationError, Route, RouteStatus, Spec, capacity,
    order::{compare, is_same, sort_by_id},
};

/// The routes of one deployment, and the spec that they are to reach.
///
/// The routes are in the order of their ids, whatever order they came in: a strategy that takes the first route of some
/// kind takes the same one in every host, and every list of a plan comes out in that order.
#[derive(Clone, Debug)]
pub struct Rollout<'a> {
    routes: Vec<&'a Route>,
    spec: &'a Spec,
}

/// Counts of routes by what they are. See [`Route`] for the words.
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
    /// Green routes that failed in this rollout, as far as the routes tell; see [`Route::has_failed_since`].
    pub failed_green: u32,
    /// Live blue routes.
    pub live_blue: u32,
    /// Live blue routes in traffic, ready or not.
    pub active_blue: u32,
    /// Blue routes on standby.
    pub standby_blue: u32,
    /// Ready blue routes on standby.
    pub ready_standby_blue: u32,
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
    /// [`EvaluationError::InvalidRoutes`] where two routes have one id or one has none, a traffic ratio is not in 0.0
    /// to 1.0, or labels are not as the contract says. It names the route; of several the one whose id sorts first.
    pub fn new(routes: &'a [Route], spec: &'a Spec) -> Result<Self, EvaluationError> {
        let mut routes: Vec<&Route> = routes.iter().collect();
        sort_by_id(&mut routes);
        if let Some(twins) = routes.windows(2).find(|pair| is_same(&pair[0].id, &pair[1].id)) {
            return Err(EvaluationError::InvalidRoutes(format!("route `{}` is given more than once", twins[0].id)));
        }
        if routes.first().is_some_and(|route| route.id.is_empty()) {
            return Err(EvaluationError::InvalidRoutes("a route has an empty id".to_owned()));
        }
        let wrong = |is_wrong: fn(&Route) -> Result<(), String>| {
            let error = routes.iter().find_map(|route| Some((route, is_wrong(route).err()?)));
            error.map(|(route, error)| EvaluationError::InvalidRoutes(format!("route `{}`: {error}", route.id)))
        };
        if let Some(error) = wrong(Route::validate_ratio).or_else(|| wrong(|route| route.labels.validate())) {
            return Err(error);
        }
        Ok(Self { routes, spec })
    }

    /// Goal, limits and clock.
    pub fn spec(&self) -> &'a Spec {
        self.spec
    }

    /// All routes.
    pub fn routes(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes.iter().copied()
    }

    /// The route of this id.
    pub fn find(&self, id: &str) -> Option<&'a Route> {
        self.routes.binary_search_by(|route| compare(&route.id, id)).ok().map(|i| self.routes[i])
    }

    /// Whether `route` is of the deploying revision.
    pub fn is_green(&self, route: &Route) -> bool {
        !route.revision.is_empty() && is_same(&route.revision, &self.spec.deploying_revision)
    }

    /// Whether `route` is of the stable revision.
    pub fn is_stable(&self, route: &Route) -> bool {
        self.spec.stable() == Some(route.revision.as_str())
    }

    /// Whether `route` is a leftover: of neither the deploying nor the stable revision. Where no stable revision is
    /// known, nothing is.
    pub fn is_leftover(&self, route: &Route) -> bool {
        self.spec.stable().is_some() && !self.is_green(route) && !self.is_stable(route)
    }

    /// The routes of the deploying revision.
    pub fn green(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes().filter(|route| self.is_green(route))
    }

    /// The routes of every other revision.
    pub fn blue(&self) -> impl Iterator<Item = &'a Route> + Clone {
        self.routes().filter(|route| !self.is_green(route))
    }

    /// The serving capacity of all routes, in routes; see [`capacity`](crate::capacity).
    pub fn capacity(&self) -> f64 {
        capacity::capacity(self.routes())
    }

    /// Counts the routes, in one pass.
    pub fn tally(&self) -> Tally {
        let (mut tally, beginning) = (Tally::default(), self.spec.beginning());
        for route in self.routes() {
            tally.terminating += u32::from(route.status == RouteStatus::Terminating);
            let [live, ready, serving] = [route.is_live(), route.is_ready(), route.is_serving()].map(u32::from);
            if self.is_green(route) {
                tally.live_green += live;
                tally.ready_green += ready;
                tally.serving_green += serving;
                tally.active_green += u32::from(route.is_live() && route.is_active());
                tally.provisioning_green += u32::from(route.status == RouteStatus::Provisioning);
                tally.failed_green += u32::from(route.has_failed_since(beginning));
            } else {
                tally.live_blue += live;
                tally.active_blue += u32::from(route.is_live() && route.is_active());
                tally.standby_blue += u32::from(route.is_standby());
                tally.ready_standby_blue += u32::from(route.is_standby() && route.is_ready());
                tally.serving_blue += serving;
            }
        }
        tally
    }
}

// === impl Tally ===

impl Tally {
    /// Number of serving routes.
    pub fn serving(&self) -> u32 {
        self.serving_green + self.serving_blue
    }

    /// Whether no green route is ready, although some should be, and blue on standby is.
    pub(crate) fn has_lost_green(&self, target: u32) -> bool {
        self.ready_green == 0 && target > 0 && self.ready_standby_blue > 0
    }

    /// Number of live routes.
    pub fn live(&self) -> u32 {
        self.live_green + self.live_blue
    }
}
