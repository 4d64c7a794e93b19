//! A correct canary passes at every number of replicas, weight and surge, to the last bit; one that is a route too
//! early does not.
//!
//! The canary is worked out here, with exact fractions. A weight `w` means that the new routes get `w` of the traffic:
//! `c` of them at ratio `x` beside `s` old ones at `y` get c x / (c x + s y), so x / y = w s / ((1 - w) c), and the
//! larger of the two is 1.0. Where `least` routes must serve, each may get 1 / least of the traffic: a weight needs
//! c >= w least, and leaves s >= (1 - w) least to be kept.

use TrafficStatus::{Active, Inactive};
use pointsman::{
    Commitment, HealthStatus, Route, RouteChanges, RouteStatus, Spec, SubStep, TrafficStatus,
    guard::{self, Policy, ViolationCode as Code},
};

use crate::given::*;

/// A part of the traffic, as a fraction.
#[derive(Clone, Copy, Debug)]
struct Weight(u32, u32);

impl Weight {
    fn is_below(self, other: Self) -> bool {
        self.0 * other.1 < other.0 * self.1
    }

    /// Number of new routes that it takes.
    fn new_routes(self, least: u32) -> u32 {
        (self.0 * least).div_ceil(self.1)
    }

    /// Number of old routes that the rest takes.
    fn old_routes(self, least: u32) -> u32 {
        ((self.1 - self.0) * least).div_ceil(self.1)
    }
}

/// A rollout by weights, its routes, and how many steps the proxy knows.
struct Canary {
    routes: Vec<Route>,
    spec: Spec,
    least: u32,
    most: u32,
    weight: Weight,
    created: usize,
    /// New routes are created in traffic, at the ratio that the others have.
    in_traffic: bool,
    checked: usize,
}

impl Canary {
    fn new(replicas: u32, surge: u32, weight_steps: u32, in_traffic: bool) -> Self {
        // Something has to move.
        let least = if surge == 0 { replicas - 1 } else { replicas };
        let most = replicas + surge;
        Self {
            routes: serving(1, replicas as usize, "v1", 1.0),
            spec: Spec { weight_steps, ..within(least, most, wanting(replicas)) },
            least,
            most,
            weight: Weight(0, 1),
            created: 0,
            in_traffic,
            checked: 0,
        }
    }

