//! A report for people: a table, and the counter-examples below it.

use std::io::{self, Write};

use pointsman_simulate::show::{Look, Table, plain, style};

use super::{CounterExample, Outcome, Report, RuleReport};

/// Columns of what stands before a counter-example's texts.
const INDENT: usize = 2;
/// Columns of its labels, with what stands before them.
const LABEL: usize = 11;
/// Columns of the numbers of its events, with what stands before them.
const NUMBER: usize = 7;

pub(super) fn write(report: &Report, out: &mut impl Write, look: Look) -> io::Result<()> {
    let configs = report.configs.len();
    let s = if configs == 1 { "" } else { "s" };
    let made_with = look.paint(style::FAINT, format!("{configs} configuration{s}, seed {}", report.seed));
    writeln!(out, "{made_with}\n\n{}\n", table(&report.rules, look))?;
    for rule in &report.rules {
        match (&rule.failure, &rule.remedy, rule.outcome) {
            (Some(failure), remedy, _) => {
                writeln!(out, "{}: {}", painted(rule.outcome, rule.rule, look), rule.says)?;
                write_failure(failure, remedy.as_deref(), out, look)?;
            }
            (None, Some(remedy), Outcome::Warn) => {
                writeln!(out, "{}: {}", painted(rule.outcome, rule.rule, look), rule.says)?;
                writeln!(out, "{}\n", remedied(remedy, look))?;
            }
            _ => {}
        }
    }
    let [passed, warned, failed, skipped] =
        [Outcome::Pass, Outcome::Warn, Outcome::Fail, Outcome::Skipped].map(|one| report.count(one));
    let all = report.rules.len();
    writeln!(out, "{passed} of {all} rules pass, {warned} warn, {failed} fail, {skipped} skipped")
}

/// Text in the colour of an outcome.
fn painted(outcome: Outcome, text: &str, look: Look) -> String {
    let colour = match outcome {
        Outcome::Pass => style::GREEN,
        Outcome::Fail => style::ERROR,
        Outcome::Warn | Outcome::Skipped => style::WARNING,
    };
    look.paint(colour, text)
}

/// The option with which a rule passes.
fn remedied(remedy: &str, look: Look) -> String {
    look.labelled(style::HEADING, "  option", LABEL, &plain(remedy))
}

fn table(rules: &[RuleReport], look: Look) -> String {
    let mut table = Table::new(look, &["RULE", "VERDICT", "CASES", ""]).wrap(3);
    for rule in rules {
        let note = plain(rule.note.as_deref().unwrap_or(rule.says));
        let outcome = painted(rule.outcome, rule.outcome.as_str(), look);
        table.add_row([rule.rule, &outcome, &rule.cases.to_string(), &note]);
    }
    table.into_text()
}

fn write_failure(failure: &CounterExample, remedy: Option<&str>, out: &mut impl Write, look: Look) -> io::Result<()> {
    let labelled = |label: &str, indent: usize, text: &str| look.labelled(style::HEADING, label, indent, text);
    writeln!(out, "{}", labelled("", INDENT, &plain(&failure.message)))?;
    for (i, event) in failure.events.iter().enumerate() {
        writeln!(out, "{}", labelled(&format!("  {:>3}", i + 1), NUMBER, &plain(event)))?;
    }
    if let Some(input) = &failure.input {
        writeln!(out, "{}", labelled("  input", LABEL, &plain(input)))?;
    }
    if let Some(request) = &failure.request {
        let lines = broken(&plain(&request.to_string()), look.width().saturating_sub(LABEL));
        let label = look.heading("  request");
        writeln!(out, "{label}  {}", lines.join(&format!("\n{:LABEL$}", "")))?;
    }
    if let Some(remedy) = remedy {
        writeln!(out, "{}", remedied(remedy, look))?;
    }
    writeln!(out)
}

/// The text of JSON in lines of about so many columns. They break between its tokens only, so that it stays JSON that
/// can be copied.
fn broken(json: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line, mut columns) = (vec![], String::new(), 0);
    for token in tokens(json) {
        let wide = token.chars().count();
        if columns > 0 && columns + wide > width {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        line.push_str(token);
        columns += wide;
    }
    lines.push(line);
    lines
}

/// The parts of JSON up to each comma that is not in a string.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let (mut is_string, mut is_escape) = (false, false);
    json.split_inclusive(move |c| {
        let was_escape = std::mem::take(&mut is_escape);
        match c {
            '\\' => is_escape = is_string && !was_escape,
            '"' if !was_escape => is_string = !is_string,
            _ => {}
        }
        c == ',' && !is_string
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::broken;

    #[test]
    fn json_breaks_between_tokens_only() {
        let value = json!({"a, b": "c, \\\" d,,,,,,,,,,,,,,,,,,,,", "list": [1, 2, 3, {"x": null}], "end": true});

        let lines = broken(&value.to_string(), 24);

        assert!(lines.len() > 2, "{lines:?}");
        assert_eq!(serde_json::from_str::<Value>(&lines.join("\n          ")).unwrap(), value);
        assert_eq!(broken("{}", 24), ["{}"]);
    }
}
