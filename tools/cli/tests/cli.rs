//! The commands as a person or a script meets them: output, exit codes, and nonsense of every kind.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
};

use assert_cmd::Command;
use predicates::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

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

#[test]
fn the_example_is_the_rollout_of_the_corpus() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests/vectors/blue-green")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap().starts_with("rollout-"));
    files.sort();
    let requests = files.iter().map(|file| {
        let vector: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        vector["request"].clone()
    });
    let example: Value = serde_json::from_str(&fs::read_to_string(example()).unwrap()).unwrap();

    assert_eq!(requests.collect::<Value>(), example);
}

#[test]
fn evaluate_answers_an_array() {
    let assert = pointsman(&["evaluate", "--plugin", &plugin(), &example()]).assert().code(0).stderr("");

    let answers = answers(&assert.get_output().stdout);
    let codes: Vec<&str> = answers.iter().map(|answer| answer["ok"]["reason"]["code"].as_str().unwrap()).collect();
    let expected = [
        "creating-green",
        "waiting-for-provisioning",
        "waiting-for-ready",
        "awaiting-approval",
        "promoting",
        "already-promoted",
    ];
    assert_eq!(codes, expected);
}

#[rstest]
#[case::dash(&["-"])]
#[case::nothing(&[])]
#[case::pretty(&["--pretty"])]
fn evaluate_answers_one_request_from_standard_input(#[case] args: &[&str]) {
    let plugin = plugin();
    let args = [&["evaluate", "--plugin", &plugin][..], args].concat();
    let assert = pointsman(&args).write_stdin(request(|_| ())).assert().code(0).stderr("");

    assert_eq!(answers(&assert.get_output().stdout)[0]["ok"]["rollout_specs"][0]["count"], 3);
}

#[test]
fn evaluate_answers_more_than_fits_into_the_sandbox_at_once() {
    let count = 20_000;
    let requests = format!("[{}]", vec![request(|_| ()); count].join(","));
    assert!(requests.len() > 12 << 20, "{}", requests.len());
    let assert =
        pointsman(&["evaluate", "--memory-limit", "24", "--plugin", &plugin()]).write_stdin(requests).assert().code(0);

    let answers = answers(&assert.get_output().stdout);
    assert_eq!(answers.len(), count);
    assert_eq!(answers[0], answers[count - 1]);
}

