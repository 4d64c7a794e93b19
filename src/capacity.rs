//! Serving capacity: over how many evenly loaded routes the traffic is spread.
//!
//! A proxy sends each serving route `ratio / sum of the ratios` of the traffic. The busiest route, the one with the
//! largest ratio, decides how much can be carried: with capacity *c* it gets one *c*-th of the traffic. Routes of equal
//! ratio have their number as capacity; ten at 0.0001 beside one at 1.0 have 1.001, because nearly everything goes to
//! the one. Strategies and [guard](crate::guard) compute it here, so that they never disagree by a bit.

use crate::Route;

/// By how much two capacities may differ and count as equal, in routes. Sums of ratios carry errors far below it, and
/// no share of a route that matters lies within it.
pub const TOLERANCE: f64 = 1e-9;

/// The traffic of some routes: sum and largest of their ratios. Ratios are added in the order of the routes' ids, so
/// that the sum is the same to the bit wherever it is computed. What rounding loses is carried along, as
/// [Neumaier's sum][sum] does: else ten thousand routes at 0.1 would miss the [`TOLERANCE`].
///
/// [sum]: https://en.wikipedia.org/wiki/Kahan_summation_algorithm
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Sum of the serving routes' ratios, but for what rounding lost of it.
    sum: f64,
    /// The sum's rounding error so far.
    lost: f64,
    /// The largest ratio that counts; 0.0 for no routes.
    pub largest: f64,
}

// === impl Load ===

impl Load {
    /// The load of the serving routes among these, which are in the order of their ids.
    pub fn of<'a>(routes: impl IntoIterator<Item = &'a Route>) -> Self {
        let mut load = Self::default();
        routes.into_iter().filter(|route| route.is_serving()).for_each(|route| load.serve(route.traffic_ratio));
        load
    }

    /// Adds a route that serves at this ratio.
    pub fn serve(&mut self, ratio: f64) {
        let sum = self.sum + ratio;
        // The smaller of the two is the one whose low bits fell off.
        self.lost += if self.sum >= ratio { (self.sum - sum) + ratio } else { (ratio - sum) + self.sum };
        self.sum = sum;
        self.reserve(ratio);
    }

    /// Counts a route that may come to serve at this ratio, and takes its share of the traffic then.
    pub fn reserve(&mut self, ratio: f64) {
        // `max` is a call in WebAssembly, because of NaN; a ratio is none, or was refused.
        if ratio > self.largest {
            self.largest = ratio;
        }
    }

    /// The capacity, in routes: 0.0 for a sum of none or where the largest is 0.0.
    pub fn capacity(self) -> f64 {
        if self.largest > 0.0 { (self.sum + self.lost) / self.largest } else { 0.0 }
    }
}

/// The serving capacity of these routes, which are in the order of their ids, in routes.
pub fn capacity<'a>(routes: impl IntoIterator<Item = &'a Route>) -> f64 {
    Load::of(routes).capacity()
}

/// Whether a capacity is as much as `routes` evenly loaded routes have.
pub fn carries(capacity: f64, routes: u32) -> bool {
    capacity >= f64::from(routes) - TOLERANCE
}
