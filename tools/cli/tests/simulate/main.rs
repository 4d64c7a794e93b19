//! `pointsman simulate`: every scenario that is shipped, the same output for the same seed, and nonsense of every kind.

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

mod events;
mod input;
mod memory;
mod monte_carlo;
mod played;
mod plugins;
mod shipped;
mod shown;

const HAPPY: &str = "title = \"t\"\ntarget = 2\nconfig = { auto_promote = true }\n";

/// The workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn component(file: &str) -> String {
    let path = root().join("target").join(file);
    assert!(path.exists(), "{} is not there: run `make components` first", path.display());
    path.display().to_string()
}

fn scenario(name: &str) -> String {
    root().join("examples/scenarios").join(name).with_extension("toml").display().to_string()
}

/// `pointsman simulate` with blue-green.
fn simulate(scenario: &str, args: &[&str]) -> Command {
    simulate_with("plugins/blue_green.wasm", scenario, args)
}

fn simulate_with(plugin: &str, scenario: &str, args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pointsman"));
    // What is compiled is kept: it takes a good part of a second.
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
    command.args(["simulate", "--cache", cache, "--plugin", &component(plugin), "--scenario", scenario]).args(args);
    command.env_remove("NO_COLOR").env_remove("POINTSMAN_CACHE");
    command
}

/// The document of a scenario that is given as text.
fn json_of(text: &str, code: i32) -> Value {
    let assert = simulate("-", &["--json"]).write_stdin(text).assert().code(code);
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

fn codes(document: &Value) -> Vec<&str> {
    let cycles = document["cycles"].as_array().unwrap();
    let mut codes: Vec<&str> =
        cycles.iter().map(|cycle| cycle["plan"]["reason"]["code"].as_str().unwrap_or("-")).collect();
    codes.dedup();
    codes
}
