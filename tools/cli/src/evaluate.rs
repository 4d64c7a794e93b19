//! `pointsman evaluate`: requests in, answers out, through the JSON entry point.

use std::io::{self, Write};

use serde_json::value::RawValue;

use crate::{
    Outcome,
    args::{EvaluateArgs, SandboxArgs},
    batches,
    error::CliError,
    input, output,
};

pub(crate) fn run(sandbox: &SandboxArgs, args: &EvaluateArgs) -> Result<Outcome, CliError> {
    let mut session = sandbox.load(&args.plugin)?.session()?;
    let text = input::read(&args.input)?;
    let requests = input::requests(&args.input, &text)?;
    let mut answers = vec![];
    for batch in batches::of(&requests) {
        for answer in batches::evaluate(&mut session, batch)? {
            let number = answers.len() + 1;
            answers.push(answer.map_err(|source| CliError::EvaluateCycles { number, source })?);
        }
    }

    let has_refused = answers.iter().any(|answer| batches::is_refused(answer));
    output::seen(write(&answers, args.pretty))?;
    Ok(if has_refused { Outcome::Refused } else { Outcome::Ok })
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
