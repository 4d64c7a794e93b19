//! Trying a rule with random cases, and shrinking the case that breaks it.
//!
//! The runner is our own, on proptest's values: it tries the simplest case first, so that a plugin that always hangs
//! needs no shrinking; it counts what trying and shrinking cost, where a call that hangs or gives a huge plan costs as
//! much as many that do not; and it prints nothing.

use std::cell::Cell;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::tried::{Failure, Tried};

/// Most that one case may cost on average, in the units of [`Work`]. A plugin with huge plans is tried with fewer
/// cases.
const CASE: u64 = 64;

/// Most that shrinking may cost, in the same units; a step costs at least one.
const SHRINKING: u64 = 4000;

/// Most steps by which a case is simplified.
const SIMPLIFICATIONS: u32 = 10_000;

/// Work so far. A usual call is one unit.
#[derive(Default)]
pub(crate) struct Work(Cell<u64>);

/// A source of random values that depends on nothing but the seed and the name.
pub(crate) fn runner(seed: u64, name: &str) -> TestRunner {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(seed.to_le_bytes().into_iter().chain(name.bytes())) {
        *byte = value;
    }
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Tries the simplest value and `cases` random ones. The first that breaks the rule is shrunk.
pub(crate) fn for_all<S: Strategy>(
    mut runner: TestRunner,
    cases: u32,
    work: &Work,
    values: &S,
    mut holds: impl FnMut(S::Value) -> Result<(), Failure>,
) -> Tried {
    let most = work.done() + CASE * (u64::from(cases) + 1);
    for case in 0..=cases {
        if work.done() > most {
            return Tried::Passed { cases: case, note: None };
        }
        let mut tree = match values.new_tree(&mut runner) {
            Ok(tree) => tree,
            Err(reason) => return Tried::Skipped(format!("no case can be made: {reason}")),
        };
        if case == 0 {
            let _ = (0..SIMPLIFICATIONS).find(|_| !tree.simplify());
        }
        if let Err(failure) = holds(tree.current()) {
            let failure = if case == 0 { failure } else { shrink(tree, failure, work, holds) };
            return Tried::failed(case + 1, failure);
        }
    }
    Tried::Passed { cases: cases + 1, note: None }
}

/// The simplest failure about the same that is found for the price.
fn shrink<T: ValueTree>(
    mut tree: T,
    mut best: Failure,
    work: &Work,
    mut holds: impl FnMut(T::Value) -> Result<(), Failure>,
) -> Failure {
    let most = work.done() + SHRINKING;
    while tree.simplify() {
        loop {
            work.add(1);
            if work.done() > most {
                return best;
            }
            match holds(tree.current()) {
                Err(failure) if failure.about == best.about => {
                    best = failure;
                    break;
                }
                // Too simple: back towards the last that failed.
                _ if tree.complicate() => {}
                _ => return best,
            }
        }
    }
    best
}

// === impl Work ===

impl Work {
    pub(crate) fn add(&self, units: u64) {
        self.0.set(self.0.get() + units);
    }

    pub(crate) fn done(&self) -> u64 {
        self.0.get()
    }
}
