//! What must not become worse, and what was requested: the oracle's judgement of a world before and after a plan.

use pointsman::{
    RouteChanges, Spec, SubStep, TrafficStatus,
    guard::{Policy, ViolationCode as Code},
};

use super::{
    Opinion,
    load::{busiest, carries, concentrates, drawn},
    world::{Life, Replica, Side, Traffic, World},
};
use crate::support::rule;

/// What is judged by shares of traffic after the plan.
const ABOUT_LOAD: [Code; 5] =
    [Code::CapacityLowered, Code::DrainedWhileShort, Code::CompletedEarly, Code::RolledBackEarly, Code::AgainstRequest];

/// What is promised, by whomever.
pub(super) struct Bounds {
    /// By the operator alone.
    by_operator: u32,
    least: u32,
    most: u32,
    complete: u32,
}

impl Bounds {
    pub(super) fn of(spec: &Spec, plan: &RouteChanges, policy: &Policy) -> Self {
        let target = spec.target_replicas;
        let (least, most) = match spec.limits {
            Some(limits) => (limits.least_serving, limits.most_live),
            None => (rule::least_serving(policy.max_unavailable, target), rule::most_live(policy.max_surge, target)),
        };
        Self {
            by_operator: least,
            least: least.max(plan.commitment.least_serving),
            most: most.min(plan.commitment.most_live),
            complete: rule::completes_at(policy.complete_at, target),
        }
    }
}

/// Looks at a plan whose ids are right.
pub(super) struct Judge<'a> {
    pub(super) opinion: &'a mut Opinion,
    pub(super) spec: &'a Spec,
    pub(super) plan: &'a RouteChanges,
    pub(super) before: World,
    pub(super) after: World,
    pub(super) bounds: Bounds,
}

/// Both hold, as far as can be told.
fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(false) || b == Some(false) { Some(false) } else { Some(a? && b?) }
}

/// Any holds, as far as can be told.
fn any(all: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    not(all.into_iter().fold(Some(true), |none, each| both(none, not(each))))
}

fn not(a: Option<bool>) -> Option<bool> {
    a.map(|a| !a)
}

