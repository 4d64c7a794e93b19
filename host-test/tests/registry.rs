//! The registry: swaps that work, swaps that must not, going back, backing off.

use std::{
    num::NonZeroU32,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use host_test::{Folder, HOST, component, hostile_version, misdeed, patched, ready_routes, spec};
use pointsman::{
    Amount, Spec, TrafficStatus,
    guard::{Policy, ViolationCode},
};
use pointsman_host::{
    CallError, EvaluateError, Guard, Host, Limits, LoadError, Registry,
    registry::{Checks, Options, Outcome, RegistryError, StrategyStatus, Swap, SwapError, Vector},
};
use rstest::rstest;

/// A clock that stands still until it is told.
#[derive(Clone)]
struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    fn options(&self) -> Options {
        let clock = self.clone();
        Options { clock: Arc::new(move || *clock.0.lock().unwrap()), ..Options::default() }
    }
}

/// A registry with the first version of the hostile guest.
fn hostile(folder: &Folder, options: Options) -> Registry {
    let registry = Registry::new(HOST.clone(), options);
    assert!(matches!(registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)), Ok(Swap::Loaded(_))));
    registry
}

/// The file whose version gave a harmless plan.
fn answered_by(registry: &Registry) -> String {
    registry.evaluate_cycle("hostile", &[], &misdeed("none")).unwrap().plugin.name().to_owned()
}

fn fail(registry: &Registry, word: &str) -> EvaluateError {
    match registry.evaluate_cycle("hostile", &[], &misdeed(word)) {
        Err(RegistryError::Evaluate(error)) => error,
        other => panic!("`{word}` gave {other:?}"),
    }
}

fn status(registry: &Registry) -> StrategyStatus {
    registry.status().into_iter().find(|status| status.name == "hostile").unwrap()
}

/// Blue-green and rolling update side by side, each under the policy of its name; a deployment may have its own.
#[test]
fn policies_of_strategies_and_deployments() {
    let policy = Policy { max_unavailable: Amount::Count(0), ..Policy::default() };
    let guards = [("rolling-update".to_owned(), Guard::Policy(policy))];
    let strict = Options { guards: guards.into(), ..Options::default() };
    let mut four = ready_routes(4);
    for route in &mut four {
        "v1".clone_into(&mut route.revision);
        (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Active, 1.0);
    }
    let drained = |options, name: &str, own: Option<Policy>| {
        let registry = Registry::new(HOST.clone(), options);
        registry.swap(name, component(&format!("plugins/{}.wasm", name.replace('-', "_")))).unwrap();
        let spec = Spec { target_replicas: 4, ..spec("{}") };
        let evaluated = match own {
            Some(own) => registry.evaluate_cycle_under(name, own, &four, &spec),
            None => registry.evaluate_cycle(name, &four, &spec),
        };
        evaluated.unwrap().value.drain_route_ids.len()
    };

    assert_eq!(drained(Options::default(), "rolling-update", None), 1);
    assert_eq!(drained(strict.clone(), "rolling-update", None), 0);
    assert_eq!(drained(strict.clone(), "rolling-update", Some(Policy::default())), 1);
    assert_eq!(drained(Options::default(), "rolling-update", Some(policy)), 0);
    assert_eq!(drained(strict, "blue-green", None), 0);
}

#[test]
fn a_folder_is_loaded_and_what_is_bad_in_it_does_not_matter() {
    let folder = Folder::new();
    folder.copy("guests/hostile.wasm", 1);
    folder.copy("plugins/blue_green.wasm", 2);
    folder.write("3.wasm", b"half a fi");
    folder.write("notes.txt", b"not a plugin");
    let registry = Registry::new(HOST.clone(), Options::default());

    let results = registry.load_dir(folder.path()).unwrap();

    assert!(matches!(&results[0].1, Ok(Swap::Loaded(_))));
    assert!(matches!(&results[1].1, Ok(Swap::Loaded(_))));
    assert!(matches!(&results[2].1, Err(SwapError::Load(LoadError::NotWasm { .. }))));
    assert_eq!(results.len(), 3);
    assert_eq!(
        registry.status().iter().map(|status| status.name.as_str()).collect::<Vec<_>>(),
        ["blue-green", "hostile"]
    );
    assert!(registry.load_dir(Path::new("no/such/folder")).is_err());
}

