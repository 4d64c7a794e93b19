//! The READMEs and the pages show what there is.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use host_test::{HOST, load};
use pointsman::{RouteStatus, SubStep};
use support::{activate, apply, routes, spec};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_strategy_in_the_documentation_is_the_example() {
    let page = fs::read_to_string(root().join("docs/write-a-strategy.md")).unwrap();
    let example = fs::read_to_string(root().join("examples/batched/src/lib.rs")).unwrap();

    let shown = format!("```rust\n{example}```");
    assert!(page.contains(&shown), "docs/write-a-strategy.md shows another examples/batched/src/lib.rs");
    assert!(example.lines().count() < 45);
}

#[test]
fn the_strategy_in_the_documentation_runs_a_rollout_to_its_end() {
    let plugin = load(&HOST, "examples/batched.wasm");
    let spec = spec(0, r#"{"batch": 2}"#);
    let mut all = routes(1, 3, "v1", activate);
    let mut live_green = vec![];
    let end = loop {
        let plan = plugin.evaluate_cycle(&all, &spec).unwrap();
        all = apply(&plan, &all, &spec);
        if plan.sub_step == SubStep::Completed {
            break all;
        }
        live_green.push(all.iter().filter(|route| route.revision == "v2").count());
        assert!(live_green.len() < 10, "no end: {live_green:?}");
        for (i, route) in all.iter_mut().filter(|route| route.revision == "v2").enumerate() {
            // The ids that the next batch gets must be new ones.
            route.id = format!("v2-{i}");
            route.status = RouteStatus::Running;
            route.health = pointsman::HealthStatus::Healthy;
        }
    };

    assert_eq!(live_green, [2, 3]);
    assert!(end.iter().all(|route| route.is_serving() == (route.revision == "v2")), "{end:?}");
    let error = plugin.check_config(r#"{"batch": 0}"#, 3).unwrap_err().to_string();
    assert!(error.contains("`batch`: invalid value: integer `0`"), "{error}");
}

/// The output of an example of the Rust host, run in the folder of the repository. `cargo test --workspace` has built
/// it.
fn printed(example: &str) -> String {
    let here = std::env::current_exe().unwrap();
    let built = here.parent().and_then(Path::parent).unwrap().join("examples").join(example);
    let output = Command::new(&built).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{error}: {}: test the whole workspace", built.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_rust_hosts_quickstart_prints_what_its_readme_says() {
    let readme = fs::read_to_string(root().join("hosts/rust/README.md")).unwrap();
    let quickstart = fs::read_to_string(root().join("hosts/rust/examples/quickstart.rs")).unwrap();

    let shown = format!("```rust,no_run\n{quickstart}```\n\n```text\n{}```\n", printed("quickstart"));
    assert!(readme.contains(&shown), "hosts/rust/README.md does not show this:\n{shown}");
}

#[test]
fn the_manager_in_rust_runs_a_rollout_to_its_end() {
    let readme = fs::read_to_string(root().join("hosts/rust/README.md")).unwrap();
    let expected = fs::read_to_string(root().join("examples/manager/expected.txt")).unwrap();

    assert_eq!(printed("manager"), expected);
    assert!(
        readme.contains(&format!("--example manager\n{expected}```\n")),
        "hosts/rust/README.md shows another output"
    );
}
