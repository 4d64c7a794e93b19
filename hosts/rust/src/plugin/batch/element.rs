//! One request of a batch: what the plugin sees of it, and the check of its answer.

use pointsman::{
    RouteChanges, Timestamp,
    guard::{Violation, needs_routes},
    json::{Answer, ErrorCode, Request},
};
use serde_json::value::RawValue;

use super::limits;
use crate::plugin::{
    answers::{AnswerKind, Replacement},
    guard::{Guard, summary},
    request::{self, NoParts, Parts},
};

/// An element of the array, as far as the host reads it.
pub(super) enum Element<'a> {
    /// A request, and the guard for its plan. What is in its parts the plugin judges.
    Request { routes: &'a RawValue, spec: &'a RawValue, guard: Guard },
    /// The plugin says why this is no request.
    Other(&'a str),
    /// The host says why, and the plugin never sees it.
    Refused(String),
}

// === impl Element ===

impl<'a> Element<'a> {
    pub(super) fn new(element: &'a str, guard: Guard) -> Self {
        let parts = match Parts::split(element) {
            Ok(parts) => parts,
            Err(NoParts::Host(message)) => return Self::Refused(message),
            Err(NoParts::Other) => return Self::Other(element),
        };
        match parts.policy() {
            Ok(policy) => {
                let guard = policy.map_or(guard, |policy| guard.under(policy));
                Self::Request { routes: parts.routes, spec: parts.spec, guard }
            }
            Err(message) => Self::Refused(message),
        }
    }

    pub(super) fn reaches_plugin(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    /// Writes the request as the plugin is to see it.
    pub(super) fn write(&self, text: &mut String) {
        match self {
            Self::Request { routes, spec, guard } => {
                text.extend(["{\"routes\":", routes.get(), ",\"spec\":"]);
                limits::write(spec.get(), guard, text);
                text.push('}');
            }
            Self::Other(element) => text.push_str(element),
            Self::Refused(_) => {}
        }
    }

    /// What a plugin's answer is, and the replacement for it, if it needs one.
    pub(super) fn check(&self, answer: Answer) -> (AnswerKind, Option<Replacement>) {
        let Answer::Ok(mut plan) = answer else { return (AnswerKind::Refused, None) };
        let (violations, now) = match self.judge(&plan) {
            Ok(judged) => judged,
            // A plugin that makes something of it all the same. The others' answers are none the worse for that.
            Err(message) => return (AnswerKind::Refused, Some(Replacement::refusal(message))),
        };
        if !violations.is_empty() {
            let codes = violations.iter().map(|violation| violation.code).collect();
            let (code, message) = (ErrorCode::PlanRejected, summary(&violations));
            let answer = Answer::Error { code, message, violations };
            return (AnswerKind::Rejected(codes), Some(Replacement { answer }));
        }
        (AnswerKind::Plan, plan.tidy(now).then_some(Replacement { answer: Answer::Ok(plan) }))
    }

    /// The violations of a plan, and the `now` that it was made at.
    ///
    /// # Errors
    /// The reason why there is nothing that it could have been made from.
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
        let Request { routes, spec } = request::read(if needs_routes(plan) { routes } else { "[]" }, spec)?;
        Ok((guard.check(&routes, &spec, plan), spec.now))
    }
}

/// Tells whether nothing can be wrong with a plan: it changes nothing, ends nothing, and asks for nothing.
fn is_plain(plan: &RouteChanges) -> bool {
    !needs_routes(plan) && plan.next_evaluation_at.is_none() && plan.memo.is_none()
}
