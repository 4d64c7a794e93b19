//! Rule 2: what may be done with a route, and what may be created.

use super::Judge;
use crate::{
    TrafficStatus,
    guard::violations::{
        Violation,
        ViolationCode::{
            ActivatedNotReady, ChangedNotLive, CreatedOtherRevision, EmptyCreation, PromotedNotGreen, PromotedNotReady,
            StandbyNotApproved,
        },
    },
};

impl Judge<'_> {
    /// Rule 2, routes: what may be done with one depends on what it is.
    pub(super) fn changes(&self, violations: &mut Vec<Violation>) {
        let outcome = &self.outcome;
        let mut find = |code, ids, what: &str| violations.extend(Violation::of(code, ids, what));
        let dead = outcome.where_(|after| after.named.is_named() && !after.route.is_live());
        find(ChangedNotLive, dead, "changed, promoted or drained, but not live");
        let blue = outcome.where_(|after| after.named.promoted > 0 && !after.is_green);
        let deploying = format!("promoted, but not of the deploying revision {}", self.spec.deploying_revision);
        find(PromotedNotGreen, blue, &deploying);
        let unready = outcome.where_(|after| after.named.promoted > 0 && !after.route.is_ready());
        find(PromotedNotReady, unready, "promoted, but not ready");
        let unready = outcome.where_(|after| {
            after.named.promoted == 0 && after.named.changed > 0 && after.is_activated() && !after.route.is_ready()
        });
        find(ActivatedNotReady, unready, "put into traffic, but not ready");
        let unapproved = outcome.where_(|after| {
            after.traffic().0 == TrafficStatus::Standby
                && after.named.changed > 0
                && after.route.traffic_status == TrafficStatus::Inactive
        });
        find(StandbyNotApproved, unapproved, "put on standby, but never approved: they are inactive");
    }

    /// Rule 2, creations.
    pub(super) fn creations(&self, violations: &mut Vec<Violation>) {
        let specs = &self.plan.rollout_specs;
        let mut violate = |code, message| violations.push(Violation::new(code, [], message));
        let deploying = self.spec.deploying_revision.as_str();
        let is_known = |revision: &str| !revision.is_empty() && revision == deploying || self.stable == Some(revision);
        if let Some(other) = specs.iter().find(|created| !is_known(&created.revision)) {
            let stable =
                self.stable.map_or_else(|| "there is no stable one".to_owned(), |it| format!("the stable one {it}"));
            violate(
                CreatedOtherRevision,
                format!(
                    "the plan creates {} of {}; the deploying revision is {deploying}, {stable}",
                    other.count, other.revision
                ),
            );
        }
        if specs.iter().any(|created| created.count == 0) {
            violate(EmptyCreation, "the plan creates 0 routes; it should create at least 1 or none".to_owned());
        }
        if specs.iter().any(|created| created.traffic_status == TrafficStatus::Standby) {
            violate(StandbyNotApproved, "the plan creates routes on standby; they were never approved".to_owned());
        }
    }
}
