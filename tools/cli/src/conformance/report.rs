//! Telling what came of the rules: a table and the counter-examples for people, all of it as JSON for programs.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use pointsman::Description;
use pointsman_host::Plugin;
use serde::Serialize;
use serde_json::Value;

use super::{
    bench::Bench,
    rules::{RULES, Rule},
    verdict::{Failure, Verdict},
};
use crate::{
    error::{CliError, style},
    text::plain,
};

/// A rule and what came of it.
pub(super) struct Tried {
    pub(super) rule: &'static Rule,
    pub(super) verdict: Verdict,
    /// The reason codes that were seen while it was tried.
    pub(super) reasons: Vec<String>,
}

/// All there is to tell.
#[derive(Serialize)]
pub(super) struct Report {
    file: String,
    digest: String,
    /// None where the plugin does not say it.
    name: Option<String>,
    version: Option<String>,
    seed: u64,
    /// Those that it was tried with.
    configs: Vec<String>,
    rules: Vec<Line>,
}

/// What came of one rule.
#[derive(Serialize)]
struct Line {
    rule: &'static str,
    says: &'static str,
    /// `pass`, `fail` or `skipped`.
    verdict: &'static str,
    cases: u32,
    /// Through the typed entry point: what of the strategy was tried.
    reasons: Vec<String>,
    note: Option<String>,
    failure: Option<Told>,
}

/// A counter-example.
#[derive(Serialize)]
struct Told {
    message: String,
    request: Option<Box<Value>>,
    input: Option<String>,
    events: Vec<String>,
}

/// Only what the rules are.
pub(super) fn list(json: bool) -> Result<(), CliError> {
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if json {
        let rules: Vec<Value> =
            RULES.iter().map(|rule| serde_json::json!({"rule": rule.id, "says": rule.says})).collect();
        serde_json::to_writer_pretty(&mut out, &rules).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    for rule in &RULES {
        writeln!(out, "{}{:20}{:#}  {}", style::HEADING, rule.id, style::HEADING, rule.says)?;
    }
    Ok(())
}

// === impl Report ===

impl Report {
    pub(super) fn new(
        plugin: &Plugin,
        description: Option<&Description>,
        bench: &Bench<'_>,
        tried: Vec<Tried>,
    ) -> Self {
        Self {
            file: plugin.id().name().to_owned(),
            digest: plugin.id().digest().to_owned(),
            name: description.map(|description| description.name.clone()),
            version: description.map(|description| description.version.clone()),
            seed: bench.seed,
            configs: bench.configs.taken.clone(),
            rules: tried.into_iter().map(Line::from).collect(),
        }
    }

    pub(super) fn has_failures(&self) -> bool {
        self.count("fail") > 0
    }

    /// How many rules were not tried, and why.
    pub(super) fn skipped(&self) -> (usize, String) {
        let why = self.rules.iter().filter(|line| line.verdict == "skipped").find_map(|line| line.note.clone());
        (self.count("skipped"), why.unwrap_or_default())
    }

    fn count(&self, verdict: &str) -> usize {
        self.rules.iter().filter(|line| line.verdict == verdict).count()
    }

    pub(super) fn write(&self, json: bool) -> Result<(), CliError> {
        if json {
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, self).map_err(io::Error::from)?;
            writeln!(out)?;
            return Ok(());
        }
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        let (heading, faint) = (style::HEADING, style::FAINT);
        let unknown = || "(no name)".to_owned();
        let (name, version) = (self.name.clone().unwrap_or_else(unknown), self.version.clone().unwrap_or_default());
        let (name, version) = (plain(&name), plain(&version));
        writeln!(out, "{heading}{name} {version}{heading:#} `{}` {}", plain(&self.file), self.digest)?;
        let configs = self.configs.len();
        let s = if configs == 1 { "" } else { "s" };
        writeln!(out, "{faint}{configs} configuration{s}, seed {}{faint:#}\n\n{}\n", self.seed, self.table())?;
        for line in &self.rules {
            line.write_failure(&mut out)?;
        }
        let [passed, failed, skipped] = ["pass", "fail", "skipped"].map(|verdict| self.count(verdict));
        writeln!(out, "{passed} of {} rules pass, {failed} fail, {skipped} skipped", self.rules.len())?;
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let heading = |text: &str| format!("{}{text}{:#}", style::HEADING, style::HEADING);
        table.set_header(["RULE", "VERDICT", "CASES", ""].map(heading));
        for line in &self.rules {
            let colour = match line.verdict {
                "pass" => style::GREEN,
                "fail" => style::ERROR,
                _ => style::WARNING,
            };
            let verdict = format!("{colour}{}{colour:#}", line.verdict);
            let note = line.note.as_deref().unwrap_or(line.says);
            table.add_row([line.rule.to_owned(), verdict, line.cases.to_string(), plain(note).into_owned()]);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt()
    }
}

// === impl Line ===

impl Line {
    fn write_failure(&self, out: &mut impl Write) -> Result<(), CliError> {
        let Some(failure) = &self.failure else { return Ok(()) };
        let (error, heading) = (style::ERROR, style::HEADING);
        writeln!(out, "{error}{}{error:#}: {}", self.rule, self.says)?;
        writeln!(out, "  {}", plain(&failure.message))?;
        for (i, event) in failure.events.iter().enumerate() {
            writeln!(out, "  {heading}{:>3}{heading:#}  {}", i + 1, plain(event))?;
        }
        if let Some(input) = &failure.input {
            writeln!(out, "  {heading}input{heading:#}    {}", plain(input))?;
        }
        if let Some(request) = &failure.request {
            writeln!(out, "  {heading}request{heading:#}  {}", plain(&request.to_string()))?;
        }
        writeln!(out)?;
        Ok(())
    }
}

impl From<Tried> for Line {
    fn from(Tried { rule, verdict, reasons }: Tried) -> Self {
        let line = |verdict, cases, note, failure| Self {
            rule: rule.id,
            says: rule.says,
            verdict,
            cases,
            reasons,
            note,
            failure,
        };
        match verdict {
            Verdict::Passed { cases, note } => line("pass", cases, note, None),
            Verdict::Failed { cases, failure } => line("fail", cases, None, Some(Told::from(*failure))),
            Verdict::Skipped(why) => line("skipped", 0, Some(why), None),
        }
    }
}

impl From<Failure> for Told {
    fn from(Failure { message, about: _, request, input, events }: Failure) -> Self {
        Self { message, request, input, events }
    }
}
