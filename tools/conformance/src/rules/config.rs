//! Bad configurations: an error, never a trap.

use pointsman::json::{Answer, ErrorCode, Request};
use pointsman_host::{CheckConfigError, Decision, EvaluateError};
use proptest::{
    prelude::{Strategy, prop_oneof},
    sample::select,
};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{
    bench::Bench,
    requests,
    tried::{Failure, Tried},
};

/// `refuses-bad-config`: what is known to be hard, then configurations with something wrong, and text at random. It
/// also says what of the schema was too large to make configurations from: nothing else tries the schema.
pub(super) fn refuses_bad_config(bench: &Bench<'_>, rule: &str) -> Tried {
    let fixed = Tried::of_each(hard_texts(), |text| is_consistent(bench, &text));
    let tried = fixed.and_then(|| {
        let text = prop_oneof![1 => "\\PC{0,40}", 1 => "[{}\\[\\]:,\"a-c0-9. -]{0,20}"];
        if bench.configs.taken.is_empty() {
            return bench.for_all(rule, &text, |text| is_consistent(bench, &text));
        }
        bench.for_all(rule, &prop_oneof![2 => spoiled_configs(bench), 1 => text], |text| is_consistent(bench, &text))
    });
    match tried {
        Tried::Passed { cases, note } => Tried::Passed { cases, note: bench.configs.too_large().or(note) },
        other => other,
    }
}

/// Configurations that the plugin takes, with another value for one of their properties.
pub(super) fn spoiled_configs(bench: &Bench<'_>) -> impl Strategy<Value = String> + use<> {
    (select(bench.configs.taken.clone()), 0..8usize, select(wrong_values()))
        .prop_map(|(config, place, value)| spoiled(&config, place, value))
}

/// Text that parsers have stumbled over.
fn hard_texts() -> Vec<String> {
    let deep = |open: &str, close: &str| open.repeat(5000) + &close.repeat(5000);
    let plain =
        ["", " ", "null", "true", "7", "\"{}\"", "[]", "{", "}", "{}{}", "{\"a\"}", "{\"a\":}", "{\"\\u0000\":1}"];
    let mut texts: Vec<String> = plain.map(str::to_owned).to_vec();
    texts.extend(["{\"a\": 1e999}", "{\"a\": 18446744073709551616}", "{\"a\": -1, \"a\": 2}"].map(str::to_owned));
    texts.extend(["{\"\\ud800\": 1}", "\u{feff}{}", "{} // comment", "{'a': 1}"].map(str::to_owned));
    texts.push(deep("[", "]"));
    texts.push(deep("{\"a\":", "}"));
    texts.push(format!("{{\"{}\": 1}}", "k".repeat(100_000)));
    texts.push(format!("{{\"a\": {}}}", "9".repeat(10_000)));
    texts
}

/// Values that a property seldom allows.
fn wrong_values() -> Vec<Value> {
    let numbers = [json!(-1), json!(1.5), json!(1e300), json!(u64::MAX), json!(i64::MIN)];
    let others = [json!(null), json!(true), json!("text"), json!(""), json!([]), json!({}), json!([[]])];
    numbers.into_iter().chain(others).collect()
}

/// A configuration with another value for one of its properties, or with one that it does not know.
fn spoiled(config: &str, place: usize, value: Value) -> String {
    let Ok(Value::Object(mut object)) = serde_json::from_str(config) else { return value.to_string() };
    let name = object.keys().nth(place).cloned().unwrap_or_else(|| "unknown_key".to_owned());
    object.insert(name, value);
    Value::Object(object).to_string()
}

/// Checks that both entry points keep to what `check-config` says.
fn is_consistent(bench: &Bench<'_>, config: &str) -> Result<(), Failure> {
    // The plugin is under no policy: whether a move is left within some limits is another question.
    let is_taken = match bench.subject.plugin.check_config(config, 1) {
        Ok(_) => true,
        Err(CheckConfigError::Invalid { .. }) => false,
        Err(CheckConfigError::Call(error)) => return Err(bench.subject.failed(&error).on(config)),
        Err(error) => return Err(Failure::new(error.to_string()).on(config)),
    };
    // What it does with a configuration that it takes is for other rules.
    if is_taken && !bench.configs.taken.is_empty() && !bench.configs.taken.iter().any(|taken| taken == config) {
        return Ok(());
    }
    let differs = |entry_point: &str| {
        let (says, does) = if is_taken { ("takes", "refuses") } else { ("refuses", "does not refuse") };
        Err(Failure::new(format!(
            "`check-config` {says} this configuration, and the {entry_point} entry point {does} it"
        ))
        .on(config))
    };
    let request = Request { routes: vec![], spec: requests::spec(1, config) };
    let typed = bench.subject.plugin.evaluate_cycle(&request.routes, &request.spec);
    match &typed {
        Err(EvaluateError::Call(error)) => return Err(bench.subject.failed(error).on(config)),
        Err(EvaluateError::InvalidConfig { .. }) if is_taken => return differs("typed"),
        Err(EvaluateError::InvalidConfig { .. }) => {}
        _ if !is_taken => return differs("typed"),
        _ => {}
    }
    // In a request of the JSON entry point there is only room for what is JSON.
    if serde_json::from_str::<IgnoredAny>(config).is_err() {
        return Ok(());
    }
    // As it was written: as a value it would be written anew.
    let placeholder = json!({"routes": [], "spec": Request { routes: vec![], spec: requests::spec(1, "\"C\"") }.spec});
    let text = format!("[{}]", placeholder.to_string().replacen("\"C\"", config, 1));
    let answers = bench.subject.answers(&text).map_err(|failure| failure.on(config))?;
    let is_refused = answers.iter().any(|answer| {
        matches!(
            answer,
            Decision::Answer(Answer::Error { code: ErrorCode::InvalidConfig | ErrorCode::InvalidRequest, .. })
        )
    });
    if is_refused == is_taken { differs("JSON") } else { Ok(()) }
}
