//! Random walks through all that can happen to a rollout.
//!
//! The model check (`tests/model`) makes every move in every order, and pays for it with a small world: few things may
//! go wrong, clocks are right, and hosts tell everything. A walk makes one move after the other, drawn at random, in a
//! world without those bounds:
//!
//! | file | what |
//! |---|---|
//! | `setup.rs` | where a walk starts: configurations, policies, machines, and what the host tells |
//! | `clock.rs`, `replica.rs`, `world.rs` | one deployment as it truly is |
//! | `moves.rs`, `host.rs` | what can happen, and what the host does |
//! | `past.rs`, `promises.rs`, `patience.rs` | what truly happened, and what a plan must never do |
//! | `settle.rs` | whether a rollout ends, wherever a walk has led it |
//! | `spoiled.rs`, `decisions.rs` | wrong decisions of an earlier release, each of which must be found |
//!
//! **Moves**: routes get ready, sick, crash, are evicted and stop; targets of 0 to 5, places, weights and verdicts
//! change; operators abort, pause, promote and pass gates, and take it back; a host's clock is set by a second to three
//! days, ahead or back, for good or for one cycle; routes are stamped by another clock or by none; memos are lost, are
//! garbage, or of a plan that was not applied; strategies are swapped; plans are applied late, and refused by their
//! version or by the guard; the host crashes between any two steps.
//!
//! **Promises** are judged by the world's own words, on what truly happened. Then nothing more goes wrong, and the
//! rollout must end, or wait for a person whom it tells what to do; or one thing goes on going wrong, and it must not
//! create routes without end.
//!
//! A walk that breaks a promise is shortened to the moves that are needed for it. Walks are drawn from
//! `POINTSMAN_WALKS_SEED` (0), `POINTSMAN_WALKS` of each strategy; `make model` goes millions of steps.

mod clock;
mod decisions;
mod host;
mod moves;
#[path = "../support/oracle/mod.rs"]
mod oracle;
mod past;
mod patience;
mod promises;
mod replica;
mod settle;
mod setup;
mod spoiled;
#[path = "../support/mod.rs"]
mod support;
mod walk;
mod world;

use std::collections::BTreeSet;

use rstest::rstest;
use setup::{Strategies, Which};
use walk::walks;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Some 70,000 steps of each.
#[rstest]
#[case::blue_green(Which::BlueGreen)]
#[case::rolling_update(Which::RollingUpdate)]
fn strategies_keep_their_promises_on_random_walks(#[case] which: Which) {
    let (count, seed) = (setting("POINTSMAN_WALKS", 3000), setting("POINTSMAN_WALKS_SEED", 0));
    let walked = match walks(which, &Strategies::SHIPPED, count, seed) {
        Ok(walked) => walked,
        Err(failure) => panic!("seed {seed}: {failure}"),
    };

    println!("{which:?}: {} walks, {} steps, {:?}", count, walked.steps, walked.codes);
    // So that nothing is proved of nothing.
    assert!(walked.steps > count * 20);
    let ends: BTreeSet<&str> = walked.ends.iter().copied().collect();
    assert_eq!(ends, BTreeSet::from(["completed", "rolled-back"]));
}
