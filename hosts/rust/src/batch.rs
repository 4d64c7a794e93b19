//! Many requests as JSON text: policies are taken out and limits put in before the plugin sees them, and its answers are
//! checked after it.

use std::borrow::Cow;

use pointsman::{
    RouteChanges, Spec,
    guard::{Policy, Violation, ViolationCode, needs_routes},
    json::{Answer, ErrorCode, Request},
};
use serde::{Deserialize, Deserializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Guard, guard::summary, session::Answers};

/// A JSON array of requests.
pub(crate) struct Batch<'a> {
    text: Cow<'a, str>,
    requests: Vec<Asked<'a>>,
}

/// One of them, as far as the host reads it.
struct Asked<'a> {
    /// Routes and spec, where it has them and nothing else but a policy.
    parts: Option<(&'a RawValue, &'a RawValue)>,
    guard: Guard,
    /// Why the host refuses it, whatever the plugin says.
    refused: Option<String>,
}

/// A request with a third field that no plugin sees.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithPolicy<'a> {
    #[serde(borrow)]
    routes: &'a RawValue,
    #[serde(borrow)]
    spec: &'a RawValue,
    #[serde(borrow, default)]
    policy: Option<&'a RawValue>,
}

/// What of a spec tells its limits.
#[derive(Deserialize)]
struct Skimmed<'a> {
    target_replicas: u32,
    /// Also where it is null.
    #[serde(borrow, default, deserialize_with = "present")]
    limits: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// An answer to replace another with.
struct Replacement {
    answer: Answer,
    violations: Vec<ViolationCode>,
}

// === impl Batch ===

impl<'a> Batch<'a> {
    /// The requests in a text; none, where it is not a JSON array.
    pub(crate) fn new(requests: &'a str, guard: Guard) -> Option<Self> {
        let elements: Vec<&'a RawValue> = serde_json::from_str(requests).ok()?;
        let requests_read: Vec<Asked> = elements.iter().map(|element| Asked::new(element.get(), guard)).collect();
        let mut text = String::with_capacity(requests.len() + 64 * elements.len());
        for (element, asked) in elements.into_iter().zip(&requests_read) {
            text.push(if text.is_empty() { '[' } else { ',' });
            asked.write(element, &mut text);
        }
        let text = if text.is_empty() { Cow::Borrowed(requests) } else { Cow::Owned(text + "]") };
        Some(Self { text, requests: requests_read })
    }

    /// The requests as the plugin is to see them.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Puts an error in the place of each plan that is rejected, and tidies the others.
    ///
    /// # Errors
    /// One sentence, where the answers are not what the contract says.
    pub(crate) fn check(&self, answers: String) -> Result<Answers, String> {
        let given: Vec<&RawValue> =
            serde_json::from_str(&answers).map_err(|error| format!("its answers are not a JSON array: {error}"))?;
        if given.len() != self.requests.len() {
            return Err(format!("it gave {} answers to {} requests", given.len(), self.requests.len()));
        }
        let mut replaced = vec![];
        for (i, (asked, answer)) in self.requests.iter().zip(&given).enumerate() {
            let answer: Answer =
                serde_json::from_str(answer.get()).map_err(|error| format!("its answer {i} is none: {error}"))?;
            replaced.extend(asked.replacement(answer)?.map(|replacement| (i, replacement)));
        }
        if replaced.is_empty() {
            return Ok(Answers { text: answers, violations: vec![] });
        }
        let mut checked: Vec<Box<RawValue>> = given.into_iter().map(ToOwned::to_owned).collect();
        let mut violations = vec![];
        for (i, replacement) in replaced {
            violations.extend(replacement.violations);
            checked[i] = to_raw_value(&replacement.answer).map_err(|error| error.to_string())?;
        }
        let text = serde_json::to_string(&checked).map_err(|error| error.to_string())?;
        Ok(Answers { text, violations })
    }
}

// === impl Asked ===

