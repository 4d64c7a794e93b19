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

/// What a request costs the sandbox besides its text, in bytes: about what its answer takes.
const OVERHEAD: usize = 1 << 10;

pub(crate) fn run(sandbox: &Sandbox, args: &EvaluateArgs) -> Result<Outcome, CliError> {
    let mut session = sandbox.load(&args.plugin)?.session()?;
    let text = input::read(&args.input)?;
    let requests = input::requests(&args.input, &text)?;
    let mut answers = vec![];
    for batch in batches(&requests) {
        answers.extend(evaluate(&mut session, batch, answers.len() + 1)?);
    }

    let is_error = |answer: &RawValue| Verdict::of(answer).is_none_or(|verdict| verdict.error.is_some());
    let outcome = if answers.iter().any(|answer| is_error(answer)) { Outcome::Refused } else { Outcome::Ok };
    match write(&answers, args.pretty) {
        // Whoever reads the answers has seen enough; what they were remains.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(outcome),
        result => Ok(result.map(|()| outcome)?),
    }
}

fn write(answers: &[Box<RawValue>], pretty: bool) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if pretty {
        // A raw value would keep the line it came on.
        let answers: Result<Vec<serde_json::Value>, _> =
            answers.iter().map(|answer| serde_json::from_str(answer.get())).collect();
        serde_json::to_writer_pretty(&mut out, &answers?)?;
    } else {
        serde_json::to_writer(&mut out, answers)?;
    }
    writeln!(out)?;
    out.flush()
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

/// Answers one batch, whose first request has this number. That each request has its answer, the host has seen to.
fn evaluate(session: &mut Session, batch: &[&RawValue], first: usize) -> Result<Vec<Box<RawValue>>, CliError> {
    match session.evaluate_cycles(&array(batch)?) {
        Ok(answers) => serde_json::from_str(&answers).map_err(|error| CliError::Answers(error.to_string())),
        // Halves need less memory and time, and end at the one request that is at fault.
        Err(_) if batch.len() > 1 => {
            let (left, right) = batch.split_at(batch.len() / 2);
            let mut answers = evaluate(session, left, first)?;
            answers.extend(evaluate(session, right, first + left.len())?);
            Ok(answers)
        }
        Err(source) => Err(CliError::EvaluateCycles { number: first, source }),
    }
}

fn array(values: &[impl Serialize]) -> Result<String, CliError> {
    Ok(serde_json::to_string(values).map_err(io::Error::from)?)
}

/// Splits requests into batches of about [`BATCH`] bytes. A request that is larger is a batch by itself.
fn batches<'a>(requests: &'a [&'a RawValue]) -> Vec<&'a [&'a RawValue]> {
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
