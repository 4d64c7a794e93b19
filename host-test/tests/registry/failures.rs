//! Failures: what is one, what it leads to, and how it is counted.

use std::{num::NonZeroU32, time::Duration};

use host_test::{Folder, clock::Clock, component, misdeed};
use pointsman::guard::ViolationCode;
use pointsman_host::{
    CallError, EvaluateError, Host, Limits, Registry,
    registry::{Options, Outcome, RegistryError},
};

use crate::{answered_by, fail, hostile, status};

#[test]
fn three_failures_in_a_row_revert_once() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap();

    fail(&registry, "trap");
    fail(&registry, "unknown_id");
    assert_eq!(answered_by(&registry), "2.wasm", "the good answer in between counts the failures anew");
    fail(&registry, "trap");
    fail(&registry, "grow_memory");
    assert_eq!(status(&registry).current.plugin.name(), "2.wasm");
    fail(&registry, "unknown_id");

    let after = status(&registry);
    assert_eq!((after.current.plugin.name(), after.previous, after.reverts), ("1.wasm", None, 1));
    assert_eq!(answered_by(&registry), "1.wasm");
    assert_eq!(after.outcomes[&Outcome::Trap], 2);
    assert_eq!(after.outcomes[&Outcome::Rejected], 2);
    assert_eq!(after.outcomes[&Outcome::Memory], 1);
}

#[test]
fn with_none_to_revert_to_the_circuit_opens_for_longer_each_time() {
    let clock = Clock::new();
    let registry = hostile(&Folder::new(), Options { longest_back_off: Duration::from_secs(3), ..clock.options() });
    for _ in 0..3 {
        fail(&registry, "trap");
    }

    for length in [1, 2, 3, 3].map(Duration::from_secs) {
        clock.advance(length.saturating_sub(Duration::from_millis(1)));
        let error = registry.evaluate_cycle("hostile", &[], &misdeed("none")).unwrap_err();
        assert!(
            matches!(error, RegistryError::CircuitOpen { remaining, .. } if remaining == Duration::from_millis(1)),
            "{error:?}"
        );
        assert!(error.to_string().ends_with("times in a row; circuit open for 1 ms"), "{error}");
        assert_eq!(status(&registry).circuit_open, Some(Duration::from_millis(1)));
        clock.advance(Duration::from_millis(1));
        fail(&registry, "trap");
    }

    clock.advance(Duration::from_secs(3));
    assert_eq!(answered_by(&registry), "1.wasm");
    assert_eq!(status(&registry).circuit_open, None);
    assert_eq!(status(&registry).outcomes[&Outcome::CircuitOpen], 4);
    fail(&registry, "trap");
    assert_eq!(answered_by(&registry), "1.wasm", "one failure after a good answer is one failure");
}

#[test]
fn a_swap_closes_the_circuit() {
    let folder = Folder::new();
    let registry = hostile(&folder, Clock::new().options());
    for _ in 0..3 {
        fail(&registry, "trap");
    }
    assert!(matches!(
        registry.evaluate_cycle("hostile", &[], &misdeed("none")),
        Err(RegistryError::CircuitOpen { .. })
    ));

    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap();

    assert_eq!(answered_by(&registry), "2.wasm");
    assert_eq!(status(&registry).previous, None, "a version that fails is none to revert to");
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
    let request = serde_json::to_string(&[pointsman::json::Request { routes: vec![], spec: misdeed("again_at_once") }]);

    fail(&registry, "unknown_id");
    registry.evaluate_cycles_json("hostile", &request.unwrap()).unwrap();

    let counts: Vec<_> = status(&registry).violations.into_iter().collect();
    assert_eq!(counts, [(ViolationCode::UnknownId, 1), (ViolationCode::NextEvaluationNotAhead, 1)]);
}

#[test]
fn a_refusal_and_a_full_host_are_no_failures_of_the_plugin() {
    let folder = Folder::new();
    let host = Host::new(Limits { instances: 1, ..Limits::default() }).unwrap();
    let options = Options { revert_after: NonZeroU32::MIN, ..Options::default() };
    let registry = Registry::new(host.clone(), options);
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)).unwrap();

    assert!(matches!(fail(&registry, "of_the_old_days"), EvaluateError::InvalidConfig { .. }));
    let taken = host.load(component("guests/hostile.wasm")).unwrap().session().unwrap();
    assert!(matches!(fail(&registry, "none"), EvaluateError::Call(CallError::Instances { .. })));
    drop(taken);

    assert_eq!(answered_by(&registry), "1.wasm");
}

#[test]
fn a_rejected_plan_in_a_batch_is_a_failure() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options { revert_after: NonZeroU32::MIN, ..Options::default() });
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap();
    let request =
        |word| serde_json::to_string(&pointsman::json::Request { routes: vec![], spec: misdeed(word) }).unwrap();

    let answers =
        registry.evaluate_cycles_json("hostile", &format!("[{},{}]", request("none"), request("unknown_id"))).unwrap();

    assert_eq!(answers.plugin.name(), "2.wasm");
    assert_eq!(status(&registry).current.plugin.name(), "1.wasm");
}
