//! Many requests as JSON text: policies are taken out and limits put in before the plugin sees them, and its answers are
//! checked after it.

use std::collections::BTreeMap;

use pointsman::{
    RouteChanges, Timestamp,
    guard::{self, Policy, Violation, ViolationCode, needs_routes},
    json::{Answer, ErrorCode, Request},
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{Guard, guard::summary, session::Answers};

/// A JSON array of requests.
pub(crate) struct Batch<'a> {
    /// As the plugin is to see it.
    text: String,
    requests: Vec<Asked<'a>>,
}

/// One of them, as far as the host reads it.
enum Asked<'a> {
    /// A request, and the guard for its plan. What is in its parts the plugin judges.
    Request { routes: &'a RawValue, spec: &'a RawValue, guard: Guard },
    /// The plugin says why this is no request.
    Other(&'a str),
    /// The host says why, and the plugin never sees it.
    Refused(String),
}

/// A request with a third field that no plugin sees.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithPolicy<'a> {
    #[serde(borrow)]
    routes: &'a RawValue,
    #[serde(borrow)]
    spec: &'a RawValue,
    /// Also where it is null.
    #[serde(borrow, default, deserialize_with = "present")]
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
        let mut text = String::with_capacity(requests.len() + 64 * elements.len());
        let requests = elements.into_iter().map(|element| Asked::new(element.get(), guard)).collect::<Vec<_>>();
        for asked in requests.iter().filter(|asked| asked.reaches_plugin()) {
            text.push(if text.is_empty() { '[' } else { ',' });
            asked.write(&mut text);
        }
        text.push_str(if text.is_empty() { "[]" } else { "]" });
        Some(Self { text, requests })
    }

    /// The requests as the plugin is to see them.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Puts an error in the place of each plan that is rejected and of each request that the plugin did not see, and tidies
    /// the other plans.
    ///
    /// # Errors
    /// One sentence, where the answers are not what the contract says.
    pub(crate) fn check(&self, answers: String) -> Result<Answers, String> {
        let given: Vec<&RawValue> =
            serde_json::from_str(&answers).map_err(|error| format!("its answers are not a JSON array: {error}"))?;
        let expected = self.requests.iter().filter(|asked| asked.reaches_plugin()).count();
        if given.len() != expected {
            return Err(format!("it gave {} answers to {expected} requests", given.len()));
        }
        let mut given_left = given.iter();
        let mut checked = Vec::with_capacity(self.requests.len());
        for (i, asked) in self.requests.iter().enumerate() {
            checked.push(match asked {
                Asked::Refused(message) => (None, Some(Replacement::refusal(message.clone()))),
                Asked::Request { .. } | Asked::Other(_) => {
                    let text = given_left.next().map_or("", |answer| answer.get());
                    let answer: Answer =
                        serde_json::from_str(text).map_err(|error| format!("its answer {i} is none: {error}"))?;
                    (Some(text), asked.replacement(answer))
                }
            });
        }
        if checked.iter().all(|(_, replacement)| replacement.is_none()) {
            return Ok(Answers { text: answers, violations: vec![] });
        }
        let (mut text, mut violations) = (String::with_capacity(answers.len()), vec![]);
        for (given, replacement) in checked {
            text.push(if text.is_empty() { '[' } else { ',' });
            if let Some(Replacement { answer, violations: codes }) = replacement {
                text.push_str(&serde_json::to_string(&answer).map_err(|error| error.to_string())?);
                violations.extend(codes);
            } else {
                text.extend(given);
            }
        }
        Ok(Answers { text: text + "]", violations })
    }
}

// === impl Asked ===

impl<'a> Asked<'a> {
    fn new(element: &'a str, guard: Guard) -> Self {
        // What is derived takes an array of the fields in order as well.
        if !element.starts_with('{') {
            return Self::Other(element);
        }
        let WithPolicy { routes, spec, policy } = match serde_json::from_str(element) {
            Ok(request) => request,
            // The plugin knows of no policy, and would say that this is what is wrong.
            Err(error) if names_policy(element) => return Self::Refused(without_position(&error)),
            Err(_) => return Self::Other(element),
        };
        match policy.map(read_policy).transpose() {
            Ok(policy) => Self::Request { routes, spec, guard: policy.map_or(guard, |policy| guard.under(policy)) },
            Err(message) => Self::Refused(message),
        }
    }