#[test]
fn a_strategy_that_is_not_there_is_told_with_those_that_are() {
    let registry = hostile(&Folder::new(), Options::default());

    let error = registry.evaluate_cycle("rolling-update", &[], &misdeed("none")).unwrap_err();

    assert_eq!(error.to_string(), "there is no strategy `rolling-update`; there is hostile");
}

#[test]
fn a_swap_changes_who_answers_and_the_same_file_changes_nothing() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    assert_eq!(answered_by(&registry), "1.wasm");

    let swap = registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap();

    assert!(
        matches!(&swap, Swap::Swapped { from, to } if from.name() == "1.wasm" && to.name() == "2.wasm"),
        "{swap:?}"
    );
    assert_eq!(answered_by(&registry), "2.wasm");
    let swap = registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap();
    assert!(matches!(swap, Swap::Unchanged(_)), "{swap:?}");
    assert_eq!(status(&registry).previous.unwrap().plugin.name(), "1.wasm");
}

#[test]
fn a_bad_file_or_another_strategy_is_not_switched_to() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());

    let error = registry.swap("hostile", folder.write("bad.wasm", b"\0asm\x0d\0\x01\0\x07")).unwrap_err();
    assert!(matches!(error, SwapError::Load(LoadError::Malformed { .. })), "{error:?}");

    let error = registry.swap("hostile", folder.copy("plugins/blue_green.wasm", 3)).unwrap_err();
    assert!(matches!(&error, SwapError::Name { found, .. } if found == "blue-green"), "{error:?}");

    assert_eq!(answered_by(&registry), "1.wasm");
    assert_eq!(registry.status().len(), 1);
}

#[test]
fn a_version_that_does_not_take_a_config_in_use_is_not_switched_to() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    let configs = vec![misdeed("none").config, r#"{"misdeed": "of_the_old_days"}"#.to_owned()];
    registry
        .set_checks(
            "hostile",
            Checks { configs: configs.into_iter().map(|config| (config, 3)).collect(), vectors: vec![] },
        )
        .unwrap();

    let error = registry.swap("hostile", folder.copy("guests/hostile.wasm", 2)).unwrap_err();

    assert!(matches!(&error, SwapError::Config { config, .. } if config.contains("of_the_old_days")), "{error:?}");
    assert_eq!(answered_by(&registry), "1.wasm");
}

#[test]
fn a_version_that_answers_a_vector_otherwise_is_not_switched_to() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    let vector = |word: &str, message: &str| Vector {
        name: word.to_owned(),
        request: serde_json::to_string(&pointsman::json::Request { routes: vec![], spec: misdeed(word) }).unwrap(),
        response: format!(
            r#"{{"ok": {{"sub_step": "provisioning", "rollout_specs": [], "promote_route_ids": [], "traffic_changes": [], "drain_route_ids": [], "reason": {{"code": "hostile", "message": "{message}", "blocking_route_ids": []}}, "next_evaluation_at": null, "memo": null}}}}"#
        ),
    };
    let swap = |vectors, number| {
        registry.set_checks("hostile", Checks { configs: vec![], vectors }).unwrap();
        registry.swap("hostile", folder.copy("guests/hostile.wasm", number))
    };

    let error = swap(vec![vector("none", ""), vector("remember", "7 calls")], 2).unwrap_err();
    assert!(matches!(&error, SwapError::Vector { vector, .. } if vector == "remember"), "{error:?}");
    let error = swap(vec![vector("trap", "")], 2).unwrap_err();
    assert!(matches!(&error, SwapError::VectorFailed { vector, .. } if vector == "trap"), "{error:?}");
    assert_eq!(answered_by(&registry), "1.wasm");

    assert!(matches!(swap(vec![vector("none", ""), vector("remember", "1 calls")], 2), Ok(Swap::Swapped { .. })));
}

