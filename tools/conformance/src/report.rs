//! What came of the rules, as data.

use std::io::{self, Write};

use pointsman_simulate::show::{Look, plain};
use serde::Serialize;
use serde_json::Value;

use crate::{
    remedy,
    rules::Rule,
    tried::{Failure, Tried},
};

mod text;

/// All that came of trying a plugin. Serialized, it is the JSON document.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The name of the file.
    pub file: String,
    /// The digest of its content.
    pub digest: String,
    /// The plugin's name; none where it does not say it.
    pub name: Option<String>,
    /// The plugin's version; none where it does not say it.
    pub version: Option<String>,
    /// The seed of the random cases.
    pub seed: u64,
    /// The configurations that it was tried with.
    pub configs: Vec<String>,
    /// Result of each rule, in the order in which they were tried.
    pub rules: Vec<RuleReport>,
}

/// Result of one rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// Its name.
    pub rule: &'static str,
    /// The rule in one sentence.
    pub says: &'static str,
    /// The outcome.
    #[serde(rename = "verdict")]
    pub outcome: Outcome,
    /// Cases that it was tried with.
    pub cases: u32,
    /// The reason codes that the cases came to, through the typed entry point: a code that is missing was not tried.
    pub reasons: Vec<String>,
    /// A remark; of a rule that was skipped, the reason; of a warning, what could not be shown.
    pub note: Option<String>,
    /// The option with which it would pass, in one sentence; none where it passes.
    pub remedy: Option<String>,
    /// The counter-example, where it is broken.
    pub failure: Option<CounterExample>,
}

/// Outcome of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// In every case it did.
    Pass,
    /// It did as far as it was tried, and that is less than the rule says.
    Warn,
    /// In one case it did not.
    Fail,
    /// The rule could not be tried.
    Skipped,
}

/// The smallest case that was found to break a rule. Its texts may be the plugin's: they are untrusted.
#[derive(Clone, Debug, Serialize)]
pub struct CounterExample {
    /// One sentence that says how it is broken.
    pub message: String,
    /// The request, or an array of several, as `pointsman explain` takes it.
    pub request: Option<Box<Value>>,
    /// The text that was handed over, where it is no request.
    pub input: Option<String>,
    /// Events before the request, one after the other.
    pub events: Vec<String>,
}

// === impl Report ===

impl Report {
    /// Returns whether a rule is broken.
    pub fn has_failures(&self) -> bool {
        self.count(Outcome::Fail) > 0
    }

    /// Counts the rules with this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rules.iter().filter(|rule| rule.outcome == outcome).count()
    }

    /// Reason why rules were skipped; none where none was.
    pub fn why_skipped(&self) -> Option<&str> {
        self.rules.iter().find(|rule| rule.outcome == Outcome::Skipped).and_then(|rule| rule.note.as_deref())
    }

    /// Writes a table, and below it every counter-example.
    ///
    /// # Errors
    /// An [`io::Error`], where `out` cannot be written.
    pub fn write(&self, out: &mut impl Write, look: Look) -> io::Result<()> {
        let name = plain(self.name.as_deref().unwrap_or("(no name)"));
        let version = plain(self.version.as_deref().unwrap_or_default());
        let heading = look.heading(format!("{name} {version}"));
        writeln!(out, "{heading} `{}` {}", plain(&self.file), self.digest)?;
        text::write(self, out, look)
    }
}

// === impl RuleReport ===

impl RuleReport {
    pub(crate) fn new(rule: &Rule, tried: Tried, reasons: Vec<String>) -> Self {
        let (outcome, cases, note, remedy, failure) = match tried {
            Tried::Passed { cases, note } => (Outcome::Pass, cases, note, None, None),
            Tried::Warned { cases, warning } => {
                (Outcome::Warn, cases, Some(warning.message), Some(warning.remedy), None)
            }
            Tried::Failed { cases, mut failure } => {
                let remedy = failure.remedy.take().unwrap_or_else(|| rule.remedy.to_owned());
                (Outcome::Fail, cases, None, Some(remedy), Some((*failure).into()))
            }
            Tried::Skipped(why) => (Outcome::Skipped, 0, Some(why), Some(remedy::CONFIG.to_owned()), None),
        };
        Self { rule: rule.id, says: rule.says, outcome, cases, reasons, note, remedy, failure }
    }
}

// === impl Outcome ===

impl Outcome {
    /// Its word: `pass`, `warn`, `fail` or `skipped`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

impl From<Failure> for CounterExample {
    fn from(Failure { message, about: _, request, input, events, remedy: _ }: Failure) -> Self {
        Self { message, request, input, events }
    }
}
