//! The model: a host, an environment, an operator and time, each making every move that it could make next.

use std::{
    collections::BTreeSet,
    fmt::Write,
    sync::{Mutex, PoisonError},
};

use pointsman::{
    CheckOutcome, OperatorRequest, RouteChanges, SubStep,
    guard::{self, Policy},
};
use stateright::{Model, Path, Property};

use crate::{
    settle::settles,
    subject::Subject,
    world::{Budget, End, Fault, Kind, LONG_AGO, Revision, State, Traffic, Unit},
};

/// Every rollout of some strategies from one to the next, with one target at the start.
pub(crate) struct Rollouts {
    /// The strategy, or several, which are swapped in this order.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) target: u8,
    pub(crate) budget: Budget,
    /// Every reason code that was given. A property that holds in a model where nothing happens says nothing.
    pub(crate) reached: Mutex<BTreeSet<String>>,
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
    /// The host evaluates and applies.
    Apply,
    /// The host crashes while it applies.
    Crash(Applied),
    /// The host evaluates, something happens to a route, and the host applies.
    ApplyLateAfter(Unit, Kind),
    Becomes(Unit, Kind),
    Asks(Option<OperatorRequest>),
    Rescale(u8),
    Check(CheckOutcome),
    MemoIsLost,
    Swap,
    TimePasses,
}

/// How much of a plan a host applies.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Applied {
    /// It crashes after having created.
    Created,
    /// It crashes after having created and promoted.
    Promoted,
    /// It crashes before draining.
    AllButDrained,
    /// All, in one transaction.
    All,
}

// === impl Rollouts ===

impl Rollouts {
    pub(crate) fn new(subjects: Vec<Subject>, target: u8, budget: Budget) -> Self {
        Self { subjects, target, budget, reached: Mutex::default() }
    }

    pub(crate) fn subject(&self, state: &State) -> &Subject {
        &self.subjects[state.strategy]
    }

