//! A new version in the shadow of the current one: what is recorded, what reaches the caller, and how trials end.

use std::{
    num::NonZeroU64,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use host_test::{Folder, HOST, hostile_version, misdeed, ready_routes};
use pointsman::{
    Route,
    json::{Answer, Request},
};
use pointsman_host::{
    Decision, Host, Limits, Registry,
    registry::{
        Checks, Comparison, Options, Outcome, PromoteError, Shadow, StrategyStatus, Swap, SwapError, Trial, TrialLength,
    },
};
use rstest::rstest;

/// Longer than any trial here takes, so that a broken one ends.
const LONG: Duration = Duration::from_mins(1);

/// One ready route of the deploying revision, which the honest version promotes.
fn ready() -> Vec<Route> {
    ready_routes(1)
}

fn trial(evaluations: u64) -> Trial {
    Trial::evaluations(NonZeroU64::new(evaluations).unwrap())
}

/// A registry that runs on the honest version and tries the one of this mode.
fn trying(folder: &Folder, mode: &str, trial: Trial, options: Options) -> (Registry, Shadow) {
    trying_on(HOST.clone(), folder, mode, trial, options)
}

fn trying_on(host: Host, folder: &Folder, mode: &str, trial: Trial, options: Options) -> (Registry, Shadow) {
    let registry = Registry::new(host, options);
    registry.swap("hostile", folder.write("honest.wasm", &hostile_version("honest"))).unwrap();
    let swap = registry.shadow("hostile", folder.write("new.wasm", &hostile_version(mode)), trial).unwrap();
    assert!(matches!(&swap, Swap::Shadowing { shadow, .. } if shadow.name() == "new.wasm"), "{swap:?}");
    let shadow = registry.last_shadow("hostile").unwrap().unwrap();
    (registry, shadow)
}

/// The honest version's answer to the request that the versions differ in.
fn evaluate(registry: &Registry) {
    let evaluated = registry.evaluate_cycle("hostile", &ready(), &misdeed("good")).unwrap();
    assert_eq!(
        (evaluated.plugin.name(), &evaluated.value.promote_route_ids[..]),
        ("honest.wasm", &["r-1".to_owned()][..])
    );
}

fn evaluate_batch(registry: &Registry) {
    let request = |word| Request { routes: ready(), spec: misdeed(word) };
    let requests = serde_json::to_string(&[request("none"), request("good")]).unwrap();
    let evaluated = registry.evaluate_cycles_json("hostile", &requests).unwrap();
    let answers: Vec<Answer> = serde_json::from_str(&evaluated.value).unwrap();
    assert!(
        matches!(&answers[..], [Answer::Ok(_), Answer::Ok(plan)] if plan.promote_route_ids == ["r-1"]),
        "{answers:?}"
    );
}

fn status(registry: &Registry) -> StrategyStatus {
    registry.status().remove(0)
}

#[test]
fn what_is_decided_differently_is_recorded_and_the_current_answer_counts() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "cautious", trial(2), Options::default());

    evaluate(&registry);
    registry.evaluate_cycle("hostile", &ready(), &misdeed("none")).unwrap();

    assert_eq!(shadow.wait(LONG), Comparison::Failed);
    let [difference] = &shadow.differences()[..] else { panic!("{:?}", shadow.differences()) };
    let request = Request::parse(&difference.request).unwrap();
    assert_eq!((request.routes, request.spec), (ready(), misdeed("good")));
    assert!(matches!(&difference.decided, Decision::Answer(Answer::Ok(plan)) if plan.promote_route_ids == ["r-1"]));
    assert!(matches!(&difference.shadow, Decision::Answer(Answer::Ok(plan)) if plan.reason.code == "cautious"));
    assert_eq!(difference.current.name(), "honest.wasm");
    let fields: Vec<_> = difference.fields.iter().map(ToString::to_string).collect();
    assert_eq!(fields, [r#"reason.code: "hostile" or "cautious""#, r#"promote_route_ids: ["r-1"] or []"#]);
    let status = status(&registry);
    let tried = status.shadow.unwrap();
    assert_eq!((tried.evaluations, tried.differences, tried.skipped, tried.outcomes[&Outcome::Ok]), (2, 1, 0, 2));
    assert_eq!((tried.version.plugin.name(), status.current.plugin.name()), ("new.wasm", "honest.wasm"));
    assert_eq!(status.outcomes[&Outcome::Ok], 2, "the shadow's calls are not the strategy's");
}

#[test]
fn each_request_of_a_batch_is_compared() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "cautious", trial(4), Options::default());

    evaluate_batch(&registry);
    evaluate_batch(&registry);

    assert_eq!(shadow.wait(LONG), Comparison::Failed);
    let differences = shadow.differences();
    assert_eq!((shadow.status().evaluations, differences.len()), (4, 2));
    assert_eq!(Request::parse(&differences[0].request).unwrap().spec, misdeed("good"));
}

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
fn differences_up_to_the_number_allowed_do_not_matter() {
    let folder = Folder::new();
    let allowed = |most_differences| Trial { most_differences, ..trial(2) };
    let (registry, shadow) = trying(&folder, "cautious", allowed(2), Options::default());
    evaluate(&registry);
    evaluate(&registry);
    assert_eq!(shadow.wait(LONG), Comparison::Passed);

    let (registry, shadow) = trying(&folder, "cautious", allowed(1), Options::default());
    evaluate(&registry);
    evaluate(&registry);
    assert_eq!(shadow.wait(LONG), Comparison::Failed);
}

