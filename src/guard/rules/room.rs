//! Rule 4: a plan creates within the surge.

use super::Judge;
use crate::guard::{
    after::After,
    violations::{
        Violation,
        ViolationCode::{TooManyLive, TooManyTerminating},
    },
};

impl Judge<'_> {
    /// Rule 4: a plan creates within the surge.
    pub(super) fn room(&self, violations: &mut Vec<Violation>) {
        let created: u64 = self.plan.rollout_specs.iter().map(|created| u64::from(created.count)).sum();
        if created == 0 {
            return;
        }
        let mut violate = |code, message| violations.push(Violation::new(code, [], message));
        let live = self.outcome.count(After::is_live) + created;
        let most = u64::from(self.bounds.most_live);
        if live > most {
            violate(TooManyLive, format!("the plan creates {created} and makes it {live} live routes; {most} may be"));
        }
        let since = self.spec.stopping_since();
        let terminating = self
            .outcome
            .count(|after| after.route.is_terminating_since(since) || after.is_drained() && after.route.is_live());
        let most = most.saturating_add(u64::from(self.spec.target_replicas));
        if !self.is_short() && live + terminating > most {
            let message = format!(
                "the plan creates {created} and makes it {live} live routes beside {terminating} that are \
                 still stopping; {most} may be together"
            );
            violate(TooManyTerminating, message);
        }
    }
}