    fn reaches_plugin(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    /// Writes the request as the plugin is to see it.
    fn write(&self, text: &mut String) {
        match self {
            Self::Request { routes, spec, guard } => {
                text.extend(["{\"routes\":", routes.get(), ",\"spec\":"]);
                write_spec(spec.get(), guard, text);
                text.push('}');
            }
            Self::Other(element) => text.push_str(element),
            Self::Refused(_) => {}
        }
    }

    /// What is to be in the place of a plugin's answer, if anything else is.
    fn replacement(&self, answer: Answer) -> Option<Replacement> {
        let Answer::Ok(mut plan) = answer else { return None };
        let (violations, now) = match self.judge(&plan) {
            Ok(judged) => judged,
            // A plugin that makes something of it all the same. The others' answers are none the worse for that.
            Err(message) => return Some(Replacement::refusal(message)),
        };
        if !violations.is_empty() {
            let codes = violations.iter().map(|violation| violation.code).collect();
            let (code, message) = (ErrorCode::PlanRejected, summary(&violations));
            return Some(Replacement { answer: Answer::Error { code, message, violations }, violations: codes });
        }
        plan.tidy(now).then_some(Replacement { answer: Answer::Ok(plan), violations: vec![] })
    }

    /// What is wrong with a plan, and the `now` that it was made at.
    ///
    /// # Errors
    /// Why there is nothing that it could have been made from.
    fn judge(&self, plan: &RouteChanges) -> Result<(Vec<Violation>, Timestamp), String> {
        let (routes, spec, guard) = match self {
            Self::Request { routes, spec, guard } => (routes.get(), spec.get(), guard),
            Self::Other(element) => {
                Request::parse(element)?;
                return Err("it is no request".to_owned());
            }
            Self::Refused(message) => return Err(message.clone()),
        };
        // Most plans change nothing. To check those neither the spec nor the routes need be read.
        if is_plain(plan) {
            return Ok((vec![], Timestamp::default()));
        }
        let routes = if needs_routes(plan) { routes } else { "[]" };
        let Request { routes, spec } = Request::parse(&format!("{{\"routes\":{routes},\"spec\":{spec}}}"))?;
        Ok((guard.check(&routes, &spec, plan), spec.now))
    }
}

// === impl Replacement ===

impl Replacement {
    /// The host's answer to what is no request.
    fn refusal(message: String) -> Self {
        let answer = Answer::Error { code: ErrorCode::InvalidRequest, message, violations: vec![] };
        Self { answer, violations: vec![] }
    }
}

/// Whether an object has a policy, whatever else is in it.
fn names_policy(object: &str) -> bool {
    let fields: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(object);
    fields.is_ok_and(|fields| fields.contains_key("policy"))
}

/// An error's words. It is about an element, and its position there tells a caller who sent an array nothing.
fn without_position(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    words.strip_suffix(&position).unwrap_or(&words).to_owned()
}

/// The policy of a request; one sentence that names the field and says what would be right, where it is none.
fn read_policy(policy: &RawValue) -> Result<Policy, String> {
    let text = policy.get();
    // What is derived takes an array as well, and knows no path. To resolve it tells both.
    guard::json::resolve(&format!("{{\"policy\":{text},\"target_replicas\":0}}"))?;
    serde_json::from_str(text).map_err(|error| format!("`policy`: {}", without_position(&error)))
}

/// Whether nothing can be wrong with a plan: it changes nothing, ends nothing, and asks for nothing.
fn is_plain(plan: &RouteChanges) -> bool {
    !needs_routes(plan) && plan.next_evaluation_at.is_none() && plan.memo.is_none()
}

/// Writes a spec with the limits that the guard's policy comes to, where it has none of its own.
fn write_spec(spec: &str, guard: &Guard, text: &mut String) {
    // An array is none, though what is derived would take it for one.
    let skimmed: Option<Skimmed> = spec.starts_with('{').then(|| serde_json::from_str(spec).ok()).flatten();
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
