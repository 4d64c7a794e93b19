//! Rule 5: a rollout ends when nothing is left to do.

use super::Judge;
use crate::{
    SubStep, TrafficStatus,
    capacity::carries,
    guard::violations::{
        Violation,
        ViolationCode::{CompletedEarly, RolledBackEarly},
    },
    words::number,
};

impl<'a> Judge<'a> {
    /// Rule 5: a rollout ends when nothing is left to do.
    pub(super) fn ends(&self, violations: &mut Vec<Violation>) {
        let target = self.spec.target_replicas;
        match self.plan.sub_step {
            SubStep::Completed => {
                let green = self.outcome.load(|after| after.is_green).capacity();
                let others = self.outcome.where_(|after| after.is_live() && !after.is_green);
                let created = self.created_other_than(Some(&self.spec.deploying_revision));
                let problem = if self.spec.operator.abort {
                    Some("an operator asked to abort".to_owned())
                } else if self.spec.operator.pause {
                    Some("an operator asked to pause".to_owned())
                } else if !carries(green, self.completes_at) {
                    Some(format!("the new revision carries {} of {}", number(green), self.completes_at))
                } else if !others.is_empty() || created > 0 {
                    let others = others.len() as u64 + created;
                    Some(format!("routes of other revisions are live: {others}"))
                } else {
                    None
                };
                let message = problem.map(|problem| format!("the plan completes the rollout, but {problem}"));
                violations.extend(message.map(|message| Violation::new(CompletedEarly, others, message)));
            }
            SubStep::RolledBack => {
                let problem = match self.stable {
                    Some(stable) => self.is_not_back(stable, target),
                    None => self.is_not_left_well(),
                };
                let problem = problem.map(|(ids, problem)| {
                    Violation::new(
                        RolledBackEarly,
                        ids,
                        format!("the plan ends the rollout as rolled back, but {problem}"),
                    )
                });
                violations.extend(problem);
            }
            _ => {}
        }
    }

    /// Rule 5 (a).
    fn is_not_back(&self, stable: &str, target: u32) -> Option<(Vec<&'a str>, String)> {
        let capacity = self.outcome.load(|after| after.route.revision == stable).capacity();
        if !carries(capacity, target) {
            return Some((vec![], format!("the stable revision {stable} carries {} of {target}", number(capacity))));
        }
        let others = self.outcome.where_(|after| after.is_live() && after.route.revision != stable);
        let all = others.len() as u64 + self.created_other_than(Some(stable));
        (all > 0).then(|| (others, format!("routes of other revisions are live: {all}")))
    }

    /// Rule 5 (b).
    fn is_not_left_well(&self) -> Option<(Vec<&'a str>, String)> {
        let idle = self.outcome.where_(|after| after.is_green && after.is_live() && !after.serves());
        if !idle.is_empty() {
            return Some((idle, "live routes of the deploying revision do not serve".to_owned()));
        }
        let waiting = self.outcome.where_(|after| {
            !after.is_green && after.is_live() && after.route.is_ready() && after.traffic().0 == TrafficStatus::Standby
        });
        if !waiting.is_empty() {
            return Some((waiting, "ready routes on standby are not returned to traffic".to_owned()));
        }
        let created = self.created_other_than(None);
        (created > 0).then(|| (vec![], format!("it creates {created} routes")))
    }

    /// Created routes of other revisions than this; all, for none.
    fn created_other_than(&self, revision: Option<&str>) -> u64 {
        let others = self.plan.rollout_specs.iter().filter(|created| Some(created.revision.as_str()) != revision);
        others.map(|created| u64::from(created.count)).sum()
    }
}