impl Judge<'_> {
    pub(super) fn judge(mut self) {
        self.changes();
        self.ratios();
        self.load();
        self.places();
        self.ends();
        self.requests();
    }

    fn note(&mut self, code: Code, is_wrong: impl Into<Option<bool>>) {
        let is_wrong = is_wrong.into();
        self.opinion.note(code, is_wrong.filter(|_| !self.opinion.unsure.contains(&code)));
    }

    /// Each replica before and after.
    fn pairs(&self) -> impl Iterator<Item = (&Replica, &Replica)> {
        self.before.0.iter().zip(&self.after.0)
    }

    fn is_drained(&self, replica: &Replica) -> bool {
        replica.id.as_ref().is_some_and(|id| self.plan.drain_route_ids.contains(id))
    }

    /// Too few carry the traffic already, as the operator sees it.
    fn is_short(&self) -> Option<bool> {
        not(carries(busiest(self.before.working()), self.bounds.by_operator))
    }

    fn changes(&mut self) {
        let promoted = || self.plan.promote_route_ids.iter().map(|id| self.before.find(id));
        let changed = || self.plan.traffic_changes.iter().map(|change| (self.before.find(&change.route_id), change));
        let drained = || self.plan.drain_route_ids.iter().map(|id| self.before.find(id));
        let named: Vec<&Replica> = promoted().chain(changed().map(|(it, _)| it)).chain(drained()).collect();
        let created = || self.plan.rollout_specs.iter();
        let is_ours = |revision: &str| {
            !revision.is_empty()
                && (revision == self.spec.deploying_revision || Some(revision) == self.spec.stable_revision.as_deref())
        };

        let dead = named.iter().any(|replica| !replica.lives());
        let old_promoted = promoted().any(|replica| replica.side != Side::New);
        let unready_promoted = promoted().any(|replica| replica.life != Life::Up);
        // Nothing was sent to it, something is to be sent to it, and it cannot answer.
        let unready_activated = changed().any(|(replica, change)| {
            let was_in_traffic = matches!(replica.traffic, Traffic::Active(ratio) if ratio > 0.0);
            let is_in_traffic = change.traffic_status == TrafficStatus::Active && change.traffic_ratio > 0.0;
            !was_in_traffic && is_in_traffic && replica.life != Life::Up
        });
        let waits_unapproved = changed().any(|(replica, change)| {
            change.traffic_status == TrafficStatus::Standby && replica.traffic == Traffic::Inactive
        });
        let created_waiting = created().any(|new| new.traffic_status == TrafficStatus::Standby);
        let created_other = created().any(|new| !is_ours(&new.revision));
        let created_nothing = created().any(|new| new.count < 1);

        self.note(Code::ChangedNotLive, dead);
        self.note(Code::PromotedNotGreen, old_promoted);
        self.note(Code::PromotedNotReady, unready_promoted);
        self.note(Code::ActivatedNotReady, unready_activated);
        self.note(Code::StandbyNotApproved, waits_unapproved || created_waiting);
        self.note(Code::CreatedOtherRevision, created_other);
        self.note(Code::EmptyCreation, created_nothing);
    }

    /// What is set can be set: on a proxy of `n` steps one of 0/n, 1/n, 2/n and so on.
    fn ratios(&mut self) {
        let changes = self.plan.traffic_changes.iter().map(|change| (change.traffic_status, change.traffic_ratio));
        let created = self.plan.rollout_specs.iter().map(|new| (new.traffic_status, new.traffic_ratio));
        let set: Vec<(TrafficStatus, f64)> = changes.chain(created).collect();
        let is_out = |&(status, ratio): &(TrafficStatus, f64)| {
            ratio.is_nan() || ratio < 0.0 || ratio > 1.0 || status == TrafficStatus::Inactive && ratio > 0.0
        };
        let steps = self.spec.weight_steps;
        if set.iter().any(is_out) {
            // Nobody knows what traffic goes where then.
            self.opinion.unsure.extend(ABOUT_LOAD);
        }
        self.note(Code::RatioOutOfRange, set.iter().any(is_out));
        let impossible = set.iter().filter(|it| !is_out(it)).map(|(_, ratio)| not(is_a_step(*ratio, steps)));
        self.note(Code::RatioNotPossible, any(impossible.collect::<Vec<_>>()));
    }

    /// Nobody is overloaded by the plan.
    fn load(&mut self) {
        let (before, after) = (self.before.working(), self.after.working());
        let least = self.bounds.least;
        let now = concentrates(busiest(before.clone()), busiest(after.clone()), least);

        // The rule takes more than shares once all are ready would: who joins is measured against what the others carry
        // without its help, because it may be the only one that joins, and may carry badly.
        let measures = |world: &World| world.0.iter().filter_map(Replica::measure).collect::<Vec<_>>();
        let might = concentrates(drawn(&before, measures(&self.before)), drawn(&after, measures(&self.after)), least);

        let is_let_in = |(was, is): &(&Replica, &Replica)| was.measure().is_none() && is.measure().is_some();
        let let_in = self.pairs().filter(is_let_in).filter_map(|(_, is)| is.measure());
        let created = self.after.0[self.before.0.len()..].iter().filter_map(Replica::measure);
        let joining: Vec<f64> = after.iter().copied().chain(let_in).chain(created).collect();
        let soon = concentrates(busiest(before), drawn(&after, joining), least);
        self.note(Code::CapacityLowered, any([now, might, soon]));

        let goes_back = [SubStep::RollingBack, SubStep::RolledBack].contains(&self.plan.sub_step);
        let is_needed = |was: &Replica| was.works().is_some() && !(goes_back && was.side == Side::New);
        let loses_one = self.pairs().any(|(was, _)| self.is_drained(was) && is_needed(was));
        self.note(Code::DrainedWhileShort, both(not(carries(busiest(after), least)), Some(loses_one)));
    }

    /// What is created has a place.
    fn places(&mut self) {
        let created: u64 = self.plan.rollout_specs.iter().map(|new| u64::from(new.count)).sum();
        let living = self.after.living();
        let leaving =
            self.after.0.iter().filter(|replica| replica.life == Life::Leaving { counts: true }).count() as u64;
        let most = u64::from(self.bounds.most);
        let with_those = most + u64::from(self.spec.target_replicas);
        self.note(Code::TooManyLive, created > 0 && living > most);
        let are_too_many = created > 0 && living + leaving > with_those;
        self.note(Code::TooManyTerminating, both(Some(are_too_many), not(self.is_short())));
    }

    fn ends(&mut self) {
        let carried_by = |side| busiest(self.after.of_side(side).working());
        let lives = |is: &dyn Fn(&Replica) -> bool| self.after.0.iter().any(|it| it.copies > 0 && it.lives() && is(it));
        let operator = &self.spec.operator;
        let has_stable =
            self.spec.stable_revision.as_ref().is_some_and(|it| !it.is_empty() && *it != self.spec.deploying_revision);
        let target = self.spec.target_replicas;

        let is_done = both(
            carries(carried_by(Side::New), self.bounds.complete),
            Some(!operator.abort && !operator.pause && !lives(&|it| it.side != Side::New)),
        );
        let is_back = both(carries(carried_by(Side::Stable), target), Some(!lives(&|it| it.side != Side::Stable)));
        // Nobody to return to, nothing half done, and nothing that could still help.
        let is_left = !lives(&|it| it.side == Side::New && it.works().is_none())
            && !lives(&|it| it.side != Side::New && it.life == Life::Up && it.traffic == Traffic::Standby)
            && self.plan.rollout_specs.iter().all(|new| new.count == 0);
        let is_over = if has_stable { is_back } else { Some(is_left) };

        let sub_step = self.plan.sub_step;
        self.note(Code::CompletedEarly, both(not(is_done), Some(sub_step == SubStep::Completed)));
        self.note(Code::RolledBackEarly, both(not(is_over), Some(sub_step == SubStep::RolledBack)));
    }

    /// An operator said stop, or wait.
    fn requests(&mut self) {
        let operator = &self.spec.operator;
        let goes_on =
            self.plan.rollout_specs.iter().any(|new| new.count > 0 && new.revision == self.spec.deploying_revision)
                || self.pairs().any(|(was, is)| {
                    let was_out = !matches!(was.traffic, Traffic::Active(_));
                    was.side == Side::New && was_out && matches!(is.traffic, Traffic::Active(_))
                });
        let drained = |is: &dyn Fn(&Replica) -> bool| self.before.0.iter().any(|it| self.is_drained(it) && is(it));
        let loses_work = drained(&|it| it.works().is_some());
        let loses_way_back = drained(&|it| it.life == Life::Up && it.traffic == Traffic::Standby);
        let all_is_carried = carries(busiest(self.after.working()), self.spec.target_replicas);

        let lost = both(not(all_is_carried), Some(loses_work));
        let harms_pause = if loses_way_back || lost == Some(true) { Some(true) } else { lost };
        let against = match (operator.abort, operator.pause) {
            (false, false) => Some(false),
            _ if goes_on => Some(true),
            (true, _) => Some(false),
            (false, true) => harms_pause,
        };
        self.note(Code::AgainstRequest, both(against, not(self.is_short())));
    }
}

