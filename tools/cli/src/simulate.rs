//! `pointsman simulate`: a rollout played in virtual time, before anybody runs it.

use std::{fs, num::NonZeroU32};

use indicatif::{ProgressBar, ProgressStyle};
use pointsman_host::Session;
use pointsman_simulate::{Document, Scenario, Summary, chart, monte_carlo, play, timeline};

use crate::{
    Outcome,
    args::{SandboxArgs, SimulateArgs},
    error::CliError,
    input, output,
};

pub(crate) fn run(sandbox: &SandboxArgs, args: &SimulateArgs) -> Result<Outcome, CliError> {
    let scenario = Scenario::parse(&input::read(&args.scenario)?)
        .map_err(|source| CliError::Scenario { file: args.scenario.clone(), source })?;
    let mut session = scenario.session(&sandbox.load(&args.plugin)?)?;
    if let Some(runs) = args.monte_carlo {
        return play_many(&mut session, &scenario, args, runs);
    }
    let record = play(&mut session, &scenario, args.seed)?;
    let summary = Summary::of(&record);
    if let Some(file) = &args.svg {
        let svg = chart::draw(&scenario, &record, &summary);
        fs::write(file, svg).map_err(|source| CliError::Write { file: file.clone(), source })?;
    }
    if args.json {
        output::write_json(&Document::new(&scenario, args.seed, &record, &summary))?;
    } else {
        timeline::write(&mut output::stdout(), &scenario, &record, &summary, output::look(), args.all)?;
    }
    Ok(if summary.is_well() { Outcome::Ok } else { Outcome::Refused })
}

fn play_many(
    session: &mut Session,
    scenario: &Scenario,
    args: &SimulateArgs,
    runs: NonZeroU32,
) -> Result<Outcome, CliError> {
    // Hidden where standard error is no terminal.
    let template = "{bar:40} {pos} of {len} runs, {eta} to go";
    let bar = ProgressBar::new(u64::from(runs.get()))
        .with_style(ProgressStyle::with_template(template).expect("it is a template"));
    let all = monte_carlo::run(session, scenario, args.seed, runs, || bar.inc(1))?;
    bar.finish_and_clear();
    if args.json {
        output::write_json(&all)?;
    } else {
        all.write(&mut output::stdout(), output::look())?;
    }
    Ok(if all.is_well() { Outcome::Ok } else { Outcome::Refused })
}
