//! A folder that keeps the quarantine and the last good versions over restarts.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use host_test::{Folder, HOST, LONG, cycle_of, hostile_version, misdeed, ready_routes};
use pointsman_host::{
    Registry,
    registry::{Options, Swap, SwapError},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::status;

/// A folder of plugins, and one for the state beside it.
struct Folders {
    plugins: Folder,
    outer: Folder,
}

impl Folders {
    fn new() -> Self {
        Self { plugins: Folder::new(), outer: Folder::new() }
    }

    fn state(&self) -> PathBuf {
        self.outer.path().join("state")
    }

    /// A registry, as after a restart.
    fn registry(&self) -> Registry {
        Registry::new(HOST.clone(), Options { state: Some(self.state()), ..Options::default() })
    }

    /// Reverts a version to the one before it, which was good; its digest.
    fn reverted(&self) -> String {
        let registry = self.registry();
        registry.swap("hostile", self.plugins.write("a.wasm", &hostile_version("honest"))).unwrap();
        succeed(&registry, &["x", "y", "z"]);
        registry.swap("hostile", self.plugins.write("a.wasm", &hostile_version("broken"))).unwrap();
        for deployment in ["a", "b", "c"] {
            let (routes, spec) = (ready_routes(1), misdeed("good"));
            registry.evaluate_cycle("hostile", &cycle_of(deployment, &routes, &spec)).unwrap_err();
            assert!(registry.wait_for_verdicts(LONG));
        }
        let status = status(&registry);
        assert_eq!((status.reverts, status.quarantined.len()), (1, 1));
        status.quarantined[0].clone()
    }
}

fn succeed(registry: &Registry, deployments: &[&str]) {
    for deployment in deployments {
        registry.evaluate_cycle("hostile", &cycle_of(deployment, &[], &misdeed("none"))).unwrap();
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The names of a folder's files, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_restart_keeps_the_quarantine_and_the_last_good_version() {
    let folders = Folders::new();
    let digest = folders.reverted();

    let registry = folders.registry();
    let results = registry.load_dir(folders.plugins.path()).unwrap();

    let [(bad, Ok(Swap::Quarantined(found))), (good, Ok(Swap::Loaded(_)))] = &results[..] else {
        panic!("{results:?}")
    };
    assert_eq!((bad.file_name().unwrap().to_str(), found.digest()), (Some("a.wasm"), digest.as_str()));
    assert!(good.starts_with(folders.state().join("good")), "{good:?}");
    assert_eq!(status(&registry).quarantined, std::slice::from_ref(&digest));
    let (routes, spec) = (ready_routes(1), misdeed("good"));
    registry.evaluate_cycle("hostile", &cycle_of("a", &routes, &spec)).unwrap();

    assert!(registry.release(&digest) && !registry.release(&digest));
    let results = folders.registry().load_dir(folders.plugins.path()).unwrap();
    assert!(matches!(&results[..], [(_, Ok(Swap::Loaded(id)))] if id.digest() == digest), "{results:?}");
}

#[test]
fn what_is_written_is_what_other_hosts_read() {
    let folders = Folders::new();
    let digest = folders.reverted();

    let quarantine = read(&folders.state().join("quarantine.json"));
    let [entry] = &quarantine["quarantined"].as_array().unwrap()[..] else { panic!("{quarantine}") };
    assert_eq!(quarantine["format"], 1);
    assert!(entry["at"].as_u64().unwrap() > 1_700_000_000_000, "milliseconds");
    let mut entry = entry.clone();
    entry["at"] = json!(0);
    let reason = "reverted to 0.2.0: 3 deployments pinned (`a`, `b`, `c`)";
    let expected = json!({
        "digest": digest, "strategy": "hostile", "version": "0.2.0", "reason": reason, "at": 0
    });
    assert_eq!(entry, expected);
    let good = folders.state().join("good");
    let about = read(&good.join("hostile.json"));
    let component = format!("hostile-{}.wasm", &about["digest"].as_str().unwrap()["sha256:".len()..][..12]);
    assert_eq!(
        (&about["format"], &about["strategy"], &about["version"]),
        (&json!(1), &json!("hostile"), &json!("0.2.0"))
    );
    assert_eq!(fs::read(good.join(&component)).unwrap(), hostile_version("honest"));
    assert_eq!(names(&good), [component.as_str(), "hostile.json"]);
}

#[test]
fn a_version_is_good_once_it_succeeded_for_several() {
    let folders = Folders::new();
    let about = folders.state().join("good").join("hostile.json");
    let registry = folders.registry();
    registry.swap("hostile", folders.plugins.write("a.wasm", &hostile_version("honest"))).unwrap();
    succeed(&registry, &["a", "a"]);
    assert!(!about.exists());
    succeed(&registry, &["a"]);
    let first = read(&about)["digest"].clone();
    succeed(&registry, &["b", "c", "d"]);

    registry.swap("hostile", folders.plugins.write("a.wasm", &hostile_version("other"))).unwrap();
    succeed(&registry, &["a", "a", "b", "b"]);
    assert_eq!(read(&about)["digest"], first);
    succeed(&registry, &["c"]);

    assert_ne!(read(&about)["digest"], first);
    assert_eq!(names(about.parent().unwrap()).len(), 2, "the one before is gone");
}

/// A crash between any two writes leaves the last good version: a component alone is nothing yet.
#[test]
fn a_component_that_nothing_points_to_is_in_nobodys_way() {
    let folders = Folders::new();
    folders.reverted();
    let good = folders.state().join("good");
    fs::write(good.join("hostile-0123456789ab.wasm"), hostile_version("broken")).unwrap();
    fs::write(good.join(".part"), b"half").unwrap();

    let results = folders.registry().load_dir(folders.plugins.path()).unwrap();

    assert!(matches!(&results[..], [(_, Ok(Swap::Quarantined(_))), (_, Ok(Swap::Loaded(_)))]), "{results:?}");
}

#[rstest]
#[case::nothing("")]
#[case::half("{")]
#[case::of_another_type("[]")]
#[case::of_another_format(r#"{"format": 2, "quarantined": []}"#)]
#[case::without_fields(r#"{"format": 1}"#)]
#[case::of_empty_entries(r#"{"format": 1, "quarantined": [{}]}"#)]
#[case::no_digest(
    r#"{"format": 1, "quarantined": [], "strategy": "hostile", "version": "", "digest": "../x", "at": 0}"#
)]
fn what_is_damaged_counts_as_none(#[case] content: &str) {
    let folders = Folders::new();
    folders.reverted();
    let state = folders.state();
    for path in [state.join("quarantine.json"), state.join("good").join("hostile.json")] {
        fs::write(path, content).unwrap();
    }
    symlink("/dev/zero", state.join("good").join("x-y.json")).unwrap();
    fs::write(state.join("good").join("..json"), "{}").unwrap();

    let registry = folders.registry();

    assert!(registry.load_dir(folders.outer.path()).unwrap().is_empty());
    let results = registry.load_dir(folders.plugins.path()).unwrap();
    assert!(matches!(&results[..], [(_, Ok(Swap::Loaded(_)))]), "{results:?}");
}

