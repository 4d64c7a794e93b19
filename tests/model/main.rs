//! Exhaustive model checks of the strategies: every order in which a host, an environment, an operator and time can make
//! their moves.
//!
//! | file | what |
//! |---|---|
//! | `world.rs` | one deployment as the model sees it |
//! | `subject.rs` | a strategy under one configuration, and what it promises |
//! | `rollouts.rs` | who can make which move, and what a plan must never do |
//! | `settle.rs` | whether a rollout ends once nothing more goes wrong |
//! | `broken.rs` | the mistakes of others, which must be found |
//! | `happy_path.rs` | that a simulation plays what the model knows |
//! | `states.txt` | how many states there were, and which reasons were given; `BLESS=1` writes it |
//!
//! `make model` goes deeper: everything may go wrong twice.
//!
//! Not built for now: it speaks contract 0.1.0, and its world knows neither how routes end nor standby, weights or pauses.
#![cfg(any())]

mod broken;
mod happy_path;
mod rollouts;
mod settle;
mod subject;
mod world;

use std::{collections::BTreeSet, fmt::Write, fs, sync::PoisonError};

use pointsman::{Strategy, blue_green::BlueGreen, rolling_update::RollingUpdate};
use rollouts::Rollouts;
use rstest::rstest;
use stateright::{Checker, Model};
use subject::Subject;
use world::Budget;

/// Each thing may go wrong once, in any order with all others.
const ONCE: Budget = Budget { failures: 1, flaps: 1, evictions: 1, rescales: 1, requests: 1, accidents: 1 };

/// For many options at once: fewer things go wrong.
const LESS: Budget = Budget { failures: 1, flaps: 1, evictions: 0, rescales: 0, requests: 1, accidents: 0 };

/// For `make model`.
const TWICE: Budget = Budget { failures: 2, flaps: 2, evictions: 1, rescales: 1, requests: 2, accidents: 1 };

