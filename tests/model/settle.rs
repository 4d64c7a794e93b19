//! Whether a rollout ends under fairness: from any state, once nothing more goes wrong.
//!
//! "Eventually" on every path would fail on paths where a route flaps for ever. Fairness is made explicit instead: from
//! each state that can be reached, everything that starts becomes ready, what is sick recovers, pending checks pass,
//! time passes, and the host evaluates. Then the rollout must end, or wait for a person whom its reason tells what to
//! do.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::PoisonError,
};

use pointsman::{CheckOutcome, RouteChanges};

use crate::{
    rollouts::{Decided, Rollouts},
    unit::Kind,
    world::State,
};

/// More cycles than any rollout of three routes needs.
const CYCLES: usize = 80;

/// Whether the rollout ends, or waits for a person, once nothing more goes wrong.
pub(crate) fn settles(model: &Rollouts, state: &State) -> bool {
    let mut state = state.clone();
    // What follows is the same for all states that lead to one another: each is looked at once.
    let mut passed = vec![];
    for _ in 0..CYCLES {
        let known = fingerprint(&state);
        if state.end.is_some() || state.broken.is_some() || is_settled(model, known) {
            settled(model, passed);
            return true;
        }
        let Decided { plan, next } = if passed.is_empty() { model.decide(&state) } else { model.decide_anew(&state) };
        passed.push(known);
        let before = std::mem::replace(&mut state, next);
        if state.end.is_none() && state.broken.is_none() {
            all_is_well(model, &mut state);
        }
        if state == before {
            let waits = plan.is_empty() && waits_for_a_person(model, &state, &plan);
            if waits {
                settled(model, passed);
            }
            return waits;
        }
    }
    false
}

fn fingerprint(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

fn is_settled(model: &Rollouts, known: u64) -> bool {
    model.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(&known)
}

fn settled(model: &Rollouts, passed: Vec<u64>) {
    model.settled.lock().unwrap_or_else(PoisonError::into_inner).extend(passed);
}

/// What fairness promises, all at once.
fn all_is_well(model: &Rollouts, state: &mut State) {
    for unit in &mut state.units {
        let kind = match unit.kind {
            Kind::Starting | Kind::Sick => Kind::Ready,
            Kind::Stopping => Kind::Gone,
            kind => kind,
        };
        if kind != unit.kind {
            *unit = unit.becomes(kind, unit.end);
        }
    }
    if matches!(state.check, Some(CheckOutcome::Pending | CheckOutcome::Inconclusive)) {
        state.check = Some(CheckOutcome::Passed);
    }
    state.tick();
    state.normalize(model.subject(state));
}

/// Whether the reason tells a person what to do.
fn waits_for_a_person(model: &Rollouts, state: &State, plan: &RouteChanges) -> bool {
    // Within these limits nothing can be replaced, and whoever set them is told so.
    let is_frozen = !model.subject(state).can_move(state.target);
    if is_frozen && plan.reason.message.contains("there is no room for more (max_surge)") {
        return true;
    }
    let asks = [
        "an operator to promote",
        "paused by an operator",
        "paused; ",
        "raise max_replacements, or abort",
        // Whose budget and whose machine it is knows what to do.
        "routes may be live",
        "within the limits nothing can be replaced",
        "places are free",
        "place is free",
        "there is no room for more (free places)",
        // Green that nobody gave up, and no way back.
        "may be promoted",
    ];
    asks.iter().any(|ask| plan.reason.message.contains(ask))
}
