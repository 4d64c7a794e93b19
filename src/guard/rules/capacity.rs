//! Rule 3: traffic is never concentrated on fewer routes than must carry it.

use super::Judge;
use crate::{
    RolloutSpec, SubStep, TrafficStatus,
    capacity::TOLERANCE,
    guard::violations::{
        Violation,
        ViolationCode::{CapacityLowered, DrainedWhileShort},
    },
    words::number,
};

impl Judge<'_> {
    /// Rule 3: traffic is never concentrated on fewer than must carry it.
    pub(super) fn capacity(&self, violations: &mut Vec<Violation>) {
        let (before, after) = (self.before.capacity(), self.after.capacity());
        let least = f64::from(self.bounds.least_serving);
        // As if all that is active were ready, before and after; and what the plan puts into traffic.
        let (mut might_before, mut might_after, mut soon_after) = (self.before, self.after, self.after);
        for each in &self.outcome.routes {
            if each.route.is_live() && each.route.is_active() {
                might_before.reserve(each.route.traffic_ratio);
            }
            let (status, ratio) = each.traffic();
            if each.is_live() && status == TrafficStatus::Active {
                might_after.reserve(ratio);
                if each.is_activated() {
                    soon_after.reserve(ratio);
                }
            }
        }
        let is_created = |it: &&RolloutSpec| it.count > 0 && it.traffic_status == TrafficStatus::Active;
        for created in self.plan.rollout_specs.iter().filter(is_created) {
            might_after.reserve(created.traffic_ratio);
            soon_after.reserve(created.traffic_ratio);
        }
        let pairs = [
            (before, after, ""),
            (might_before.capacity(), might_after.capacity(), ", once all that is in traffic is ready"),
            (before, soon_after.capacity(), ", once what the plan puts into traffic is ready"),
        ];
        let floor = |before: f64| (before + TOLERANCE).floor().min(least);
        let lowered = pairs.into_iter().find(|(before, after, _)| *after < floor(*before) - TOLERANCE);
        if let Some((before, after, when)) = lowered {
            let lost = self.outcome.where_(|after| after.route.is_serving() && !after.serves());
            let (before, after, floor) = (number(before), number(after), number(floor(before)));
            let message = format!("the plan takes serving capacity from {before} to {after}{when}; {floor} must stay");
            violations.push(Violation::new(CapacityLowered, lost, message));
        }
        if after < least - TOLERANCE {
            let rolls_back = matches!(self.plan.sub_step, SubStep::RollingBack | SubStep::RolledBack);
            let drained = self
                .outcome
                .where_(|after| after.is_drained() && after.route.is_serving() && !(rolls_back && after.is_green));
            let what = format!(
                "drained while serving, with a capacity of {} where {} are needed",
                number(after),
                number(least)
            );
            violations.extend(Violation::of(DrainedWhileShort, drained, &what));
        }
    }
}
