//! `pointsman conformance`: any plugin against what every strategy must satisfy.

use std::{io::Write, num::NonZeroU32};

use indicatif::{ProgressBar, ProgressStyle};
use pointsman_conformance::{CheckError, Options, Outcome as Found, RULES, check};
use serde_json::json;

use crate::{
    Outcome,
    args::{ConformanceArgs, SandboxArgs},
    error::CliError,
    input, output,
};

pub(crate) fn run(sandbox: &SandboxArgs, args: &ConformanceArgs) -> Result<Outcome, CliError> {
    let Some(path) = args.file.as_ref().filter(|_| !args.list) else {
        list(args.json)?;
        return Ok(Outcome::Ok);
    };
    let file = sandbox.host()?.read(path)?;
    let style = ProgressStyle::with_template("{bar:15} {pos} of {len} rules: {msg}").expect("it is a template");
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new(RULES.len() as u64).with_style(style);
    let options = Options {
        limits: sandbox.limits(),
        cache: sandbox.cache(),
        guard: sandbox.guard(),
        configs: args.configs.iter().map(input::config_argument).collect::<Result<_, _>>()?,
        cases: NonZeroU32::new(args.cases).unwrap_or(NonZeroU32::MIN),
        seed: args.seed,
        progress: Some(&|rule, tried| {
            bar.set_message(rule.id);
            bar.set_position(tried as u64);
        }),
    };
    let report = check(&file, &options).map_err(|error| told(error, args))?;
    bar.finish_and_clear();
    output::seen(if args.json {
        output::write_json(&report)
    } else {
        report.write(&mut output::stdout(), output::look()).map_err(Into::into)
    })?;
    match report.why_skipped() {
        _ if report.has_failures() => Ok(Outcome::Refused),
        None => Ok(Outcome::Ok),
        Some(why) => Err(CliError::NotTried { skipped: report.count(Found::Skipped), why: why.to_owned() }),
    }
}

/// An error with the configuration as it was given.
fn told(error: CheckError, args: &ConformanceArgs) -> CliError {
    match error {
        CheckError::RefusedConfig { number, message } => {
            let config = args.configs.get(number - 1).map(|config| config.display().to_string());
            CliError::RefusedConfig { config: config.unwrap_or_default(), message }
        }
        error => CliError::Conformance(error),
    }
}

/// Only what the rules are.
fn list(json: bool) -> Result<(), CliError> {
    if json {
        let rules: Vec<_> =
            RULES.iter().map(|rule| json!({"rule": rule.id, "says": rule.says, "remedy": rule.remedy})).collect();
        return output::write_json(&rules);
    }
    let (mut out, look) = (output::stdout(), output::look());
    for rule in &RULES {
        writeln!(out, "{}", look.labelled(pointsman_simulate::show::style::HEADING, rule.id, 26, rule.says))?;
    }
    Ok(())
}