    fn is(&self, revision: &str) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(move |route| route.is_live() && route.revision == revision)
    }

    fn new_routes(&self) -> u32 {
        u32::try_from(self.is("v2").count()).unwrap()
    }

    fn old_routes(&self) -> u32 {
        u32::try_from(self.is("v1").count()).unwrap()
    }

    /// Rounds a ratio up to one that the proxy can express.
    fn possible(&self, ratio: f64) -> f64 {
        match self.spec.weight_steps {
            0 => ratio,
            steps => (ratio * f64::from(steps)).ceil() / f64::from(steps),
        }
    }

    /// The ratios of the new routes and the old ones.
    fn ratios(&self, weight: Weight, new: u32, old: u32) -> (f64, f64) {
        let w = f64::from(weight.0) / f64::from(weight.1);
        let quotient = w * f64::from(old) / ((1.0 - w) * f64::from(new));
        if quotient <= 1.0 { (self.possible(quotient), 1.0) } else { (1.0, self.possible(1.0 / quotient)) }
    }

    /// A plan that gives these weights, with the first `leaving` of the old ones drained.
    fn weighing(&self, weight: Weight, leaving: usize) -> RouteChanges {
        let ids = |revision| self.is(revision).map(|route| route.id.clone()).collect::<Vec<_>>();
        let (new, mut old) = (ids("v2"), ids("v1"));
        let drained: Vec<String> = old.drain(..leaving).collect();
        let plan = on_the_way().draining(drained);
        if weight.0 == weight.1 {
            return plan.draining(old).raising(new, 1.0);
        }
        if weight.0 == 0 || new.is_empty() {
            return plan;
        }
        let (x, y) = self.ratios(weight, self.new_routes(), self.old_routes() - u32::try_from(leaving).unwrap());
        plan.raising(new, x).raising(old, y)
    }

    /// Lets the guard see a plan, applies it, and lets all that was created get ready and all that stops be gone.
    fn apply(&mut self, mut plan: RouteChanges) {
        plan.commitment = Commitment { least_serving: self.least, most_live: self.most };
        let violations = guard::check(&self.routes, &self.spec, &plan, &Policy::default());
        assert_eq!(violations, [], "{:?} of {:?} at {:?}", plan, self.routes, self.weight);
        let created = &mut self.created;
        plan.apply(&mut self.routes, self.spec.now, || {
            *created += 1;
            format!("s-{created}")
        })
        .unwrap();
        self.routes.retain(Route::is_live);
        for route in &mut self.routes {
            (route.status, route.health) = (RouteStatus::Running, HealthStatus::Healthy);
        }
        self.assert_no_route_is_overloaded();
        self.checked += 1;
    }

    /// Checks what the guard's rule is for, seen from the routes: none gets more than its share of what must serve.
    fn assert_no_route_is_overloaded(&self) {
        let serving = || self.routes.iter().filter(|route| route.is_serving()).map(|route| route.traffic_ratio);
        let sum: f64 = serving().sum();
        for ratio in serving() {
            let share = ratio / sum;
            assert!(share * f64::from(self.least) <= 1.0 + 1e-9, "{share} of the traffic in {:?}", self.routes);
        }
    }

    fn is_refused(&self, plan: &RouteChanges) -> bool {
        let violations = guard::check(&self.routes, &self.spec, plan, &Policy::default());
        violations.iter().any(|violation| violation.code == Code::CapacityLowered)
    }

    /// Raises the weight as soon as enough new routes are there, and not before.
    fn raise_to(&mut self, weight: Weight) {
        while self.new_routes() < weight.new_routes(self.least) {
            // What is rounded up may be enough.
            if self.spec.weight_steps == 0 && self.weight.0 > 0 && weight.0 < weight.1 {
                assert!(self.is_refused(&self.weighing(weight, 0)), "{weight:?} with {:?}", self.routes);
            }
            let (new, old) = (self.new_routes(), self.old_routes());
            let kept = self.weight.old_routes(self.least);
            if new + old < self.most {
                self.create((self.most - new - old).min(weight.new_routes(self.least) - new));
            } else if old > kept {
                let leaving = (old - kept) as usize;
                if self.spec.weight_steps == 0 && kept > 0 {
                    assert!(self.is_refused(&self.weighing(self.weight, leaving + 1)), "{:?}", self.routes);
                }
                self.apply(self.weighing(self.weight, leaving));
            } else {
                // As much as the new routes carry, so that one of the old ones may go.
                self.weigh(Weight(new, self.least));
            }
        }
        self.weigh(weight);
    }

    fn weigh(&mut self, weight: Weight) {
        assert!(self.weight.is_below(weight));
        self.apply(self.weighing(weight, 0));
        self.weight = weight;
    }

    /// Creates new routes, and gives them their part of the weight once they are ready.
    fn create(&mut self, count: u32) {
        let ratio = self.is("v2").map(|route| route.traffic_ratio).next().filter(|_| self.in_traffic);
        let (status, ratio) = ratio.map_or((Inactive, 0.0), |ratio| (Active, ratio));
        self.apply(on_the_way().creating(count, "v2", status, ratio));
        self.apply(self.weighing(self.weight, 0));
    }

    /// Tops up the new routes and ends.
    fn complete(&mut self) {
        let missing = self.spec.target_replicas - self.new_routes();
        if missing > 0 {
            self.apply(on_the_way().creating(missing, "v2", Active, 1.0));
        }
        self.apply(plan(SubStep::Completed));
    }
}

/// Every whole percent, one after the other.
#[test]
fn every_percent_in_turn() {
    for (replicas, surge) in (1..=50).flat_map(|replicas| (0..=3).map(move |surge| (replicas, surge))) {
        let mut canary = Canary::new(replicas, surge, 0, replicas % 2 == 0);
        for percent in 1..=100 {
            let weight = Weight(percent, 100);
            if canary.weight.is_below(weight) {
                canary.raise_to(weight);
            }
        }
        canary.complete();
        assert!(canary.checked > 100, "{}", canary.checked);
    }
}

/// Each whole percent at once, and then the whole, on proxies that know few ratios.
#[test]
fn each_percent_at_once() {
    for (replicas, surge) in (1..=50).flat_map(|replicas| (0..=3).map(move |surge| (replicas, surge))) {
        for percent in (1..=99).filter(|percent| (percent + replicas) % 9 == 0) {
            let steps = [256, 100, 10, 0][(percent as usize + surge as usize) % 4];
            let mut canary = Canary::new(replicas, surge, steps, percent % 2 == 0);
            canary.raise_to(Weight(percent, 100));
            canary.raise_to(Weight(100, 100));
            canary.complete();
        }
    }
}

/// Ratios of large deployments have more bits to lose.
#[test]
fn large_deployments() {
    for replicas in [64, 100, 333, 1000] {
        for surge in [replicas / 8, replicas / 4, replicas] {
            let mut canary = Canary::new(replicas, surge, 0, true);
            for percent in [1, 2, 10, 33, 50, 67, 80, 99, 100] {
                canary.raise_to(Weight(percent, 100));
            }
            canary.complete();
        }
    }
}
