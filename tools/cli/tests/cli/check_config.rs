//! `pointsman check-config`.

use std::fs;

use predicates::prelude::*;
use rstest::rstest;
use serde_json::Value;

use super::{plugin, pointsman};

#[test]
fn check_config_takes_a_file_standard_input_or_the_object() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), r#"{"auto_promote": true}"#).unwrap();
    let check = |config: &str| pointsman(&["check-config", "--plugin", &plugin(), config]);

    let ok = "ok: at target 1 at least 1 serve, and at most 2 are live\n";
    check(file.path().to_str().unwrap()).assert().code(0).stdout(ok);
    check("-").write_stdin("{}").assert().code(0).stdout(ok);
    check(r#"{"max_replacements": 2}"#).assert().code(0).stdout(ok);
}

#[rstest]
#[case::unknown_key(r#"{"auto_promotion": true}"#, "unknown field `auto_promotion`")]
#[case::overflow(
    r#"{"promote_delay_seconds": 4294967296}"#,
    "`promote_delay_seconds`: invalid value: integer `4294967296`"
)]
#[case::cut_off("{", "EOF while parsing an object")]
#[case::array("[]", "invalid type: sequence, expected a JSON object")]
#[case::null("null", "invalid type: null, expected a JSON object")]
#[case::out_of_range(r#"{"progress_deadline_seconds": 1e999}"#, "`progress_deadline_seconds`: number out of range")]
fn check_config_names_the_key(#[case] config: &str, #[case] message: &str) {
    pointsman(&["check-config", "--plugin", &plugin(), config])
        .assert()
        .code(1)
        .stdout("")
        .stderr(predicate::str::starts_with("error: plugin `blue_green.wasm`").and(predicate::str::contains(message)));
}

#[test]
fn check_config_says_as_json_what_it_says() {
    let check = |config: &str, options: &[&str]| {
        let plugin = plugin();
        let args = [&["check-config", "--json", "--plugin", &plugin, config][..], options].concat();
        pointsman(&args).assert().stderr("")
    };

    let target = ["--target-replicas", "4"];
    check("{}", &target).code(0).stdout("{\"ok\":{\"least_serving\":4,\"most_live\":8}}\n");
    let unknown = check(r#"{"auto_promotion": true}"#, &target).code(1);
    let refused: Value = serde_json::from_slice(&unknown.get_output().stdout).unwrap();
    assert!(refused["error"].as_str().unwrap().contains("unknown field `auto_promotion`"), "{refused}");
    // Nothing is wrong with the configuration, but nothing can be done with it within the policy.
    let stuck = check("{}", &[&target[..], &["--max-surge", "1"]].concat()).code(1);
    let refused: Value = serde_json::from_slice(&stuck.get_output().stdout).unwrap();
    assert!(refused["error"].as_str().unwrap().contains("needs max_surge 100%"), "{refused}");
}

#[rstest]
#[case::empty("", "is empty; it should be a JSON object")]
#[case::blank(" \n", "is empty; it should be a JSON object")]
#[case::yaml("auto_promote: true", "is not JSON")]
#[case::cut_off("{\"auto_promote\": ", "is not JSON")]
fn what_is_no_json_in_a_file_cannot_be_used(#[case] text: &str, #[case] message: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let told = || predicate::str::starts_with("error: ").and(predicate::str::contains(message.to_owned()));

    let path = file.path().to_str().unwrap();
    pointsman(&["check-config", "--plugin", &plugin(), path]).assert().code(2).stdout("").stderr(told());
    pointsman(&["check-config", "--plugin", &plugin(), "-"]).write_stdin(text).assert().code(2).stderr(told());
}
