//! Ends of trials, and what follows.

use std::time::Duration;

use host_test::{Folder, HOST, clock::Clock, hostile_version};
use pointsman_host::{
    Registry,
    registry::{Checks, Comparison, Options, PromoteError, Swap, SwapError, Trial, TrialLength},
};
use rstest::rstest;

use crate::{LONG, evaluate, status, trial, trying};

#[rstest]
#[case::by_hand(false)]
#[case::by_itself(true)]
fn a_version_that_decides_alike_passes_and_is_promoted(#[case] auto_promote: bool) {
    let folder = Folder::new();
    let trial = Trial { auto_promote, ..trial(3) };
    let (registry, shadow) = trying(&folder, "other", trial, Options::default());

    for _ in 0..3 {
        evaluate(&registry);
    }

    if auto_promote {
        assert_eq!(shadow.wait(LONG), Comparison::Promoted);
    } else {
        assert_eq!(shadow.wait(LONG), Comparison::Passed);
        assert_eq!(status(&registry).current.plugin.name(), "honest.wasm");
        assert!(matches!(registry.promote("hostile"), Ok(Swap::Swapped { .. })));
        assert_eq!(shadow.comparison(), Comparison::Promoted);
    }
    let status = status(&registry);
    assert_eq!((status.current.plugin.name(), status.previous.unwrap().plugin.name()), ("new.wasm", "honest.wasm"));
    assert_eq!(status.shadow, None);
    assert!(matches!(registry.promote("hostile"), Err(PromoteError::NoShadow { .. })));
}

#[test]
fn a_trial_of_some_time_ends_with_the_first_evaluation_after_it() {
    let clock = Clock::new();
    let folder = Folder::new();
    let minute = Trial { length: TrialLength::Time(Duration::from_mins(1)), ..trial(1) };
    let (registry, shadow) = trying(&folder, "other", minute, clock.options());

    for expected in 1..=20 {
        evaluate(&registry);
        while shadow.status().evaluations < expected {
            std::thread::yield_now();
        }
    }
    assert_eq!(shadow.comparison(), Comparison::Running);
    clock.advance(Duration::from_mins(1));
    assert_eq!(shadow.comparison(), Comparison::Running);
    evaluate(&registry);

    assert_eq!(shadow.wait(LONG), Comparison::Passed);
    assert_eq!(shadow.status().evaluations, 21);
}

#[test]
fn a_version_that_is_tried_passes_the_checks_before_and_again_when_it_is_promoted() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "other", trial(1), Options::default());
    let old = r#"{"misdeed": "of_the_old_days"}"#.to_owned();
    registry.set_checks("hostile", Checks { configs: vec![(old, 3)], vectors: vec![] });

    let third = folder.write("third.wasm", &hostile_version("third"));
    assert!(matches!(registry.shadow("hostile", third, trial(1)), Err(SwapError::Config { .. })));
    assert!(matches!(registry.promote("hostile"), Err(PromoteError::Check(SwapError::Config { .. }))));
    assert_eq!(shadow.comparison(), Comparison::Running);

    registry.set_checks("hostile", Checks::default());
    assert!(registry.promote("hostile").is_ok());
}

#[test]
fn a_trial_that_checks_set_since_do_not_let_pass_promotes_nothing() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "other", Trial { auto_promote: true, ..trial(1) }, Options::default());
    let old = r#"{"misdeed": "of_the_old_days"}"#.to_owned();
    registry.set_checks("hostile", Checks { configs: vec![(old, 3)], vectors: vec![] });

    evaluate(&registry);

    assert_eq!(shadow.wait(LONG), Comparison::Failed);
    assert_eq!(status(&registry).current.plugin.name(), "honest.wasm");
}

#[test]
fn a_trial_ends_by_hand_by_another_and_by_a_swap_to_its_version() {
    let folder = Folder::new();
    let (registry, first) = trying(&folder, "other", trial(1), Options::default());
    let again = folder.path().join("new.wasm");
    assert!(matches!(registry.shadow("hostile", &again, trial(1)), Ok(Swap::Unchanged(_))), "it is tried already");
    assert_eq!(first.comparison(), Comparison::Running);

    let third = folder.write("third.wasm", &hostile_version("third"));
    registry.shadow("hostile", &third, trial(1)).unwrap();
    assert_eq!(first.comparison(), Comparison::Discarded);

    let second = registry.last_shadow("hostile").unwrap().unwrap();
    registry.swap("hostile", &third).unwrap();
    assert_eq!(second.comparison(), Comparison::Promoted);

    registry.shadow("hostile", &again, trial(1)).unwrap();
    let last = registry.last_shadow("hostile").unwrap().unwrap();
    registry.discard_shadow("hostile").unwrap();
    assert_eq!(last.comparison(), Comparison::Discarded);
    assert_eq!(status(&registry).shadow, None);
    assert!(matches!(registry.discard_shadow("hostile"), Err(PromoteError::NoShadow { .. })));
}

#[test]
fn the_first_version_of_a_strategy_is_not_tried() {
    let folder = Folder::new();
    let registry = Registry::new(HOST.clone(), Options::default());
    let file = folder.write("honest.wasm", &hostile_version("honest"));

    assert!(matches!(registry.shadow("hostile", file, trial(1)), Ok(Swap::Loaded(_))));

    assert!(registry.last_shadow("hostile").unwrap().is_none());
    assert!(registry.last_shadow("nobody").is_err());
}
