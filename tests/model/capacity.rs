//! Capacity in the model's own words: over how many evenly loaded routes the traffic is spread.

use crate::unit::Unit;

/// The traffic of some routes, in quarters of a full share. Whole numbers: nothing is rounded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Of what serves.
    pub(crate) sum: u32,
    /// The largest share of what counts.
    pub(crate) largest: u32,
}

// === impl Load ===

impl Load {
    /// Of the routes that serve.
    pub(crate) fn of(units: &[Unit]) -> Self {
        Self::beside(units.iter().copied().filter(|unit| unit.is_serving()), [])
    }

    /// Of these, and room left for others that may come to serve and take their share then.
    pub(crate) fn beside(serving: impl IntoIterator<Item = Unit>, others: impl IntoIterator<Item = Unit>) -> Self {
        let mut load = Self::default();
        for unit in serving {
            load.sum += unit.ratio();
            load.largest = load.largest.max(unit.ratio());
        }
        let others = others.into_iter().map(Unit::ratio).max();
        Self { largest: load.largest.max(others.unwrap_or(0)), ..load }
    }

    /// Whether the capacity is that of so many routes.
    pub(crate) fn carries(self, routes: u32) -> bool {
        self.sum >= routes * self.largest && (routes == 0 || self.sum > 0)
    }

    /// Of how many routes at least.
    pub(crate) fn whole(self) -> u32 {
        self.sum.checked_div(self.largest).unwrap_or(0)
    }
}
