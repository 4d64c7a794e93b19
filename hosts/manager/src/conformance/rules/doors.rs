//! Two doors, one function.

use pointsman::json::Request;
use pointsman_host::Decision;
use proptest::collection::vec;

use super::{
    super::{
        bench::Bench,
        verdict::{Failure, Verdict},
    },
    purity::described,
};

/// How many requests are in a batch.
const BATCH: usize = 3;

/// `doors-agree`: each request by itself through both doors, and all of them in one call.
pub(super) fn doors_agree(bench: &Bench<'_>, rule: &str) -> Verdict {
    let batches = vec(bench.requests(), 1..=BATCH);
    bench.for_all(rule, &batches, |batch| {
        let mut typed = vec![];
        for request in &batch {
            typed.push(Decision::from(&bench.subject.decide(request)?));
        }
        for (request, typed) in batch.iter().zip(&typed) {
            agrees(bench, std::slice::from_ref(request), std::slice::from_ref(typed), "by itself")?;
        }
        if batch.len() > 1 { agrees(bench, &batch, &typed, "in a batch") } else { Ok(()) }
    })
}

fn agrees(bench: &Bench<'_>, batch: &[Request], typed: &[Decision], how: &str) -> Result<(), Failure> {
    let shown = |failure: Failure| match batch {
        [request] => failure.at(request),
        batch => failure.at_all(batch),
    };
    let text = serde_json::to_string(batch).map_err(|error| Failure::new(error.to_string()))?;
    let answers = bench.subject.answers(&text).map_err(shown)?;
    for (i, (typed, json)) in typed.iter().zip(&answers).enumerate() {
        // Of errors the code counts, of plans every word.
        let is_same = typed.differences(json).is_empty()
            && (is_error(typed) || serde_json::to_string(typed).ok() == serde_json::to_string(json).ok());
        if !is_same {
            let (number, what) = (i + 1, described(typed, json));
            return Err(shown(Failure::new(format!(
                "request {number}, {how}: the typed and the JSON door differ: {what}"
            ))));
        }
    }
    Ok(())
}

fn is_error(decision: &Decision) -> bool {
    matches!(decision, Decision::Answer(pointsman::json::Answer::Error { .. }))
}
