//! Terms, state and finds of a trial.

use std::{num::NonZeroU64, time::Duration};

use crate::plugin::{Decision, FieldDifference, PluginId};

/// Terms of a trial: how long a new version is tried in the shadow of the current one, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The end of the trial.
    pub length: TrialLength,
    /// Most requests that it may decide differently and still pass. One with which it fails, by trap, timeout,
    /// limit or a rejected plan, and the current version does not, never passes.
    pub most_differences: u64,
    /// A version that passes becomes the current one by itself. If not, it waits for
    /// [`Registry::promote`](super::Registry::promote).
    pub auto_promote: bool,
}

/// The end of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialLength {
    /// After so many requests that both versions have decided.
    Evaluations(NonZeroU64),
    /// With the first request that both have decided after this time: a trial without any says nothing.
    Time(Duration),
}

/// State of the comparison that a trial is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// It goes on.
    #[default]
    Running,
    /// It is over; the version may be promoted.
    Passed,
    /// It is over; the version failed, or decided differently too often. It can still be promoted by hand.
    Failed,
    /// The version is the current one, or was since.
    Promoted,
    /// It ended without a result: by hand, or because another trial or a swap took its place.
    Discarded,
}

/// A request that the shadow decided differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The plugin whose decision counted.
    pub current: PluginId,
    /// The deployment whose request it was.
    pub deployment: String,
    /// The request as JSON, as [`RequestWithPolicy`](crate::RequestWithPolicy) reads it: with the deployment's policy,
    /// where it has one of its own.
    pub request: String,
    /// The decision that counted.
    pub decided: Decision,
    /// The shadow's.
    pub shadow: Decision,
    /// The fields in which they differ.
    pub fields: Vec<FieldDifference>,
}

// === impl Trial ===

impl Trial {
    /// A trial of so many requests, in which the version must decide all of them alike; it is promoted by hand.
    pub fn evaluations(count: NonZeroU64) -> Self {
        Self { length: TrialLength::Evaluations(count), most_differences: 0, auto_promote: false }
    }
}

// === impl Comparison ===

impl Comparison {
    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Promoted => "promoted",
            Self::Discarded => "discarded",
        }
    }
}
