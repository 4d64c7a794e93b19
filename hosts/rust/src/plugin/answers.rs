//! Answers of the JSON entry point, and what the host puts in the place of some of them.

use pointsman::{
    guard::ViolationCode,
    json::{Answer, ErrorCode},
};

/// The answers to a batch.
pub(crate) struct Answers {
    /// A JSON array, as long as the batch and in its order.
    pub(crate) text: String,
    /// What each of them is.
    pub(crate) kinds: Vec<AnswerKind>,
}

/// Sort of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    /// A plan that passed the guard.
    Plan,
    /// The input is not right.
    Refused,
    /// The guard rejected the plan.
    Rejected(Vec<ViolationCode>),
}

/// An answer to replace another with.
pub(super) struct Replacement {
    pub(super) answer: Answer,
}

/// The answer to one request: the plugin's text, the host's replacement for it, or for a request that the plugin did
/// not see only that.
pub(super) struct Checked<'a> {
    pub(super) given: Option<&'a str>,
    pub(super) replacement: Option<Replacement>,
    pub(super) kind: AnswerKind,
}

// === impl Answers ===

impl Answers {
    /// The answers as the caller is to have them. `given` is the plugin's text of all of them.
    ///
    /// # Errors
    /// One sentence, where a replacement has no JSON.
    pub(super) fn new(given: &str, checked: Vec<Checked<'_>>) -> Result<Self, String> {
        let (mut text, mut kinds) = (String::with_capacity(given.len()), vec![]);
        for Checked { given, replacement, kind } in checked {
            text.push(if text.is_empty() { '[' } else { ',' });
            if let Some(Replacement { answer }) = replacement {
                text.push_str(&serde_json::to_string(&answer).map_err(|error| error.to_string())?);
            } else {
                text.extend(given);
            }
            kinds.push(kind);
        }
        Ok(Self { text: text + "]", kinds })
    }
}

// === impl Replacement ===

impl Replacement {
    /// The host's answer to what is no request.
    pub(super) fn refusal(message: String) -> Self {
        let answer = Answer::Error { code: ErrorCode::InvalidRequest, message, violations: vec![] };
        Self { answer }
    }
}
