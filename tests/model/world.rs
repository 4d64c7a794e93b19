//! One deployment as the model sees it, and what a host makes of it that applies a plan.
//!
//! Routes that are alike are interchangeable, so they are kept as a sorted list without names. Words are the
//! contract's, computed here once more: who shared the crate's own would share its mistakes.

use pointsman::{Check, CheckOutcome, Operator, Route, RouteChanges, RouteEnd, Spec, Timestamp, TrafficStatus};

use crate::{
    capacity::Load,
    promises::Promise,
    subject::Subject,
    time::{Clock, LONG_AGO, Memo},
    unit::{FULL, Kind, LEFTOVER, NEW, Revision, STABLE, Traffic, Unit},
};

/// What the operator wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wishes {
    pub(crate) abort: bool,
    pub(crate) pause: bool,
    pub(crate) promote: bool,
    /// Gates that a person passed, of [`GATES`].
    pub(crate) passed: [bool; 2],
}

/// The gates that a shipped strategy waits at.
pub(crate) const GATES: [&str; 2] = ["preview", "promotion"];

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Completed,
    RolledBack,
}

/// How often what may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// How many of all of these.
    pub(crate) in_all: u8,
    /// Routes that crash.
    pub(crate) crashes: u8,
    /// Healthy routes that get sick, and failed checks that pass.
    pub(crate) flaps: u8,
    /// Routes whose place is lost.
    pub(crate) evictions: u8,
    /// Changes of the target.
    pub(crate) rescales: u8,
    /// Aborts, pauses and promotes.
    pub(crate) wishes: u8,
    /// Weights that a person sets by hand.
    pub(crate) hands: u8,
    /// Memos that are lost.
    pub(crate) losses: u8,
    /// Changes of the number of places.
    pub(crate) places: u8,
}

impl Budget {
    /// What is left once one of these has happened, if it may.
    pub(crate) fn spend(mut self, what: fn(&mut Self) -> &mut u8) -> Option<Self> {
        self.in_all = self.in_all.checked_sub(1)?;
        let left = what(&mut self);
        *left = left.checked_sub(1)?;
        Some(self)
    }
}

/// How far a rollout has got, in the model's own count: more of green ready at once than ever before, or a larger
/// target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Progress {
    /// Whether a plan was applied that is remembered.
    pub(crate) has_begun: bool,
    /// Ticks without any, but for those in which it was held.
    pub(crate) idle: u8,
    /// The most that were ready, less those that were lost since through nobody's fault.
    pub(crate) best: u8,
    /// How many were.
    pub(crate) lost: u8,
    pub(crate) highest: u8,
    /// Whether the last plan waits for somebody, or gives the rollout up.
    pub(crate) is_held: bool,
    /// Whether a plan was applied that came too late, and whether time has passed since.
    pub(crate) was_late: bool,
    pub(crate) has_ticked: bool,
    /// Whether the rollout is rolled back, and whether that is for being late.
    pub(crate) is_rolled_back: bool,
    pub(crate) is_given_up: bool,
}

/// A deployment in the middle of a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// In the order of their ids.
    pub(crate) units: Vec<Unit>,
    /// Whether the host knows the stable revision.
    pub(crate) has_stable: bool,
    pub(crate) target: u8,
    /// Ticks since the start.
    pub(crate) elapsed: u8,
    pub(crate) progress: Progress,
    pub(crate) wishes: Wishes,
    /// The verdict of the one check; none where there is no check.
    pub(crate) check: Option<CheckOutcome>,
    pub(crate) memo: Option<Memo>,
    /// How many routes the machine has places for; none where there are always more.
    pub(crate) places: Option<u8>,
    /// Whether the last applied plan said that green carries the traffic.
    pub(crate) promoted: bool,
    pub(crate) left: Budget,
    /// Which of the strategies decides.
    pub(crate) strategy: usize,
    pub(crate) end: Option<End>,
    /// The promise that the last plan broke.
    pub(crate) broken: Option<Promise>,
}

/// What a plan makes of a route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// None where the plan creates it.
    pub(crate) before: Option<Unit>,
    pub(crate) after: Unit,
}

// === impl State ===

impl State {
    pub(crate) fn clock(&self) -> Clock {
        Clock { elapsed: self.elapsed }
    }

    pub(crate) fn routes(&self) -> Vec<Route> {
        self.units.iter().enumerate().map(|(i, unit)| unit.route(format!("r-{i:02}"), self.clock())).collect()
    }

    pub(crate) fn spec(&self, subject: &Subject) -> Spec {
        let clock = self.clock();
        let moment = Timestamp::from_millis;
        let mut spec = Spec::new(NEW, self.target.into(), moment(Clock::started_at()), moment(clock.now()));
        spec.stable_revision = self.has_stable.then(|| STABLE.to_owned());
        let passed = GATES.iter().zip(self.wishes.passed).filter(|(_, is_passed)| *is_passed);
        spec.operator = Operator {
            abort: self.wishes.abort,
            pause: self.wishes.pause,
            promote: self.wishes.promote,
            passed_gates: passed.map(|(gate, _)| (*gate).to_owned()).collect(),
        };
        let check = |outcome| Check { name: "smoke".to_owned(), outcome, observed_at: None };
        spec.checks = self.check.map(check).into_iter().collect();
        spec.limits = subject.limits(self.target);
        spec.free_places = self.free_places().map(u32::from);
        spec.weight_steps = subject.weight_steps.into();
        subject.config.clone_into(&mut spec.config);
        spec.memo = self.memo.as_ref().map(|memo| memo.text(clock));
        spec
    }

    /// How many more routes the machine has places for.
    pub(crate) fn free_places(&self) -> Option<u8> {
        let held = u8::try_from(self.count(Unit::holds_a_place)).expect("few routes");
        self.places.map(|places| places.saturating_sub(held))
    }

