//! Requests through the JSON entry point, as many at once as the sandbox bears.

use std::{collections::BTreeMap, io};

use pointsman_host::{EvaluateCyclesError, Session};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::CliError;

/// Requests are handed over in batches of about this many bytes, so that the sandbox's memory does not limit how many
/// there may be.
const BATCH: usize = 4 << 20;

/// Cost of a request to the sandbox besides its text, in bytes: about what its answer takes.
const OVERHEAD: usize = 1 << 10;

/// An answer, or why there is none.
pub(crate) type Answered = Result<Box<RawValue>, EvaluateCyclesError>;

/// Splits requests into batches of about [`BATCH`] bytes. A request that is larger is a batch by itself.
pub(crate) fn of<'a>(requests: &'a [&'a RawValue]) -> Vec<&'a [&'a RawValue]> {
    let mut batches = vec![];
    let (mut start, mut size) = (0, 0);
    for (i, request) in requests.iter().enumerate() {
        size += request.get().len() + OVERHEAD;
        if size > BATCH && i > start {
            batches.push(&requests[start..i]);
            (start, size) = (i, request.get().len() + OVERHEAD);
        }
    }
    batches.push(&requests[start..]);
    batches
}

/// Answers one batch. That each request has its answer, the host has seen to.
pub(crate) fn evaluate(session: &mut Session, batch: &[&RawValue]) -> Result<Vec<Answered>, CliError> {
    match session.evaluate_cycles_json(&array(batch)?) {
        Ok(answers) => {
            let answers: Vec<Box<RawValue>> =
                serde_json::from_str(&answers).map_err(|error| CliError::Answers(error.to_string()))?;
            Ok(answers.into_iter().map(Ok).collect())
        }
        // Halves need less memory and time, and end at the one request that is at fault.
        Err(_) if batch.len() > 1 => {
            let (left, right) = batch.split_at(batch.len() / 2);
            let mut answers = evaluate(session, left)?;
            answers.extend(evaluate(session, right)?);
            Ok(answers)
        }
        Err(source) => Ok(vec![Err(source)]),
    }
}

/// Requests with the key of a deployment, which a registry has to know: those that have none are told by their place,
/// `request 1`.
pub(crate) fn keyed(requests: &[&RawValue]) -> Vec<Box<RawValue>> {
    let with_key = |(i, request): (usize, &&RawValue)| {
        let fields: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_str(request.get());
        // What is no object has no field, and whoever reads it says so.
        let Ok(mut fields) = fields else { return (*request).to_owned() };
        let key = to_raw_value(&format!("request {}", i + 1));
        key.ok().map(|key| fields.entry("deployment".to_owned()).or_insert(key));
        to_raw_value(&fields).unwrap_or_else(|_| (*request).to_owned())
    };
    requests.iter().enumerate().map(with_key).collect()
}

/// The JSON array of some values.
pub(crate) fn array(values: &[impl Serialize]) -> Result<String, CliError> {
    Ok(serde_json::to_string(values).map_err(io::Error::from)?)
}

/// Returns whether an answer is an error, or none at all: the plugin or the guard said no.
pub(crate) fn is_refused(answer: &RawValue) -> bool {
    /// The part of an answer that tells an error from a plan.
    #[derive(Deserialize)]
    struct ErrorField {
        error: Option<IgnoredAny>,
    }

    serde_json::from_str(answer.get()).map_or(true, |ErrorField { error }| error.is_some())
}
