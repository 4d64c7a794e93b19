//! What comes of a rule, and the counter-example to it.

use pointsman::json::Request;
use pointsman_host::CallError;
use serde_json::Value;

use crate::remedy;

/// Result of trying a rule.
pub(crate) enum Tried {
    /// It held in every case.
    Passed { cases: u32, note: Option<String> },
    /// It did not.
    Failed { cases: u32, failure: Box<Failure> },
    /// It held as far as it was tried, and that is less than it says.
    Warned { cases: u32, warning: Warning },
    /// It could not be tried.
    Skipped(String),
}

/// What a rule that holds could not show, and the option with which it can.
#[derive(Clone, Debug)]
pub(crate) struct Warning {
    pub(crate) message: String,
    pub(crate) remedy: String,
}

/// A broken rule, and its counter-example.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure {
    /// One sentence.
    pub(crate) message: String,
    /// What it is about, where a rule can be broken in several ways: a case that breaks it in another way is not a
    /// simpler one.
    pub(crate) about: &'static str,
    /// The request, or an array of several, for `pointsman explain`.
    pub(crate) request: Option<Box<Value>>,
    /// The text that was handed over, where it is no request.
    pub(crate) input: Option<String>,
    /// Events before the request, one after the other.
    pub(crate) events: Vec<String>,
    /// The option with which this case passes, in one sentence; none for what the rule itself says.
    pub(crate) remedy: Option<String>,
}

// === impl Tried ===

impl Tried {
    pub(crate) fn failed(cases: u32, failure: Failure) -> Self {
        Self::Failed { cases, failure: Box::new(failure) }
    }

    /// Result of a rule that is tried with a fixed list of cases: the first failure counts.
    pub(crate) fn of_each<T>(cases: impl IntoIterator<Item = T>, holds: impl Fn(T) -> Result<(), Failure>) -> Self {
        let mut tried = 0;
        for case in cases {
            tried += 1;
            if let Err(failure) = holds(case) {
                return Self::failed(tried, failure);
            }
        }
        Self::Passed { cases: tried, note: None }
    }

    /// This result, or where it is a pass that of what is tried next.
    pub(crate) fn and_then(self, next: impl FnOnce() -> Self) -> Self {
        let Self::Passed { cases: before, .. } = self else { return self };
        match next() {
            Self::Passed { cases, note } => Self::Passed { cases: before + cases, note },
            Self::Failed { cases, failure } => Self::Failed { cases: before + cases, failure },
            Self::Warned { cases, warning } => Self::Warned { cases: before + cases, warning },
            skipped @ Self::Skipped(_) => skipped,
        }
    }
}

// === impl Failure ===

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    pub(crate) fn of_call(error: &CallError) -> Self {
        Self { remedy: remedy::of_call(error), ..Self::new(error.to_string()).about("a call that failed") }
    }

    /// With what it is about.
    pub(crate) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// With the request that it happened at; the first that is given, which is nearest to it, stays. A request that
    /// JSON cannot say (a ratio of NaN) is shown as Rust shows it.
    pub(crate) fn at(mut self, request: &Request) -> Self {
        if self.request.is_some() || self.input.is_some() {
            return self;
        }
        match serde_json::to_value(request) {
            Ok(value) if request.routes.iter().all(|route| route.traffic_ratio.is_finite()) => {
                self.request = Some(Box::new(value));
            }
            _ => self.input = Some(format!("{request:?}")),
        }
        self
    }

    /// With the requests of one instance, in their order.
    pub(crate) fn at_all(mut self, requests: &[Request]) -> Self {
        self.request = serde_json::to_value(requests).ok().map(Box::new);
        self
    }

    /// With the text that it happened at.
    pub(crate) fn on(mut self, input: &str) -> Self {
        const LONGEST: usize = 400;
        self.input = Some(match input.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}… ({} bytes)", &input[..end], input.len()),
            None => input.to_owned(),
        });
        self
    }

    /// With the option with which it passes; the first that is given stays.
    pub(crate) fn remedied(mut self, remedy: Option<String>) -> Self {
        self.remedy = self.remedy.or(remedy);
        self
    }

    /// With what happened before.
    pub(crate) fn after(self, events: Vec<String>) -> Self {
        Self { events, ..self }
    }
}
