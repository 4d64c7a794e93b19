//! Defaults against defaults: whole rollouts of the shipped strategies under the policy that a host has if nobody sets
//! one, at targets from 0 to 10,000. No plan is refused, and what admission takes comes to an end.
//!
//! | file | what |
//! |---|---|
//! | `configs.rs` | no configuration, and twelve sensible ones of each strategy |
//! | `host.rs` | a host that shows each plan to the guard before it applies it |

mod configs;
mod host;
#[path = "../support/mod.rs"]
mod support;

use configs::{Subject, all};
use host::{Host, Mishap};
use pointsman::{SubStep, guard::Policy};
use proptest::{collection::vec, prelude::*, sample::select};

/// All small targets, where rounding decides, and some around round numbers.
fn targets() -> impl Iterator<Item = u32> {
    (0..=41).chain([50, 64, 99, 100, 101, 399])
}

/// Large ones, for which a configuration that replaces one route at a time takes too long.
const LARGE: [u32; 5] = [1000, 1001, 4096, 9999, 10_000];

/// The end that a rollout has to come to: none where admission refused it, because nothing may move.
fn expected(subject: Subject, target: u32) -> Option<SubStep> {
    subject.admits(target, Policy::default().resolve(target)).then_some(SubStep::Completed)
}

#[test]
fn a_quiet_rollout_completes_at_every_target() {
    for subject in all() {
        let large = LARGE.into_iter().filter(|_| !subject.is_slow());
        for target in targets().chain(large) {
            let mut host = Host::new(subject, target);

            let end = host.run();

            assert_eq!(end, expected(subject, target), "{subject:?} at {target}: {}", host.story());
            let serving = host.serving("v2");
            assert!(end.is_none() || serving == target as usize, "{subject:?} at {target}: {serving} serve");
        }
    }
}

/// From every size to every other, in each of the first cycles.
#[test]
fn a_target_that_moves_in_mid_way_gets_no_plan_refused() {
    let sizes = [0, 1, 2, 3, 4, 5, 7, 10, 16, 100];
    for subject in all() {
        for (from, to) in sizes.into_iter().flat_map(|from| sizes.map(|to| (from, to))) {
            for cycles in 1..=4 {
                let mut host = Host::new(subject, from);
                let mut end = None;
                for _ in 0..cycles {
                    end = end.or_else(|| host.step());
                }
                if end.is_some() {
                    continue;
                }
                host.retarget(to);

                let end = host.run();

                // Where nothing may move any more, what was on its way may still get there.
                let is_right = end == Some(SubStep::Completed) || end.is_none() && expected(subject, to).is_none();
                assert!(is_right, "{subject:?} from {from} to {to} after {cycles}: {}", host.story());
            }
        }
    }
}

/// Given up at every target, after each of the first cycles, with a part of the old revision crashed.
#[test]
fn a_rollout_that_is_given_up_ends_with_the_stable_revision() {
    for subject in all() {
        for target in [0, 1, 2, 3, 4, 5, 9, 10, 33, 100, 1000] {
            for (cycles, down) in (0..=3).flat_map(|cycles| [0, 1, target / 5, target].map(|down| (cycles, down))) {
                let mut host = Host::new(subject, target);
                for _ in 0..cycles {
                    host.step();
                }
                if host.is_over() {
                    continue;
                }
                host.crash("v1", down);
                host.abort();

                let end = host.run();

                let what = format!("{subject:?} at {target} after {cycles} with {down} down");
                assert_eq!(end, Some(SubStep::RolledBack), "{what}: {}", host.story());
                assert_eq!(host.serving("v1"), target as usize, "{what}");
                assert_eq!(host.live("v2"), 0, "{what}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever goes wrong on the way: once it has stopped going wrong, the rollout comes to an end, or says what a
    /// person has to do, and an abort ends it.
    #[test]
    fn mishaps_get_no_plan_refused_and_end(
        subject in select(all()),
        target in 0..13u32,
        leftovers in 0..6u32,
        steps in prop_oneof![Just(1u32), Just(256), Just(0)],
        mishaps in vec(Mishap::any(), 0..30),
    ) {
        let mut host = Host::new(subject, target).with_leftovers(leftovers).with_weight_steps(steps);
        for mishap in mishaps {
            if host.is_over() {
                break;
            }
            host.suffer(mishap);
            host.step();
        }
        if !host.is_over() {
            host.recover();
            if host.run().is_none() {
                let waits_for_a_person = host.told().contains("raise max_replacements, or abort");
                let is_refused = expected(subject, host.target()).is_none();
                prop_assert!(waits_for_a_person || is_refused, "{}", host.story());
                host.abort();
                prop_assert!(host.run().is_some() || is_refused, "{}", host.story());
            }
        }
    }
}
