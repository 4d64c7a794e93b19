//! Wording of messages: counts, names and durations as a person writes them.

use crate::{Route, capacity::TOLERANCE};

/// Most routes or checks that a message names before it counts the rest.
const NAMED: usize = 3;

/// `1 green route`, `3 green routes`.
pub(crate) fn count(n: u32, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `is` for one, `are` for any other number.
pub(crate) fn are(n: u32) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// `3 of 5 green routes are`, `1 of 5 green routes is`.
pub(crate) fn share(n: u32, of: u32, what: &str) -> String {
    let plural = if n == 1 && of == 1 { "" } else { "s" };
    format!("{n} of {of} {what}{plural} {}", are(n))
}

/// `r-5 (unhealthy), r-7 (degraded) and 4 more`.
pub(crate) fn name(routes: &[&Route]) -> String {
    let named = routes.iter().take(NAMED).map(|route| format!("{} ({})", route.id, route.condition()));
    let named = named.collect::<Vec<_>>().join(", ");
    and_more(named, routes.len())
}

/// `smoke-test, latency and 2 more`.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let named = names[..names.len().min(NAMED)].join(", ");
    and_more(named, names.len())
}

/// `a check failed (latency)`.
pub(crate) fn check_failed(names: &[&str]) -> String {
    format!("a check failed ({})", list(names.iter().copied()))
}

/// Message of a rollout that waits for verdicts: how far it is, and of which checks.
pub(crate) fn awaiting_checks(readiness: &str, pending: &[&str]) -> String {
    format!("{readiness}; waiting for checks: {}", list(pending.iter().copied()))
}

/// Message of a paused rollout: how far it is.
pub(crate) fn paused(readiness: &str) -> String {
    format!("{readiness}; paused by an operator")
}

fn and_more(named: String, all: usize) -> String {
    match all.saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// `90 s`, `0.25 s`.
pub(crate) fn seconds(millis: u64) -> String {
    let number = format!("{}.{:03}", millis / 1000, millis % 1000);
    format!("{} s", number.trim_end_matches('0').trim_end_matches('.'))
}

/// A number of routes that need not be whole, with at most three decimals: `10`, `1.001`. Rounded down, so that what
/// falls short is never told as enough.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates; what it counts is not negative"
)]
pub(crate) fn number(n: f64) -> String {
    let thousandths = ((n + TOLERANCE) * 1000.0) as u64;
    let number = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A float as JSON has it, or `NaN`, `inf` and `-inf`. The standard library's formatting of floats adds 12 kB to a
/// component that has JSON's already.
pub(crate) fn float(n: f64) -> String {
    let name = || match () {
        () if n.is_nan() => "NaN",
        () if n > 0.0 => "inf",
        () => "-inf",
    };
    serde_json::Number::from_f64(n).map_or_else(|| name().to_owned(), |number| number.to_string())
}
