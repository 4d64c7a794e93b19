//! What `pointsman simulate` plays, the model reaches: cycle by cycle, the happy path that is kept beside the command's
//! tests is a path of the model.

use std::fs;

use pointsman::blue_green::BlueGreen;
use serde_json::Value;
use stateright::Model;

use crate::{
    lists::ONCE,
    rollouts::{Rollouts, What},
    subject::Subject,
    unit::{Kind, Unit},
    world::{End, State},
};

/// The states that can come about before the host evaluates again, if all goes well.
fn until_the_next_cycle(model: &Rollouts, from: &State) -> Vec<State> {
    let mut states = vec![from.clone()];
    let mut next = 0;
    while next < states.len() {
        let mut moves = vec![];
        model.actions(&states[next], &mut moves);
        for made in moves {
            if matches!(made.what, What::Becomes(_, Kind::Ready, None)) && !states.contains(&made.next) {
                states.push(made.next);
            }
        }
        next += 1;
    }
    states
}

/// How many serve, are ready and are live, the reason, and how much the plan creates, promotes and drains.
fn of_the_model(model: &Rollouts, state: &State) -> (String, [usize; 6]) {
    let plan = model.subject(state).plan(state);
    let created = plan.rollout_specs.iter().map(|rollout| rollout.count as usize).sum();
    let numbers = [
        state.count(Unit::is_serving),
        state.count(Unit::is_ready),
        state.count(Unit::is_live),
        created,
        plan.promote_route_ids.len(),
        plan.drain_route_ids.len(),
    ];
    (plan.reason.code, numbers)
}

fn of_the_simulation(cycle: &Value) -> (String, [usize; 6]) {
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let length = |list: &str| cycle["plan"][list].as_array().unwrap().len();
    let created =
        cycle["plan"]["rollout_specs"].as_array().unwrap().iter().map(|rollout| number(&rollout["count"])).sum();
    let numbers = [
        number(&cycle["serving"]),
        number(&cycle["ready"]),
        number(&cycle["live"]),
        created,
        length("promote_route_ids"),
        length("drain_route_ids"),
    ];
    (cycle["plan"]["reason"]["code"].as_str().unwrap().to_owned(), numbers)
}

#[test]
fn the_simulated_happy_path_is_a_path_of_the_model() {
    let root = env!("CARGO_MANIFEST_DIR");
    let scenario = fs::read_to_string(format!("{root}/examples/scenarios/happy-path.toml")).unwrap();
    assert!(
        scenario.contains("target = 3\nconfig = { auto_promote = true }\n"),
        "the model has the scenario's configuration"
    );
    let simulated = fs::read_to_string(format!("{root}/tools/simulate/tests/fixtures/happy-path.json")).unwrap();
    let simulated: Value = serde_json::from_str(&simulated).unwrap();
    let subject = Subject::blue_green::<BlueGreen>(r#"{"auto_promote": true}"#);
    let model = Rollouts::new(vec![subject], 3, ONCE);
    let only_old = |state: &State| state.has_stable && state.units.len() == 3;
    let mut state = model.init_states().into_iter().find(only_old).unwrap();

    for cycle in simulated["cycles"].as_array().unwrap() {
        let expected = of_the_simulation(cycle);
        let reached = until_the_next_cycle(&model, &state);
        let there = reached.iter().find(|state| of_the_model(&model, state) == expected);
        let there = there.unwrap_or_else(|| panic!("{expected:?} is not among {reached:?}"));
        let mut moves = vec![];
        model.actions(there, &mut moves);
        // A plan that changes nothing is no move.
        let applied = moves.into_iter().find(|made| made.what == What::Apply);
        state = applied.map_or_else(|| there.clone(), |made| made.next);
    }

    assert_eq!((state.end, simulated["verdict"]["ended"].as_str()), (Some(End::Completed), Some("completed")));
}
