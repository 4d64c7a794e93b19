//! Load: who gets how much of the traffic, where weights differ.

use std::collections::BTreeMap;

use pointsman::Route;
use serde::Serialize;

use crate::{
    show::{listed, plain},
    world::contract,
};

/// Most ids that a line lists for one load.
const LISTED: usize = 4;

/// Shares and loads of a moment. Empty where all that serves has the same weight: nobody need be told then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Each revision's share of the traffic, in thousandths.
    pub shares: BTreeMap<String, u64>,
    /// Each serving route's load, in the order of creation: in thousandths of an even share, which each would have if
    /// the traffic were spread evenly over all that serve.
    pub routes: Vec<RouteLoad>,
}

/// Load of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLoad {
    /// Its id.
    pub id: String,
    /// Its revision.
    pub revision: String,
    /// In thousandths of an even share.
    pub load: u64,
}

/// The same for documents: shares from 0.0 to 1.0, and loads in even shares.
#[derive(Serialize)]
pub(crate) struct LoadEntry<'a> {
    shares: BTreeMap<&'a str, f64>,
    loads: BTreeMap<&'a str, f64>,
}

// === impl Load ===

impl Load {
    /// The load of routes as they stand.
    #[expect(clippy::float_cmp, reason = "equal weights are the same number")]
    pub(crate) fn of(routes: &[Route]) -> Self {
        let serving: Vec<&Route> = routes.iter().filter(|route| contract::is_serving(route)).collect();
        if serving.iter().all(|route| route.traffic_ratio == serving[0].traffic_ratio) {
            return Self::default();
        }
        let all: f64 = serving.iter().map(|route| route.traffic_ratio).sum();
        let number = f64::from(u32::try_from(serving.len()).unwrap_or(u32::MAX));
        let mut shares: BTreeMap<String, f64> = BTreeMap::new();
        for route in &serving {
            *shares.entry(route.revision.clone()).or_default() += route.traffic_ratio / all;
        }
        Self {
            shares: shares.into_iter().map(|(revision, share)| (revision, rounded(share))).collect(),
            routes: serving
                .iter()
                .map(|route| RouteLoad {
                    id: route.id.clone(),
                    revision: route.revision.clone(),
                    load: rounded(route.traffic_ratio / all * number),
                })
                .collect(),
        }
    }

    /// Returns whether all that serves has the same weight.
    pub fn is_even(&self) -> bool {
        self.routes.is_empty()
    }

    /// The highest load, in even shares; 1.0 where all are even.
    pub fn highest(&self) -> f64 {
        self.routes.iter().map(|route| route.load).max().map_or(1.0, thousandths)
    }

    /// For people: `v1 has 100% of the traffic; load in even shares: 2.73 on r-2, 0.14 on r-1, r-3`.
    pub(crate) fn phrase(&self) -> String {
        let shares = self.shares.iter().map(|(revision, share)| {
            let percent = thousandths(share * 100);
            format!("{} has {percent}%", plain(revision))
        });
        let mut loads: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for route in &self.routes {
            loads.entry(route.load).or_default().push(&route.id);
        }
        let loads = loads.into_iter().rev();
        let loads = loads.map(|(load, ids)| format!("{} on {}", short(load), plain(&listed(ids, LISTED))));
        let [shares, loads] = [shares.collect::<Vec<_>>(), loads.collect()].map(|parts| parts.join(", "));
        format!("{shares} of the traffic; load in even shares: {loads}")
    }

    /// For documents; none where all is even.
    pub(crate) fn entry(&self) -> Option<LoadEntry<'_>> {
        (!self.is_even()).then(|| LoadEntry {
            shares: self.shares.iter().map(|(revision, share)| (revision.as_str(), thousandths(*share))).collect(),
            loads: self.routes.iter().map(|route| (route.id.as_str(), thousandths(route.load))).collect(),
        })
    }
}

/// `2.73`, from thousandths.
pub(crate) fn short(load: u64) -> String {
    format!("{:.2}", thousandths(load))
}

/// Thousandths as a number.
pub(crate) fn thousandths(value: u64) -> f64 {
    std::time::Duration::from_millis(value).as_secs_f64()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number, not negative")]
fn rounded(value: f64) -> u64 {
    (value * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use pointsman::{HealthStatus, Labels, Route, RouteStatus, Timestamp, TrafficStatus};

    use super::Load;

    fn routes(ratios: &[(&str, f64)]) -> Vec<Route> {
        let route = |(i, (revision, ratio)): (usize, &(&str, f64))| Route {
            id: format!("r-{}", i + 1),
            revision: (*revision).to_owned(),
            status: RouteStatus::Running,
            health: HealthStatus::Healthy,
            traffic_status: TrafficStatus::Active,
            traffic_ratio: *ratio,
            created_at: Timestamp::from_millis(7),
            status_updated_at: None,
            end: None,
            labels: Labels::default(),
        };
        ratios.iter().enumerate().map(route).collect()
    }

    #[test]
    fn loads_are_in_even_shares() {
        let load = Load::of(&routes(&[("v1", 1.0), ("v2", 0.25), ("v2", 0.25), ("v1", 0.0)]));

        assert_eq!(load.shares, [("v1".to_owned(), 667), ("v2".to_owned(), 333)].into());
        assert_eq!(load.routes.iter().map(|route| route.load).collect::<Vec<_>>(), [2000, 500, 500]);
        assert_eq!(
            load.phrase(),
            "v1 has 66.7%, v2 has 33.3% of the traffic; load in even shares: 2.00 on r-1, 0.50 on r-2, r-3"
        );
        assert!((load.highest() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn equal_weights_are_even_however_low() {
        assert!(Load::of(&routes(&[("v1", 0.25), ("v2", 0.25)])).is_even());
        assert!(Load::of(&routes(&[("v1", 1.0), ("v1", 0.0)])).is_even() && Load::of(&[]).is_even());
    }
}