#[rstest]
#[case::trap("broken", Outcome::Trap)]
#[case::timeout("endless", Outcome::Timeout)]
#[case::rejected("harmful", Outcome::Rejected)]
fn what_fails_in_the_shadow_fails_nowhere_else(
    #[case] mode: &str,
    #[case] outcome: Outcome,
    #[values(evaluate, evaluate_batch)] evaluate: fn(&Registry),
) {
    let folder = Folder::new();
    let host = Host::new(Limits { time: Duration::from_millis(20), instances: 1, ..Limits::default() }).unwrap();
    let generous = Trial { most_differences: 100, ..trial(100) };
    let (registry, shadow) = trying_on(host, &folder, mode, generous, Options::default());

    for _ in 0..3 {
        evaluate(&registry);
    }

    assert_eq!(shadow.wait(LONG), Comparison::Failed, "three failures in a row are enough");
    assert_eq!(shadow.status().outcomes[&outcome], 3);
    let status = status(&registry);
    assert_eq!(status.outcomes.keys().collect::<Vec<_>>(), [&Outcome::Ok]);
    assert_eq!((status.reverts, status.current.plugin.name()), (0, "honest.wasm"));
}

#[test]
fn one_failure_is_enough_not_to_pass() {
    let folder = Folder::new();
    let generous = Trial { most_differences: 100, auto_promote: true, ..trial(2) };
    let (registry, shadow) = trying(&folder, "broken", generous, Options::default());

    evaluate(&registry);
    registry.evaluate_cycle("hostile", &ready(), &misdeed("none")).unwrap();

    assert_eq!(shadow.wait(LONG), Comparison::Failed);
    assert_eq!(status(&registry).current.plugin.name(), "honest.wasm");
}

#[test]
fn a_shadow_that_is_too_slow_skips_and_the_caller_does_not_wait() {
    let folder = Folder::new();
    let host = Host::new(Limits { time: Duration::from_secs(10), ..Limits::default() }).unwrap();
    let (registry, shadow) = trying_on(host, &folder, "endless", trial(1_000), Options::default());

    // The first keeps the shadow busy for ten seconds; some wait for it.
    for _ in 0..100 {
        evaluate(&registry);
    }

    let status = shadow.status();
    assert_eq!(status.evaluations, 0);
    assert!((60..100).contains(&status.skipped), "{status:?}");
}

#[test]
fn a_trial_of_some_time_ends_with_the_first_evaluation_after_it() {
    let now = Arc::new(Mutex::new(Instant::now()));
    let clock = Arc::clone(&now);
    let options = Options { clock: Arc::new(move || *clock.lock().unwrap()), ..Options::default() };
    let folder = Folder::new();
    let minute = Trial { length: TrialLength::Time(Duration::from_mins(1)), ..trial(1) };
    let (registry, shadow) = trying(&folder, "other", minute, options);

    for expected in 1..=20 {
        evaluate(&registry);
        while shadow.status().evaluations < expected {
            std::thread::yield_now();
        }
    }
    assert_eq!(shadow.comparison(), Comparison::Running);
    *now.lock().unwrap() += Duration::from_mins(1);
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
    registry.set_checks("hostile", Checks { configs: vec![(old, 3)], vectors: vec![] }).unwrap();

    let third = folder.write("third.wasm", &hostile_version("third"));
    assert!(matches!(registry.shadow("hostile", third, trial(1)), Err(SwapError::Config { .. })));
    assert!(matches!(registry.promote("hostile"), Err(PromoteError::Check(SwapError::Config { .. }))));
    assert_eq!(shadow.comparison(), Comparison::Running);

    registry.set_checks("hostile", Checks::default()).unwrap();
    assert!(registry.promote("hostile").is_ok());
}

#[test]
fn a_trial_that_checks_set_since_do_not_let_pass_promotes_nothing() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "other", Trial { auto_promote: true, ..trial(1) }, Options::default());
    let old = r#"{"misdeed": "of_the_old_days"}"#.to_owned();
    registry.set_checks("hostile", Checks { configs: vec![(old, 3)], vectors: vec![] }).unwrap();

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
fn a_trial_outlives_a_swap_and_names_who_answered() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "cautious", trial(2), Options::default());
    evaluate(&registry);
    registry.swap("hostile", folder.write("second.wasm", &hostile_version("second"))).unwrap();
    registry.evaluate_cycle("hostile", &ready(), &misdeed("good")).unwrap();

    assert_eq!(shadow.wait(LONG), Comparison::Failed);
    let by: Vec<String> = shadow.differences().iter().map(|found| found.current.name().to_owned()).collect();
    assert_eq!(by, ["honest.wasm", "second.wasm"]);
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
