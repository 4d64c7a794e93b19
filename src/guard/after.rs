//! State of each route as it would be once a plan was applied.

use std::collections::BTreeMap;

use crate::{
    Rollout, Route, RouteChanges, TrafficStatus,
    capacity::Load,
    order::{compare, is_same},
};

/// Mentions of a route in each of a plan's lists, and the traffic that the plan gives it.
#[derive(Clone, Copy, Default)]
pub(super) struct Named {
    pub(super) promoted: u32,
    pub(super) changed: u32,
    pub(super) drained: u32,
    /// Traffic status and ratio of the last traffic change.
    traffic: Option<(TrafficStatus, f64)>,
}

/// A route, and what it is after the plan.
#[derive(Clone, Copy)]
pub(super) struct After<'a> {
    pub(super) route: &'a Route,
    pub(super) named: Named,
    pub(super) is_green: bool,
}

/// A plan and what it was made from. Each id of the plan is looked up once.
pub(super) struct Outcome<'a> {
    /// Every route of the rollout, in the order of their ids.
    pub(super) routes: Vec<After<'a>>,
    /// The ids that are not among the routes.
    pub(super) unknown: BTreeMap<&'a str, Named>,
    /// Position of the route after the one named last.
    next: usize,
}

// === impl Named ===

impl Named {
    fn lists(&self) -> [u32; 3] {
        [self.promoted, self.changed, self.drained]
    }

    pub(super) fn is_named(&self) -> bool {
        self.lists().into_iter().any(|count| count > 0)
    }

    pub(super) fn is_duplicate(&self) -> bool {
        self.lists().into_iter().any(|count| count > 1)
    }

    pub(super) fn is_conflicting(&self) -> bool {
        self.lists().into_iter().filter(|count| *count > 0).count() > 1
    }
}

// === impl After ===

impl After<'_> {
    /// Traffic status and ratio, in the order in which a plan is applied: promote, change traffic, drain.
    pub(super) fn traffic(&self) -> (TrafficStatus, f64) {
        if self.named.drained > 0 {
            return (TrafficStatus::Inactive, 0.0);
        }
        let promoted = (self.named.promoted > 0).then_some((TrafficStatus::Active, 1.0));
        let given = (self.route.traffic_status, self.route.traffic_ratio);
        self.named.traffic.or(promoted).unwrap_or(given)
    }

    pub(super) fn is_drained(&self) -> bool {
        self.named.drained > 0
    }

    pub(super) fn is_live(&self) -> bool {
        self.route.is_live() && !self.is_drained()
    }

    /// The ratio at which it serves after the plan, if it does.
    pub(super) fn serves_at(&self) -> Option<f64> {
        let (status, ratio) = self.traffic();
        (self.is_live() && self.route.is_ready() && status == TrafficStatus::Active && ratio > 0.0).then_some(ratio)
    }

    pub(super) fn serves(&self) -> bool {
        self.serves_at().is_some()
    }

    /// Whether the plan puts it into traffic: from out of it, or from a ratio of 0.0, to above 0.0.
    pub(super) fn is_activated(&self) -> bool {
        let (status, ratio) = self.traffic();
        let was_in_traffic = self.route.is_in_traffic();
        status == TrafficStatus::Active && ratio > 0.0 && !was_in_traffic
    }

    /// Whether the plan makes it active, whatever its ratio.
    pub(super) fn enters_traffic(&self) -> bool {
        self.traffic().0 == TrafficStatus::Active && !self.route.is_active()
    }
}

// === impl Outcome ===

impl<'a> Outcome<'a> {
    pub(super) fn new(rollout: &Rollout<'a>, plan: &'a RouteChanges) -> Self {
        let after = |route: &'a Route| After { route, named: Named::default(), is_green: rollout.is_green(route) };
        let mut outcome = Self { routes: rollout.routes().map(after).collect(), unknown: BTreeMap::new(), next: 0 };
        for id in &plan.promote_route_ids {
            outcome.named(id).promoted += 1;
        }
        for change in &plan.traffic_changes {
            let named = outcome.named(&change.route_id);
            named.changed += 1;
            named.traffic = Some((change.traffic_status, change.traffic_ratio));
        }
        for id in &plan.drain_route_ids {
            outcome.named(id).drained += 1;
        }
        outcome
    }

    /// Finds what a plan makes of a route. Most plans name routes in the order of their ids, one after the other.
    fn named(&mut self, id: &'a str) -> &mut Named {
        let is_next = self.routes.get(self.next).is_some_and(|after| is_same(&after.route.id, id));
        let place =
            if is_next { Ok(self.next) } else { self.routes.binary_search_by(|after| compare(&after.route.id, id)) };
        match place {
            Ok(place) => {
                self.next = place + 1;
                &mut self.routes[place].named
            }
            Err(_) => self.unknown.entry(id).or_default(),
        }
    }

    /// The ids of the given routes for which something holds, in their order.
    pub(super) fn where_(&self, is: impl Fn(&After<'a>) -> bool) -> Vec<&'a str> {
        self.routes.iter().filter(|after| is(after)).map(|after| after.route.id.as_str()).collect()
    }

    /// All ids that the plan names in this way, given or not, in their order.
    pub(super) fn all_where(&self, is: impl Fn(&Named) -> bool) -> Vec<&'a str> {
        let unknown = self.unknown.iter().filter(|(_, named)| is(named)).map(|(id, _)| *id);
        let mut ids: Vec<&str> = self.where_(|after| is(&after.named)).into_iter().chain(unknown).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn count(&self, is: impl Fn(&After<'a>) -> bool) -> u64 {
        self.routes.iter().filter(|after| is(after)).count() as u64
    }

    /// The load of those that serve after the plan and for which something holds.
    pub(super) fn load(&self, is: impl Fn(&After<'a>) -> bool) -> Load {
        let mut load = Load::default();
        let serving = self.routes.iter().filter(|after| is(after)).filter_map(After::serves_at);
        serving.for_each(|ratio| load.serve(ratio));
        load
    }
}
