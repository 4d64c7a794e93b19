//! `pointsman explain`: a decision and why it was made, for people.

use std::io::{self, Write};

use pointsman::{Rollout, RouteChanges, Spec, SubStep, json::Request};
use pointsman_host::{EvaluateError, Session};

use crate::{
    Outcome,
    cli::{ExplainArgs, Sandbox},
    error::{CliError, style},
    input, moment, routes_table,
    text::plain,
};

pub(crate) fn run(sandbox: &Sandbox, args: &ExplainArgs) -> Result<Outcome, CliError> {
    let plugin = sandbox.load(&args.plugin)?;
    let mut session = plugin.session()?;
    let strategy = session.describe()?;
    let text = input::read(&args.input)?;
    let requests = input::requests(&args.input, &text)?;

    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    let (name, version) = (plain(&strategy.name), plain(&strategy.version));
    writeln!(out, "{}{name} {version}{:#} {}", style::HEADING, style::HEADING, plugin.id())?;
    let mut outcome = Outcome::Ok;
    for (i, request) in requests.iter().enumerate() {
        writeln!(out)?;
        if requests.len() > 1 {
            writeln!(out, "{}request {} of {}{:#}", style::HEADING, i + 1, requests.len(), style::HEADING)?;
        }
        if let Err(refusal) = explain(&mut out, &mut session, request.get())? {
            writeln!(out, "{}refused{:#}     {}", style::ERROR, style::ERROR, plain(&refusal))?;
            outcome = Outcome::Refused;
        }
    }
    Ok(outcome)
}

/// Explains one request. What the plugin or the contract has against it is the inner error.
fn explain(out: &mut impl Write, session: &mut Session, request: &str) -> Result<Result<(), String>, CliError> {
    let Request { routes, spec } = match Request::parse(request) {
        Ok(request) => request,
        Err(message) => return Ok(Err(format!("invalid request: {message}"))),
    };
    write_spec(out, &spec)?;
    let (plan, violations) = match session.evaluate_cycle(&routes, &spec) {
        Ok(plan) => (plan, vec![]),
        Err(EvaluateError::Rejected { plan, violations, .. }) => (*plan, violations),
        Err(EvaluateError::InvalidConfig { message, .. }) => return Ok(Err(format!("invalid config: {message}"))),
        Err(EvaluateError::InvalidRoutes { message, .. }) => return Ok(Err(format!("invalid routes: {message}"))),
        Err(error @ EvaluateError::Call(_)) => return Err(CliError::Evaluate(error)),
    };
    match Rollout::new(&routes, &spec) {
        Ok(rollout) if routes.is_empty() => writeln!(out, "no routes, {} wanted", rollout.spec().target_replicas)?,
        Ok(rollout) => writeln!(out, "\n{}\n", routes_table::of(&rollout, &plan))?,
        // A plugin may be more lenient than the contract.
        Err(error) => writeln!(out, "no table: {error}")?,
    }
    write_plan(out, &plan, &spec)?;
    for violation in &violations {
        let code = violation.code.as_str();
        writeln!(out, "{}violation{:#}   {code}: {}", style::ERROR, style::ERROR, plain(&violation.message))?;
    }
    Ok(if violations.is_empty() {
        Ok(())
    } else {
        Err("the guard rejects this plan; nothing of it may be applied".to_owned())
    })
}

fn write_spec(out: &mut impl Write, spec: &Spec) -> Result<(), CliError> {
    let request = match spec.operator_request {
        None => String::new(),
        Some(request) => format!(", operator asks to {request:?}").to_lowercase(),
    };
    writeln!(
        out,
        "deploying {} to {} {}, {} after the start ({}){request}, config {}",
        plain(&spec.deploying_revision),
        spec.target_replicas,
        if spec.target_replicas == 1 { "replica" } else { "replicas" },
        moment::duration(spec.now.saturating_millis_since(spec.started_at)),
        moment::absolute(spec.started_at),
        // As it was written, on one line.
        plain(&spec.config.split_whitespace().collect::<Vec<_>>().join(" ")),
    )?;
    Ok(())
}

fn write_plan(out: &mut impl Write, plan: &RouteChanges, spec: &Spec) -> Result<(), CliError> {
    let (heading, reason) = (style::HEADING, &plan.reason);
    writeln!(out, "{heading}decision{heading:#}    {}: {}", plan.sub_step.as_str(), plain(&reason.code))?;
    writeln!(out, "{heading}because{heading:#}     {}", plain(&reason.message))?;
    writeln!(out, "{heading}changes{heading:#}     {}", changes(plan))?;
    if !reason.blocking_route_ids.is_empty() {
        writeln!(out, "{heading}blocked by{heading:#}  {}", plain(&reason.blocking_route_ids.join(", ")))?;
    }
    match plan.next_evaluation_at {
        Some(at) => {
            let (relative, absolute) = (moment::relative(at, spec.now), moment::absolute(at));
            writeln!(out, "{heading}look again{heading:#}  {relative} ({absolute}), or when something changes")?;
        }
        None if plan.sub_step == SubStep::Completed => {
            writeln!(out, "{heading}look again{heading:#}  no need: the rollout is over")?;
        }
        None => writeln!(out, "{heading}look again{heading:#}  when something changes")?,
    }
    if let Some(memo) = &plan.memo {
        writeln!(out, "{heading}memo{heading:#}        {}", plain(memo))?;
    }
    Ok(())
}

/// `create 3 of v2 (inactive), promote 2, drain 3`.
pub(crate) fn changes(plan: &RouteChanges) -> String {
    let mut parts: Vec<String> = plan
        .rollout_specs
        .iter()
        .map(|spec| {
            format!(
                "create {} of {} ({})",
                spec.count,
                plain(&spec.revision),
                routes_table::traffic(spec.traffic_status, spec.traffic_ratio)
            )
        })
        .collect();
    let lists = [
        ("promote", plan.promote_route_ids.len()),
        ("change traffic of", plan.traffic_changes.len()),
        ("drain", plan.drain_route_ids.len()),
    ];
    parts.extend(lists.iter().filter(|(_, n)| *n > 0).map(|(verb, n)| format!("{verb} {n}")));
    if parts.is_empty() { "none".to_owned() } else { parts.join(", then ") }
}
