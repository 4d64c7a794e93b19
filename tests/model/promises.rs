//! What a plan must never do, judged by what is true before it and after it.

use pointsman::{CheckOutcome, RouteChanges, RouteEnd, SubStep};
use stateright::Property;

use crate::{
    capacity::Load,
    forward,
    rollouts::Rollouts,
    subject::{Subject, Terms},
    unit::{Kind, Revision, Traffic, Unit},
    world::{Change, State},
};

/// Names promises, and makes of each a property of the model.
macro_rules! promises {
    ($($promise:ident: $name:literal),* $(,)?) => {
        /// What every plan of every strategy keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Promise {
            $(#[doc = $name] $promise),*
        }

        /// Each promise by itself, so that a mistake is told by the one that it breaks.
        pub(crate) fn properties() -> Vec<Property<Rollouts>> {
            vec![$(Property::always($name, |_, state: &State| state.broken != Some(Promise::$promise))),*]
        }
    };
}

promises! {
    NamesWhatIsThere: "names what is there, once, and in the proxy's ratios",
    Commits: "promises what was admitted",
    KeepsFloor: "keeps the serving floor",
    StaysWithinBudget: "stays within the budget",
    SpendsItsOwnPlaces: "spends no places that are not free",
    EndsCreating: "creates no routes without end",
    ActivatesReady: "puts only what is ready into traffic",
    ReturnsApproved: "returns only what was approved",
    RollsBackForAReason: "rolls back only for a reason",
    PassesNoGate: "passes no gate unapproved",
    HeedsRequests: "takes no step against a person's wish",
    EndsAsItSays: "ends only when it is true",
    MeetsItsDeadline: "meets its deadline",
    DoesNotSpin: "does not make the host spin",
    NeedsNoOther: "an applied plan needs no other",
}

/// The first promise that a plan breaks.
pub(crate) fn broken(subject: &Subject, before: &State, changes: &[Change], plan: &RouteChanges) -> Option<Promise> {
    let after: Vec<Unit> = changes.iter().map(|change| change.after).collect();
    let cycle = Cycle { subject, before, changes, after: &after, plan };
    let kept = [
        (Promise::Commits, cycle.commits()),
        (Promise::KeepsFloor, cycle.keeps_floor()),
        (Promise::StaysWithinBudget, cycle.stays_within_budget()),
        (Promise::SpendsItsOwnPlaces, before.free_places().is_none_or(|free| cycle.created() <= free.into())),
        (Promise::EndsCreating, cycle.ends_creating()),
        (Promise::ActivatesReady, changes.iter().all(activates_ready)),
        (Promise::ReturnsApproved, changes.iter().all(|change| returns_approved(before, change))),
        (Promise::RollsBackForAReason, forward::rolls_back_for_a_reason(&cycle)),
        (Promise::PassesNoGate, forward::passes_no_gate(&cycle)),
        (Promise::HeedsRequests, forward::heeds_requests(&cycle)),
        (Promise::EndsAsItSays, cycle.ends_as_it_says()),
        (Promise::MeetsItsDeadline, forward::meets_its_deadline(&cycle)),
        (Promise::DoesNotSpin, cycle.does_not_spin()),
    ];
    kept.into_iter().find(|(_, is_kept)| !is_kept).map(|(promise, _)| promise)
}

/// One cycle: a deployment, a plan, and what it makes of it.
pub(crate) struct Cycle<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) before: &'a State,
    pub(crate) changes: &'a [Change],
    pub(crate) after: &'a [Unit],
    pub(crate) plan: &'a RouteChanges,
}

// === impl Cycle ===

