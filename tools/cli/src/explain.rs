//! `pointsman explain`: a decision and why it was made, for people.

mod given;
mod plan;

use std::io::Write;

use anstyle::Style;
use pointsman::Rollout;
use pointsman_host::{EvaluateError, Guard, Plugin, RequestWithPolicy};
use pointsman_simulate::show::{plain, style, wrapped};

use self::{
    given::{limits, write_spec},
    plan::{write_capacity, write_plan},
};
use crate::{
    Outcome,
    args::{ExplainArgs, SandboxArgs},
    error::CliError,
    input, output, routes_table,
};

/// Columns of labels.
const LABEL: usize = 12;

pub(crate) fn run(sandbox: &SandboxArgs, args: &ExplainArgs) -> Result<Outcome, CliError> {
    let plugin = sandbox.load(&args.plugin)?;
    let strategy = plugin.describe()?;
    let text = input::read(&args.input)?;
    let requests = input::requests(&args.input, &text)?;

    let mut out = output::stdout();
    let (name, version) = (plain(&strategy.name), plain(&strategy.version));
    writeln!(out, "{}{name} {version}{:#} {}", style::HEADING, style::HEADING, plain(&plugin.id().to_string()))?;
    let mut outcome = Outcome::Ok;
    for (i, request) in requests.iter().enumerate() {
        writeln!(out)?;
        if requests.len() > 1 {
            writeln!(out, "{}request {} of {}{:#}", style::HEADING, i + 1, requests.len(), style::HEADING)?;
        }
        if let Err(refusal) = explain(&mut out, &plugin, request.get())? {
            write_line(&mut out, style::ERROR, "refused", &plain(&refusal))?;
            outcome = Outcome::Refused;
        }
    }
    Ok(outcome)
}

/// Explains one request. What the plugin or the contract has against it is the inner error.
fn explain(out: &mut impl Write, plugin: &Plugin, request: &str) -> Result<Result<(), String>, CliError> {
    let RequestWithPolicy { routes, spec, policy } = match RequestWithPolicy::parse(request) {
        Ok(request) => request,
        Err(message) => return Ok(Err(format!("invalid request: {message}"))),
    };
    // Where only ids are checked a policy has no say.
    let plugin = match policy {
        Some(policy) if matches!(plugin.guard(), Guard::Policy(_)) => &plugin.under(policy),
        _ => plugin,
    };
    write_spec(out, &spec)?;
    write_line(out, style::HEADING, "limits", &limits(&spec, plugin.guard(), policy.is_some()))?;
    let (plan, violations) = match plugin.evaluate_cycle(&routes, &spec) {
        Ok(plan) => (plan, vec![]),
        Err(EvaluateError::Rejected { plan, violations, .. }) => (*plan, violations),
        Err(EvaluateError::InvalidConfig { message, .. }) => return Ok(Err(format!("invalid config: {message}"))),
        Err(EvaluateError::InvalidSpec { message, .. }) => return Ok(Err(format!("invalid spec: {message}"))),
        Err(EvaluateError::InvalidRoutes { message, .. }) => return Ok(Err(format!("invalid routes: {message}"))),
        Err(error) => return Err(CliError::Evaluate(error)),
    };
    let rollout = Rollout::new(&routes, &spec);
    match &rollout {
        Ok(rollout) if routes.is_empty() => {
            writeln!(out, "no routes; the target is {}", rollout.spec().target_replicas)?;
        }
        Ok(rollout) => writeln!(out, "\n{}\n", routes_table::of(rollout, &plan))?,
        // A plugin may be more lenient than the contract.
        Err(error) => writeln!(out, "no table: {}", wrapped(&plain(&error.to_string()), output::look().width(), 10))?,
    }
    write_plan(out, &plan, &spec)?;
    if let Ok(rollout) = &rollout {
        write_capacity(out, rollout, &plan)?;
    }
    for violation in &violations {
        let code = violation.code.as_str();
        write_line(out, style::ERROR, "violation", &format!("{code}: {}", plain(&violation.message)))?;
    }
    Ok(if violations.is_empty() {
        Ok(())
    } else {
        Err("the guard rejects this plan; nothing of it may be applied".to_owned())
    })
}

/// Writes a label and what it is the label of.
fn write_line(out: &mut impl Write, style: Style, label: &str, text: &str) -> Result<(), CliError> {
    Ok(writeln!(out, "{}", output::look().labelled(style, label, LABEL, text))?)
}
