//! Trying a rule with random cases, and shrinking the case that breaks it.
//!
//! The runner is our own, on proptest's values: it tries the simplest case first, so that a plugin that always hangs needs
//! no shrinking; it counts what shrinking costs, where a call that hangs costs as much as many that do not; and it prints
//! nothing.

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::verdict::{Failure, Verdict};

/// What shrinking may cost, in calls of the rule.
const SHRINKING: u32 = 2000;

/// What a failure that took the whole time limit costs of it.
const SLOW: u32 = 400;

/// How much a case is simplified, at most, to get the simplest.
const SIMPLIFICATIONS: u32 = 10_000;

/// A source of random values that depends on nothing but the seed and the name.
pub(super) fn runner(seed: u64, name: &str) -> TestRunner {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(seed.to_le_bytes().into_iter().chain(name.bytes())) {
        *byte = value;
    }
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Tries the simplest value and `cases` random ones. The first that breaks the rule is shrunk.
pub(super) fn for_all<S: Strategy>(
    mut runner: TestRunner,
    cases: u32,
    values: &S,
    mut holds: impl FnMut(S::Value) -> Result<(), Failure>,
) -> Verdict {
    for case in 0..=cases {
        let mut tree = match values.new_tree(&mut runner) {
            Ok(tree) => tree,
            Err(reason) => return Verdict::Skipped(format!("no case can be made: {reason}")),
        };
        if case == 0 {
            let _ = (0..SIMPLIFICATIONS).find(|_| !tree.simplify());
        }
        if let Err(failure) = holds(tree.current()) {
            let failure = if case == 0 { failure } else { shrink(tree, failure, holds) };
            return Verdict::failed(case + 1, failure);
        }
    }
    Verdict::Passed { cases: cases + 1, note: None }
}

/// The simplest failure that is found for the price.
fn shrink<T: ValueTree>(
    mut tree: T,
    mut best: Failure,
    mut holds: impl FnMut(T::Value) -> Result<(), Failure>,
) -> Failure {
    let mut budget = SHRINKING;
    while tree.simplify() {
        loop {
            budget = budget.saturating_sub(if best.is_slow { SLOW } else { 1 });
            if budget == 0 {
                return best;
            }
            match holds(tree.current()) {
                Err(failure) => {
                    best = failure;
                    break;
                }
                // Too simple: back towards the last that failed.
                Ok(()) if tree.complicate() => {}
                Ok(()) => return best,
            }
        }
    }
    best
}
