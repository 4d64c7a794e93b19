//! `pointsman simulate`: a rollout played in virtual time, before anybody runs it.

use std::{
    fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use pointsman_host::{CheckConfigError, Guard, Plugin, Session};
use pointsman_simulate::{Document, Scenario, Summary, chart, monte_carlo, play, timeline};

use crate::{
    Outcome,
    args::{SandboxArgs, SimulateArgs},
    error::{CliError, report},
    input, output,
};

pub(crate) fn run(sandbox: &SandboxArgs, args: &SimulateArgs) -> Result<Outcome, CliError> {
    let scenario = Scenario::parse(&input::read(&args.scenario)?)
        .map_err(|source| CliError::Scenario { file: args.scenario.clone(), source })?;
    let plugin = sandbox.load(&args.plugin)?;
    let mut scenario = for_plugin(scenario, &plugin)?;
    if let Some(config) = &args.config {
        scenario = with_config(scenario, config)?;
        if let Some(refused) = refused(&scenario, &plugin, config)? {
            report(&refused);
            return Ok(Outcome::Refused);
        }
    }
    if let Some(end) = args.expect {
        scenario = scenario.expecting(end);
    }
    let mut session = scenario.session(&plugin)?;
    if let Some(runs) = args.monte_carlo {
        return play_many(&mut session, &scenario, args, runs);
    }
    let record = play(&mut session, &scenario, args.seed)?;
    let summary = Summary::of(&record);
    if let Some(file) = &args.svg {
        let svg = chart::draw(&scenario, &record, &summary);
        fs::write(file, svg).map_err(|source| CliError::Write { file: file.clone(), source })?;
    }
    output::seen(if args.json {
        output::write_json(&Document::new(&scenario, args.seed, &record, &summary))
    } else {
        timeline::write(&mut output::stdout(), &scenario, &record, &summary, output::look(), args.all)
            .map_err(Into::into)
    })?;
    Ok(outcome(summary.is_well(), scenario.unexpected(&summary)))
}

/// The scenario with the keys that it has for the plugin's strategy. A plugin need not describe itself for one that has
/// none.
fn for_plugin(scenario: Scenario, plugin: &Plugin) -> Result<Scenario, CliError> {
    if scenario.strategies().next().is_none() {
        return Ok(scenario);
    }
    Ok(scenario.for_strategy(&plugin.describe()?.name))
}

/// The scenario with the configuration of the command line.
fn with_config(scenario: Scenario, config: &PathBuf) -> Result<Scenario, CliError> {
    let text = input::config_argument(config)?;
    match serde_json::from_str(&text) {
        Ok(config) => Ok(scenario.with_config(config)),
        Err(source) => Err(CliError::NotConfig { config: config.display().to_string(), source }),
    }
}

/// Checks a configuration before anything is played with it; returns the plugin's words against it.
fn refused(scenario: &Scenario, plugin: &Plugin, config: &Path) -> Result<Option<CliError>, CliError> {
    let plugin = match scenario.policy() {
        Some(policy) if matches!(plugin.guard(), Guard::Policy(_)) => plugin.under(policy),
        _ => plugin.clone(),
    };
    match plugin.check_config(&scenario.config(), scenario.target()) {
        Ok(_) => Ok(None),
        Err(CheckConfigError::Invalid { message, .. }) => {
            Ok(Some(CliError::RefusedConfig { config: config.display().to_string(), message }))
        }
        Err(error) => Err(CliError::CheckConfig(error)),
    }
}

/// Tells what was unexpected, in one line on standard error.
fn outcome(is_well: bool, unexpected: Option<String>) -> Outcome {
    let Some(what) = unexpected else { return if is_well { Outcome::Ok } else { Outcome::Refused } };
    report(&CliError::Unexpected(what));
    Outcome::Refused
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
    output::seen(if args.json {
        output::write_json(&all)
    } else {
        all.write(&mut output::stdout(), output::look()).map_err(Into::into)
    })?;
    Ok(outcome(all.is_well(), all.unexpected()))
}
