//! Each limit against a guest that breaks it, through both entry points: the exact error, and the host goes on.

use std::time::Duration;

use host_test::{BLUE_GREEN, HOST, HOSTILE, load, misdeed, spec, verdict};
use pointsman::{blue_green::BlueGreen, evaluate_cycle, json::Request};
use pointsman_host::{CallError, EvaluateCyclesError, EvaluateError, Host, HostError, Limits, Plugin, Trap};
use rstest::rstest;

/// The failure of a misdeed through the typed entry point.
fn typed(plugin: &Plugin, word: &str) -> CallError {
    match plugin.evaluate_cycle(&[], &misdeed(word)) {
        Err(EvaluateError::Call(error)) => error,
        other => panic!("`{word}` gave {other:?}"),
    }
}

/// The failure of a misdeed through the JSON entry point.
fn json(plugin: &Plugin, word: &str) -> CallError {
    let request = serde_json::to_string(&[Request { routes: vec![], spec: misdeed(word) }]).unwrap();
    match plugin.evaluate_cycles_json(&request) {
        Err(EvaluateCyclesError::Call(error)) => error,
        other => panic!("`{word}` gave {other:?}"),
    }
}

/// Both plugins of the host still work.
fn assert_host_goes_on() {
    let expected = evaluate_cycle::<BlueGreen>(&[], &spec("{}"));
    assert_eq!(verdict(BLUE_GREEN.evaluate_cycle(&[], &spec("{}"))), expected);
    assert!(HOSTILE.evaluate_cycle(&[], &misdeed("none")).is_ok());
}

#[rstest]
#[case::typed(typed)]
#[case::json(json)]
fn an_endless_loop_is_a_timeout(#[case] call: fn(&Plugin, &str) -> CallError) {
    let error = call(&HOSTILE, "loop_forever");

    let CallError::Timeout { plugin, limit } = &error else { panic!("{error:?}") };
    assert_eq!((plugin, *limit), (HOSTILE.id(), Limits::default().time));
    assert_host_goes_on();
}

#[rstest]
#[case::typed(typed)]
#[case::json(json)]
fn taking_memory_without_end_is_a_memory_error(#[case] call: fn(&Plugin, &str) -> CallError) {
    let error = call(&HOSTILE, "grow_memory");

    assert!(matches!(error, CallError::Memory { limit, .. } if limit == Limits::default().memory), "{error:?}");
    assert_host_goes_on();
}

#[rstest]
#[case::typed(typed)]
#[case::json(json)]
fn a_panic_is_a_trap(#[case] call: fn(&Plugin, &str) -> CallError) {
    let error = call(&HOSTILE, "trap");

    assert!(matches!(error, CallError::Trap { trap: Trap::Unreachable, .. }), "{error:?}");
    assert_host_goes_on();
}

#[rstest]
#[case::typed(typed)]
#[case::json(json)]
fn endless_recursion_is_a_trap(#[case] call: fn(&Plugin, &str) -> CallError) {
    let error = call(&HOSTILE, "recurse_forever");

    // The stack in linear memory is the smaller one; it ends at address 0.
    assert!(matches!(error, CallError::Trap { trap: Trap::MemoryOutOfBounds | Trap::StackOverflow, .. }), "{error:?}");
    assert_host_goes_on();
}

#[rstest]
#[case::long_string(typed, "long_string")]
#[case::long_string_as_json(json, "long_string")]
#[case::long_list(typed, "long_list")]
fn returning_too_much_is_a_response_error(#[case] call: fn(&Plugin, &str) -> CallError, #[case] word: &str) {
    let host = Host::new(Limits { response: 1 << 20, ..Limits::default() }).unwrap();
    let plugin = load(&host, "guests/hostile.wasm");

    let error = call(&plugin, word);

    assert!(matches!(error, CallError::Response { limit, .. } if limit == 1 << 20), "{error:?}");
    assert!(plugin.evaluate_cycle(&[], &misdeed("none")).is_ok());
    assert!(load(&host, "plugins/blue_green.wasm").evaluate_cycle(&[], &spec("{}")).is_ok());
    // It is no more than the default allows; that the list is nonsense is for the guard to say.
    let result = HOSTILE.evaluate_cycle(&[], &misdeed(word));
    assert!(matches!(result, Ok(_) | Err(EvaluateError::Rejected { .. })), "{result:?}");
}

#[rstest]
fn ten_million_ids_and_a_gigabyte_are_too_much_for_memory(
    #[values("ten_million_ids", "gigabyte_string")] word: &str,
    #[values(typed, json)] call: fn(&Plugin, &str) -> CallError,
) {
    let error = call(&HOSTILE, word);

    assert!(matches!(error, CallError::Memory { .. }), "{error:?}");
    assert_host_goes_on();
}

