//! Rooms of this crate and their files: which may import which. A newcomer who reads them in the order of these tables
//! never meets anything that was not there before.

mod imports;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use imports::{Order, violations};
use rstest::rstest;

/// The modules inside each module, from the lowest to the highest: each imports only from those to its left.
const ORDER: Order = &[
    ("", &["clock", "text", "contract", "runtime", "plugin", "loading", "host", "registry"]),
    ("runtime", &["error", "cache", "limits", "permits", "ticker", "engine", "store", "trap", "failure", "contain"]),
    (
        "plugin",
        &["id", "guard", "error", "wire", "request", "answers", "batch", "decision", "loaded", "instance", "session"],
    ),
    ("plugin::wire", &["both_ways", "sent", "received"]),
    ("plugin::batch", &["limits", "element"]),
    ("loading", &["error", "admission", "file"]),
    (
        "registry",
        &[
            "options",
            "outcome",
            "blame",
            "seen",
            "halves",
            "trial",
            "description",
            "error",
            "counts",
            "status",
            "version",
            "proof",
            "state",
            "rivals",
            "checks",
            "entry_point",
            "record",
            "slot",
            "questions",
            "slots",
            "call",
            "batch",
            "swap",
            "shadow",
            "watch",
        ],
    ),
    ("registry::blame", &["circuit", "entry", "question"]),
    ("registry::state", &["quarantined", "folder"]),
    ("registry::watch", &["watching", "files", "stamp", "again", "folder"]),
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of this crate, each with its source. Tests may import anything.
fn modules() -> Vec<(String, String)> {
    let (mut found, mut left) = (vec![], vec![sources()]);
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let module = path.strip_prefix(sources()).unwrap().with_extension("");
        let module: Vec<_> = module.iter().map(|name| name.to_str().unwrap()).collect();
        let module = module.join("::");
        if module != "lib" && !module.ends_with("tests") {
            found.push((module, fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn no_module_imports_upwards() {
    let modules = modules();
    let of_each = |(module, source): &(String, String)| violations(ORDER, module, source);
    let all: Vec<String> = modules.iter().flat_map(of_each).collect();

    assert!(modules.len() > 35, "{} modules", modules.len());
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}

/// A new file has a place in the table, so that the checks above see it.
#[test]
fn every_module_has_a_place() {
    let found: BTreeSet<String> = modules().into_iter().map(|(name, _)| name).collect();
    let join =
        |parent: &str, child: &str| if parent.is_empty() { child.to_owned() } else { format!("{parent}::{child}") };
    let placed = ORDER.iter().flat_map(|(parent, children)| children.iter().map(move |child| join(parent, child)));

    assert_eq!(found, placed.collect());
}

#[rstest]
#[case::of_a_lower_room("plugin::session", "use crate::runtime::Permit;", &[])]
#[case::of_a_lower_file("plugin::session", "use super::{id::PluginId, batch::Batch};", &[])]
#[case::of_its_own_files("plugin", "use crate::plugin::session::Session; use session::Session;", &[])]
#[case::of_another_crate("runtime::engine", "use wasmtime::{Config, plugin::Session};", &[])]
#[case::in_a_comment("runtime", "//! See [`Plugin`](crate::plugin::Plugin).", &[])]
#[case::in_a_test("runtime", "#[cfg(test)]\nmod tests {\n    use crate::plugin::Plugin;\n}", &[])]
#[case::a_visibility("plugin::wire::sent", "pub(in crate::plugin) fn f() {}", &[])]
#[case::of_a_higher_room("runtime::permits", "use crate::plugin::Plugin;", &["crate::plugin::Plugin"])]
#[case::of_a_higher_file("registry::slot", "use super::{swap, version::Version};", &["super::swap"])]
#[case::of_a_file_beside("registry::shadow", "use crate::{\n    registry::watch::{Watch, self},\n};",
    &["crate::registry::watch::Watch", "crate::registry::watch"])]
#[case::by_the_crate_root("runtime", "use crate::Plugin;", &["crate::Plugin"])]
#[case::of_the_room_it_is_in("plugin::session", "use super::Plugin;", &["super::Plugin"])]
#[case::without_use("runtime", "fn f(plugin: &crate::plugin::Plugin) {}", &["crate::plugin::Plugin"])]
#[case::in_two_steps("registry::watch::folder", "use super::super::watch;", &["super::super::watch"])]
fn the_check_finds_an_import(#[case] module: &str, #[case] source: &str, #[case] expected: &[&str]) {
    let found = violations(ORDER, module, source);

    let expected: Vec<String> = expected.iter().map(|path| format!("{module} imports {path}")).collect();
    assert!(found.len() == expected.len() && found.iter().zip(&expected).all(|(f, e)| f.starts_with(e)), "{found:?}");
}