impl<'a> Asked<'a> {
    fn new(element: &'a str, guard: Guard) -> Self {
        // The plugin says what is wrong with what is no request.
        let Ok(WithPolicy { routes, spec, policy }) = serde_json::from_str(element) else {
            return Self { parts: None, guard, refused: None };
        };
        let parts = Some((routes, spec));
        match policy.map(|policy| serde_json::from_str::<Policy>(policy.get())) {
            Some(Ok(policy)) if matches!(guard, Guard::Policy(_)) => {
                Self { parts, guard: Guard::Policy(policy), refused: None }
            }
            // Where only ids are checked a policy has no say.
            None | Some(Ok(_)) => Self { parts, guard, refused: None },
            Some(Err(error)) => Self { parts: None, guard, refused: Some(format!("`policy`: {error}")) },
        }
    }

    /// Writes the request as the plugin is to see it.
    fn write(&self, element: &RawValue, text: &mut String) {
        match self.parts {
            Some((routes, spec)) => {
                text.extend(["{\"routes\":", routes.get(), ",\"spec\":"]);
                write_spec(spec.get(), &self.guard, text);
                text.push('}');
            }
            // A place among the others; its answer is the host's.
            None if self.refused.is_some() => text.push_str("null"),
            None => text.push_str(element.get()),
        }
    }

    /// What is to be in the place of a plugin's answer, if anything else is.
    fn replacement(&self, answer: Answer) -> Result<Option<Replacement>, String> {
        if let Some(message) = &self.refused {
            let (code, message) = (ErrorCode::InvalidRequest, message.clone());
            let answer = Answer::Error { code, message, violations: vec![] };
            return Ok(Some(Replacement { answer, violations: vec![] }));
        }
        let Answer::Ok(mut plan) = answer else { return Ok(None) };
        if is_plain(&plan) {
            let has_changed = plan.tidy(pointsman::Timestamp::default());
            return Ok(has_changed.then_some(Replacement { answer: Answer::Ok(plan), violations: vec![] }));
        }
        let (violations, now) = self.judge(&plan)?;
        if !violations.is_empty() {
            let codes = violations.iter().map(|violation| violation.code).collect();
            let (code, message) = (ErrorCode::PlanRejected, summary(&violations));
            return Ok(Some(Replacement { answer: Answer::Error { code, message, violations }, violations: codes }));
        }
        let has_changed = plan.tidy(now);
        Ok(has_changed.then_some(Replacement { answer: Answer::Ok(plan), violations: vec![] }))
    }

    /// What is wrong with a plan, and the `now` that it was made at.
    fn judge(&self, plan: &RouteChanges) -> Result<(Vec<Violation>, pointsman::Timestamp), String> {
        let no_request = |error: String| format!("it has a plan for what is no request: {error}");
        let Some((routes, spec)) = self.parts else { return Err(no_request("it has other fields".to_owned())) };
        // Most plans change nothing. To check those the routes need not be read.
        let (routes, spec) = if needs_routes(plan) {
            let request = format!("{{\"routes\":{},\"spec\":{}}}", routes.get(), spec.get());
            let Request { routes, spec } = Request::parse(&request).map_err(no_request)?;
            (routes, spec)
        } else {
            let spec: Spec = serde_json::from_str(spec.get()).map_err(|error| no_request(error.to_string()))?;
            (vec![], spec)
        };
        Ok((self.guard.check(&routes, &spec, plan), spec.now))
    }
}

/// Whether nothing can be wrong with a plan: it changes nothing, ends nothing, and asks for nothing.
fn is_plain(plan: &RouteChanges) -> bool {
    !needs_routes(plan) && plan.next_evaluation_at.is_none() && plan.memo.is_none()
}

/// Writes a spec with the limits that the guard's policy comes to, where it has none of its own.
fn write_spec(spec: &str, guard: &Guard, text: &mut String) {
    let skimmed: Option<Skimmed> = serde_json::from_str(spec).ok();
    let limits = skimmed.as_ref().and_then(|skimmed| guard.limits(skimmed.target_replicas));
    let (Some(Skimmed { limits: given, .. }), Some(limits)) = (skimmed, limits) else { return text.push_str(spec) };
    let limits = format!("{{\"least_serving\":{},\"most_live\":{}}}", limits.least_serving, limits.most_live);
    match given {
        // An object that has a target has something after its brace.
        None => text.extend(["{\"limits\":", &limits, ",", &spec[1..]]),
        Some(given) if given.get() == "null" => {
            let start = given.get().as_ptr().addr() - spec.as_ptr().addr();
            text.extend([&spec[..start], &limits, &spec[start + "null".len()..]]);
        }
        Some(_) => text.push_str(spec),
    }
}
