//! What must hold for any bytes at all. `make fuzz` looks for bytes for which it does not; what it finds goes into
//! `tests/fuzz/`, and `tests/fuzz_corpus.rs` tries that again for ever.

use pointsman::{
    EvaluationError,
    blue_green::BlueGreen,
    check_config, evaluate_cycle,
    guard::{self, Policy},
    json::{Answer, Request, evaluate_cycles},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::value::RawValue;

use crate::oracle::{Case, Opinion, any_case, found};

/// The JSON entry point never panics, answers each request by itself, and plans nothing harmful.
pub(crate) fn json_entry_point(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let requests = serde_json::from_str::<Vec<&RawValue>>(text);
    let answers = evaluate_cycles::<BlueGreen>(text);
    assert_eq!(requests.is_ok(), answers.is_ok(), "{answers:?}");
    let (Ok(requests), Ok(answers)) = (requests, answers) else { return };
    let answers: Vec<Answer> = serde_json::from_str(&answers).expect("answers are JSON");
    assert_eq!(answers.len(), requests.len());
    for (request, answer) in requests.into_iter().zip(answers) {
        assert_eq!(answer, Answer::to::<BlueGreen>(request.get()), "a request by itself");
        let Answer::Ok(plan) = answer else { continue };
        let Request { routes, spec } = Request::parse(request.get()).expect("it has a plan");
        let policy = Policy::default();
        assert_eq!(guard::check(&routes, &spec, &plan, &policy), []);
    }
}

/// A configuration is taken by the check if and only if it is taken by an evaluation.
pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let check = check_config::<BlueGreen>(text, 1, None).map(|_| ());
    let evaluation = evaluate_cycle::<BlueGreen>(&[], &crate::support::spec(0, text));
    let refusal = match evaluation {
        Ok(_) => Ok(()),
        Err(EvaluationError::InvalidConfig(message)) => Err(message),
        Err(error) => panic!("there are no routes, and the spec is right: {error}"),
    };
    assert_eq!(check, refusal);
}

/// The guard finds what the oracle finds in the plan that the bytes are the seed of. (Bytes cannot be the random
/// numbers themselves: some distributions draw until they like what they get.)
pub(crate) fn guard(bytes: &[u8]) {
    let mut seed = [0; 32];
    seed.iter_mut().zip(bytes).for_each(|(seed, byte)| *seed = *byte);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let Case { routes, spec, plan, policy } = any_case().new_tree(&mut runner).expect("there are cases").current();
    let (found, opinion) = (found(&routes, &spec, &plan, &policy), Opinion::of(&routes, &spec, &plan, &policy));
    assert!(opinion.agrees_with(&found), "found {found:?}, {opinion:?}: {plan:?} of {routes:?} and {spec:?}");
}