#[test]
fn one_bad_request_is_an_answer_and_exit_code_1() {
    let bad = request(|request| request["routes"][1]["status"] = json!("runing"));
    let requests = format!("[{},{bad}]", request(|_| ()));
    let assert = pointsman(&["evaluate", "--plugin", &plugin()]).write_stdin(requests).assert().code(1).stderr("");

    let answers = answers(&assert.get_output().stdout);
    assert!(answers[0]["ok"].is_object());
    assert_eq!(answers[1]["error"]["code"], "invalid_request");
    let message = answers[1]["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("`routes[1].status`: unknown variant `runing`"), "{message}");
}

#[rstest]
#[case::missing_field(request(|request| drop(request["routes"][0].as_object_mut().unwrap().remove("id"))), "`routes[0]`: missing field `id`")]
#[case::unknown_field(request(|request| request["spec"]["nwo"] = json!(1)), "unknown field `nwo`")]
#[case::wrong_word(request(|request| request["routes"][0]["health"] = json!("ill")), "unknown variant `ill`")]
#[case::duplicate_id(request(|request| request["routes"][0]["id"] = json!("r-2")), "route `r-2` is given more than once")]
#[case::ratio(request(|request| request["routes"][0]["traffic_ratio"] = json!(7.0)), "traffic ratio 7.0 is not in 0.0 to 1.0")]
#[case::config(request(|request| request["spec"]["config"] = json!({"max_replacements": -1})), "`max_replacements`: invalid value")]
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
    let guest = root().join("target/guests/hostile.wasm").display().to_string();
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
fn explain_shows_routes_decision_reason_and_when_to_look_again() {
    let input = request(|request| {
        request["spec"]["config"] = json!({"deadline_seconds": 90});
        request["spec"]["target_replicas"] = json!(2);
    });
    let assert = pointsman(&["explain", "--plugin", &plugin()]).write_stdin(input).assert().code(0).stderr("");

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for expected in [
        "r-1    v1        running  healthy  active 1.0  23h 58m 20s ago  stable live ready serving  drain\n",
        "decision    provisioning: creating-green",
        "because     0 of 2 green routes are live: creating 2, draining 1 to make room\n",
        "changes     create 2 of v2 (inactive), then drain 1\n",
        "look again  in 1m 30s (2025-10-09T08:54:50Z), or when something changes\n",
        "promises    at least 2 serve, at most 4 are live\n",
        "capacity    3 before the plan, 2 after it\n",
    ] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
}

/// What `explain` says of a request, with its exit code and some options.
fn explained(request: &str, code: i32, options: &[&str]) -> String {
    let plugin = plugin();
    let args = [&["explain", "--plugin", &plugin][..], options].concat();
    let assert = pointsman(&args).write_stdin(request.to_owned()).assert().code(code).stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn explain_shows_limits_promises_and_the_gate() {
    let requests: Value = serde_json::from_str(&fs::read_to_string(example()).unwrap()).unwrap();
    let output = explained(&requests[3].to_string(), 0, &["--max-surge", "150%"]);

    for expected in [
        "limits      at least 2 serve, at most 8 are live: the policy of the command line at this target\n",
        "progress    step 1 of 3, 0% of the traffic for the new revision\n",
        "gate        promotion\n",
        // It keeps to two full sets, however much is allowed.
        "promises    at least 3 serve, at most 6 are live\n",
    ] {
        assert!(output.contains(expected), "`{expected}` is not in:\n{output}");
    }
}

#[test]
fn explain_goes_by_the_policy_of_a_request() {
    let with = |policy: Value| request(|request| request["policy"] = policy.clone());

    let output = explained(&with(json!({"max_surge": "50%"})), 0, &["--max-surge", "300%"]);
    assert!(output.contains("limits      at least 2 serve, at most 5 are live: the request's policy at this target\n"));
    assert!(output.contains("decision    provisioning: no-budget\n"), "{output}");
    let limits = json!({"least_serving": 1, "most_live": 6});
    let output = explained(&request(|request| request["spec"]["limits"] = limits.clone()), 0, &[]);
    assert!(output.contains("limits      at least 1 serve, at most 6 are live: those of the request\n"), "{output}");
    let output = explained(&request(|_| ()), 0, &["--guard-ids-only"]);
    assert!(output.contains("limits      none\n"), "{output}");
    let output = explained(&with(json!({"max_surge": -1})), 1, &[]);
    assert!(output.contains("refused     invalid request: `policy`: invalid value: integer `-1`"), "{output}");
    // What the guard forbids is the request's, too.
    let guest = root().join("target/guests/hostile.wasm").display().to_string();
    let drained = |policy: Value| {
        let request = request(|request| {
            request["spec"]["config"] = json!({"misdeed": "drain_all"});
            request["policy"] = policy.clone();
        });
        pointsman(&["explain", "--plugin", &guest]).write_stdin(request).assert()
    };
    drained(json!({})).code(1);
    drained(json!({"max_unavailable": "100%"})).code(0);
}

#[test]
fn explain_keeps_to_120_columns() {
    let long = request(|request| {
        request["spec"]["config"] = json!({"max_replacements": 4_294_967_295_u32, "deadline_seconds": 4_294_967_295_u32,
            "keep_blue_seconds": 4_294_967_295_u32, "promote_delay_seconds": 4_294_967_295_u32});
        for (i, word) in ["zone-a", "zone-b", "zone-c"].iter().enumerate() {
            let id = format!("llama-3-70b-instruct-{word}-{}", "f".repeat(40));
            request["routes"][i]["id"] = json!(id);
            request["routes"][i]["revision"] = json!(format!("2025-10-09-{}", "0".repeat(40)));
            request["routes"][i]["status"] = json!("provisioning");
            request["routes"][i]["health"] = json!("not_checked");
        }
        request["spec"]["deploying_revision"] = json!(format!("2025-10-09-{}", "0".repeat(40)));
    });
    let output = explained(&long, 0, &[]);

    let widest = output.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 120 && widest > 100, "{widest} columns:\n{output}");
    let blockers = output.split("blocked by  ").nth(1).unwrap_or_else(|| panic!("{output}"));
    // What goes on in the next line begins below what it goes on with.
    assert!(blockers.lines().nth(1).unwrap().starts_with("            llama-3-70b"), "{output}");
}

#[test]
fn small_requests_are_not_limited_by_the_memory_for_their_answers() {
    let count = 100_000;
    let requests = format!("[{}]", vec!["{}"; count].join(","));
    let assert = pointsman(&["evaluate", "--plugin", &plugin()]).write_stdin(requests).assert().code(1);

    assert_eq!(answers(&assert.get_output().stdout).len(), count);
}

#[test]
fn the_request_at_which_a_plugin_fails_is_named() {
    let guest = root().join("target/guests/hostile.wasm").display().to_string();
    let misdeed = |word: &str| request(|request| request["spec"]["config"] = json!({ "misdeed": word }));
    let requests = format!("[{},{},{}]", misdeed("none"), misdeed("none"), misdeed("trap"));

    pointsman(&["evaluate", "--plugin", &guest])
        .write_stdin(requests)
        .assert()
        .code(2)
        .stderr(predicate::str::starts_with("error: no answer to request 3\n"));
}

#[test]
fn a_plan_that_does_harm_is_refused_with_its_violations() {
    let guest = root().join("target/guests/hostile.wasm").display().to_string();
    let input = request(|request| request["spec"]["config"] = json!({"misdeed": "drain_all"}));
    let run = |args: &[&str]| pointsman(&[args, &["--plugin", &guest]].concat()).write_stdin(input.clone()).assert();

    let assert = run(&["evaluate"]).code(1);
    let error = &answers(&assert.get_output().stdout)[0]["error"];
    assert_eq!(error["code"], "plan_rejected");
    let codes: Vec<&Value> = error["violations"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["capacity-lowered", "drained-while-short"]);
    assert_eq!(error["violations"][0]["route_ids"], json!(["r-1", "r-2", "r-3"]));
    let sentence = "violation   capacity-lowered: the plan takes serving capacity from 3 to 0; 2 must stay\n";
    run(&["explain"]).code(1).stdout(predicate::str::contains(sentence));
    run(&["evaluate", "--max-unavailable", "2"]).code(1).stdout(predicate::str::contains("3 to 0; 1 must stay"));
    run(&["evaluate", "--max-unavailable", "3"]).code(0);
    run(&["evaluate", "--max-unavailable", "100%"]).code(0);
    run(&["evaluate", "--guard-ids-only"]).code(0);
}

#[test]
fn nothing_in_a_request_controls_the_terminal() {
    let input = request(|request| {
        request["routes"][0]["id"] = json!("r\u{1b}]0;title\u{7}\n");
        request["routes"][0]["revision"] = json!("\u{1b}[2J");
        request["spec"]["deploying_revision"] = json!("v2\u{1b}[31m");
    });
    let assert =
        pointsman(&["explain", "--plugin", &plugin()]).env("CLICOLOR_FORCE", "1").write_stdin(input).assert().code(0);

    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(
        output.contains(r"r\u{1b}]0;title\u{7}\n") && output.contains(r"\u{1b}[2J") && output.contains(r"v2\u{1b}[31m"),
        "{output}"
    );
    assert!(!output.contains("\u{1b}]0;") && !output.contains("\u{1b}[2J") && !output.contains('\u{7}'));
}

#[test]
fn a_closed_standard_error_keeps_the_exit_code() {
    let script = r#""$0" check-config --plugin "$1" '{"a": 1}' 2>/dev/full; echo "refused $?"; "$0" inspect no.wasm 2>/dev/full; echo "unusable $?""#;

    Command::new("sh")
        .args(["-c", script, assert_cmd::cargo::cargo_bin!("pointsman").to_str().unwrap(), &plugin()])
        .assert()
        .stdout("refused 1\nunusable 2\n");
}

#[test]
fn a_closed_pipe_keeps_the_exit_code() {
    let script = r#"set -o pipefail; yes ',{}' | head -49999 | (printf '[{}'; tr -d '\n'; printf ']') | ("$0" evaluate --plugin "$1"; echo "$?" >&2) | head -c 10"#;

    Command::new("bash")
        .args(["-c", script, assert_cmd::cargo::cargo_bin!("pointsman").to_str().unwrap(), &plugin()])
        .assert()
        .stdout("[{\"error\":")
        .stderr("1\n");
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

#[test]
fn a_plugin_from_a_pipe_can_be_inspected() {
    let script = r#"cat "$1" | "$0" inspect /dev/stdin"#;

    Command::new("sh")
        .args(["-c", script, assert_cmd::cargo::cargo_bin!("pointsman").to_str().unwrap(), &plugin()])
        .assert()
        .code(0)
        .stdout(predicate::str::contains("licence       Apache-2.0"));
}

#[test]
fn an_empty_cache_variable_is_none() {
    pointsman(&["inspect", &plugin()]).env("POINTSMAN_CACHE", "").assert().code(0);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let explain = || pointsman(&["explain", "--plugin", &plugin(), &example()]);

    explain().assert().stdout(predicate::str::contains('\u{1b}').not());
    explain().env("CLICOLOR_FORCE", "1").assert().stdout(predicate::str::contains('\u{1b}'));
    explain().env("NO_COLOR", "1").assert().stdout(predicate::str::contains('\u{1b}').not());
}

#[test]
fn inspect_as_json_has_every_field() {
    let assert = pointsman(&["inspect", "--json", &plugin()]).assert().code(0).stderr("");

    let inspection: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(inspection["name"], "blue-green");
    assert_eq!(inspection["contract_version"], "0.2.0");
    assert_eq!(inspection["licence"], "Apache-2.0");
    assert_eq!(inspection["size"], fs::metadata(plugin()).unwrap().len());
    assert_eq!(inspection["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    assert_eq!(inspection["imports"], json!([]));
    assert_eq!(inspection["exports"].as_array().unwrap().len(), 2);
    assert_eq!(inspection["config_schema"]["properties"]["max_replacements"]["maximum"], u32::MAX);
}

#[test]
fn inspect_for_people_says_that_nothing_is_imported() {
    let line = predicate::str::is_match("(?m)^imports +none$").unwrap();

    pointsman(&["inspect", &plugin()]).assert().code(0).stdout(line);
}

#[test]
fn check_config_takes_a_file_standard_input_or_the_object() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), r#"{"auto_promote": true}"#).unwrap();
    let check = |config: &str| pointsman(&["check-config", "--plugin", &plugin(), config]);

    let ok = "ok: of 1 wanted at least 1 serve, and at most 2 are live\n";
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
#[case::out_of_range(r#"{"deadline_seconds": 1e999}"#, "`deadline_seconds`: number out of range")]
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

#[test]
fn the_cache_folder_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();

    pointsman(&["inspect", "--cache", path, &plugin()]).assert().code(0);

    assert!(folder.path().join("modules").is_dir());
}

#[rstest]
#[case::no_command(&[])]
#[case::no_plugin(&["evaluate"])]
#[case::unknown(&["evaluate", "--plugni", "x"])]
fn a_wrong_command_line_is_exit_code_2(#[case] args: &[&str]) {
    pointsman(args).assert().code(2).stdout("").stderr(predicate::str::contains("Usage"));
}

fn batched() -> String {
    root().join("target/examples/batched.wasm").display().to_string()
}

#[test]
fn diff_of_a_plugin_and_itself_finds_nothing() {
    let assert = pointsman(&["diff", "--plugin", &plugin(), "--plugin", &plugin(), &example()]).assert().code(0);

    assert.stdout(predicate::str::contains("0 of 6 requests decided differently"));
}

#[test]
fn diff_shows_what_two_plugins_decide_differently() {
    let folder = tempfile::tempdir().unwrap();
    // A config that each takes leaves nothing to compare; what one does not take is a difference too.
    let input = folder.path().join("requests.json");
    let with = |config: Value| request(|request| request["spec"]["config"] = config.clone());
    fs::write(&input, format!("[{},{}]", with(json!({})), with(json!({"batch": 2})))).unwrap();
    let args = ["diff", "--plugin", &plugin(), "--plugin", &batched(), input.to_str().unwrap()];

    let table = pointsman(&args).assert().code(1);
    let json = pointsman(&[&args[..], &["--json"]].concat()).assert().code(1);

    let table = String::from_utf8(table.get_output().stdout.clone()).unwrap();
    let line = table.lines().find(|line| line.contains("missing field `batch`")).unwrap_or_else(|| panic!("{table}"));
    assert!(line.contains("creating-green: 0 of 3 green routes are live: "), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    assert!(table.ends_with("2 of 2 requests decided differently\n"), "{table}");
    let report: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!((&report["requests"], report["differences"].as_array().unwrap().len()), (&json!(2), 2));
    let first = &report["differences"][0];
    assert_eq!((&first["request"], &first["fields"][0]["field"]), (&json!(1), &json!("outcome")));
    assert_eq!(first["second"]["error"]["code"], "invalid_config");
    assert!(first["first"]["ok"]["rollout_specs"].is_array());
    assert_eq!(report["plugins"][1]["file"], "batched.wasm");
}

#[rstest]
#[case::one_plugin(&["diff", "--plugin", "x.wasm", "in.json"], "two plugins are compared")]
#[case::no_input(&["diff", "--plugin", "x.wasm", "--plugin", "x.wasm"], "required")]
#[case::no_folder(&["watch", "no/such/folder", "--requests", "-"], "cannot be read")]
#[case::auto_promote_of_nothing(&["watch", ".", "--requests", "-", "--auto-promote"], "--shadow")]
fn diff_and_watch_say_what_is_missing(#[case] args: &[&str], #[case] message: &str) {
    pointsman(args).write_stdin("[]").assert().code(2).stderr(predicate::str::contains(message));
}

#[test]
fn watch_asks_which_strategy_where_there_are_several() {
    let folder = tempfile::tempdir().unwrap();
    let watch = |strategy: &[&str]| {
        let args = ["watch", folder.path().to_str().unwrap(), "--requests", "-", "--cycles", "1", "--interval", "0"];
        pointsman(&[&args[..], strategy].concat()).write_stdin("[]").assert()
    };
    watch(&[]).code(2).stderr(predicate::str::contains("could be loaded"));
    fs::copy(plugin(), folder.path().join("a.wasm")).unwrap();
    watch(&[]).code(0).stdout(predicate::str::contains("ok 1"));
    fs::copy(batched(), folder.path().join("b.wasm")).unwrap();
    watch(&[]).code(2).stderr(predicate::str::contains("--strategy: there is batched, blue-green"));
    watch(&["--strategy", "batched"]).code(0).stdout(predicate::str::contains("batched 0.2.0"));
    watch(&["--strategy", "canary"]).code(2).stderr(predicate::str::contains("no strategy `canary`"));
}

#[test]
fn watch_tells_of_swaps_and_of_what_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.wasm");
    let wasm = fs::read(plugin()).unwrap();
    fs::write(&file, &wasm).unwrap();
    let mut watch = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pointsman"))
        .args(["watch", folder.path().to_str().unwrap(), "--interval", "5", "--requests", &example()])
        .args(["--shadow", "12", "--auto-promote"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut find =
        |word: &str| lines.find(|line| line.contains(word)).unwrap_or_else(|| panic!("no line with `{word}`"));

    find("loaded");
    // Another version: it has a custom section more.
    fs::write(&file, [&wasm[..], &[0, 3, 1, b'n', 1]].concat()).unwrap();
    find("trying a version in the shadow");
    let over = find("trial over");
    assert!(over.contains("passed") && over.contains("differences=0"), "{over}");
    find("swapped");
    fs::write(&file, "nonsense").unwrap();
    find("not swapped; the version before goes on");
    watch.kill().unwrap();
    watch.wait().unwrap();
}