/// Whether a ratio in range is one of `n` steps, exactly: a float is a whole number over a power of two.
fn is_a_step(ratio: f64, n: u32) -> Option<bool> {
    if n == 0 || ratio == 0.0 {
        return Some(true);
    }
    let bits = ratio.to_bits();
    let (exponent, fraction) = (bits >> 52, u128::from(bits & ((1 << 52) - 1)));
    let (mantissa, exponent) = if exponent == 0 { (fraction, 1) } else { (fraction | 1 << 52, exponent) };
    // ratio = mantissa / 2^below
    let below = 1075 - exponent;
    if below > 120 {
        // Less than 2^-67: no step is so small.
        return Some(false);
    }
    let (steps, one) = (mantissa * u128::from(n), 1_u128 << below);
    let (nearest, off) = match (steps / one, steps % one) {
        (whole, rest) if rest > one / 2 => (whole + 1, one - rest),
        (whole, rest) => (whole, rest),
    };
    if nearest == 0 {
        return Some(false);
    }
    // k/n rounded to a float is off by half a last bit at most, which is 2^-53 of it.
    if off <= (nearest * one) >> 53 {
        return Some(true);
    }
    // A hundred-thousandth of a step is no rounding.
    if off > one / 100_000 { Some(false) } else { None }
}
