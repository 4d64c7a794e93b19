//! Failures: what is one, what it leads to, and how it is counted.

use std::{num::NonZeroU32, time::Duration};

use host_test::{Folder, clock::Clock, component, cycle, cycle_of, misdeed};
use pointsman::{
    guard::ViolationCode,
    json::{Answer, ErrorCode},
};
use pointsman_host::{
    CallError, EvaluateError, Host, Limits, Registry,
    registry::{Options, Outcome, RegistryError},
};
use rstest::rstest;
use serde_json::json;

use crate::{answered_by, fail, hostile, status};

/// The circuit of the only deployment: 1 s, then twice as long each time, up to the longest.
#[test]
fn the_circuit_of_a_deployment_opens_for_longer_each_time() {
    let clock = Clock::new();
    let registry = hostile(&Folder::new(), Options { longest_back_off: Duration::from_secs(3), ..clock.options() });
    for _ in 0..3 {
        fail(&registry, "trap");
    }

    for length in [1, 2, 3, 3].map(Duration::from_secs) {
        clock.advance(length.saturating_sub(Duration::from_millis(1)));
        let error = registry.evaluate_cycle("hostile", &cycle(&[], &misdeed("trap"))).unwrap_err();
        let RegistryError::CircuitOpen(open) = &error else { panic!("{error:?}") };
        assert_eq!((open.deployment.as_deref(), open.remaining), (Some("some"), Duration::from_millis(1)));
        assert!(
            error.to_string().starts_with("circuit of deployment `some` open for 1 ms: plugin `1.wasm` "),
            "{error}"
        );
        let circuits = status(&registry).circuits;
        assert_eq!((circuits.open_total, circuits.open[0].remaining), (1, Duration::from_millis(1)));
        clock.advance(Duration::from_millis(1));
        fail(&registry, "trap");
    }

    // Another configuration is another input.
    assert_eq!(answered_by(&registry), "1.wasm");
    assert_eq!(status(&registry).circuits.open_total, 0);
    assert_eq!(status(&registry).outcomes[&Outcome::CircuitOpen], 4);
}

#[test]
fn with_none_to_revert_to_a_version_that_fails_for_all_has_a_circuit_for_all() {
    let clock = Clock::new();
    let folder = Folder::new();
    let registry = hostile(&folder, clock.options());
    let trap = misdeed("trap");
    for deployment in ["a", "b", "c"] {
        registry.evaluate_cycle("hostile", &cycle_of(deployment, &[], &trap)).unwrap_err();
    }

    let error = registry.evaluate_cycle("hostile", &cycle_of("d", &[], &misdeed("none"))).unwrap_err();
    assert!(matches!(&error, RegistryError::CircuitOpen(open) if open.deployment.is_none()), "{error:?}");
    assert!(error.to_string().ends_with("failed for 3 deployments in a row"), "{error}");
    assert_eq!(status(&registry).circuit_open, Some(Duration::from_secs(1)));

    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap();

    assert_eq!(answered_by(&registry), "2.wasm");
    assert_eq!(status(&registry).previous, None, "a version that fails is none to revert to");
}

#[rstest]
#[case::empty("", false)]
#[case::one("a", true)]
#[case::longest(&"k".repeat(256), true)]
#[case::longer(&"k".repeat(257), false)]
fn keys_of_deployments(#[case] key: &str, #[case] is_valid: bool) {
    let registry = hostile(&Folder::new(), Options::default());
    let batch = json!([{"deployment": key, "routes": [], "spec": misdeed("none")}]).to_string();

    let result = registry.evaluate_cycle("hostile", &cycle_of(key, &[], &misdeed("none")));
    let answers = registry.evaluate_cycles_json("hostile", &batch).unwrap().answers;

    assert_eq!(result.is_ok(), is_valid, "{result:?}");
    assert_eq!(answers.contains("from 1 to 256"), !is_valid, "{answers}");
    assert!(is_valid || matches!(result, Err(RegistryError::Deployment(_))));
}

#[test]
fn a_request_without_a_key_is_refused_and_spoils_no_other() {
    let registry = hostile(&Folder::new(), Options::default());
    let request = json!({"routes": [], "spec": misdeed("none")});
    let mut keyed = request.clone();
    keyed["deployment"] = json!("a");

    let answered = registry.evaluate_cycles_json("hostile", &json!([request, keyed, 3]).to_string()).unwrap();

    let answers: Vec<Answer> = serde_json::from_str(&answered.answers).unwrap();
    let [Answer::Error { code, message, .. }, Answer::Ok(_), Answer::Error { .. }] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!((*code, message.as_str()), (ErrorCode::InvalidRequest, "missing field `deployment`"));
    assert_eq!(answered.plugins.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
}

/// By a clock that goes on by 50 ms with each reading, of which a call takes two.
#[test]
fn latencies_are_those_of_the_calls() {
    let registry = hostile(&Folder::new(), Clock::stepping(Duration::from_millis(50)).options());

    fail(&registry, "trap");
    answered_by(&registry);

    let latency = status(&registry).latency;
    for quantile in [latency.p50, latency.p90, latency.p99, latency.p999, latency.max] {
        assert!((50_000..51_000).contains(&quantile.as_micros()), "{latency:?} is not 50 ms to two digits");
    }
}

#[test]
fn violations_are_counted_by_their_code() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    let requests = json!([{"deployment": "a", "routes": [], "spec": misdeed("again_at_once")}]).to_string();

    fail(&registry, "unknown_id");
    registry.evaluate_cycles_json("hostile", &requests).unwrap();

    let counts: Vec<_> = status(&registry).violations.into_iter().collect();
    assert_eq!(counts, [(ViolationCode::UnknownId, 1), (ViolationCode::NextEvaluationNotAhead, 1)]);
}

#[test]
fn a_refusal_and_a_full_host_are_no_failures_of_the_plugin() {
    let folder = Folder::new();
    let host = Host::new(Limits { instances: 1, ..Limits::default() }).unwrap();
    let options = Options { open_after: NonZeroU32::MIN, ..Options::default() };
    let registry = Registry::new(host.clone(), options);
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)).unwrap();

    assert!(matches!(fail(&registry, "of_the_old_days"), EvaluateError::InvalidConfig { .. }));
    let taken = host.load(component("guests/hostile.wasm")).unwrap().session().unwrap();
    assert!(matches!(fail(&registry, "none"), EvaluateError::Call(CallError::Instances { .. })));
    drop(taken);

    assert_eq!(answered_by(&registry), "1.wasm");
}
