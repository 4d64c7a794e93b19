//! Help, completions and manual pages.

use std::{env, path::Path};

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;

use super::{plugin, pointsman, root};

const COMMANDS: [&str; 10] = [
    "evaluate",
    "explain",
    "inspect",
    "check-config",
    "diff",
    "conformance",
    "watch",
    "simulate",
    "completions",
    "man",
];

fn help(command: &str) -> String {
    let output = pointsman(&[command, "--help"]).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

/// The examples of a command's help, each on one line.
fn examples(command: &str) -> Vec<String> {
    let help = help(command);
    let (_, examples) = help.split_once("\nExample").unwrap_or_else(|| panic!("`{command}` has no example"));
    let joined = examples.replace("\\\n", "");
    joined.lines().map(str::trim).filter(|line| line.starts_with("pointsman ")).map(str::to_owned).collect()
}

#[test]
fn every_command_is_here() {
    let output = pointsman(&["--help"]).assert().success();
    let help = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let named = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());

    assert!(named.filter(|name| !name.is_empty() && *name != "help").eq(COMMANDS), "{commands}");
}

/// As somebody types them in a checkout.
#[test]
fn every_example_runs() {
    plugin();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join(".local/share/bash-completion/completions")).unwrap();
    let binary = Path::new(assert_cmd::cargo::cargo_bin!("pointsman")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), env::var("PATH").unwrap());
    let of_each = COMMANDS.map(examples);
    assert!(of_each.iter().all(|examples| !examples.is_empty()), "{of_each:?}");
    for example in of_each.iter().flatten() {
        // Not every machine has a reader of manuals.
        let example = example.split(" && ").next().unwrap();
        let ran = Command::new("sh")
            .args(["-c", example])
            .current_dir(root())
            .envs([("PATH", path.as_str()), ("HOME", home.path().to_str().unwrap())])
            .env("POINTSMAN_CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
            .assert();
        // 1 is an answer too: two plugins differ.
        ran.code(predicate::in_iter([0, 1])).stderr(predicate::str::contains("error").not());
    }
}

#[rstest]
fn every_shell_completes(#[values("bash", "elvish", "fish", "powershell", "zsh")] shell: &str) {
    let completes = COMMANDS
        .map(predicate::str::contains)
        .into_iter()
        .fold(predicate::always().boxed(), |all, command| all.and(command).boxed());

    pointsman(&["completions", shell]).assert().success().stdout(completes).stderr("");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    pointsman(&["man", pages.to_str().unwrap()]).assert().success().stdout("").stderr("");

    for command in COMMANDS {
        let page = std::fs::read_to_string(pages.join(format!("pointsman-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("Example"), "{page}");
    }
    pointsman(&["man", "/dev/null/man"]).assert().code(2).stderr(predicate::str::contains("/dev/null/man"));
}
