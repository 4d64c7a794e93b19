//! `pointsman evaluate`: requests in, answers out, through the JSON door.

use std::io::{self, Write};

use pointsman_host::Session;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    Outcome,
    cli::{EvaluateArgs, Sandbox},
    error::CliError,
    input,
};

/// Requests are handed over in batches of about this many bytes, so that the sandbox's memory does not limit how many there
/// may be.
const BATCH: usize = 4 << 20;

pub(crate) fn run(sandbox: &Sandbox, args: &EvaluateArgs) -> Result<Outcome, CliError> {
    let text = input::read(&args.input)?;
    let requests = input::requests(&args.input, &text)?;
    let mut session = sandbox.load(&args.plugin)?.session()?;
    let mut answers = vec![];
    for batch in batches(&requests) {
        answers.extend(evaluate(&mut session, batch)?);
    }

    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = if args.pretty {
        // A raw value would keep the line it came on.
        let answers: Result<Vec<serde_json::Value>, _> =
            answers.iter().map(|answer| serde_json::from_str(answer.get())).collect();
        answers.and_then(|answers| serde_json::to_writer_pretty(&mut out, &answers))
    } else {
        serde_json::to_writer(&mut out, &answers)
    };
    written.map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    let is_error = |answer: &RawValue| Verdict::of(answer).is_none_or(|verdict| verdict.error.is_some());
    Ok(if answers.iter().any(|answer| is_error(answer)) { Outcome::Refused } else { Outcome::Ok })
}

/// The part of an answer that tells an error from a plan.
#[derive(Deserialize)]
struct Verdict {
    error: Option<IgnoredAny>,
}

impl Verdict {
    fn of(answer: &RawValue) -> Option<Self> {
        serde_json::from_str(answer.get()).ok()
    }
}

/// Answers one batch. That each request has its answer, the host has seen to.
fn evaluate(session: &mut Session, batch: &[&RawValue]) -> Result<Vec<Box<RawValue>>, CliError> {
    let answers = session.evaluate_cycles(&array(batch)?)?;
    serde_json::from_str(&answers).map_err(|error| CliError::Answers(error.to_string()))
}

fn array(values: &[impl Serialize]) -> Result<String, CliError> {
    Ok(serde_json::to_string(values).map_err(io::Error::from)?)
}

/// Splits requests into batches of about [`BATCH`] bytes. A request that is larger is a batch by itself.
fn batches<'a>(requests: &'a [&'a RawValue]) -> Vec<&'a [&'a RawValue]> {
    let mut batches = vec![];
    let (mut start, mut size) = (0, 0);
    for (i, request) in requests.iter().enumerate() {
        size += request.get().len();
        if size > BATCH && i > start {
            batches.push(&requests[start..i]);
            (start, size) = (i, request.get().len());
        }
    }
    batches.push(&requests[start..]);
    batches
}
