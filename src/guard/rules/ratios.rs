//! Rule 2: which ratios may be set.

use super::Judge;
use crate::{
    TrafficStatus,
    guard::violations::{
        Violation,
        ViolationCode::{self, RatioNotPossible, RatioOutOfRange},
    },
    weights::WeightSteps,
    words::float,
};

impl Judge<'_> {
    /// What the routes already have is not the plan's doing.
    pub(super) fn ratios(&self, violations: &mut Vec<Violation>) {
        let steps = WeightSteps(self.spec.weight_steps);
        let judge = |status: TrafficStatus, ratio: f64| -> Option<ViolationCode> {
            let is_in_range = (0.0..=1.0).contains(&ratio) && (status != TrafficStatus::Inactive || ratio == 0.0);
            match (is_in_range, steps.is_possible(ratio)) {
                (false, _) => Some(RatioOutOfRange),
                (true, false) => Some(RatioNotPossible),
                (true, true) => None,
            }
        };
        let possible = match self.spec.weight_steps {
            1 => "the host's proxy takes 0.0 and 1.0 only".to_owned(),
            steps => format!("the host's proxy takes multiples of 1/{steps}"),
        };
        let range = "not in 0.0 to 1.0, or above 0.0 where inactive";
        for (code, what) in [(RatioOutOfRange, range), (RatioNotPossible, possible.as_str())] {
            let changes = self.plan.traffic_changes.iter();
            let bad = changes.filter(|change| judge(change.traffic_status, change.traffic_ratio) == Some(code));
            let mut bad: Vec<&str> = bad.map(|change| change.route_id.as_str()).collect();
            bad.sort_unstable();
            bad.dedup();
            violations.extend(Violation::of(code, bad, &format!("traffic ratio is set: {what}")));
            let mut created = self.plan.rollout_specs.iter();
            if let Some(bad) =
                created.find(|created| judge(created.traffic_status, created.traffic_ratio) == Some(code))
            {
                let message =
                    format!("the plan creates routes with a traffic ratio of {}: {what}", float(bad.traffic_ratio));
                violations.push(Violation::new(code, [], message));
            }
        }
    }
}
