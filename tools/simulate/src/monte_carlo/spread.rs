//! How values are spread.

use std::cmp::Ordering;

use serde::Serialize;

/// Spread of values: each is one that occurred, so that no arithmetic blurs it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Spread<T> {
    min: T,
    p50: T,
    p90: T,
    p99: T,
    max: T,
}

// === impl Spread ===

impl<T: Copy> Spread<T> {
    /// None where there are no values. A percentile is the least value that so many percent do not exceed.
    pub(super) fn of(mut values: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Option<Self> {
        values.sort_by(|a, b| compare(a, b));
        let percentile = |percent: usize| values[(values.len() * percent).div_ceil(100) - 1];
        let (min, max) = (*values.first()?, *values.last()?);
        Some(Self { min, p50: percentile(50), p90: percentile(90), p99: percentile(99), max })
    }

    /// A row of a table.
    pub(super) fn cells(&self, name: &str, cell: impl Fn(&T) -> String) -> Vec<String> {
        let values = [&self.min, &self.p50, &self.p90, &self.p99, &self.max];
        [name.to_owned()].into_iter().chain(values.map(cell)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let spread = Spread::of((1..=200).rev().collect(), u32::cmp).unwrap();

        let Spread { min, p50, p90, p99, max } = spread;
        assert_eq!([min, p50, p90, p99, max], [1, 100, 180, 198, 200]);
        assert!(Spread::of(vec![], u32::cmp).is_none());
        assert_eq!(Spread::of(vec![7], u32::cmp).unwrap().p99, 7);
    }
}
