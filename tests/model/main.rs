//! Exhaustive model checks of the strategies: every order in which a host, an environment, an operator and time can
//! make their moves.
//!
//! | file | what |
//! |---|---|
//! | `time.rs`, `unit.rs`, `capacity.rs`, `world.rs` | one deployment as the model sees it |
//! | `subject.rs`, `lists.rs` | strategies under their configurations, and what they promise |
//! | `rollouts.rs`, `moves.rs` | where a rollout starts, and who can make which move |
//! | `promises.rs`, `forward.rs` | what a plan must never do |
//! | `settle.rs` | whether a rollout ends once nothing more goes wrong |
//! | `broken.rs`, `broken_rolling.rs`, `mistakes.rs` | the mistakes of others, which must be found |
//! | `stranger.rs` | what the model says of a strategy whose terms it does not know |
//! | `happy_path.rs` | that a simulation plays what the model knows |
//! | `states.txt` | how many states there were, and which reasons were given; `BLESS=1` writes it |
//!
//! **Bounds.** Targets 0 to 3, changed once; two or three things in all that go wrong, are asked for or change, each
//! once (`lists.rs`); time in steps of 10 s, of which three stand for all that is longer. Routes that become ready,
//! stop or wait, gates that are passed, and verdicts cost nothing. `make model` goes to three of them, and each may be
//! twice.
//!
//! The world here is the model's own, and not that of `tools/simulate`: an oracle must be independent of what it
//! judges.
//!
//! A host that crashes before it has stored a plan is every path on which another move comes first.
//!
//! **Left out**, and covered by the random walks of `tests/walks`: clocks that are set, for good or for a cycle, and
//! stamps of another clock; hosts that do not know why a route ended, or when; plans applied late or in part, and memos
//! that are wrong; targets above 3, changed more than once, and limits that change with them; fractions of weights that
//! are no quarters; verdicts that say when they were observed; wishes that are taken back, but for a pause; strategies
//! that are swapped back; more than three things that go wrong.

mod broken;
mod broken_rolling;
mod capacity;
mod forward;
mod happy_path;
mod lists;
mod mistakes;
mod moves;
mod promises;
mod rollouts;
mod settle;
mod story;
mod stranger;
mod subject;
mod time;
mod unit;
mod world;

use std::{collections::BTreeSet, fmt::Write, fs, sync::PoisonError};

use lists::{blue_green, deeper, rolling_update, swaps};
use pointsman::{Strategy, blue_green::BlueGreen, rolling_update::RollingUpdate};
use rollouts::Rollouts;
use stateright::{Checker, HasDiscoveries, Model};
use subject::Subject;
use world::Budget;

/// Checks everything there is. Fails with the shortest way to what is wrong; else tells how many states there were and
/// which reasons were given.
fn check(subjects: &[Subject], target: u8, budget: Budget) -> (usize, BTreeSet<String>) {
    let what = describe(subjects);
    let run = |threads| {
        let model = Rollouts::new(subjects.to_vec(), target, budget);
        model.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join()
    };
    let mut checker = run(2);
    if !checker.discoveries().is_empty() {
        // Only one thread goes the shortest ways first.
        checker = run(1);
    }
    if let Some((property, path)) = checker.discoveries().into_iter().next() {
        panic!("{what}, target {target}: \"{property}\" does not hold:\n{}", story::story(checker.model(), path));
    }
    let reached = checker.model().reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (checker.unique_state_count(), reached)
}

fn describe(subjects: &[Subject]) -> String {
    subjects.iter().map(Subject::describe).collect::<Vec<_>>().join(", then ")
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
        writeln!(report, "{}", describe(&subjects)).unwrap();
        let mut codes = BTreeSet::new();
        for target in targets {
            let (states, given) = check(&subjects, target, budget);
            println!("{}, target {target}: {states} states", describe(&subjects));
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

/// What a plan promises is what was said when the configuration was admitted, unless nothing could ever move; the model
/// holds each plan to the same.
#[test]
fn what_is_admitted_is_what_is_promised() {
    for (subject, _) in blue_green().into_iter().chain(rolling_update()) {
        for target in 0..=3 {
            let admitted = (subject.check_config)(subject.config, target.into(), subject.limits(target));
            let promised = subject.can_move(target).then(|| subject.bounds(target));
            assert_eq!(admitted.clone().ok(), promised, "{}, target {target}: {admitted:?}", subject.describe());
        }
    }
}

/// The reason codes of a strategy's table: those in its last column, and those of the note that a row refers to.
fn documented(strategy: &str) -> BTreeSet<String> {
    let source = format!("{}/src/strategies/{}.rs", env!("CARGO_MANIFEST_DIR"), strategy.replace('-', "_"));
    let source = fs::read_to_string(source).unwrap();
    let lines: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
    let is_row = |line: &&str| line.starts_with("| ") && line.chars().nth(2).is_some_and(|c| c.is_ascii_digit());
    let cells = lines.iter().copied().filter(is_row).filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let note = lines.iter().copied().skip_while(|line| !line.starts_with("- **No room**"));
    let note = note.take_while(|line| line.starts_with("- **No room**") || line.starts_with("  "));
    let words = cells.map(|(_, code)| code).chain(note).flat_map(|text| text.split('`').skip(1).step_by(2));
    words.map(str::to_owned).collect()
}

/// The same with more that goes wrong, and with things that go wrong twice.
#[test]
#[ignore = "takes a while: `make model`"]
fn strategies_keep_their_promises_when_more_goes_wrong() {
    let single = blue_green().into_iter().chain(rolling_update()).map(|(subject, budget)| (vec![subject], budget));
    for (subjects, budget) in single.chain(swaps()) {
        for target in 0..=3 {
            let (states, _) = check(&subjects, target, deeper(budget));
            println!("{}, target {target}: {states} states", describe(&subjects));
        }
    }
}
