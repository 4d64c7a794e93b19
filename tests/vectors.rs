//! The corpus in `tests/vectors/`: requests with the answers that every host must give, whatever it is written in.
//!
//! `BLESS=1 cargo test --test vectors` writes the answers; the diff is what there is to review.

use std::{collections::BTreeSet, fs, path::PathBuf};

use pointsman::{Strategy, blue_green::BlueGreen, json, rolling_update::RollingUpdate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// A file of the corpus.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    /// Purpose of the case, in one line.
    why: String,
    /// As the JSON entry point takes it.
    request: Box<RawValue>,
    /// As the JSON entry point answers it.
    response: Value,
}

fn files(strategy: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(strategy);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn answer<S: Strategy>(request: &str) -> Value {
    let mut answers: Vec<Value> =
        serde_json::from_str(&json::evaluate_cycles::<S>(&format!("[{request}]")).unwrap()).unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn replay<S: Strategy>() {
    let mut wrong = vec![];
    for path in files(S::NAME) {
        let text = fs::read_to_string(&path).unwrap();
        let mut vector: Vector =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let response = answer::<S>(vector.request.get());
        if std::env::var_os("BLESS").is_some() {
            vector.response = response;
            let pretty: Value = serde_json::from_str(&serde_json::to_string(&vector).unwrap()).unwrap();
            fs::write(&path, format!("{pretty:#}\n")).unwrap();
        } else if response != vector.response {
            wrong.push(format!(
                "{}: {}\n  is        {response}\n  should be {}",
                path.display(),
                vector.why,
                vector.response
            ));
        }
    }
    assert!(wrong.is_empty(), "{} answers are not those of the corpus:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every reason and error code that the corpus has for a strategy.
fn codes(strategy: &str) -> BTreeSet<String> {
    let code = |path: PathBuf| {
        let vector: Vector = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let code = ["/ok/reason/code", "/error/code"].iter().find_map(|path| vector.response.pointer(path)?.as_str());
        code.unwrap_or_else(|| panic!("{} has no code", path.display())).to_owned()
    };
    files(strategy).into_iter().map(code).collect()
}

const ERRORS: [&str; 4] = ["invalid_config", "invalid_request", "invalid_routes", "invalid_spec"];

#[test]
fn blue_green_answers_as_the_corpus_says() {
    replay::<BlueGreen>();
}

#[test]
fn rolling_update_answers_as_the_corpus_says() {
    replay::<RollingUpdate>();
}

#[test]
fn the_corpus_has_every_reason_and_error_of_blue_green() {
    let reasons = [
        "aborted",
        "all-green-failed",
        "already-promoted",
        "awaiting-approval",
        "awaiting-checks",
        "awaiting-delay",
        "check-failed",
        "creating-green",
        "deadline-exceeded",
        "green-lost",
        "keeping-blue",
        "no-budget",
        "no-capacity",
        "paused",
        "promoting",
        "replacing",
        "replacing-green",
        "retiring-blue",
        "taking-turns",
        "waiting-for-available",
        "waiting-for-provisioning",
        "waiting-for-ready",
        "waiting-for-termination",
    ];
    assert_eq!(codes(BlueGreen::NAME), reasons.into_iter().chain(ERRORS).map(str::to_owned).collect());
}

#[test]
fn the_corpus_has_every_reason_and_error_of_rolling_update() {
    let reasons = [
        "aborted",
        "awaiting-checks",
        "backing-off",
        "check-failed",
        "deadline-exceeded",
        "no-budget",
        "no-capacity",
        "paused",
        "replacing",
        "rolled-out",
        "waiting-for-available",
        "waiting-for-drain-delay",
        "waiting-for-provisioning",
        "waiting-for-ready",
        "waiting-for-termination",
    ];
    assert_eq!(codes(RollingUpdate::NAME), reasons.into_iter().chain(ERRORS).map(str::to_owned).collect());
}
