//! `pointsman explain`: a decision and why it was made, for people.

use std::io::Write;

use anstyle::Style;
use pointsman::{Commitment, Operator, Progress, Rollout, Route, RouteChanges, Spec};
use pointsman_host::{EvaluateError, Guard, Plugin, RequestWithPolicy};
use pointsman_simulate::show::{changes, moment, plain, style, wrapped};

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
        Ok(rollout) if routes.is_empty() => writeln!(out, "no routes, {} wanted", rollout.spec().target_replicas)?,
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

/// `at least 3 serve, at most 6 are live: the policy of the command line at this target`.
fn limits(spec: &Spec, guard: Guard, has_policy: bool) -> String {
    let policy = if has_policy { "the request's policy" } else { "the policy of the command line" };
    match (spec.limits, guard) {
        (Some(limits), _) => format!("{}: those of the request", promise(limits)),
        (None, Guard::Policy(allowed)) => {
            format!("{}: {policy} at this target", promise(allowed.resolve(spec.target_replicas)))
        }
        (None, Guard::IdsOnly) => "none".to_owned(),
    }
}

/// Writes a label and what it is the label of.
fn write_line(out: &mut impl Write, style: Style, label: &str, text: &str) -> Result<(), CliError> {
    Ok(writeln!(out, "{}", output::look().labelled(style, label, LABEL, text))?)
}

fn write_spec(out: &mut impl Write, spec: &Spec) -> Result<(), CliError> {
    let after = match spec.stable() {
        Some(stable) => format!(" after {}", plain(stable)),
        None => String::new(),
    };
    let text = format!(
        "deploying {}{after} to {} {}, {} after the start ({}){}, config {}",
        plain(&spec.deploying_revision),
        spec.target_replicas,
        if spec.target_replicas == 1 { "replica" } else { "replicas" },
        moment::duration(spec.now.saturating_millis_since(spec.started_at)),
        moment::absolute(spec.started_at),
        requests(spec),
        // As it was written, on one line.
        plain(&spec.config.split_whitespace().collect::<Vec<_>>().join(" ")),
    );
    Ok(writeln!(out, "{}", wrapped(&text, output::look().width(), 0))?)
}

/// `, operator asks to pause and passed the gates preview, promotion`.
fn requests(spec: &Spec) -> String {
    let Operator { abort, pause, promote, passed_gates } = &spec.operator;
    let flags = [(*abort, "abort"), (*pause, "pause"), (*promote, "promote")];
    let set = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, word)| *word).collect::<Vec<_>>();
    let mut actions = vec![];
    if !set.is_empty() {
        actions.push(format!("asks to {}", set.join(", ")));
    }
    if !passed_gates.is_empty() {
        actions.push(format!("passed {}", plain(&passed_gates.join(", "))));
    }
    if actions.is_empty() { String::new() } else { format!(", operator {}", actions.join(" and ")) }
}

/// `at least 3 serve, at most 6 are live`.
fn promise(commitment: Commitment) -> String {
    let Commitment { least_serving, most_live } = commitment;
    match most_live {
        u32::MAX => format!("at least {least_serving} serve"),
        _ => format!("at least {least_serving} serve, at most {most_live} are live"),
    }
}

/// Serving capacity before the plan and after it, where that is another or is not the number of serving routes.
fn write_capacity(out: &mut impl Write, rollout: &Rollout<'_>, plan: &RouteChanges) -> Result<(), CliError> {
    let before = rollout.capacity();
    let mut after: Vec<Route> = rollout.routes().cloned().collect();
    // What is created does not serve yet, and may be millions.
    let at_once = RouteChanges { rollout_specs: vec![], ..plan.clone() };
    // The guard has told what is wrong with a plan that cannot be applied.
    let is_applied = at_once.apply(&mut after, rollout.spec().now, String::new).is_ok();
    let after = pointsman::capacity::capacity(&after);
    let count = f64::from(rollout.tally().serving());
    let text = if is_applied && (before - after).abs() > 1e-9 {
        format!("{} before the plan, {} after it", number(before), number(after))
    } else if (before - count).abs() > 1e-9 {
        format!("{} of {count} serving routes", number(before))
    } else {
        return Ok(());
    };
    write_line(out, style::HEADING, "capacity", &text)
}

/// With at most three decimals.
fn number(capacity: f64) -> String {
    let text = format!("{capacity:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn write_plan(out: &mut impl Write, plan: &RouteChanges, spec: &Spec) -> Result<(), CliError> {
    let reason = &plan.reason;
    let mut line = |label: &str, text: &str| write_line(out, style::HEADING, label, text);
    line("decision", &format!("{}: {}", plan.sub_step.as_str(), plain(&reason.code)))?;
    line("because", &plain(&reason.message))?;
    line("changes", &changes(plan))?;
    if let Some(progress) = plan.progress {
        line("progress", &passed(progress))?;
    }
    if let Some(gate) = &plan.gate {
        line("gate", &plain(gate))?;
    }
    if !reason.blocking_route_ids.is_empty() {
        line("blocked by", &plain(&reason.blocking_route_ids.join(", ")))?;
    }
    line("look again", &look_again(plan, spec))?;
    line("promises", &promise(plan.commitment))?;
    if let Some(memo) = &plan.memo {
        line("memo", &plain(memo))?;
    }
    Ok(())
}

/// When it is evaluated again.
fn look_again(plan: &RouteChanges, spec: &Spec) -> String {
    match plan.next_evaluation_at {
        Some(at) => {
            let (relative, absolute) = (moment::relative(at, spec.now), moment::absolute(at));
            format!("{relative} ({absolute}), or when something changes")
        }
        None if plan.sub_step.is_over() => "no need: the rollout is over".to_owned(),
        None => "when something changes".to_owned(),
    }
}

/// `step 2 of 5, 12.5% of the traffic for the new revision`.
fn passed(Progress { step, steps, share }: Progress) -> String {
    format!("step {step} of {steps}, {}% of the traffic for the new revision", number(share * 100.0))
}

#[cfg(test)]
mod tests {
    use pointsman::Progress;

    use super::passed;

    #[test]
    fn progress_is_a_share_of_the_traffic() {
        let progress = Progress { step: 2, steps: 5, share: 0.125 };

        assert_eq!(passed(progress), "step 2 of 5, 12.5% of the traffic for the new revision");
    }
}
