//! The model: a host, an environment, an operator and time, each making every move that it could make next.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashSet},
    ptr,
    sync::{Mutex, PoisonError},
};

use pointsman::{CheckOutcome, RouteChanges, RouteEnd, SubStep};
use stateright::{Model, Property};

use crate::{
    moves,
    promises::{self, Promise},
    settle::settles,
    subject::Subject,
    time::Memo,
    unit::{FULL, Kind, Revision, Traffic, Unit},
    world::{Budget, End, Progress, State, Wishes},
};

/// Every rollout of some strategies from one to the next, with one target at the start.
pub(crate) struct Rollouts {
    /// The strategy, or several, which are swapped in this order.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) target: u8,
    pub(crate) budget: Budget,
    /// Every reason code that was given. A property that holds in a model where nothing happens says nothing.
    pub(crate) reached: Mutex<BTreeSet<String>>,
    /// States of which it is known that they settle.
    pub(crate) settled: Mutex<HashSet<u64>>,
}

/// A move, and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) what: What,
    pub(crate) next: State,
}

/// Who moves how, for counter-examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    /// The host evaluates and applies, memo and all.
    Apply,
    Becomes(Unit, Kind, Option<RouteEnd>),
    /// The operator has these wishes now.
    Wishes(Wishes),
    Rescale(u8),
    /// A person puts a route into traffic at so many quarters of a share.
    Weighs(Unit, u8),
    Check(CheckOutcome),
    MemoIsLost,
    /// The machine has so many places now.
    Places(u8),
    /// Another strategy takes over.
    Swap,
    TimePasses,
}

/// What a strategy decides, and what comes of it.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub(crate) plan: RouteChanges,
    pub(crate) next: State,
}

// === impl Rollouts ===

impl Rollouts {
    pub(crate) fn new(subjects: Vec<Subject>, target: u8, budget: Budget) -> Self {
        Self { subjects, target, budget, reached: Mutex::default(), settled: Mutex::default() }
    }

    pub(crate) fn subject(&self, state: &State) -> &Subject {
        &self.subjects[state.strategy]
    }

    /// The plan, and what comes of applying it. Every state is decided twice: whether it settles, and where it goes.
    pub(crate) fn decide(&self, state: &State) -> Decided {
        thread_local! {
            static LAST: RefCell<Option<(usize, State, Decided)>> = const { RefCell::new(None) };
        }
        let of = ptr::from_ref(self).addr();
        let last = LAST.take().filter(|(model, last, _)| *model == of && last == state);
        if let Some((_, _, decided)) = last {
            return decided;
        }
        let decided = self.decide_anew(state);
        LAST.set(Some((of, state.clone(), decided.clone())));
        decided
    }

    /// The same, for a state that is decided once.
    pub(crate) fn decide_anew(&self, state: &State) -> Decided {
        let plan = self.subject(state).plan(state);
        let next = self.apply(state, &plan);
        Decided { plan, next }
    }

    fn reach(&self, plan: &RouteChanges) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if !reached.contains(&plan.reason.code) {
            reached.insert(plan.reason.code.clone());
        }
    }

    /// What comes of applying a plan, with the promise that it breaks.
    pub(crate) fn apply(&self, state: &State, plan: &RouteChanges) -> State {
        let subject = self.subject(state);
        let Some(changes) = state.change(plan) else {
            return State { broken: Some(Promise::NamesWhatIsThere), ..state.clone() };
        };
        let mut next = State {
            units: changes.iter().map(|change| change.after).collect(),
            memo: plan.memo.as_deref().map(|memo| Memo::of(memo, state.clock())),
            promoted: plan.sub_step == SubStep::Finalizing,
            progress: progress(subject, state, plan),
            ..state.clone()
        };
        let drained = changes.iter().filter(|change| change.after.kind == Kind::Stopping);
        for _ in drained.filter(|change| change.before.is_some_and(|unit| unit.is_new() && unit.is_live())) {
            next.lose();
        }
        next.broken = promises::broken(subject, state, &changes, plan);
        // Asked before the routes are sorted: the next plan is for the same ids.
        if next.broken.is_none() && !plan.is_empty() && !plan.sub_step.is_over() && !subject.plan(&next).is_empty() {
            next.broken = Some(Promise::NeedsNoOther);
        }
        next.normalize(subject);
        match plan.sub_step {
            SubStep::Completed if next.broken.is_none() => next.over(End::Completed),
            SubStep::RolledBack if next.broken.is_none() => next.over(End::RolledBack),
            _ => next,
        }
    }

    fn start(&self, has_stable: bool, units: Vec<Unit>) -> State {
        let subject = &self.subjects[0];
        let mut state = State {
            units,
            has_stable,
            target: self.target,
            elapsed: 0,
            progress: Progress::default(),
            wishes: Wishes::default(),
            check: subject.has_check.then_some(CheckOutcome::Pending),
            memo: None,
            places: subject.places_beyond.map(|beyond| self.target + beyond),
            promoted: false,
            left: self.budget,
            strategy: 0,
            end: None,
            broken: None,
        };
        state.normalize(subject);
        state
    }
}

