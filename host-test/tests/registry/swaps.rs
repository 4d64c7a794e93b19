//! Swaps: who answers before and after, whatever lies in a folder, and under which policy.

use std::path::Path;

use host_test::{Folder, HOST, component, cycle, misdeed, ready_routes, spec};
use pointsman::{Amount, Spec, TrafficStatus, guard::Policy};
use pointsman_host::{
    Guard, LoadError, Registry,
    registry::{Cycle, Options, Swap, SwapError},
};

use crate::{answered_by, hostile, status};

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
            Some(own) => registry.evaluate_cycle(name, &Cycle { policy: Some(own), ..cycle(&four, &spec) }),
            None => registry.evaluate_cycle(name, &cycle(&four, &spec)),
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

    let error = registry.evaluate_cycle("rolling-update", &cycle(&[], &misdeed("none"))).unwrap_err();

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
