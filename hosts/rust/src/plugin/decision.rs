//! Decisions of plugins, and the fields in which two of them differ.

use std::fmt;

use pointsman::{
    RouteChanges,
    json::{Answer, ErrorCode},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    error::{CallError, EvaluateError},
    guard::summary,
};
use crate::text::shortened;

/// Result of one request: a plan, a refusal, a rejection by the guard, or a call that failed.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are answers")]
pub enum Decision {
    /// The plugin answered.
    Answer(Answer),
    /// It did not; the text is that of the [`CallError`] or of the broken contract.
    Failed(String),
}

/// One thing in which two decisions differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldDifference {
    /// A field of [`RouteChanges`]; `reason.code`; or `outcome`, where only one of them is a plan or they are other
    /// errors.
    pub field: &'static str,
    /// The first decision's value, as JSON.
    pub first: Value,
    /// The second's.
    pub second: Value,
}

/// Sort of a decision.
#[derive(PartialEq)]
enum Kind {
    Plan,
    Error(ErrorCode),
    Failed,
}

/// The fields of a plan that are lists without an order: ids, creations, traffic changes.
const UNORDERED: [&str; 4] = ["rollout_specs", "promote_route_ids", "traffic_changes", "drain_route_ids"];

/// Most characters of a value on a line with others.
const LONGEST: usize = 120;

/// The other fields that decide something.
const FIELDS: [&str; 6] = ["sub_step", "gate", "next_evaluation_at", "memo", "commitment", "labels"];

// === impl FieldDifference ===

impl fmt::Display for FieldDifference {
    /// `drain_route_ids: ["r-1"] or []`, shortened where it is long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Value| shortened(&value.to_string(), LONGEST);
        write!(f, "{}: {} or {}", self.field, shown(&self.first), shown(&self.second))
    }
}

// === impl Decision ===

impl Decision {
    /// The fields in which another decision differs from this one; empty where a host would do the same for both. The
    /// order of ids and the words of a message decide nothing; nor do the routes named as blocking and the progress,
    /// which are for people.
    pub fn differences(&self, other: &Self) -> Vec<FieldDifference> {
        match (self, other) {
            (Self::Answer(Answer::Ok(first)), Self::Answer(Answer::Ok(second))) => plan_differences(first, second),
            _ if self.kind() == other.kind() => vec![],
            _ => vec![FieldDifference { field: "outcome", first: to_value(self), second: to_value(other) }],
        }
    }

    /// Whether the plugin failed: by trap, timeout or limit, or with a plan that the guard rejects.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Answer(Answer::Error { code: ErrorCode::PlanRejected, .. }))
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Answer(Answer::Ok(_)) => Kind::Plan,
            Self::Answer(Answer::Error { code, .. }) => Kind::Error(*code),
            Self::Failed(_) => Kind::Failed,
        }
    }
}

impl From<&Result<RouteChanges, EvaluateError>> for Decision {
    fn from(result: &Result<RouteChanges, EvaluateError>) -> Self {
        let error = |code, message: &String, violations: &Vec<_>| {
            Self::Answer(Answer::Error { code, message: message.clone(), violations: violations.clone() })
        };
        match result {
            Ok(plan) => Self::Answer(Answer::Ok(plan.clone())),
            Err(EvaluateError::InvalidConfig { message, .. }) => error(ErrorCode::InvalidConfig, message, &vec![]),
            Err(EvaluateError::InvalidSpec { message, .. }) => error(ErrorCode::InvalidSpec, message, &vec![]),
            Err(EvaluateError::InvalidRoutes { message, .. }) => error(ErrorCode::InvalidRoutes, message, &vec![]),
            Err(EvaluateError::Rejected { violations, .. }) => {
                error(ErrorCode::PlanRejected, &summary(violations), violations)
            }
            Err(EvaluateError::Call(failure)) => failure.into(),
        }
    }
}

impl From<&CallError> for Decision {
    fn from(failure: &CallError) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl Serialize for Decision {
    /// As an [`Answer`], with `{"failed": "…"}` for a call that failed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Answer(answer) => answer.serialize(serializer),
            Self::Failed(message) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("failed", message)?;
                map.end()
            }
        }
    }
}

fn plan_differences(first: &RouteChanges, second: &RouteChanges) -> Vec<FieldDifference> {
    if first == second {
        return vec![];
    }
    let (first, second) = (to_value(first), to_value(second));
    let mut differences = vec![];
    let mut compare = |field, first: &Value, second: &Value| {
        if first != second {
            differences.push(FieldDifference { field, first: first.clone(), second: second.clone() });
        }
    };
    compare(FIELDS[0], &first[FIELDS[0]], &second[FIELDS[0]]);
    compare("reason.code", &first["reason"]["code"], &second["reason"]["code"]);
    for field in UNORDERED {
        compare(field, &sorted(&first[field]), &sorted(&second[field]));
    }
    for field in &FIELDS[1..] {
        compare(field, &first[field], &second[field]);
    }
    differences
}

/// A list in an order that depends on nothing but what is in it.
fn sorted(list: &Value) -> Value {
    let mut elements = list.as_array().cloned().unwrap_or_default();
    elements.sort_by_cached_key(ToString::to_string);
    elements.into()
}

/// A decision as JSON; null for what has none, as a ratio that is no number.
fn to_value(decision: &impl Serialize) -> Value {
    serde_json::to_value(decision).unwrap_or_default()
}