/// How far the rollout is once a plan is applied, as far as a deadline asks.
fn progress(subject: &Subject, state: &State, plan: &RouteChanges) -> Progress {
    let is_rolling_back = promises::is_rolling_back(plan.sub_step);
    let before = state.seen();
    if before.is_rolled_back && !is_rolling_back {
        // It goes on, and takes its time again.
        return Progress::default();
    }
    if tops_up(state, plan) {
        // A step of the strategy's is progress, too.
        return Progress { idle: 0, is_held: false, was_late: false, has_ticked: false, ..before };
    }
    let is_late = subject.deadline.is_some_and(|deadline| before.idle >= deadline);
    Progress {
        is_held: is_rolling_back || plan.sub_step == SubStep::AwaitingPromotion || state.is_paused(),
        is_rolled_back: is_rolling_back,
        was_late: is_late,
        has_ticked: before.has_ticked && is_late,
        is_given_up: is_rolling_back && (before.is_given_up || plan.reason.code == "deadline-exceeded"),
        ..before
    }
}

/// Whether the plan is the first that creates what comes after the preview.
pub(crate) fn tops_up(state: &State, plan: &RouteChanges) -> bool {
    let says = |memo: Option<&str>| memo.is_some_and(|memo| memo.contains("topped-up"));
    let before = state.memo.as_ref().is_some_and(|memo| memo.says("topped-up"));
    says(plan.memo.as_deref()) && !before
}

impl Model for Rollouts {
    type State = State;
    type Action = Move;

    /// The stable revision serves; beside it there may be what a replaced rollout left, in traffic or not, or what the
    /// rollout before kept. Or the host knows no stable revision: nothing is there yet, or what is there is of another.
    /// Or it knows one of which nothing is left.
    fn init_states(&self) -> Vec<State> {
        let target = usize::from(self.target);
        let stable = |n| vec![Unit::ready(Revision::Stable, Traffic::In(FULL)); n];
        let leftover = |traffic| Unit::ready(Revision::Leftover, traffic);
        let mut starts = vec![
            self.start(true, stable(target)),
            self.start(true, [stable(target), vec![leftover(Traffic::Out)]].concat()),
            self.start(true, [stable(target), vec![leftover(Traffic::Standby(FULL))]].concat()),
            self.start(false, vec![]),
            self.start(false, [stable(target), vec![leftover(Traffic::Out)]].concat()),
        ];
        if target > 0 {
            starts.push(self.start(true, [stable(target - 1), vec![leftover(Traffic::In(FULL))]].concat()));
            starts.push(self.start(true, vec![]));
        }
        starts
    }

    fn actions(&self, state: &State, moves: &mut Vec<Move>) {
        if state.end.is_some() || state.broken.is_some() {
            return;
        }
        let Decided { plan, next } = self.decide(state);
        self.reach(&plan);
        moves.push(Move { what: What::Apply, next });
        moves::environment(self, state, moves);
        moves::people(self, state, &plan, moves);
        let mut later = state.clone();
        later.tick();
        later.normalize(self.subject(state));
        moves.push(Move { what: What::TimePasses, next: later });
        moves.retain(|made| made.next != *state);
    }

    fn next_state(&self, _: &State, made: Move) -> Option<State> {
        Some(made.next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let settles = Property::always("ends, or waits for a person", settles);
        promises::properties().into_iter().chain([settles]).collect()
    }
}
