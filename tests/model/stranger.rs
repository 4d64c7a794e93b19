//! Strategies from elsewhere: `Subject::other` holds them to what every strategy owes, and knows no terms of theirs.

use pointsman::rolling_update::RollingUpdate;
use stateright::{Checker, Model};

use crate::{broken_rolling::CompletesTooEarly, check, lists::LESS, rollouts::Rollouts, subject::Subject};

const ONE_MORE: &str = r#"{"max_surge": 1, "max_unavailable": 0}"#;

#[test]
fn a_strategy_is_judged_without_its_terms() {
    let (states, _) = check(&[Subject::other::<RollingUpdate>(ONE_MORE)], 2, LESS);
    assert!(states > 1000, "{states} states");
}

#[test]
fn its_mistakes_are_found() {
    let model = Rollouts::new(vec![Subject::other::<CompletesTooEarly>(ONE_MORE)], 2, LESS);
    let found: Vec<&str> = model.checker().spawn_bfs().join().discoveries().into_keys().collect();
    assert!(found.contains(&"ends only when it is true"), "found {found:?}");
}
