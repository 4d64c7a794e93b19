//! Crates of the workspace, and which may depend on which.

use std::{collections::BTreeSet, path::PathBuf};

use cargo_metadata::{Dependency, DependencyKind, MetadataCommand, Package};

/// Folders of crates, and the folders of those that each may depend on. `*` stands for any name. A crate may be
/// missing.
const MAY_DEPEND_ON: [(&str, &[&str]); 12] = [
    ("", &[]),
    ("plugins/*", &[""]),
    ("examples/*", &[""]),
    ("host-test/guests/*", &[""]),
    ("hosts/loader", &[]),
    ("hosts/loader/module", &["hosts/loader"]),
    ("hosts/rust", &["", "hosts/loader"]),
    ("tools/simulate", &["", "hosts/rust"]),
    ("tools/conformance", &["", "hosts/rust", "tools/simulate"]),
    ("tools/cli", &["", "hosts/rust", "tools/simulate", "tools/conformance"]),
    ("host-test", &["", "hosts/loader", "hosts/rust"]),
    ("xtask", &[]),
];

/// Crates from elsewhere, and the only folders whose crates may depend on them.
const ONLY_IN: [(&str, &[&str]); 5] = [
    // Whoever calls plugins does so through a host.
    ("wasmtime", &["hosts/rust", "host-test"]),
    ("notify", &["hosts/rust"]),
    // Arguments and progress bars are a program's.
    ("clap", &["tools/cli", "xtask"]),
    ("indicatif", &["tools/cli"]),
    ("cargo_metadata", &["host-test", "xtask"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec();
    metadata.unwrap().packages
}

/// The folder of a crate, from the root.
fn folder(package: &Package) -> String {
    let folder = package.manifest_path.parent().unwrap().as_std_path().strip_prefix(root()).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn matches(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(parent) => folder.strip_prefix(parent).is_some_and(|name| !name.contains('/')),
        None => pattern == folder,
    }
}

/// The dependencies of one crate that it must not have.
fn violations(folder: &str, of_ours: &[String], of_others: &[String]) -> Vec<String> {
    let Some((_, may)) = MAY_DEPEND_ON.iter().find(|(pattern, _)| matches(pattern, folder)) else {
        return vec![format!("`{folder}` has no place in the table of layers")];
    };
    let ours = of_ours.iter().filter(|to| !may.iter().any(|pattern| matches(pattern, to)));
    let others = of_others.iter().filter(|name| {
        ONLY_IN.iter().any(|(only, places)| only == name && !places.iter().any(|pattern| matches(pattern, folder)))
    });
    ours.chain(others).map(|to| format!("`{folder}` must not depend on `{to}`")).collect()
}

#[test]
fn no_crate_depends_upwards() {
    let packages = packages();
    let mut all = vec![];
    for package in &packages {
        // What the tests of a crate need of ours is no part of the house.
        let is_needed = |dependency: &&Dependency| dependency.kind != DependencyKind::Development;
        let (ours, others): (Vec<_>, Vec<_>) =
            package.dependencies.iter().partition(|dependency| dependency.path.is_some());
        let path = |path: &cargo_metadata::camino::Utf8PathBuf| {
            let path = path.canonicalize().unwrap();
            path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
        };
        let ours = ours.into_iter().filter(is_needed).filter_map(|dependency| dependency.path.as_ref().map(path));
        let ours: Vec<String> = ours.collect();
        let others: Vec<String> = others.iter().map(|dependency| dependency.name.clone()).collect();
        all.extend(violations(&folder(package), &ours, &others));
    }

    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
    let found: BTreeSet<String> = packages.iter().map(folder).collect();
    assert!(found.contains("") && found.contains("hosts/rust") && found.len() > 5, "{found:?}");
}

#[test]
fn the_check_finds_a_dependency() {
    let check = |folder: &str, ours: &[&str], others: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        violations(folder, &owned(ours), &owned(others))
    };

    assert_eq!(check("tools/cli", &["", "tools/simulate"], &["clap"]), [""; 0]);
    assert_eq!(check("hosts/rust", &["tools/cli"], &[]), ["`hosts/rust` must not depend on `tools/cli`"]);
    assert_eq!(check("plugins/canary", &["", "hosts/rust"], &[]), ["`plugins/canary` must not depend on `hosts/rust`"]);
    assert_eq!(check("tools/simulate", &[""], &["wasmtime", "clap"]).len(), 2);
    assert_eq!(check("tools/new", &[], &[]), ["`tools/new` has no place in the table of layers"]);
}
