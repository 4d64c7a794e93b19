//! What is no request: an error, in its place, never a trap.

use pointsman::json::{Answer, ErrorCode, Request};
use pointsman_host::{Decision, EvaluateCyclesError};
use proptest::sample::select;
use serde_json::{Value, json};

use crate::{
    bench::Bench,
    tried::{Failure, Tried},
};

/// `refuses-bad-requests`: good ones round a bad one are answered as if it were not there.
pub(super) fn refuses_bad_requests(bench: &Bench<'_>, rule: &str) -> Tried {
    let no_arrays = ["", "{", "7", "{}", "[", "[{}", "[,]", "null"];
    let whole = Tried::of_each(no_arrays, |text| match bench.subject.plugin.evaluate_cycles_json(text) {
        Err(EvaluateCyclesError::InvalidRequests { .. }) => Ok(()),
        Err(EvaluateCyclesError::Call(error)) => Err(bench.subject.failed(&error).on(text)),
        Err(error) => Err(Failure::new(error.to_string()).on(text)),
        Ok(_) => Err(Failure::new("what is no JSON array is answered").on(text)),
    });
    whole.and_then(|| {
        let cases = (bench.requests(), select(spoilers()), 0..3usize);
        bench.for_all(rule, &cases, |(request, spoiler, place)| one_bad(bench, &request, &spoiler, place))
    })
}

/// Values, or a field of a request and what to put there: each makes it no request.
fn spoilers() -> Vec<(Option<&'static str>, Value)> {
    let values = [json!(7), json!(null), json!("{}"), json!([]), json!({}), json!({"routes": []}), json!({"spec": {}})];
    let fields = [
        ("/routes", json!(7)),
        ("/routes", json!([7])),
        ("/routes", json!([{}])),
        ("/spec", json!([])),
        ("/spec/target_replicas", json!(-1)),
        ("/spec/target_replicas", json!(4_294_967_296_u64)),
        ("/spec/now", json!("yesterday")),
        ("/spec/deploying_revision", json!(null)),
        ("/spec/operator", json!("cancel")),
        ("/spec/operator", json!({"abort": "yes"})),
        ("/spec/limits", json!({"least_serving": 1})),
        ("/spec/labels", json!(["a", "b"])),
        ("/spec/weight_steps", json!(-1)),
        ("/spec/free_places", json!("many")),
        ("/spec/stable_revision", json!(1)),
        ("/spec/checks", json!([{"name": "a", "outcome": "maybe"}])),
        ("/spec/checks", json!([{"name": "a", "outcome": "passed", "observed_at": -1}])),
        // Words of the version before.
        ("/spec/operator_request", json!("promote")),
        ("/spec/unknown", json!(1)),
        ("/unknown", json!(1)),
    ];
    let values = values.into_iter().map(|value| (None, value));
    values.chain(fields.into_iter().map(|(place, value)| (Some(place), value))).collect()
}

/// Three requests, one of them bad.
fn one_bad(
    bench: &Bench<'_>,
    request: &Request,
    (field, value): &(Option<&str>, Value),
    place: usize,
) -> Result<(), Failure> {
    let good = serde_json::to_value(request).map_err(|error| Failure::new(error.to_string()))?;
    let mut bad = good.clone();
    match field.and_then(|field| field.rsplit_once('/')) {
        Some((parent, name)) => {
            if let Some(Value::Object(parent)) = bad.pointer_mut(parent) {
                parent.insert(name.to_owned(), value.clone());
            }
        }
        None => bad.clone_from(value),
    }
    let mut all = vec![good; 3];
    all[place] = bad.clone();
    let shown = |failure: Failure| failure.on(&bad.to_string()).at(request);
    let answers = bench.subject.answers(&Value::from(all).to_string()).map_err(shown)?;
    for (i, answer) in answers.iter().enumerate() {
        let is_refused = matches!(answer, Decision::Answer(Answer::Error { code: ErrorCode::InvalidRequest, .. }));
        let what = what_came(answer);
        if i == place && !is_refused {
            return Err(shown(Failure::new(format!("{what} instead of `invalid_request` for the input"))));
        }
        if i != place && is_refused {
            return Err(shown(Failure::new(format!("{what} for a good request beside a bad one, the input"))));
        }
    }
    Ok(())
}

/// A decision in a few words.
pub(super) fn what_came(decision: &Decision) -> String {
    match decision {
        Decision::Answer(Answer::Ok(plan)) => format!("a plan ({})", plan.reason.code),
        Decision::Answer(Answer::Error { message, .. }) => format!("an error ({message})"),
        Decision::Failed(message) => message.clone(),
    }
}
