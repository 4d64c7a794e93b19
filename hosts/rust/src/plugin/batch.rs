//! Many requests as JSON text: policies are taken out and limits put in before the plugin sees them, and its answers
//! are checked after it.
//!
//! | file | what it is for |
//! |---|---|
//! | `batch/element.rs` | one request: what the plugin sees of it, and the check of its answer |
//! | `batch/limits.rs` | limits in the text of a spec |

mod element;
mod limits;

use pointsman::json::Answer;
use serde_json::value::RawValue;

use super::{
    answers::{AnswerKind, Answers, Checked, Replacement},
    guard::Guard,
};
use element::Element;

/// A JSON array of requests.
pub(super) struct Batch<'a> {
    /// As the plugin is to see it.
    text: String,
    elements: Vec<Element<'a>>,
}

// === impl Batch ===

impl<'a> Batch<'a> {
    /// The requests in a text; none, where it is not a JSON array.
    pub(super) fn new(requests: &'a str, guard: Guard) -> Option<Self> {
        let raw: Vec<&'a RawValue> = serde_json::from_str(requests).ok()?;
        let mut text = String::with_capacity(requests.len() + 64 * raw.len());
        let elements = raw.into_iter().map(|element| Element::new(element.get(), guard)).collect::<Vec<_>>();
        for element in elements.iter().filter(|element| element.reaches_plugin()) {
            text.push(if text.is_empty() { '[' } else { ',' });
            element.write(&mut text);
        }
        text.push_str(if text.is_empty() { "[]" } else { "]" });
        Some(Self { text, elements })
    }

    /// The requests as the plugin is to see them.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Puts an error in the place of each plan that is rejected and of each request that the plugin did not see, and
    /// tidies the other plans.
    ///
    /// # Errors
    /// One sentence, where the answers are not what the contract says.
    pub(super) fn check(&self, answers: String) -> Result<Answers, String> {
        let given: Vec<&RawValue> =
            serde_json::from_str(&answers).map_err(|error| format!("its answers are not a JSON array: {error}"))?;
        let expected = self.elements.iter().filter(|element| element.reaches_plugin()).count();
        if given.len() != expected {
            return Err(format!("it gave {} answers to {expected} requests", given.len()));
        }
        let mut given_left = given.iter();
        let mut checked = Vec::with_capacity(self.elements.len());
        for (i, element) in self.elements.iter().enumerate() {
            checked.push(match element {
                Element::Refused(message) => {
                    let replacement = Some(Replacement::refusal(message.clone()));
                    Checked { given: None, replacement, kind: AnswerKind::Refused }
                }
                Element::Request { .. } | Element::Other(_) => {
                    let text = given_left.next().map_or("", |answer| answer.get());
                    let answer: Answer =
                        serde_json::from_str(text).map_err(|error| format!("its answer {i} is none: {error}"))?;
                    let (kind, replacement) = element.check(answer);
                    Checked { given: Some(text), replacement, kind }
                }
            });
        }
        if checked.iter().all(|checked| checked.replacement.is_none()) {
            let kinds = checked.into_iter().map(|checked| checked.kind).collect();
            return Ok(Answers { text: answers, kinds });
        }
        Answers::new(&answers, checked)
    }
}
