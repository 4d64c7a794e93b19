//! The given part of an explanation: spec, limits, requests.

use std::io::Write;

use pointsman::{Operator, Spec};
use pointsman_host::Guard;
use pointsman_simulate::show::{moment, plain, wrapped};

use super::plan::promise;
use crate::{error::CliError, output};

/// `at least 3 serve, at most 6 are live: the policy of the command line at this target`.
pub(super) fn limits(spec: &Spec, guard: Guard, has_policy: bool) -> String {
    let policy = if has_policy { "the request's policy" } else { "the policy of the command line" };
    match (spec.limits, guard) {
        (Some(limits), _) => format!("{}: those of the request", promise(limits)),
        (None, Guard::Policy(allowed)) => {
            format!("{}: {policy} at this target", promise(allowed.resolve(spec.target_replicas)))
        }
        (None, Guard::IdsOnly) => "none".to_owned(),
    }
}

pub(super) fn write_spec(out: &mut impl Write, spec: &Spec) -> Result<(), CliError> {
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