impl Cycle<'_> {
    pub(crate) fn target(&self) -> u32 {
        self.before.target.into()
    }

    fn created(&self) -> usize {
        self.changes.iter().filter(|change| change.before.is_none()).count()
    }

    pub(crate) fn count(&self, is: impl Fn(Unit) -> bool) -> usize {
        self.after.iter().filter(|unit| is(**unit)).count()
    }

    /// Whether the plan promises what the model expects, which is what admission says.
    fn commits(&self) -> bool {
        self.plan.commitment == self.subject.bounds(self.before.target)
    }

    /// Whether it leaves as much capacity as there was, or as must be: of what serves now, and as it will be when what
    /// is in traffic, or is put there, is ready and takes its share.
    fn keeps_floor(&self) -> bool {
        let least = self.subject.bounds(self.before.target).least_serving;
        let before = &self.before.units;
        let in_traffic = |units: &[Unit]| Load::beside(serving(units), units.iter().copied());
        let put_there = self.changes.iter().filter(|change| goes_into_traffic(change)).map(|change| change.after);
        let [now, then] = [self.before.load(), Load::of(self.after)];
        let pairs = [
            (now, then),
            (in_traffic(before), in_traffic(self.after)),
            (now, Load::beside(serving(self.after), put_there)),
        ];
        if pairs.iter().any(|(before, after)| !after.carries(before.whole().min(least))) {
            return false;
        }
        // While there is too little, nothing that serves goes; but green that is rolled back.
        let is_given_up = |unit: Unit| unit.is_new() && is_rolling_back(self.plan.sub_step);
        then.carries(least) || !self.drained().any(|unit| unit.is_serving() && !is_given_up(unit))
    }

    pub(crate) fn drained(&self) -> impl Iterator<Item = Unit> {
        let drained = self.changes.iter().filter(|change| change.after.kind == Kind::Stopping);
        drained.filter_map(|change| change.before).filter(|unit| unit.is_live())
    }

    /// Whether a plan that creates leaves no more routes than there may be: live ones, and with what is stopping.
    fn stays_within_budget(&self) -> bool {
        if self.created() == 0 {
            return true;
        }
        let bounds = self.subject.bounds(self.before.target);
        let (target, most) = (self.target() as usize, bounds.most_live as usize);
        let stopping = |unit: Unit| unit.kind == Kind::Stopping && unit.end != Some(RouteEnd::Evicted);
        let live = self.count(Unit::is_live);
        let is_short = !self.before.load().carries(bounds.least_serving);
        let creates = |revision| self.changes.iter().any(|it| it.before.is_none() && it.after.revision == revision);
        let waits = self.subject.waits_for_termination && creates(Revision::New);
        live <= most
            && (is_short || live + self.count(stopping) <= most.saturating_add(target))
            && (!waits || self.count(Unit::holds_a_place) <= most)
            && (!creates(Revision::New) || self.count(|unit| unit.is_new() && unit.is_live()) <= target)
            && (!creates(Revision::Stable) || self.before.has_stable)
            && !creates(Revision::Leftover)
    }

    /// Whether failures do not make it create without end: none of what has just crashed is replaced. Before green is
    /// promoted blue-green replaces as many as its configuration says in the whole rollout.
    fn ends_creating(&self) -> bool {
        let crashed = |revision| move |unit: Unit| unit.revision == revision && unit.has_crashed();
        let ends = |revision| {
            if !self.changes.iter().any(|change| change.before.is_none() && change.after.revision == revision) {
                return true;
            }
            match &self.subject.terms {
                Terms::BlueGreen(config) if revision == Revision::New && self.plan.sub_step != SubStep::Finalizing => {
                    let all = self.count(|unit| unit.is_new() && unit.is_live() || crashed(revision)(unit));
                    all <= self.target() as usize + config.max_replacements as usize
                }
                _ => self.count(|unit| crashed(revision)(unit) && unit.age == 0) == 0,
            }
        };
        ends(Revision::New) && ends(Revision::Stable)
    }

    /// Whether the deployment is as the end of the rollout says.
    fn ends_as_it_says(&self) -> bool {
        let alone = |is_it: fn(Unit) -> bool| self.after.iter().all(|unit| !unit.is_live() || is_it(*unit));
        let carry = |is_it: fn(Unit) -> bool| {
            Load::beside(serving(self.after).filter(|unit| is_it(*unit)), []).carries(self.target())
        };
        let is_stable = |unit: Unit| unit.revision == Revision::Stable;
        match self.plan.sub_step {
            SubStep::Completed => {
                alone(Unit::is_new) && carry(Unit::is_new) && self.before.check != Some(CheckOutcome::Failed)
            }
            SubStep::RolledBack if self.before.has_stable => alone(is_stable) && carry(is_stable),
            // Nothing better is possible: no green is idle that could serve, nor blue that could be returned to.
            SubStep::RolledBack => {
                let idle_green = |unit: Unit| unit.is_new() && unit.is_live() && !unit.is_serving();
                let idle_blue = |unit: Unit| !unit.is_new() && unit.is_on_standby() && unit.is_ready();
                self.count(idle_green) + self.count(idle_blue) + self.created() == 0
            }
            _ => true,
        }
    }

    fn does_not_spin(&self) -> bool {
        let now = self.before.clock().now();
        self.plan.next_evaluation_at.is_none_or(|at| at.as_millis() > now)
            && self.plan.memo.as_ref().is_none_or(|memo| memo.len() <= 4096)
    }
}

pub(crate) fn is_rolling_back(sub_step: SubStep) -> bool {
    matches!(sub_step, SubStep::RollingBack | SubStep::RolledBack)
}

fn serving(units: &[Unit]) -> impl Iterator<Item = Unit> {
    units.iter().copied().filter(|unit| unit.is_serving())
}

/// Whether a plan creates it in traffic, or puts it there.
pub(crate) fn goes_into_traffic(change: &Change) -> bool {
    change.after.is_in_traffic() && !change.before.is_some_and(Unit::is_in_traffic)
}

/// Whether what is not ready is left out of traffic, what is not live alone, and standby is what was in traffic.
fn activates_ready(change: &Change) -> bool {
    let Change { before: Some(before), after } = *change else {
        return !matches!(change.after.traffic, Traffic::Standby(_));
    };
    let is_approved = !matches!(before.traffic, Traffic::Out) || !matches!(after.traffic, Traffic::Standby(_));
    let is_touched = after != before;
    (!goes_into_traffic(change) || before.is_ready()) && is_approved && (before.is_live() || !is_touched)
}

/// Whether blue that comes back into traffic was in it, and is of the revision to return to, where there is one.
fn returns_approved(state: &State, change: &Change) -> bool {
    let Change { before: Some(before), .. } = *change else { return true };
    let is_approved = before.traffic != Traffic::Out && !(state.has_stable && before.revision == Revision::Leftover);
    before.is_new() || !goes_into_traffic(change) || is_approved
}
