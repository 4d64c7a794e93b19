//! Comparison of decisions: what is recorded, and what reaches the caller.

use std::time::Duration;

use host_test::{Folder, cycle, cycle_of, hostile_version, misdeed};
use pointsman::json::{Answer, Request};
use pointsman_host::{
    Decision, Host, Limits, Registry,
    registry::{Comparison, Options, Outcome, Trial},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{LONG, evaluate, evaluate_batch, ready, status, trial, trying, trying_on};

#[test]
fn what_is_decided_differently_is_recorded_and_the_current_answer_counts() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "cautious", trial(2), Options::default());

    evaluate(&registry);
    registry.evaluate_cycle("hostile", &cycle(&ready(), &misdeed("none"))).unwrap();

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
    let request: Value = serde_json::from_str(&differences[0].request).unwrap();
    assert_eq!(request, json!({"deployment": "good", "routes": ready(), "spec": misdeed("good")}));
    assert_eq!(differences[0].deployment, "good");
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
    // Short only for what never ends: a busy machine makes what does end late, too.
    let time = if outcome == Outcome::Timeout { Duration::from_millis(250) } else { Limits::default().time };
    let host = Host::new(Limits { time, instances: 1, ..Limits::default() }).unwrap();
    let generous = Trial { most_differences: 100, ..trial(100) };
    let (registry, shadow) = trying_on(host, &folder, mode, generous, Options::default());

    for _ in 0..3 {
        evaluate(&registry);
    }

    assert_eq!(shadow.wait(LONG), Comparison::Failed, "three failures are enough");
    assert_eq!(shadow.status().outcomes[&outcome], 3);
    let status = status(&registry);
    assert_eq!(status.outcomes.keys().collect::<Vec<_>>(), [&Outcome::Ok]);
    assert_eq!((status.reverts, status.current.plugin.name()), (0, "honest.wasm"));
}

/// What fails in the current version too says nothing about the new one.
#[test]
fn a_request_that_both_fail_is_no_failure_of_the_shadow() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "other", trial(2), Options::default());

    for i in 0..2 {
        let (deployment, routes, spec) = (format!("d{i}"), ready(), misdeed("trap"));
        registry.evaluate_cycle("hostile", &cycle_of(&deployment, &routes, &spec)).unwrap_err();
    }

    assert_eq!(shadow.wait(LONG), Comparison::Passed);
    assert_eq!((shadow.status().differences, shadow.status().outcomes[&Outcome::Trap]), (0, 2));
}

#[test]
fn one_failure_is_enough_not_to_pass() {
    let folder = Folder::new();
    let generous = Trial { most_differences: 100, auto_promote: true, ..trial(2) };
    let (registry, shadow) = trying(&folder, "broken", generous, Options::default());

    evaluate(&registry);
    registry.evaluate_cycle("hostile", &cycle(&ready(), &misdeed("none"))).unwrap();

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
fn a_trial_outlives_a_swap_and_names_who_answered() {
    let folder = Folder::new();
    let (registry, shadow) = trying(&folder, "cautious", trial(2), Options::default());
    evaluate(&registry);
    registry.swap("hostile", folder.write("second.wasm", &hostile_version("second"))).unwrap();
    registry.evaluate_cycle("hostile", &cycle(&ready(), &misdeed("good"))).unwrap();

    assert_eq!(shadow.wait(LONG), Comparison::Failed);
    let by: Vec<String> = shadow.differences().iter().map(|found| found.current.name().to_owned()).collect();
    assert_eq!(by, ["honest.wasm", "second.wasm"]);
}
