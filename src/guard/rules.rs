//! The guard's rules, one function each, in the order of the [module](super)'s table.

use super::{
    Policy, Violation,
    ViolationCode::{
        self, ActivatedNotReady, AgainstRequest, CapacityLowered, ChangedNotLive, CompletedEarly, ConflictingChanges,
        CreatedOtherRevision, DrainedWhileShort, DuplicateId, EmptyCreation, InvalidMemo, NextEvaluationNotAhead,
        PromotedNotGreen, PromotedNotReady, RatioNotPossible, RatioOutOfRange, RolledBackEarly, StandbyNotApproved,
        TooManyLive, TooManyTerminating, UnknownId,
    },
    after::Outcome,
};
use crate::{
    Commitment, Rollout, RolloutSpec, Route, RouteChanges, Spec, SubStep, TrafficStatus,
    capacity::{Load, TOLERANCE, carries},
    weights::WeightSteps,
    words::{float, number},
};

/// Most bytes of a memo.
const LONGEST_MEMO: usize = 4096;

/// Rules 1 to 6, of which 1 to 4 and 6 find nothing in a plan that changes nothing.
pub(super) fn check(rollout: &Rollout<'_>, plan: &RouteChanges, policy: &Policy, violations: &mut Vec<Violation>) {
    let judge = Judge::new(rollout, plan, policy);
    judge.ids(violations);
    judge.changes(violations);
    judge.creations(violations);
    judge.ratios(violations);
    judge.capacity(violations);
    judge.room(violations);
    judge.ends(violations);
    judge.requests(violations);
}

/// Rule 1.
pub(super) fn check_ids(rollout: &Rollout<'_>, plan: &RouteChanges, violations: &mut Vec<Violation>) {
    Judge::new(rollout, plan, &Policy::default()).ids(violations);
}

/// Rule 7: what a plan asks of the host, whatever the routes are.
pub(super) fn check_host(spec: &Spec, plan: &RouteChanges, violations: &mut Vec<Violation>) {
    let memo = plan.memo.as_deref().unwrap_or_default();
    if memo.len() > LONGEST_MEMO || memo.contains('\0') {
        let what = if memo.len() > LONGEST_MEMO { "" } else { " and a NUL" };
        let message = format!("the memo has {} bytes{what}; at most {LONGEST_MEMO} and no NUL are right", memo.len());
        violations.push(Violation::new(InvalidMemo, [], message));
    }
    if let Some(at) = plan.next_evaluation_at.filter(|at| *at <= spec.now) {
        let late = spec.now.saturating_millis_since(at);
        let message = format!("the plan asks to be evaluated again {late} ms before now; it should be after now");
        violations.push(Violation::new(NextEvaluationNotAhead, [], message));
    }
}

/// What the rules look at.
struct Judge<'a> {
    spec: &'a Spec,
    plan: &'a RouteChanges,
    outcome: Outcome<'a>,
    /// Least serving and most live.
    bounds: Commitment,
    /// The least that the operator wants served. What a plan promises binds the plan, and excuses it from nothing: else
    /// it need only promise more than there is to overrule an abort.
    wanted: u32,
    completes_at: u32,
    /// What the serving routes carry before the plan, and after it.
    before: Load,
    after: Load,
    stable: Option<&'a str>,
}

impl<'a> Judge<'a> {
    fn new(rollout: &Rollout<'a>, plan: &'a RouteChanges, policy: &Policy) -> Self {
        let spec = rollout.spec();
        let limits = spec.limits.unwrap_or_else(|| policy.resolve(spec.target_replicas));
        let outcome = Outcome::new(rollout, plan);
        Self {
            spec,
            plan,
            bounds: limits.and(plan.commitment),
            wanted: limits.least_serving,
            completes_at: policy.completes_at(spec.target_replicas),
            before: Load::of(rollout.routes()),
            after: outcome.load(|_| true),
            outcome,
            stable: spec.stable(),
        }
    }

