//! Violations: codes, and the sentences that go with them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Most routes that a message names before it counts the rest.
const NAMED_ROUTES: usize = 3;

/// One thing that a plan does and must not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Which rule.
    pub code: ViolationCode,
    /// The routes it is about, in the order of their ids; none where it is about no given route.
    pub route_ids: Vec<String>,
    /// One sentence with the numbers in it.
    pub message: String,
}

/// The rules; see the [module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the module's table says what each is")]
pub enum ViolationCode {
    InvalidRoutes,
    UnknownId,
    DuplicateId,
    ConflictingChanges,
    ChangedNotLive,
    PromotedNotGreen,
    PromotedNotReady,
    ActivatedNotReady,
    StandbyNotApproved,
    CreatedOtherRevision,
    EmptyCreation,
    RatioOutOfRange,
    RatioNotPossible,
    CapacityLowered,
    DrainedWhileShort,
    TooManyLive,
    TooManyTerminating,
    CompletedEarly,
    RolledBackEarly,
    AgainstRequest,
    InvalidMemo,
    NextEvaluationNotAhead,
}

// === impl Violation ===

impl Violation {
    pub(super) fn new<'a>(code: ViolationCode, routes: impl IntoIterator<Item = &'a str>, message: String) -> Self {
        Self { code, route_ids: routes.into_iter().map(str::to_owned).collect(), message }
    }

    /// A violation by these routes, if there are any: `what` they did, and which they are.
    pub(super) fn of(code: ViolationCode, routes: Vec<&str>, what: &str) -> Option<Self> {
        if routes.is_empty() {
            return None;
        }
        let named = routes.iter().take(NAMED_ROUTES).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let message = match routes.len().saturating_sub(NAMED_ROUTES) {
            0 => format!("{what}: {named}"),
            more => format!("{what}: {named} and {more} more"),
        };
        Some(Self::new(code, routes, message))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

// === impl ViolationCode ===

impl ViolationCode {
    /// The stable kebab-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRoutes => "invalid-routes",
            Self::UnknownId => "unknown-id",
            Self::DuplicateId => "duplicate-id",
            Self::ConflictingChanges => "conflicting-changes",
            Self::ChangedNotLive => "changed-not-live",
            Self::PromotedNotGreen => "promoted-not-green",
            Self::PromotedNotReady => "promoted-not-ready",
            Self::ActivatedNotReady => "activated-not-ready",
            Self::StandbyNotApproved => "standby-not-approved",
            Self::CreatedOtherRevision => "created-other-revision",
            Self::EmptyCreation => "empty-creation",
            Self::RatioOutOfRange => "ratio-out-of-range",
            Self::RatioNotPossible => "ratio-not-possible",
            Self::CapacityLowered => "capacity-lowered",
            Self::DrainedWhileShort => "drained-while-short",
            Self::TooManyLive => "too-many-live",
            Self::TooManyTerminating => "too-many-terminating",
            Self::CompletedEarly => "completed-early",
            Self::RolledBackEarly => "rolled-back-early",
            Self::AgainstRequest => "against-request",
            Self::InvalidMemo => "invalid-memo",
            Self::NextEvaluationNotAhead => "next-evaluation-not-ahead",
        }
    }
}
