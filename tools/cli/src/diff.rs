//! `pointsman diff`: where two plugins decide differently.

use std::{
    io::{self, Write},
    path::Path,
};

use comfy_table::{ContentArrangement, Table, presets};
use pointsman::json::Answer;
use pointsman_host::{Decision, EvaluateCyclesError, FieldDifference, Plugin, PluginId};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Outcome, batches,
    cli::{DiffArgs, Sandbox},
    error::{CliError, style},
    input,
    text::plain,
};

/// All that was compared.
#[derive(Serialize)]
struct Report {
    plugins: [PluginName; 2],
    /// How many requests were compared.
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
    /// Which of its requests, from 1.
    request: usize,
    /// In what the decisions differ.
    fields: Vec<FieldDifference>,
    first: Decision,
    second: Decision,
}

pub(crate) fn run(sandbox: &Sandbox, args: &DiffArgs) -> Result<Outcome, CliError> {
    let [first, second] = &args.plugins[..] else { return Err(CliError::TwoPlugins(args.plugins.len())) };
    let host = sandbox.host()?;
    let load = |file: &Path| host.load(file).map(|plugin| plugin.with_guard(sandbox.guard()));
    let plugins = [load(first)?, load(second)?];
    let mut report =
        Report { plugins: plugins.each_ref().map(|plugin| plugin.id().into()), requests: 0, differences: vec![] };
    for file in &args.inputs {
        let text = input::read(file)?;
        let requests = input::requests(file, &text)?;
        let [first, second] = plugins.each_ref().map(|plugin| decide(plugin, &requests));
        for (i, (first, second)) in first?.into_iter().zip(second?).enumerate() {
            let fields = first.differences(&second);
            if !fields.is_empty() {
                let input = file.display().to_string();
                report.differences.push(Difference { input, request: i + 1, fields, first, second });
            }
        }
        report.requests += requests.len();
    }
    if args.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&report)?;
    }
    Ok(if report.differences.is_empty() { Outcome::Ok } else { Outcome::Refused })
}

/// What a plugin decides for each request.
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

fn print(report: &Report) -> Result<(), CliError> {
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    let (heading, [first, second]) = (style::HEADING, &report.plugins);
    for (label, plugin) in [("first ", first), ("second", second)] {
        writeln!(out, "{heading}{label}{heading:#}  {} {}", plain(&plugin.file), plugin.digest)?;
    }
    if !report.differences.is_empty() {
        writeln!(out, "\n{}\n", table(&report.differences))?;
    }
    writeln!(out, "{} of {} requests decided differently", report.differences.len(), report.requests)?;
    Ok(())
}

fn table(differences: &[Difference]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let heading = |text: &str| format!("{}{text}{:#}", style::HEADING, style::HEADING);
    table.set_header(["INPUT", "REQUEST", "FIELD", "FIRST", "SECOND"].map(heading));
    for Difference { input, request, fields, first, second } in differences {
        for (i, field) in fields.iter().enumerate() {
            // The place is told once.
            let (input, request) =
                if i == 0 { (plain(input).into_owned(), request.to_string()) } else { <_>::default() };
            let values = if field.field == "outcome" {
                [outcome(first), outcome(second)]
            } else {
                [&field.first, &field.second].map(|value| shortened(&value.to_string()))
            };
            let [first, second] = values;
            table.add_row([input, request, field.field.to_owned(), first, second]);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// A decision in a few words, where only one of them is a plan.
fn outcome(decision: &Decision) -> String {
    let words = match decision {
        Decision::Answer(Answer::Ok(plan)) => format!("{}: {}", plan.reason.code, plan.reason.message),
        Decision::Answer(Answer::Error { message, .. }) => format!("error: {message}"),
        Decision::Failed(message) => format!("failed: {message}"),
    };
    shortened(&words)
}

/// What fits a table's cell.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = plain(text).into_owned();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl From<&PluginId> for PluginName {
    fn from(id: &PluginId) -> Self {
        Self { file: id.name().to_owned(), digest: id.digest().to_owned() }
    }
}
