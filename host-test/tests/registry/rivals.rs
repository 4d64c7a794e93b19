//! Several files of one strategy in a folder: the newest version runs, running and after a restart alike.

use std::fs;

use host_test::{Folder, HOST, hostile_version, versioned};
use pointsman_host::{
    Registry,
    registry::{Options, Swap, SwapError},
};
use rstest::rstest;

fn version(version: &str) -> Vec<u8> {
    versioned(&hostile_version("honest"), version)
}

fn registry() -> Registry {
    Registry::new(HOST.clone(), Options::default())
}

fn current(registry: &Registry) -> String {
    registry.status()[0].current.version.clone()
}

fn rivals(results: &[(std::path::PathBuf, Result<Swap, SwapError>)]) -> Vec<String> {
    let rival = |result: &Result<Swap, SwapError>| match result {
        Err(error @ SwapError::Rival { .. }) => Some(error.to_string()),
        _ => None,
    };
    results.iter().filter_map(|(_, result)| rival(result)).collect()
}

#[rstest]
fn names_and_times_decide_nothing(
    #[values(["a", "b", "c"], ["a", "c", "b"], ["b", "a", "c"], ["b", "c", "a"], ["c", "a", "b"], ["c", "b", "a"])]
    names: [&str; 3],
) {
    let folder = Folder::new();
    for (name, number) in names.iter().zip(["0.3.0", "0.3.9", "0.3.1"]) {
        folder.write(&format!("{name}.wasm"), &version(number));
    }
    let registry = registry();

    let results = registry.load_dir(folder.path()).unwrap();

    assert!(results.iter().all(|(_, result)| result.is_ok()) && results.is_sorted_by_key(|(path, _)| path));
    assert_eq!(current(&registry), "0.3.9");
    assert_eq!(registry.status()[0].previous.as_ref().unwrap().version, "0.3.1");
    let again = registry.load_dir(folder.path()).unwrap();
    assert_eq!(current(&registry), "0.3.9");
    let newest = format!("`{}.wasm` has 0.3.9, which is newer than ", names[1]);
    let objections = rivals(&again);
    assert_eq!(objections.len(), 2);
    assert!(objections.iter().all(|objection| objection.starts_with(&newest)), "{objections:?}");
}

#[test]
fn a_tie_is_refused_and_told() {
    let folder = Folder::new();
    folder.write("a.wasm", &version("0.3.0"));
    folder.write("b.wasm", &versioned(&hostile_version("other"), "0.3.0"));
    let registry = registry();

    let results = registry.load_dir(folder.path()).unwrap();

    let remedy = "remove one of them, or give them different versions";
    let tie = |other: &str| format!("`{other}` has version 0.3.0 of `hostile`, too: {remedy}");
    assert_eq!(rivals(&results), [tie("b.wasm"), tie("a.wasm")]);
    assert!(registry.status().is_empty());

    fs::remove_file(folder.path().join("a.wasm")).unwrap();
    assert!(matches!(&registry.load_dir(folder.path()).unwrap()[..], [(_, Ok(Swap::Loaded(_)))]));
    // What runs goes on, whichever of them it is.
    folder.write("a.wasm", &version("0.3.0"));
    registry.load_dir(folder.path()).unwrap();
    assert_eq!(registry.status()[0].current.plugin.name(), "b.wasm");
}

#[test]
fn one_that_does_not_load_is_no_rival() {
    let folder = Folder::new();
    folder.write("a.wasm", &version("0.3.0"));
    folder.write("b.wasm", &version("0.3.1")[..1000]);
    let registry = registry();

    registry.load_dir(folder.path()).unwrap();

    assert_eq!(current(&registry), "0.3.0");
}