    /// Known, once in its list, and in one list only.
    fn ids(&self, violations: &mut Vec<Violation>) {
        let unknown = self.outcome.unknown.keys().copied().collect();
        let duplicate = self.outcome.all_where(super::after::Named::is_duplicate);
        let conflicting = self.outcome.all_where(super::after::Named::is_conflicting);
        violations.extend(Violation::of(UnknownId, unknown, "not among the given routes"));
        violations.extend(Violation::of(DuplicateId, duplicate, "more than once in one list"));
        let lists = "in more than one of promote, traffic changes and drain";
        violations.extend(Violation::of(ConflictingChanges, conflicting, lists));
    }

    /// What may be done with a route depends on what it is.
    fn changes(&self, violations: &mut Vec<Violation>) {
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

    /// What may be created.
    fn creations(&self, violations: &mut Vec<Violation>) {
        let specs = &self.plan.rollout_specs;
        let mut violate = |code, message| violations.push(Violation::new(code, [], message));
        let deploying = self.spec.deploying_revision.as_str();
        let is_wanted = |revision: &str| !revision.is_empty() && revision == deploying || self.stable == Some(revision);
        if let Some(other) = specs.iter().find(|created| !is_wanted(&created.revision)) {
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

    /// Which ratios may be set. What the routes already have is not the plan's doing.
    fn ratios(&self, violations: &mut Vec<Violation>) {
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

    /// Rule 3: traffic is never concentrated on fewer than must carry it.
    fn capacity(&self, violations: &mut Vec<Violation>) {
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

    /// Rule 4: a plan creates within the surge.
    fn room(&self, violations: &mut Vec<Violation>) {
        let created: u64 = self.plan.rollout_specs.iter().map(|created| u64::from(created.count)).sum();
        if created == 0 {
            return;
        }
        let mut violate = |code, message| violations.push(Violation::new(code, [], message));
        let live = self.outcome.count(super::after::After::is_live) + created;
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

    /// Rule 5: a rollout ends when nothing is left to do.
    fn ends(&self, violations: &mut Vec<Violation>) {
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

    /// How many routes of other revisions than this are created; all, for none.
    fn created_other_than(&self, revision: Option<&str>) -> u64 {
        let others = self.plan.rollout_specs.iter().filter(|created| Some(created.revision.as_str()) != revision);
        others.map(|created| u64::from(created.count)).sum()
    }

    /// Rule 6: an operator's wish is not overtaken.
    fn requests(&self, violations: &mut Vec<Violation>) {
        let operator = &self.spec.operator;
        if self.is_short() || !operator.abort && !operator.pause {
            return;
        }
        let wish = if operator.abort { "an operator asked to abort" } else { "an operator asked to pause" };
        let deploying = &self.spec.deploying_revision;
        let is_green = |created: &&RolloutSpec| created.count > 0 && created.revision == *deploying;
        let mut created = self.plan.rollout_specs.iter().filter(is_green);
        if let Some(created) = created.next() {
            let message = format!("the plan creates {} of {deploying}, but {wish}", created.count);
            violations.push(Violation::new(AgainstRequest, [], message));
        }
        let mut find = |ids, what: String| violations.extend(Violation::of(AgainstRequest, ids, &what));
        let forward = self.outcome.where_(|after| after.is_green && after.enters_traffic());
        find(forward, format!("put into traffic, but {wish}"));
        if operator.abort {
            return;
        }
        if !carries(self.after.capacity(), self.spec.target_replicas) {
            let drained = self.outcome.where_(|after| after.is_drained() && after.route.is_serving());
            let left = number(self.after.capacity());
            find(drained, format!("drained down to a capacity of {left} of {}, but {wish}", self.spec.target_replicas));
        }
        let is_ready_standby = |route: &Route| route.is_standby() && route.is_ready();
        let standby = self.outcome.where_(|after| after.is_drained() && is_ready_standby(after.route));
        find(standby, format!("drained on standby, but {wish}"));
    }

    /// Whether there was too little capacity before the plan: repairs go before wishes and room.
    fn is_short(&self) -> bool {
        !carries(self.before.capacity(), self.wanted)
    }
}
