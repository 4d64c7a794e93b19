//! Input of every command that is no input.

use std::fs;

use predicates::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::{example, hostile, plugin, pointsman, request};

#[rstest]
#[case::missing_field(
    request(|request| drop(request["routes"][0].as_object_mut().unwrap().remove("id"))),
    "`routes[0]`: missing field `id`"
)]
#[case::unknown_field(request(|request| request["spec"]["nwo"] = json!(1)), "unknown field `nwo`")]
#[case::wrong_word(request(|request| request["routes"][0]["health"] = json!("ill")), "unknown variant `ill`")]
#[case::duplicate_id(
    request(|request| request["routes"][0]["id"] = json!("r-2")),
    "route `r-2` is given more than once"
)]
#[case::ratio(
    request(|request| request["routes"][0]["traffic_ratio"] = json!(7.0)),
    "traffic ratio 7.0 is not in 0.0 to 1.0"
)]
#[case::config(
    request(|request| request["spec"]["config"] = json!({"max_replacements": -1})),
    "`max_replacements`: invalid value"
)]
#[case::number("7".to_owned(), "invalid type: integer `7`, expected a JSON object")]
#[case::empty_object("{}".to_owned(), "missing field `routes`")]
fn what_the_plugin_refuses_is_told_by_both_commands(#[case] request: String, #[case] message: &str) {
    for command in ["evaluate", "explain"] {
        pointsman(&[command, "--plugin", &plugin()])
            .write_stdin(request.clone())
            .assert()
            .code(1)
            .stdout(predicate::str::contains(message))
            .stderr("");
    }
}

#[rstest]
#[case::empty("", "is empty")]
#[case::blank(" \n", "is empty")]
#[case::text("routes: none", "is not JSON")]
#[case::cut_off("[{\"routes\": [", "is not JSON")]
#[case::two_values("{} {}", "is not JSON")]
#[case::not_a_number("[{\"routes\": [{\"traffic_ratio\": NaN}]}]", "is not JSON")]
fn what_is_not_json_is_one_clear_line(#[case] input: &str, #[case] message: &str) {
    for command in ["evaluate", "explain"] {
        pointsman(&[command, "--plugin", &plugin()])
            .write_stdin(input)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::starts_with("error: standard input").and(predicate::str::contains(message)));
    }
}

#[test]
fn a_hundred_megabytes_of_zeros_are_not_json() {
    pointsman(&["evaluate", "--plugin", &plugin()])
        .write_stdin(vec![0; 100_000_000])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("is not JSON"));
}

#[test]
fn what_is_not_text_is_told_with_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), [0xff, 0xfe]).unwrap();
    let path = file.path().to_str().unwrap();

    pointsman(&["evaluate", "--plugin", &plugin(), path])
        .assert()
        .code(2)
        .stderr(format!("error: `{path}` is not UTF-8 text\n"));
}

#[rstest]
#[case::missing("no/such.wasm", "cannot read `no/such.wasm`")]
#[case::not_wasm("Cargo.toml", "`Cargo.toml` is not WebAssembly")]
#[case::folder("src", "cannot read `src`")]
fn what_is_no_plugin_is_told_with_its_cause(#[case] file: &str, #[case] cause: &str) {
    let example = example();
    for args in [
        &["evaluate", "--plugin", file, &example][..],
        &["explain", "--plugin", file, &example],
        &["inspect", file],
        &["check-config", "--plugin", file, "{}"],
    ] {
        let first_lines = predicate::str::starts_with("error: the plugin cannot be used\n  caused by: ");
        pointsman(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .assert()
            .code(2)
            .stdout("")
            .stderr(first_lines.and(predicate::str::contains(cause)));
    }
}

#[test]
fn a_plugin_that_does_not_end_is_stopped() {
    let guest = hostile();
    let input = request(|request| request["spec"]["config"] = json!({"misdeed": "loop_forever"}));

    for command in ["evaluate", "explain"] {
        pointsman(&[command, "--time-limit", "20", "--plugin", &guest])
            .write_stdin(input.clone())
            .assert()
            .code(2)
            .stderr(predicate::str::contains("ran for longer than 20ms"));
    }
}

#[test]
fn endless_files_are_refused() {
    for args in [&["inspect", "/dev/zero"][..], &["check-config", "--plugin", "/dev/zero", "{}"]] {
        pointsman(args)
            .assert()
            .code(2)
            .stderr(predicate::str::contains("`zero` has 16777217 bytes, the limit is 16777216"));
    }
}

/// Types nested in types, whose bytes are no more than three a level: parsers of components recurse into them.
#[test]
fn a_plugin_that_would_crash_a_parser_is_an_error_like_any_other() {
    let mut section = vec![1];
    section.extend([0x41, 1, 1].repeat(1_000));
    section.extend([0x41, 0]);
    // The section's size of 3,003 bytes takes two.
    let bytes = [&b"\0asm\x0d\0\x01\0\x07\xbb\x17"[..], &section].concat();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nested.wasm");
    fs::write(&file, bytes).unwrap();
    let file = file.to_str().unwrap();

    let told = "`nested.wasm` nests components and types more than 32 deep; define them side by side\n";
    for args in [
        &["inspect", file][..],
        &["conformance", file],
        &["evaluate", "--plugin", file, &example()],
        &["explain", "--plugin", file, &example()],
        &["check-config", "--plugin", file, "{}"],
    ] {
        pointsman(args).assert().code(2).stderr(predicate::str::contains(told));
    }
}
