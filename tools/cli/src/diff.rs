//! `pointsman diff`: where two plugins decide differently.

use std::{io::Write, path::Path};

use pointsman::json::Answer;
use pointsman_host::{Decision, EvaluateCyclesError, FieldDifference, Plugin, PluginId};
use pointsman_simulate::show::{Table, plain, shortened};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Outcome,
    args::{DiffArgs, SandboxArgs},
    batches,
    error::CliError,
    input, output,
};

/// Most columns of a file's name and of a field.
const WIDEST_INPUT: u16 = 24;
const WIDEST_FIELD: u16 = 24;

/// Most characters of a value.
const LONGEST: usize = 60;

/// Requests compared, and where the decisions differ.
#[derive(Serialize)]
struct Diff {
    plugins: [PluginName; 2],
    /// Number of requests that were compared.
    requests: usize,
    /// Those that were decided differently.
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct PluginName {
    file: String,
    digest: String,
}

/// A request that was decided differently.
#[derive(Serialize)]
struct Difference {
    /// The file.
    input: String,
    /// Number of the request in it, from 1.
    request: usize,
    /// In what the decisions differ.
    fields: Vec<FieldDifference>,
    first: Decision,
    second: Decision,
}

pub(crate) fn run(sandbox: &SandboxArgs, args: &DiffArgs) -> Result<Outcome, CliError> {
    let [first, second] = &args.plugins[..] else { return Err(CliError::TwoPlugins(args.plugins.len())) };
    let host = sandbox.host()?;
    let load = |file: &Path| host.load(file).map(|plugin| plugin.with_guard(sandbox.guard()));
    let plugins = [load(first)?, load(second)?];
    let mut diff =
        Diff { plugins: plugins.each_ref().map(|plugin| plugin.id().into()), requests: 0, differences: vec![] };
    for file in &args.inputs {
        let text = input::read(file)?;
        let requests = input::requests(file, &text)?;
        let [first, second] = plugins.each_ref().map(|plugin| decide(plugin, &requests));
        for (i, (first, second)) in first?.into_iter().zip(second?).enumerate() {
            let fields = first.differences(&second);
            if !fields.is_empty() {
                let input = file.display().to_string();
                diff.differences.push(Difference { input, request: i + 1, fields, first, second });
            }
        }
        diff.requests += requests.len();
    }
    output::seen(if args.json { output::write_json(&diff) } else { print(&diff) })?;
    Ok(if diff.differences.is_empty() { Outcome::Ok } else { Outcome::Refused })
}

/// Decisions of a plugin for all requests.
fn decide(plugin: &Plugin, requests: &[&RawValue]) -> Result<Vec<Decision>, CliError> {
    let mut session = plugin.session()?;
    let mut decisions = vec![];
    for batch in batches::of(requests) {
        for answer in batches::evaluate(&mut session, batch)? {
            decisions.push(match answer {
                Ok(answer) => Decision::Answer(
                    serde_json::from_str::<Answer>(answer.get())
                        .map_err(|error| CliError::Answers(error.to_string()))?,
                ),
                // That it does not answer is a way to decide differently.
                Err(EvaluateCyclesError::Call(error)) => (&error).into(),
                Err(error) => Decision::Failed(error.to_string()),
            });
        }
    }
    Ok(decisions)
}

fn print(diff: &Diff) -> Result<(), CliError> {
    let mut out = output::stdout();
    let (look, [first, second]) = (output::look(), &diff.plugins);
    for (label, plugin) in [("first ", first), ("second", second)] {
        writeln!(out, "{}  {} {}", look.heading(label), plain(&plugin.file), plugin.digest)?;
    }
    if !diff.differences.is_empty() {
        writeln!(out, "\n{}\n", table(&diff.differences))?;
    }
    writeln!(out, "{} of {} requests decided differently", diff.differences.len(), diff.requests)?;
    Ok(())
}

fn table(differences: &[Difference]) -> String {
    let headings = ["INPUT", "REQUEST", "FIELD", "FIRST", "SECOND"];
    let mut table =
        Table::new(output::look(), &headings).wrap_at(0, WIDEST_INPUT).wrap_at(2, WIDEST_FIELD).wrap(3).wrap(4);
    for Difference { input, request, fields, first, second } in differences {
        for (i, field) in fields.iter().enumerate() {
            // The place is told once.
            let (input, request) =
                if i == 0 { (plain(input).into_owned(), request.to_string()) } else { <_>::default() };
            let [first, second] = if field.field == "outcome" {
                [outcome(first), outcome(second)]
            } else {
                [&field.first, &field.second].map(|value| cell(&value.to_string()))
            };
            table.add_row([input, request, field.field.to_owned(), first, second]);
        }
    }
    table.into_text()
}

/// A decision in a few words, where only one of them is a plan.
fn outcome(decision: &Decision) -> String {
    let words = match decision {
        Decision::Answer(Answer::Ok(plan)) => format!("{}: {}", plan.reason.code, plan.reason.message),
        Decision::Answer(Answer::Error { message, .. }) => format!("error: {message}"),
        Decision::Failed(message) => format!("failed: {message}"),
    };
    cell(&words)
}

/// Escapes and shortens a text for a table's cell.
fn cell(text: &str) -> String {
    shortened(&plain(text), LONGEST)
}

impl From<&PluginId> for PluginName {
    fn from(id: &PluginId) -> Self {
        Self { file: id.name().to_owned(), digest: id.digest().to_owned() }
    }
}
