//! A counter-example for people: each move, and the routes after it.

use std::fmt::Write;

use stateright::Path;

use crate::{
    rollouts::{Move, Rollouts, What},
    world::State,
};

/// The shortest way to what is wrong, and what the strategy decides there.
pub(crate) fn story(model: &Rollouts, path: Path<State, Move>) -> String {
    let mut story = String::new();
    let mut last = None;
    for (state, made) in path.into_vec() {
        let places = state.places.map(|places| format!(", {places} places")).unwrap_or_default();
        let _ = writeln!(story, "  target {}{places}: {:?}", state.target, state.units);
        if let Some(made) = &made {
            let plan = model.subject(&state).plan(&state);
            let _ = match made.what {
                What::Apply => writeln!(
                    story,
                    "Apply: {:?} {} ({}), creates {:?}, promotes {:?}, {:?}, drains {:?}",
                    plan.sub_step,
                    plan.reason.code,
                    plan.reason.message,
                    plan.rollout_specs.iter().map(|it| (it.count, &it.revision[..])).collect::<Vec<_>>(),
                    plan.promote_route_ids,
                    plan.traffic_changes,
                    plan.drain_route_ids
                ),
                what => writeln!(story, "{what:?}"),
            };
        }
        last = Some(state);
    }
    if let Some(state) = last {
        let plan = model.subject(&state).plan(&state);
        let _ = writeln!(story, "{state:?}\nand then {plan:?}");
    }
    story
}
