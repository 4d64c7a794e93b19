//! Rule 6: an operator's request is not overtaken.

use super::Judge;
use crate::{
    RolloutSpec, Route,
    capacity::carries,
    guard::violations::{Violation, ViolationCode::AgainstRequest},
    words::number,
};

impl Judge<'_> {
    /// Rule 6: an operator's request is not overtaken.
    pub(super) fn requests(&self, violations: &mut Vec<Violation>) {
        let operator = &self.spec.operator;
        if self.is_short() || !operator.abort && !operator.pause {
            return;
        }
        let request = if operator.abort { "an operator asked to abort" } else { "an operator asked to pause" };
        let deploying = &self.spec.deploying_revision;
        let is_green = |created: &&RolloutSpec| created.count > 0 && created.revision == *deploying;
        let mut created = self.plan.rollout_specs.iter().filter(is_green);
        if let Some(created) = created.next() {
            let message = format!("the plan creates {} of {deploying}, but {request}", created.count);
            violations.push(Violation::new(AgainstRequest, [], message));
        }
        let mut find = |ids, what: String| violations.extend(Violation::of(AgainstRequest, ids, &what));
        let forward = self.outcome.where_(|after| after.is_green && after.enters_traffic());
        find(forward, format!("put into traffic, but {request}"));
        if operator.abort {
            return;
        }
        if !carries(self.after.capacity(), self.spec.target_replicas) {
            let drained = self.outcome.where_(|after| after.is_drained() && after.route.is_serving());
            let left = number(self.after.capacity());
            find(
                drained,
                format!("drained down to a capacity of {left} of {}, but {request}", self.spec.target_replicas),
            );
        }
        let is_ready_standby = |route: &Route| route.is_standby() && route.is_ready();
        let standby = self.outcome.where_(|after| after.is_drained() && is_ready_standby(after.route));
        find(standby, format!("drained on standby, but {request}"));
    }
}
