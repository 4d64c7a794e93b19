//! The decided part of an explanation: the plan, its reason, its promises and its capacity.

use std::io::Write;

use pointsman::{Commitment, Progress, Rollout, Route, RouteChanges, Spec};
use pointsman_simulate::show::{changes, moment, plain, style};

use super::write_line;
use crate::error::CliError;

pub(super) fn write_plan(out: &mut impl Write, plan: &RouteChanges, spec: &Spec) -> Result<(), CliError> {
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

/// Moment of the next evaluation, in words.
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

/// `at least 3 serve, at most 6 are live`.
pub(super) fn promise(commitment: Commitment) -> String {
    let Commitment { least_serving, most_live } = commitment;
    match most_live {
        u32::MAX => format!("at least {least_serving} serve"),
        _ => format!("at least {least_serving} serve, at most {most_live} are live"),
    }
}

/// Serving capacity before the plan and after it, where that is another or is not the number of serving routes.
pub(super) fn write_capacity(out: &mut impl Write, rollout: &Rollout<'_>, plan: &RouteChanges) -> Result<(), CliError> {
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
