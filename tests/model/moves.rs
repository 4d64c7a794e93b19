//! What can happen to a deployment, and what people can do.

use pointsman::{CheckOutcome, RouteChanges, RouteEnd};

use crate::{
    rollouts::{Move, Rollouts, What},
    unit::{FULL, Kind, Revision, Traffic},
    world::{Budget, GATES, Progress, State, Wishes},
};

/// The largest target that an operator asks for.
const LARGEST: u8 = 3;

/// What could happen to the routes, and to the machine.
pub(crate) fn environment(model: &Rollouts, state: &State, moves: &mut Vec<Move>) {
    for i in first_of_their_kind(state) {
        let unit = state.units[i];
        let mut happens = |kind: Kind, end: Option<RouteEnd>, left: Option<Budget>| {
            let Some(left) = left else { return };
            let mut next = State { left, ..state.clone() };
            next.units[i] = unit.becomes(kind, end);
            if unit.is_new() && unit.is_live() && end == Some(RouteEnd::Evicted) {
                next.lose();
            }
            next.normalize(model.subject(state));
            moves.push(Move { what: What::Becomes(unit, kind, end), next });
        };
        match unit.kind {
            Kind::Starting | Kind::Sick => happens(Kind::Ready, None, Some(state.left)),
            Kind::Ready => happens(Kind::Sick, None, state.left.spend(|left| &mut left.flaps)),
            Kind::Stopping => happens(Kind::Gone, unit.end, Some(state.left)),
            Kind::Gone => {}
        }
        if unit.is_live() {
            let evicted = state.left.spend(|left| &mut left.evictions);
            happens(Kind::Stopping, Some(RouteEnd::Evicted), evicted);
        }
        // What becomes of a leftover makes no difference.
        if unit.is_live() && unit.revision != Revision::Leftover {
            happens(Kind::Gone, Some(RouteEnd::Crashed), state.left.spend(|left| &mut left.crashes));
        }
    }
    if let (Some(places), Some(left)) = (state.places, state.left.spend(|left| &mut left.places)) {
        for places in [places.saturating_sub(1), places + 1] {
            moves
                .push(Move { what: What::Places(places), next: State { places: Some(places), left, ..state.clone() } });
        }
    }
}

/// Routes that are alike are interchangeable.
fn first_of_their_kind(state: &State) -> impl Iterator<Item = usize> {
    (0..state.units.len()).filter(|i| *i == 0 || state.units[*i] != state.units[*i - 1])
}

/// What an operator, a check or the host's keeper could do.
pub(crate) fn people(model: &Rollouts, state: &State, plan: &RouteChanges, moves: &mut Vec<Move>) {
    use CheckOutcome::{Failed, Inconclusive, Passed, Pending};

    wishes(state, plan, moves);
    if let Some(left) = state.left.spend(|left| &mut left.rescales) {
        for target in (0..=LARGEST).filter(|target| *target != state.target) {
            moves.push(Move { what: What::Rescale(target), next: State { target, left, ..state.clone() } });
        }
    }
    let outcomes: &[CheckOutcome] = match state.check {
        Some(Pending) => &[Passed, Failed, Inconclusive],
        Some(Inconclusive) => &[Passed, Failed],
        // What passed before the promotion may fail after it.
        Some(Passed) => &[Failed],
        Some(Failed) | None => &[],
    };
    for outcome in outcomes {
        moves.push(Move { what: What::Check(*outcome), next: State { check: Some(*outcome), ..state.clone() } });
    }
    // What failed may pass when it is asked again, but not for ever: each time all of green is created anew.
    if let (Some(Failed), Some(left)) = (state.check, state.left.spend(|left| &mut left.flaps)) {
        moves.push(Move { what: What::Check(Passed), next: State { check: Some(Passed), left, ..state.clone() } });
    }
    if let (Some(_), Some(left)) = (&state.memo, state.left.spend(|left| &mut left.losses)) {
        moves.push(Move {
            what: What::MemoIsLost,
            next: State { memo: None, progress: Progress::default(), left, ..state.clone() },
        });
    }
    if let Some(left) = state.left.spend(|left| &mut left.hands) {
        for i in first_of_their_kind(state) {
            weigh(model, state, i, left, moves);
        }
    }
    if state.strategy + 1 < model.subjects.len() {
        let mut next = State { strategy: state.strategy + 1, ..state.clone() };
        next.normalize(model.subject(&next));
        moves.push(Move { what: What::Swap, next });
    }
}

/// An operator aborts, pauses or promotes, goes on after a pause, or passes the gate that is waited at.
fn wishes(state: &State, plan: &RouteChanges, moves: &mut Vec<Move>) {
    let now = state.wishes;
    let mut wish = |wishes: Wishes, left: Option<Budget>| {
        if let Some(left) = left
            && wishes != now
        {
            moves.push(Move { what: What::Wishes(wishes), next: State { wishes, left, ..state.clone() } });
        }
    };
    let once = state.left.spend(|left| &mut left.wishes);
    wish(Wishes { abort: true, ..now }, once);
    wish(Wishes { promote: true, ..now }, once);
    wish(Wishes { pause: true, ..now }, once);
    wish(Wishes { pause: false, ..now }, Some(state.left));
    for (i, gate) in GATES.iter().enumerate() {
        if plan.gate.as_deref() == Some(gate) {
            let mut passed = now.passed;
            passed[i] = true;
            wish(Wishes { passed, ..now }, Some(state.left));
        }
    }
}

/// A person gives a route that is ready a share of the traffic: none, a quarter or all of it, as far as the proxy has
/// them.
fn weigh(model: &Rollouts, state: &State, i: usize, left: Budget, moves: &mut Vec<Move>) {
    let unit = state.units[i];
    let steps = model.subject(state).weight_steps;
    let possible = [0, FULL / steps, FULL].into_iter().filter(|_| unit.is_ready());
    for ratio in possible {
        let mut next = State { left, ..state.clone() };
        next.units[i].traffic = Traffic::In(ratio);
        next.normalize(model.subject(state));
        let what = What::Weighs(unit, ratio);
        if next.units != state.units && !moves.iter().any(|made| made.what == what) {
            moves.push(Move { what, next });
        }
    }
}