    /// The progress with what a host sees that evaluates now.
    pub(crate) fn seen(&self) -> Progress {
        let ready = u8::try_from(self.count(|unit| unit.is_new() && unit.is_ready())).expect("few routes");
        let mut progress = self.progress;
        let is_more = ready > progress.best || self.target > progress.highest || !progress.has_begun;
        if is_more && !progress.is_rolled_back {
            let (best, highest) = (ready.max(progress.best), self.target.max(progress.highest));
            let has_begun = true;
            progress = Progress { has_begun, idle: 0, best, highest, was_late: false, has_ticked: false, ..progress };
        }
        progress
    }

    /// A green route is gone, and it is nobody's fault.
    pub(crate) fn lose(&mut self) {
        if self.progress.lost < self.target {
            self.progress.lost += 1;
            self.progress.best = self.progress.best.saturating_sub(1);
        }
    }

    pub(crate) fn count(&self, is: impl Fn(Unit) -> bool) -> usize {
        self.units.iter().filter(|unit| is(**unit)).count()
    }

    pub(crate) fn load(&self) -> Load {
        Load::of(&self.units)
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.wishes.pause && !self.wishes.abort
    }

    /// What a plan makes of each route, in the contract's order; none where it names what is not there, names something
    /// twice, or wants what no proxy has.
    pub(crate) fn change(&self, plan: &RouteChanges) -> Option<Vec<Change>> {
        let mut changes: Vec<Change> =
            self.units.iter().map(|unit| Change { before: Some(*unit), after: *unit }).collect();
        let mut named = vec![false; changes.len()];
        let mut name = |id: &str| {
            let i: usize = id.strip_prefix("r-")?.parse().ok()?;
            (!std::mem::replace(named.get_mut(i)?, true)).then_some(i)
        };
        for id in &plan.promote_route_ids {
            changes[name(id)?].after.traffic = Traffic::In(FULL);
        }
        for change in &plan.traffic_changes {
            changes[name(&change.route_id)?].after.traffic = traffic(change.traffic_status, change.traffic_ratio)?;
        }
        for id in &plan.drain_route_ids {
            let after = &mut changes[name(id)?].after;
            *after = after.becomes(Kind::Stopping, Some(RouteEnd::Drained));
        }
        for created in &plan.rollout_specs {
            let revision = match created.revision.as_str() {
                STABLE => Revision::Stable,
                LEFTOVER => Revision::Leftover,
                NEW => Revision::New,
                _ => return None,
            };
            let unit = Unit::created(revision, traffic(created.traffic_status, created.traffic_ratio)?);
            changes.extend((0..created.count).map(|_| Change { before: None, after: unit }));
        }
        Some(changes)
    }

    /// Forgets what makes no difference.
    pub(crate) fn normalize(&mut self, subject: &Subject) {
        for unit in &mut self.units {
            // Nobody waits for one whose place was lost, unless all that stop are waited for.
            let is_lost = unit.kind == Kind::Stopping && unit.end == Some(RouteEnd::Evicted);
            if is_lost && !subject.waits_for_termination {
                unit.kind = Kind::Gone;
            }
            let matters = match unit.kind {
                Kind::Ready => unit.is_new() && subject.has_delay,
                Kind::Gone => unit.has_crashed(),
                // Sick for a moment, or for longer: what is green goes later, and what is left over.
                Kind::Sick => unit.age == 0 && unit.revision != Revision::Stable,
                _ => false,
            };
            if !matters {
                unit.age = LONG_AGO;
            }
        }
        // What was drained is over; what was evicted is none of green's failures, which is to be seen.
        let is_told = |unit: &Unit| {
            // A deadline counts what was lost through nobody's fault.
            let is_counted = subject.deadline.is_some() && unit.end == Some(RouteEnd::Drained);
            unit.has_crashed() && unit.revision != Revision::Leftover
                || (unit.end == Some(RouteEnd::Evicted) || is_counted) && unit.is_new()
        };
        self.units.retain(|unit| unit.kind != Kind::Gone || is_told(unit));
        self.units.sort_unstable();
        self.elapsed = LONG_AGO;
        if subject.deadline.is_none() {
            self.progress = Progress::default();
        }
    }

    /// Time passes.
    pub(crate) fn tick(&mut self) {
        let older = |age: &mut u8| *age = (*age + 1).min(LONG_AGO);
        if !self.progress.is_held {
            older(&mut self.progress.idle);
        }
        self.progress.has_ticked |= self.progress.was_late;
        self.units.iter_mut().for_each(|unit| older(&mut unit.age));
        older(&mut self.elapsed);
        if let Some(memo) = &mut self.memo {
            memo.tick();
        }
    }

    /// Of a rollout that is over nothing matters but how.
    pub(crate) fn over(&self, end: End) -> Self {
        let (wishes, left) = (Wishes::default(), Budget { in_all: 0, ..self.left });
        Self {
            units: vec![],
            memo: None,
            progress: Progress::default(),
            elapsed: LONG_AGO,
            wishes,
            left,
            end: Some(end),
            ..self.clone()
        }
    }
}

/// Traffic in the model's terms, if it has them: quarters, none of it where inactive.
fn traffic(status: TrafficStatus, ratio: f64) -> Option<Traffic> {
    let quarters = (0..=FULL).find(|quarters| f64::from(*quarters).to_bits() == (ratio * f64::from(FULL)).to_bits())?;
    match status {
        TrafficStatus::Active => Some(Traffic::In(quarters)),
        TrafficStatus::Standby => Some(Traffic::Standby(quarters)),
        TrafficStatus::Inactive => (quarters == 0).then_some(Traffic::Out),
    }
}