    fn reach(&self, plan: &RouteChanges) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if !reached.contains(&plan.reason.code) {
            reached.insert(plan.reason.code.clone());
        }
    }

    /// What comes of applying a plan, with what it does wrong.
    pub(crate) fn apply(&self, state: &State, plan: &RouteChanges, applied: Applied) -> State {
        let subject = self.subject(state);
        let mut plan = plan.clone();
        if applied < Applied::All {
            plan.drain_route_ids.clear();
            plan.memo = state.spec(subject.config).memo;
        }
        if applied < Applied::AllButDrained {
            plan.traffic_changes.clear();
        }
        if applied < Applied::Promoted {
            plan.promote_route_ids.clear();
        }
        let mut next = state.clone();
        next.apply(&plan, subject);
        next.fault = fault(subject, state, &next, &plan);
        // A budget is kept by creating and draining at once, which is what a transaction is for.
        if applied < Applied::All && next.fault == Some(Fault::BudgetExceeded) {
            next.fault = None;
        }
        if applied == Applied::All && next.fault.is_none() {
            next.end = end(&next, &plan);
            let leftover = |unit: Unit| unit.is_live() && unit.is_new() == (next.end == Some(End::RolledBack));
            if next.end.is_some() && next.count(leftover) > 0 {
                next.fault = Some(Fault::EndedInTwoRevisions);
            } else if next.end.is_none() && !plan.is_empty() && !subject.plan(&next).is_empty() {
                next.fault = Some(Fault::NeedsAnother);
            }
        }
        next
    }

    /// What the host could do.
    fn host(&self, state: &State, plan: &RouteChanges, moves: &mut Vec<Move>) {
        moves.push(Move { what: What::Apply, next: self.apply(state, plan, Applied::All) });
        if state.left.accidents == 0 || plan.is_empty() {
            return;
        }
        for applied in [Applied::Created, Applied::Promoted, Applied::AllButDrained] {
            let mut next = self.apply(state, plan, applied);
            next.left.accidents -= 1;
            moves.push(Move { what: What::Crash(applied), next });
        }
        // A plan that is late: something happened since it was made, and the guard looks at it again before it is applied.
        let mut changes = vec![];
        self.environment(state, &mut changes);
        for Move { what, next: changed } in changes {
            let subject = self.subject(&changed);
            let percent = (subject.least_serving(changed.target) * 100).checked_div(changed.target.into()).unwrap_or(0);
            let policy =
                Policy { serving_floor_percent: u32::try_from(percent).expect("a percentage"), ..Policy::default() };
            // Routes have no names here: only where the list is as it was do the plan's names mean the same.
            let is_same_list = changed.units.len() == state.units.len()
                && changed.units.iter().zip(&state.units).all(|(now, then)| now.revision == then.revision);
            if !is_same_list
                || !guard::check(&changed.routes(), &changed.spec(subject.config), plan, &policy).is_empty()
            {
                continue;
            }
            let mut next = self.apply(&changed, plan, Applied::All);
            // The guard vouches for less than what is true of a plan for the routes that it was made from.
            let guarded = [Fault::ActivatedNotReady, Fault::ActivatedUnapproved, Fault::Spins];
            if next.fault.is_some_and(|fault| !guarded.contains(&fault)) {
                (next.fault, next.end) = (None, None);
            }
            if next.serving() < changed.serving().min(subject.least_serving(changed.target)) {
                next.fault = Some(Fault::FloorBroken);
            }
            next.left.accidents -= 1;
            let What::Becomes(unit, kind) = what else { continue };
            moves.push(Move { what: What::ApplyLateAfter(unit, kind), next });
        }
    }

    /// What could happen to the routes.
    fn environment(&self, state: &State, moves: &mut Vec<Move>) {
        let mut last = None;
        for (i, unit) in state.units.iter().enumerate() {
            // Routes that are alike are interchangeable.
            if last == Some(*unit) {
                continue;
            }
            last = Some(*unit);
            let mut happens = |kind: Kind, spend: fn(&mut Budget)| {
                let mut next = state.clone();
                spend(&mut next.left);
                next.units[i] = Unit {
                    kind,
                    age: 0,
                    traffic: if kind == Kind::Gone { Traffic::Out } else { unit.traffic },
                    ..*unit
                };
                next.normalize(self.subject(state));
                moves.push(Move { what: What::Becomes(*unit, kind), next });
            };
            match unit.kind {
                Kind::Provisioning | Kind::Unhealthy => happens(Kind::Healthy, |_| {}),
                Kind::Terminating => happens(Kind::Gone, |_| {}),
                Kind::Healthy if state.left.flaps > 0 => {
                    happens(Kind::Unhealthy, |left| left.flaps -= 1);
                }
                Kind::Healthy | Kind::Gone => {}
            }
            if unit.is_new() && unit.is_live() && state.left.failures > 0 {
                happens(Kind::Gone, |left| left.failures -= 1);
            }
            if !unit.is_new() && unit.is_live() && state.left.evictions > 0 {
                happens(Kind::Gone, |left| left.evictions -= 1);
            }
        }
    }

    /// What an operator, or a check, could say.
    fn people(&self, state: &State, moves: &mut Vec<Move>) {
        use OperatorRequest::{Abort, Promote};
        for request in [None, Some(Promote), Some(Abort)] {
            if state.left.requests > 0 && request != state.request {
                let mut next = State { request, ..state.clone() };
                next.left.requests -= 1;
                moves.push(Move { what: What::Asks(request), next });
            }
        }
        for target in 0..=3 {
            if state.left.rescales > 0 && target != state.target {
                let mut next = State { target, ..state.clone() };
                next.left.rescales -= 1;
                moves.push(Move { what: What::Rescale(target), next });
            }
        }
        let outcomes: &[CheckOutcome] = match state.check {
            Some(CheckOutcome::Pending) => &[CheckOutcome::Passed, CheckOutcome::Failed],
            // What passed before the promotion may fail after it.
            Some(CheckOutcome::Passed) => &[CheckOutcome::Failed],
            Some(CheckOutcome::Failed) | None => &[],
        };
        for outcome in outcomes {
            let next = State { check: Some(*outcome), ..state.clone() };
            moves.push(Move { what: What::Check(*outcome), next });
        }
        if state.memo.is_some() && state.left.accidents > 0 {
            let mut next = State { memo: None, ..state.clone() };
            next.left.accidents -= 1;
            moves.push(Move { what: What::MemoIsLost, next });
        }
        if state.strategy + 1 < self.subjects.len() {
            let mut next = State { strategy: state.strategy + 1, ..state.clone() };
            next.normalize(self.subject(&next));
            moves.push(Move { what: What::Swap, next });
        }
    }
}

/// What is wrong with having applied a plan.
fn fault(subject: &Subject, before: &State, after: &State, plan: &RouteChanges) -> Option<Fault> {
    let floor = match plan.sub_step {
        SubStep::RollingBack => before.target.into(),
        _ => subject.least_serving(before.target),
    };
    let gained = |is: fn(Unit) -> bool| after.count(is) > before.count(is);
    if after.serving() < before.serving().min(floor) {
        return Some(Fault::FloorBroken);
    }
    if !plan.rollout_specs.is_empty() && subject.exceeds_budget(after) {
        return Some(Fault::BudgetExceeded);
    }
    if !plan.rollout_specs.is_empty() && subject.creates_without_end(after) {
        return Some(Fault::CreatesWithoutEnd);
    }
    let created = plan.rollout_specs.iter().any(|rollout| rollout.traffic_status == pointsman::TrafficStatus::Active);
    if !created && gained(|unit| unit.is_live() && unit.is_active() && unit.kind != Kind::Healthy) {
        return Some(Fault::ActivatedNotReady);
    }
    // What was kept by the rollout before may come back where nothing else of the old is in traffic. After a crash between
    // the steps of a plan, which the contract forbids, nobody can tell it from what this rollout keeps.
    let was_never_in_traffic =
        before.count(|unit| unit.revision == Revision::Unapproved && unit.traffic == Traffic::Out) > 0;
    let old_is_in_traffic = before.count(|unit| unit.revision == Revision::Old && unit.is_active()) > 0;
    let gained_other = gained(|unit| unit.is_active() && unit.revision == Revision::Unapproved);
    if gained_other && (was_never_in_traffic || old_is_in_traffic && before.left.accidents > 0) {
        return Some(Fault::ActivatedUnapproved);
    }
    if subject.ignores_a_gate(before, plan) {
        return Some(Fault::GateIgnored);
    }
    let is_ready = before.count(|unit| unit.is_new() && unit.kind == Kind::Healthy) >= before.target.into();
    if plan.reason.code == "deadline-exceeded" && is_ready {
        return Some(Fault::DeadlineAlthoughReady);
    }
    let now = before.spec(subject.config).now;
    plan.next_evaluation_at.is_some_and(|at| at <= now).then_some(Fault::Spins)
}

