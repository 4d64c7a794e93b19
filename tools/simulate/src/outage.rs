//! Outages: spans in which nothing serves, or less than the scenario's floor.

use crate::{load::thousandths, record::Sample, show::moment};

/// A span in which nothing served, or less than the floor. What never served cannot fail: a first deployment, and what
/// a raised target asks for in addition, count from when they first serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// From when on, in milliseconds since the first rollout's start.
    pub at: u64,
    /// When it was over, or the run.
    pub until: u64,
    /// The lowest serving capacity in it, in thousandths of a route.
    pub lowest: u64,
    /// The serving capacity that there should have been, in thousandths of a route.
    pub floor: u64,
}

// === impl Outage ===

impl Outage {
    /// Returns whether nothing served.
    pub fn is_total(&self) -> bool {
        self.lowest == 0
    }

    /// In a few words: `nothing serves, for 20s`.
    pub fn phrase(&self) -> String {
        let time = moment::duration(self.until.saturating_sub(self.at));
        if self.is_total() {
            return format!("nothing serves, for {time}");
        }
        let [lowest, floor] = [self.lowest, self.floor].map(thousandths);
        format!("{lowest} serve, the floor is {floor}, for {time}")
    }
}

/// The outages in samples up to a moment, under a floor in percent of the target, if there is one.
pub(crate) fn find(samples: &[Sample], until: u64, percent: Option<u32>) -> Vec<Outage> {
    // Without a floor anything at all is enough.
    let floor_at = |target: u32| match percent {
        _ if target == 0 => 0,
        Some(percent) => (u64::from(target) * 10 * u64::from(percent)).max(1),
        None => 1,
    };
    let mut found: Vec<Outage> = vec![];
    let mut due = 0;
    let ends = samples.iter().skip(1).map(|sample| sample.at).chain([until]);
    for (sample, end) in samples.iter().zip(ends) {
        let floor = floor_at(sample.target);
        due = if sample.capacity >= floor { floor } else { floor.min(due.max(sample.capacity)) };
        if sample.capacity >= due || end <= sample.at {
            continue;
        }
        let outage = Outage { at: sample.at, until: end, lowest: sample.capacity, floor: due };
        match found.last_mut() {
            Some(last) if last.until == outage.at && last.is_total() == outage.is_total() => {
                last.until = outage.until;
                (last.lowest, last.floor) = (last.lowest.min(outage.lowest), last.floor.max(outage.floor));
            }
            _ => found.push(outage),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    use super::{Outage, find};
    use crate::{load::Load, record::Sample};

    /// A sample a second, with this capacity in thousandths and this target.
    fn samples(values: &[(u64, u32)]) -> Vec<Sample> {
        let sample = |(i, (capacity, target)): (usize, &(u64, u32))| Sample {
            at: i as u64 * 1000,
            counts: BTreeMap::new(),
            serving: 0,
            capacity: *capacity,
            load: Load::default(),
            live: 0,
            target: *target,
        };
        values.iter().enumerate().map(sample).collect()
    }

    fn outage(at: u64, until: u64, lowest: u64, floor: u64) -> Outage {
        Outage { at, until, lowest, floor }
    }

    #[rstest]
    #[case::none(&[(2000, 2), (1000, 2), (2000, 2)], None, vec![])]
    #[case::total(&[(2000, 2), (0, 2), (0, 2), (1, 2)], None, vec![outage(1000, 3000, 0, 1)])]
    #[case::up_to_the_end(&[(2000, 2), (0, 2)], None, vec![outage(1000, 9000, 0, 1)])]
    #[case::nothing_should_serve(&[(2000, 2), (0, 0)], None, vec![])]
    #[case::first_deployment(&[(0, 2), (1000, 2), (0, 2), (1000, 2)], None, vec![outage(2000, 3000, 0, 1)])]
    #[case::below_the_floor(&[(4000, 4), (2999, 4), (3000, 4)], Some(75), vec![outage(1000, 2000, 2999, 3000)])]
    #[case::worse_and_worse(&[(4000, 4), (2000, 4), (0, 4), (4000, 4)], Some(75),
        vec![outage(1000, 2000, 2000, 3000), outage(2000, 3000, 0, 3000)])]
    #[case::raised(&[(2000, 2), (2000, 4), (3000, 4), (2500, 4), (4000, 4), (3000, 4)], Some(100),
        vec![outage(3000, 4000, 2500, 3000), outage(5000, 9000, 3000, 4000)])]
    #[case::lowered(&[(4000, 4), (2000, 2)], Some(100), vec![])]
    fn outages_are_found(#[case] values: &[(u64, u32)], #[case] floor: Option<u32>, #[case] expected: Vec<Outage>) {
        assert_eq!(find(&samples(values), 9000, floor), expected);
    }
}
