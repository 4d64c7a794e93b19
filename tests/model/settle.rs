//! Whether a rollout ends under fairness: from any state, once nothing more goes wrong.
//!
//! "Eventually" on every path would fail on paths where a route flaps for ever. Fairness is made explicit instead: from each
//! state that can be reached, everything that starts becomes ready, what is sick recovers, pending checks pass, time passes,
//! and the host evaluates. Then the rollout must end, or wait for a person whom its reason tells what to do.

use pointsman::{CheckOutcome, RouteChanges};

use crate::{
    rollouts::{Applied, Rollouts},
    world::{Kind, State},
};

/// More cycles than any rollout of three routes needs.
const CYCLES: usize = 80;

/// Whether the rollout ends, or waits for a person, once nothing more goes wrong.
pub(crate) fn settles(model: &Rollouts, state: &State) -> bool {
    let mut state = state.clone();
    for _ in 0..CYCLES {
        if state.end.is_some() || state.fault.is_some() {
            return true;
        }
        let before = state.clone();
        let plan = model.subject(&state).plan(&state);
        state = model.apply(&state, &plan, Applied::All);
        if state.end.is_none() {
            all_is_well(model, &mut state);
        }
        if state == before {
            return plan.is_empty() && waits_for_a_person(&plan);
        }
    }
    false
}

/// What fairness promises, all at once.
fn all_is_well(model: &Rollouts, state: &mut State) {
    for unit in &mut state.units {
        let kind = match unit.kind {
            Kind::Provisioning | Kind::Unhealthy => Kind::Healthy,
            Kind::Terminating => Kind::Gone,
            kind => kind,
        };
        if kind != unit.kind {
            (unit.kind, unit.age) = (kind, 0);
        }
    }
    if state.check == Some(CheckOutcome::Pending) {
        state.check = Some(CheckOutcome::Passed);
    }
    state.tick();
    let subject = model.subject(state);
    state.normalize(subject);
}

/// Whether the reason tells a person what to do.
fn waits_for_a_person(plan: &RouteChanges) -> bool {
    let asks = [
        "an operator to promote",
        "deploy the earlier revision",
        "deploy another revision",
        "raise max_replacements, or abort",
    ];
    asks.iter().any(|ask| plan.reason.message.contains(ask))
}