#[test]
fn three_failures_in_a_row_go_back_once() {
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
    assert!(after.latency.p50 <= after.latency.max && after.latency.max > Duration::ZERO);
}

#[test]
fn with_none_to_go_back_to_it_backs_off_longer_each_time_and_tries_again() {
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
fn a_swap_ends_a_back_off() {
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
    assert_eq!(status(&registry).previous, None, "a version that fails is none to go back to");
}

#[test]
fn latencies_are_those_of_the_calls() {
    let folder = Folder::new();
    let host = Host::new(Limits { time: Duration::from_millis(50), ..Limits::default() }).unwrap();
    let registry = Registry::new(host, Options::default());
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)).unwrap();

    fail(&registry, "loop_forever");

    let latency = status(&registry).latency;
    assert!(latency.p50 >= Duration::from_millis(50) && latency.max < Duration::from_mins(1), "{latency:?}");
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

#[rstest]
#[case::name_of_another_shape(patched("guests/hostile.wasm", "hostile", "Hostile"))]
#[case::schema_is_no_json(hostile_version("schema-not-json"))]
fn a_version_that_describes_itself_wrongly_is_not_switched_to(#[case] liar: Vec<u8>) {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    let file = folder.write("liar.wasm", &liar);

    let by_name = registry.swap("hostile", &file).unwrap_err();
    let [_, (_, found)] = &registry.load_dir(folder.path()).unwrap()[..] else { panic!("two files") };

    assert!(matches!(by_name, SwapError::Description { .. }), "{by_name:?}");
    assert!(matches!(found, Err(SwapError::Description { .. })), "{found:?}");
    assert_eq!(answered_by(&registry), "1.wasm");
}

#[test]
fn a_version_that_never_ends_describing_itself_is_not_switched_to() {
    let folder = Folder::new();
    let host = Host::new(Limits { time: Duration::from_millis(100), ..Limits::default() }).unwrap();
    let registry = Registry::new(host, Options::default());
    registry.swap("hostile", folder.copy("guests/hostile.wasm", 1)).unwrap();

    let error = registry.swap("hostile", folder.write("liar.wasm", &hostile_version("loop-in-describe"))).unwrap_err();
    assert!(matches!(error, SwapError::Describe(CallError::Timeout { .. })), "{error:?}");

    let error = registry.swap("hostile", folder.write("liar.wasm", &hostile_version("schema-long"))).unwrap_err();
    assert!(matches!(error, SwapError::Describe(CallError::Response { .. })), "{error:?}");
    assert_eq!(answered_by(&registry), "1.wasm");
}

#[test]
fn a_plugin_that_claims_to_be_another_strategy_must_take_its_configs() {
    let folder = Folder::new();
    let registry = Registry::new(HOST.clone(), Options::default());
    registry.swap("batched", component("examples/batched.wasm")).unwrap();
    let configs = vec![r#"{"batch": 2}"#.to_owned()];
    registry
        .set_checks(
            "batched",
            Checks { configs: configs.into_iter().map(|config| (config, 3)).collect(), vectors: vec![] },
        )
        .unwrap();
    folder.write("liar.wasm", &patched("guests/hostile.wasm", "hostile", "batched"));

    let [(_, result)] = &registry.load_dir(folder.path()).unwrap()[..] else { panic!("one file") };

    assert!(matches!(result, Err(SwapError::Config { .. })), "{result:?}");
    assert_eq!(registry.status()[0].current.plugin.name(), "batched.wasm");
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
