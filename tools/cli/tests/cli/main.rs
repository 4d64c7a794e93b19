//! The commands as a person or a script meets them: output, exit codes, and nonsense of every kind.

use std::{fs, path::PathBuf};

use assert_cmd::Command;
use serde_json::Value;

mod check_config;
mod conformance;
mod diff;
mod evaluate;
mod explain;
mod help;
mod input;
mod inspect;
mod simulate;
mod terminal;
mod watch;

fn pointsman(args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    // What is compiled is kept: it takes a good part of a second.
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
    command.args(args).env_remove("NO_COLOR").env("POINTSMAN_CACHE", cache);
    command
}

/// The workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn plugin() -> String {
    let path = root().join("target/plugins/blue_green.wasm");
    assert!(path.exists(), "{} is not there: run `make components` first", path.display());
    path.display().to_string()
}

fn example() -> String {
    root().join("examples/rollout.json").display().to_string()
}

/// The first request of the example, changed.
fn request(change: impl Fn(&mut Value)) -> String {
    let requests: Value = serde_json::from_str(&fs::read_to_string(example()).unwrap()).unwrap();
    let mut request = requests[0].clone();
    change(&mut request);
    request.to_string()
}

fn answers(output: &[u8]) -> Vec<Value> {
    serde_json::from_slice(output).unwrap()
}

fn batched() -> String {
    root().join("target/examples/batched.wasm").display().to_string()
}

fn hostile() -> String {
    root().join("target/guests/hostile.wasm").display().to_string()
}