/// Whether a host ends the rollout after a plan; the contract's `sub-step` says when.
fn end(after: &State, plan: &RouteChanges) -> Option<End> {
    let is_gone = after.count(|unit| unit.is_new() && unit.is_live()) == 0;
    match plan.sub_step {
        SubStep::Completed => Some(End::Completed),
        SubStep::RollingBack if plan.is_empty() && is_gone => Some(End::RolledBack),
        _ => None,
    }
}

impl Model for Rollouts {
    type State = State;
    type Action = Move;

    /// The old revision serves; beside it there may be what a replaced rollout left, or what the rollout before kept; or
    /// nothing is there yet.
    fn init_states(&self) -> Vec<State> {
        let unit = |revision, traffic| Unit { revision, kind: Kind::Healthy, traffic, age: LONG_AGO };
        let serving = vec![unit(Revision::Old, Traffic::In); self.target.into()];
        let leftover = vec![unit(Revision::Unapproved, Traffic::Out)];
        let kept_before = vec![unit(Revision::Unapproved, Traffic::Kept)];
        let start = |units| {
            let mut state = State {
                units,
                target: self.target,
                elapsed: 0,
                request: None,
                check: self.subjects[0].has_check.then_some(CheckOutcome::Pending),
                memo: None,
                left: self.budget,
                strategy: 0,
                end: None,
                fault: None,
            };
            state.normalize(&self.subjects[0]);
            state
        };
        vec![
            start([serving.clone(), leftover].concat()),
            start([serving.clone(), kept_before].concat()),
            start(serving),
            start(vec![]),
        ]
    }

    fn actions(&self, state: &State, moves: &mut Vec<Move>) {
        if state.end.is_some() || state.fault.is_some() {
            return;
        }
        let plan = self.subject(state).plan(state);
        self.reach(&plan);
        self.host(state, &plan, moves);
        self.environment(state, moves);
        self.people(state, moves);
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
        vec![
            Property::always("keeps the serving floor", |_, state: &State| state.fault != Some(Fault::FloorBroken)),
            Property::always("stays within the budget", |_, state: &State| state.fault != Some(Fault::BudgetExceeded)),
            Property::always("puts only what is ready into traffic", |_, state: &State| {
                state.fault != Some(Fault::ActivatedNotReady)
            }),
            Property::always("puts nothing into traffic that nobody approved", |_, state: &State| {
                state.fault != Some(Fault::ActivatedUnapproved)
            }),
            Property::always("passes no gate unasked", |_, state: &State| state.fault != Some(Fault::GateIgnored)),
            Property::always("ends in one revision", |_, state: &State| {
                state.fault != Some(Fault::EndedInTwoRevisions)
            }),
            Property::always("does not make the host spin", |_, state: &State| state.fault != Some(Fault::Spins)),
            Property::always("an applied plan needs no other", |_, state: &State| {
                state.fault != Some(Fault::NeedsAnother)
            }),
            Property::always("creates no routes without end", |_, state: &State| {
                state.fault != Some(Fault::CreatesWithoutEnd)
            }),
            Property::always("meets its deadline once it is ready", |_, state: &State| {
                state.fault != Some(Fault::DeadlineAlthoughReady)
            }),
            Property::always("ends, or waits for a person", settles),
        ]
    }
}

/// A counter-example for people: each move, and the routes after it.
pub(crate) fn story(model: &Rollouts, path: Path<State, Move>) -> String {
    let mut story = String::new();
    let mut last = None;
    for (state, made) in path.into_vec() {
        let units: Vec<String> =
            state.units.iter().map(|unit| format!("{:?}:{:?}:{:?}", unit.revision, unit.kind, unit.traffic)).collect();
        let _ = writeln!(story, "  {}", units.join(" "));
        if let Some(made) = made {
            let _ = writeln!(story, "{:?}", made.what);
        }
        last = Some(state);
    }
    if let Some(state) = last {
        let plan = model.subject(&state).plan(&state);
        let _ = writeln!(story, "{state:?}\nand then {plan:?}");
    }
    story
}
