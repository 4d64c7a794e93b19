//! Checks of a new version: what it says of itself, the configurations in use, and the known answers.

use std::time::Duration;

use host_test::{Folder, HOST, component, hostile_version, misdeed, patched};
use pointsman_host::{
    CallError, Host, Limits, Registry,
    registry::{Checks, Options, Swap, SwapError, Vector},
};
use rstest::rstest;
use serde_json::json;

use crate::{answered_by, hostile};

#[test]
fn a_version_that_does_not_take_a_config_in_use_is_not_switched_to() {
    let folder = Folder::new();
    let registry = hostile(&folder, Options::default());
    let configs = vec![misdeed("none").config, r#"{"misdeed": "of_the_old_days"}"#.to_owned()];
    registry.set_checks(
        "hostile",
        Checks { configs: configs.into_iter().map(|config| (config, 3)).collect(), vectors: vec![] },
    );

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
        response: json!({"ok": {
            "sub_step": "provisioning",
            "rollout_specs": [],
            "promote_route_ids": [],
            "traffic_changes": [],
            "drain_route_ids": [],
            "reason": {"code": "hostile", "message": message, "blocking_route_ids": []},
            "next_evaluation_at": null,
            "memo": null,
        }})
        .to_string(),
    };
    let swap = |vectors, number| {
        registry.set_checks("hostile", Checks { configs: vec![], vectors });
        registry.swap("hostile", folder.copy("guests/hostile.wasm", number))
    };

    let error = swap(vec![vector("none", ""), vector("remember", "7 calls")], 2).unwrap_err();
    assert!(matches!(&error, SwapError::Vector { vector, .. } if vector == "remember"), "{error:?}");
    let error = swap(vec![vector("trap", "")], 2).unwrap_err();
    assert!(matches!(&error, SwapError::VectorFailed { vector, .. } if vector == "trap"), "{error:?}");
    assert_eq!(answered_by(&registry), "1.wasm");

    assert!(matches!(swap(vec![vector("none", ""), vector("remember", "1 calls")], 2), Ok(Swap::Swapped { .. })));
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
    registry.set_checks(
        "batched",
        Checks { configs: configs.into_iter().map(|config| (config, 3)).collect(), vectors: vec![] },
    );
    folder.write("liar.wasm", &patched("guests/hostile.wasm", "hostile", "batched"));

    let [(_, result)] = &registry.load_dir(folder.path()).unwrap()[..] else { panic!("one file") };

    assert!(matches!(result, Err(SwapError::Config { .. })), "{result:?}");
    assert_eq!(registry.status()[0].current.plugin.name(), "batched.wasm");
}
