//! Strategies from elsewhere: `Subject::other` holds them to what every strategy owes, and knows no terms of theirs.
//! So it does with what has other terms under one option than the model knows.

use pointsman::{blue_green::BlueGreen, rolling_update::RollingUpdate};
use rstest::rstest;
use stateright::{Checker, Model};

use crate::{
    broken_rolling::CompletesTooEarly,
    check,
    lists::{LEAST, LESS},
    rollouts::Rollouts,
    subject::{Limits, Subject},
    world::Budget,
};

const ONE_MORE: &str = r#"{"max_surge": 1, "max_unavailable": 0}"#;
const TURNS: &str = r#"{"auto_promote": true, "no_room": "turns"}"#;
const SLOW_TURNS: &str = r#"{"auto_promote": true, "no_room": "turns", "drain_delay_seconds": 20}"#;

#[rstest]
#[case::rolling_update(Subject::other::<RollingUpdate>(ONE_MORE), LESS, "replacing")]
#[case::turns_within_limits(Subject::other::<BlueGreen>(TURNS).within(Limits::OneMore), LEAST, "taking-turns")]
#[case::turns_with_a_delay(Subject::other::<BlueGreen>(SLOW_TURNS).with_places(1), LEAST, "waiting-for-drain-delay")]
fn a_strategy_is_judged_without_its_terms(#[case] subject: Subject, #[case] budget: Budget, #[case] code: &str) {
    let (states, reached) = check(&[subject], 2, budget);

    assert!(states > 1000, "{states} states");
    assert!(reached.contains(code), "{reached:?}");
}

#[test]
fn its_mistakes_are_found() {
    let model = Rollouts::new(vec![Subject::other::<CompletesTooEarly>(ONE_MORE)], 2, LESS);
    let found: Vec<&str> = model.checker().spawn_bfs().join().discoveries().into_keys().collect();
    assert!(found.contains(&"ends only when it is true"), "found {found:?}");
}
