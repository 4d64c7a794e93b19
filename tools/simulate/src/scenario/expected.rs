//! What a scenario expects of its run, which makes it a test by itself.

use std::str::FromStr;

use serde::Deserialize;

use super::{Percent, Scenario};
use crate::{show::moment, summary::Summary};

/// The end that a run is expected to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// The new revision took over.
    Completed,
    /// It was rolled back.
    RolledBack,
    /// It waits for somebody: an approval, a check, a resumed pause.
    Waiting,
}

/// Reason why a word is no [`Expect`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no end to expect; one is `completed`, `rolled-back` or `waiting`")]
pub struct ParseExpectError(String);

/// All that is expected of a run. What is none is not looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expectations {
    pub(crate) end: Option<Expect>,
    /// Share of the target that serves all the time, from when so much first served.
    pub(crate) floor: Option<Percent>,
    /// Routes that are created at most.
    pub(crate) most_created: Option<u32>,
}

// === impl Expect ===

impl Expect {
    /// All that can be expected.
    pub const ALL: [Self; 3] = [Self::Completed, Self::RolledBack, Self::Waiting];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RolledBack => "rolled-back",
            Self::Waiting => "waiting",
        }
    }
}

impl FromStr for Expect {
    type Err = ParseExpectError;

    fn from_str(word: &str) -> Result<Self, ParseExpectError> {
        let known = Self::ALL.into_iter().find(|expect| expect.word() == word);
        known.ok_or_else(|| ParseExpectError(word.to_owned()))
    }
}

// === impl Scenario ===

impl Scenario {
    /// The same scenario with another end to expect than its own.
    #[must_use]
    pub fn expecting(mut self, end: Expect) -> Self {
        self.expect = Some(end);
        self
    }

    pub(crate) fn expectations(&self) -> Expectations {
        Expectations { end: self.expect, floor: self.serving_floor_percent, most_created: self.most_created }
    }

    /// What a run did otherwise than the scenario expects, in one sentence; none where it did as expected.
    pub fn unexpected(&self, summary: &Summary) -> Option<String> {
        let Expectations { end, floor, most_created } = self.expectations();
        // The words of documents are not the contract's.
        let ended = summary.ended.replace('_', "-");
        let other_end = end.filter(|end| end.word() != ended).map(|end| {
            let reason = if summary.code.is_empty() { String::new() } else { format!(" ({})", summary.code) };
            format!("it ended as {ended}{reason}, not as {}", end.word())
        });
        let short = summary.below_floor_seconds;
        let too_low = floor.filter(|_| short > 0.0).map(|Percent(percent)| {
            let (lowest, target) = (summary.lowest_serving, summary.lowest_serving_target);
            let time = moment::seconds(short);
            format!("less than {percent}% of the target served for {time}, at the lowest {lowest} of {target}")
        });
        let too_many = most_created.filter(|most| summary.created > *most);
        let too_many = too_many.map(|most| format!("it created {} routes, more than {most}", summary.created));
        let all: Vec<String> = [other_end, too_low, too_many].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