#[test]
fn a_last_good_component_that_is_another_is_not_loaded() {
    let folders = Folders::new();
    folders.reverted();
    let good = folders.state().join("good");
    let component = names(&good).into_iter().find(|name| name != "hostile.json").unwrap();
    fs::write(good.join(component), hostile_version("harmful")).unwrap();

    let results = folders.registry().load_dir(folders.plugins.path()).unwrap();

    assert!(matches!(&results[..], [(_, Ok(Swap::Quarantined(_)))]), "{results:?}");
}

#[test]
fn a_folder_that_cannot_be_used_keeps_nothing_and_stops_nothing() {
    let folders = Folders::new();
    folders.outer.write("state", b"a file");
    folders.reverted();

    let results = folders.registry().load_dir(folders.plugins.path()).unwrap();

    assert!(matches!(&results[..], [(_, Ok(Swap::Loaded(_)))]), "{results:?}");
}

/// The first version must pass what was set before there was any.
#[test]
fn checks_that_were_set_before_the_first_load() {
    let folders = Folders::new();
    let registry = folders.registry();
    let configs = vec![(r#"{"misdeed": "of_the_old_days"}"#.to_owned(), 3)];
    let set = |configs| registry.set_checks("hostile", pointsman_host::registry::Checks { configs, vectors: vec![] });
    let file = folders.plugins.write("a.wasm", &hostile_version("honest"));

    set(configs);
    assert!(matches!(registry.swap("hostile", &file), Err(SwapError::Config { .. })));
    assert!(registry.status().is_empty());
    set(vec![]);
    assert!(matches!(registry.swap("hostile", &file), Ok(Swap::Loaded(_))));
}