#[rstest]
#[case::ids(typed, "ten_million_ids")]
#[case::string(typed, "gigabyte_string")]
#[case::ids_as_json(json, "ten_million_ids")]
fn with_memory_for_them_they_are_too_much_to_return(#[case] call: fn(&Plugin, &str) -> CallError, #[case] word: &str) {
    let limits = Limits { memory: 2 << 30, time: Duration::from_mins(1), instances: 1, ..Limits::default() };
    let plugin = load(&Host::new(limits).unwrap(), "guests/hostile.wasm");

    let error = call(&plugin, word);

    assert!(matches!(error, CallError::Response { .. }), "{error:?}");
    assert!(plugin.evaluate_cycle(&[], &misdeed("none")).is_ok());
}

#[test]
fn a_plugin_that_turns_bad_after_a_hundred_calls_is_found_out_only_in_a_session() {
    for _ in 0..101 {
        assert!(HOSTILE.evaluate_cycle(&[], &misdeed("turn_bad_after_a_hundred")).is_ok());
    }
    let mut session = HOSTILE.session().unwrap();
    for _ in 0..100 {
        assert!(session.evaluate_cycle(&[], &misdeed("turn_bad_after_a_hundred")).is_ok());
    }
    let error = session.evaluate_cycle(&[], &misdeed("turn_bad_after_a_hundred")).unwrap_err();

    assert!(matches!(error, EvaluateError::Call(CallError::Timeout { .. })), "{error:?}");
    assert!(session.evaluate_cycle(&[], &misdeed("turn_bad_after_a_hundred")).is_ok());
}

#[rstest]
#[case::not_utf8("not_utf8")]
#[case::wild_pointer("wild_pointer")]
fn returning_nonsense_is_malformed_and_not_too_much(#[case] word: &str) {
    let error = typed(&HOSTILE, word);

    assert!(matches!(error, CallError::Malformed { .. }), "{error:?}");
    assert_host_goes_on();
}

/// There the plugin itself has to read the message to write it as JSON.
#[test]
fn as_json_nonsense_is_malformed_or_a_trap() {
    let error = json(&HOSTILE, "not_utf8");
    assert!(matches!(error, CallError::Malformed { .. }), "{error:?}");
    assert!(matches!(json(&HOSTILE, "wild_pointer"), CallError::Trap { trap: Trap::MemoryOutOfBounds, .. }));
    assert_host_goes_on();
}

#[test]
fn an_error_names_the_plugin_and_its_digest() {
    let error = typed(&HOSTILE, "trap").to_string();

    assert!(
        error.starts_with(&format!("plugin `hostile.wasm` ({}…) trapped", &HOSTILE.id().digest()[..19])),
        "{error}"
    );
}

#[test]
fn limits_can_be_set() {
    let limits = Limits { memory: 8 << 20, time: Duration::from_millis(500), response: 10_000, ..Limits::default() };
    let plugin = load(&Host::new(limits).unwrap(), "guests/hostile.wasm");

    assert!(matches!(typed(&plugin, "grow_memory"), CallError::Memory { limit, .. } if limit == 8 << 20));
    let half_a_second = Duration::from_millis(500);
    assert!(matches!(typed(&plugin, "loop_forever"), CallError::Timeout { limit, .. } if limit == half_a_second));
    assert!(matches!(json(&plugin, "long_list"), CallError::Response { limit: 10_000, .. }));
    assert!(plugin.evaluate_cycle(&[], &misdeed("none")).is_ok());
}

#[test]
fn more_instances_than_the_limit_are_refused_until_one_is_free() {
    let host = Host::new(Limits { instances: 2, ..Limits::default() }).unwrap();
    let plugin = load(&host, "plugins/blue_green.wasm");
    let sessions = [plugin.session().unwrap(), plugin.session().unwrap()];

    let error = plugin.evaluate_cycle(&[], &spec("{}")).unwrap_err();
    assert!(matches!(error, EvaluateError::Call(CallError::Instances { limit: 2, .. })), "{error:?}");

    drop(sessions);
    assert!(plugin.evaluate_cycle(&[], &spec("{}")).is_ok());
}

#[rstest]
#[case::memory(Limits { memory: 65_535, ..Limits::default() }, "memory")]
#[case::time(Limits { time: Duration::ZERO, ..Limits::default() }, "time")]
#[case::instances(Limits { instances: 0, ..Limits::default() }, "instances")]
fn limits_that_nothing_could_run_under_are_refused(#[case] limits: Limits, #[case] name: &str) {
    assert!(matches!(Host::new(limits), Err(HostError::LimitTooSmall { limit, .. }) if limit == name));
}

#[test]
fn the_longest_time_there_is_does_not_overflow() {
    // The second is just below what a counter of ticks holds.
    for time in [Duration::MAX, Duration::from_millis(u64::MAX / 100), Duration::from_secs(184_467_440_737_095_515)] {
        let host = Host::new(Limits { time, ..Limits::default() }).unwrap();

        assert!(load(&host, "plugins/blue_green.wasm").describe().is_ok());
    }
}

#[test]
fn a_plugin_outlives_its_host() {
    let host = Host::new(Limits { time: Duration::from_millis(10), ..HOST.limits().clone() }).unwrap();
    let plugin = load(&host, "guests/hostile.wasm");
    drop(host);

    assert!(matches!(typed(&plugin, "loop_forever"), CallError::Timeout { .. }));
}