/// Blue-green under every option, by itself and together with others.
fn blue_green() -> Vec<(Subject, Budget)> {
    let auto = Subject::blue_green::<BlueGreen>;
    vec![
        (auto("{}"), ONCE),
        (auto("{}").with_check(), ONCE),
        (auto(r#"{"auto_promote": true}"#).with_check(), ONCE),
        (auto(r#"{"auto_promote": true, "promote_delay_seconds": 10}"#), ONCE),
        (auto(r#"{"auto_promote": true, "deadline_seconds": 20}"#), ONCE),
        (auto(r#"{"deadline_seconds": 20}"#), ONCE),
        (auto(r#"{"auto_promote": true, "max_replacements": 1}"#), ONCE),
        (auto(r#"{"auto_promote": true, "keep_blue_seconds": 20}"#), ONCE),
        (auto(r#"{"keep_blue_seconds": 10, "max_replacements": 1}"#).with_check(), ONCE),
        (auto(r#"{"preview_replicas": 1}"#), ONCE),
        (auto(r#"{"auto_promote": true, "preview_replicas": 2, "deadline_seconds": 10}"#), ONCE),
        (
            auto(
                r#"{"auto_promote": true, "promote_delay_seconds": 10, "deadline_seconds": 20, "max_replacements": 1, "keep_blue_seconds": 20, "preview_replicas": 1}"#,
            )
            .with_check(),
            LESS,
        ),
    ]
}

/// Rolling update under every option.
fn rolling_update() -> Vec<(Subject, Budget)> {
    let rolling = Subject::rolling_update::<RollingUpdate>;
    vec![
        (rolling("{}"), ONCE),
        (rolling("{}").with_check(), ONCE),
        (rolling(r#"{"max_surge": 1, "max_unavailable": 0}"#), ONCE),
        (rolling(r#"{"max_surge": 0, "max_unavailable": 1}"#), ONCE),
        (rolling(r#"{"max_surge": 0, "max_unavailable": "25%"}"#), ONCE),
        (rolling(r#"{"max_surge": "100%", "max_unavailable": 0}"#), ONCE),
        (rolling(r#"{"max_surge": "50%", "max_unavailable": "50%"}"#), ONCE),
        (rolling(r#"{"deadline_seconds": 20}"#), ONCE),
        (rolling(r#"{"max_surge": 0, "max_unavailable": 1, "wait_for_termination": true}"#), ONCE),
    ]
}

/// One strategy takes over from the other in mid-rollout, whatever has happened so far.
fn swaps() -> Vec<(Vec<Subject>, Budget)> {
    let blue_green = |config| Subject::blue_green::<BlueGreen>(config);
    let rolling_update = |config| Subject::rolling_update::<RollingUpdate>(config);
    vec![
        (vec![blue_green(r#"{"auto_promote": true, "keep_blue_seconds": 20}"#), rolling_update("{}")], ONCE),
        (vec![blue_green("{}"), rolling_update(r#"{"max_surge": 0, "max_unavailable": 1}"#)], ONCE),
        (vec![rolling_update("{}"), blue_green(r#"{"auto_promote": true, "keep_blue_seconds": 20}"#)], ONCE),
    ]
}

/// Checks everything there is. Fails with the shortest way to what is wrong; else tells how many states there were and which
/// reasons were given.
fn check(subjects: Vec<Subject>, target: u8, budget: Budget) -> (usize, BTreeSet<String>) {
    let what = subjects.iter().map(describe).collect::<Vec<_>>().join(", then ");
    let checker = Rollouts::new(subjects, target, budget).checker().threads(2).spawn_bfs().join();
    if let Some((property, path)) = checker.discoveries().into_iter().next() {
        panic!("{what}, target {target}: \"{property}\" does not hold:\n{}", rollouts::story(checker.model(), path));
    }
    let reached = checker.model().reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (checker.unique_state_count(), reached)
}

fn describe(subject: &Subject) -> String {
    format!("{} {}{}", subject.name, subject.config, if subject.has_check { " with a check" } else { "" })
}

/// State counts are part of the proof: a model that loses states proves less, and nobody would see it.
#[test]
fn strategies_keep_their_promises() {
    let mut report = String::new();
    let mut reached: Vec<(&str, BTreeSet<String>)> = vec![];
    let single = blue_green().into_iter().chain(rolling_update());
    let single = single.map(|(subject, budget)| (vec![subject], budget, 0..=3));
    let swapped = swaps().into_iter().map(|(subjects, budget)| (subjects, budget, 2..=2));
    for (subjects, budget, targets) in single.chain(swapped) {
        writeln!(report, "{}", subjects.iter().map(describe).collect::<Vec<_>>().join(", then ")).unwrap();
        let mut codes = BTreeSet::new();
        for target in targets {
            let (states, given) = check(subjects.clone(), target, budget);
            writeln!(report, "  target {target}: {states} states").unwrap();
            codes.extend(given);
        }
        writeln!(report, "  {}", codes.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap();
        if let [subject] = &subjects[..] {
            reached.push((subject.name, codes));
        }
    }

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/states.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(file, &report).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(report, expected, "run `BLESS=1 cargo test --test model` and review the diff");
    for strategy in [BlueGreen::NAME, RollingUpdate::NAME] {
        let all: BTreeSet<String> =
            reached.iter().filter(|(name, _)| *name == strategy).flat_map(|(_, codes)| codes.clone()).collect();
        assert_eq!(all, documented(strategy), "every reason of {strategy} is given somewhere");
    }
}

/// The reason codes of a strategy's table.
fn documented(strategy: &str) -> BTreeSet<String> {
    let source = format!("{}/src/{}.rs", env!("CARGO_MANIFEST_DIR"), strategy.replace('-', "_"));
    let source = fs::read_to_string(source).unwrap();
    let rows = source.lines().filter(|line| line.starts_with("//! | ") && line.ends_with("` |"));
    rows.filter_map(|row| Some(row.trim_end_matches("` |").rsplit_once('`')?.1.to_owned())).collect()
}

#[test]
#[ignore = "takes a while: `make model`"]
fn strategies_keep_their_promises_when_all_goes_wrong_twice() {
    for (subject, _) in blue_green().into_iter().chain(rolling_update()) {
        for target in 0..=3 {
            let what = describe(&subject);
            let budget = if what.len() > 150 { ONCE } else { TWICE };
            let (states, _) = check(vec![subject.clone()], target, budget);
            println!("{what}, target {target}: {states} states");
        }
    }
}

const AUTO: &str = r#"{"auto_promote": true}"#;
const KEEP: &str = r#"{"auto_promote": true, "keep_blue_seconds": 20}"#;
const ONE_MORE: &str = r#"{"max_surge": 1, "max_unavailable": 0}"#;
const WAIT: &str = r#"{"max_surge": 0, "max_unavailable": 1, "wait_for_termination": true}"#;

/// The mistakes of others are found, each by the property that it breaks.
#[rstest]
#[case::drains_before_ready(Subject::blue_green::<broken::DrainsBeforeReady>(AUTO), "keeps the serving floor")]
#[case::counts_only_the_ready(Subject::blue_green::<broken::CountsOnlyTheReady>(AUTO), "stays within the budget")]
#[case::replaces_without_end(Subject::blue_green::<broken::ReplacesWithoutEnd>(AUTO), "creates no routes without end")]
#[case::waits_for_the_dead(Subject::blue_green::<broken::WaitsForTheDead>(AUTO), "ends, or waits for a person")]
#[case::waits_in_silence(Subject::blue_green::<broken::WaitsInSilence>(AUTO), "ends, or waits for a person")]
#[case::never_completes(Subject::blue_green::<broken::NeverCompletes>(AUTO), "ends, or waits for a person")]
#[case::abort_drains_all(Subject::blue_green::<broken::AbortDrainsAll>(AUTO), "keeps the serving floor")]
#[case::aborts_for_ever(Subject::blue_green::<broken::AbortsForEver>("{}"), "ends, or waits for a person")]
#[case::deadline_while_waiting(
    Subject::blue_green::<broken::DeadlineWhileWaiting>(r#"{"deadline_seconds": 20}"#),
    "meets its deadline once it is ready"
)]
#[case::promotes_what_runs(Subject::blue_green::<broken::PromotesWhatRuns>(AUTO), "puts only what is ready into traffic")]
#[case::waits_for_exactly_the_target(
    Subject::blue_green::<broken::WaitsForExactlyTheTarget>(AUTO),
    "ends, or waits for a person"
)]
#[case::keeps_blue_until_all_is_ready(
    Subject::blue_green::<broken::KeepsBlueUntilAllIsReady>(KEEP),
    "ends, or waits for a person"
)]
#[case::returns_to_anything(
    Subject::blue_green::<broken::ReturnsToAnything>("{}"),
    "puts nothing into traffic that nobody approved"
)]
#[case::needs_no_approval(Subject::blue_green::<broken::NeedsNoApproval>("{}"), "passes no gate unasked")]
#[case::needs_no_delay(
    Subject::blue_green::<broken::NeedsNoDelay>(r#"{"auto_promote": true, "promote_delay_seconds": 10}"#),
    "passes no gate unasked"
)]
#[case::needs_no_verdict(Subject::blue_green::<broken::NeedsNoVerdict>(AUTO).with_check(), "passes no gate unasked")]
#[case::returns_what_was_replaced(
    Subject::blue_green::<broken::ReturnsWhatWasReplaced>("{}"),
    "puts nothing into traffic that nobody approved"
)]
#[case::looks_again_at_once(Subject::blue_green::<broken::LooksAgainAtOnce>("{}"), "does not make the host spin")]
#[case::deadlocks(
    Subject::rolling_update::<broken::Deadlocks>(r#"{"max_surge": 0, "max_unavailable": "25%"}"#),
    "ends, or waits for a person"
)]
#[case::counts_the_live_as_available(
    Subject::rolling_update::<broken::CountsTheLiveAsAvailable>(ONE_MORE),
    "keeps the serving floor"
)]
#[case::ignores_terminating(Subject::rolling_update::<broken::IgnoresTerminating>(WAIT), "stays within the budget")]
#[case::no_back_off(Subject::rolling_update::<broken::NoBackOff>(ONE_MORE), "creates no routes without end")]
#[case::scales_up_and_down(Subject::rolling_update::<broken::ScalesUpAndDown>(ONE_MORE), "an applied plan needs no other")]
fn a_mistake_is_found(#[case] subject: Subject, #[case] property: &str) {
    let checker = Rollouts::new(vec![subject], 2, ONCE).checker().spawn_bfs().join();

    let found: Vec<&str> = checker.discoveries().into_keys().collect();
    assert!(found.contains(&property), "found {found:?} in {} states", checker.unique_state_count());
}
