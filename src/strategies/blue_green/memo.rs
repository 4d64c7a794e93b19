//! What blue-green remembers from one cycle to the next. Without a memo it decides safely, only later.

use std::{fmt, str::FromStr};

use crate::Timestamp;

/// How long a moment must have been ahead of the clock before it is given up, in milliseconds. A clock that is late for
/// one cycle must not shorten what waits; one that was ahead once must not make it wait for ever.
const AHEAD_MILLIS: u64 = 1000;

/// What happened that the routes do not tell, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memo {
    pub(super) what: What,
    pub(super) at: Timestamp,
    /// When `at` was first seen ahead of the clock, if it is.
    ahead_since: Option<Timestamp>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The preview passed its gates: the deadline counts from here.
    ToppingUp,
    /// Green was promoted and blue is kept: the window counts from here.
    Promoted,
    /// Traffic was returned to blue because no green route served any more.
    GreenLost,
    /// All that was wanted was ready and waited at a gate: the deadline counts from the last time that it did.
    Waited,
}

impl What {
    const ALL: [Self; 4] = [Self::ToppingUp, Self::Promoted, Self::GreenLost, Self::Waited];

    fn as_str(self) -> &'static str {
        match self {
            Self::ToppingUp => "topping-up-since",
            Self::Promoted => "promoted-at",
            Self::GreenLost => "green-lost-at",
            Self::Waited => "waited-at",
        }
    }
}

impl Memo {
    /// A thing that happened.
    pub(super) fn new(what: What, at: Timestamp) -> Self {
        Self { what, at, ahead_since: None }
    }

    /// The memo as it is to be read at `now`: a moment ahead is kept, and marked; it becomes now where it still is a
    /// second later.
    pub(super) fn seen(self, now: Timestamp) -> Self {
        match self.ahead_since {
            _ if self.at <= now => Self::new(self.what, self.at),
            Some(since) if now.saturating_millis_since(since) >= AHEAD_MILLIS => Self::new(self.what, now),
            Some(since) if since <= now => self,
            _ => Self { ahead_since: Some(now), ..self },
        }
    }
}

impl fmt::Display for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what.as_str(), self.at.as_millis())?;
        match self.ahead_since {
            Some(since) => write!(f, " ahead-since {}", since.as_millis()),
            None => Ok(()),
        }
    }
}

/// A memo that is none of these was left by another strategy, and is as good as lost.
impl FromStr for Memo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let moment = |text: &str| text.parse().map(Timestamp::from_millis).map_err(drop);
        let (text, ahead_since) = match text.split_once(" ahead-since ") {
            Some((text, since)) => (text, Some(moment(since)?)),
            None => (text, None),
        };
        let (word, at) = text.split_once(' ').ok_or(())?;
        let what = What::ALL.into_iter().find(|what| what.as_str() == word).ok_or(())?;
        Ok(Self { what, at: moment(at)?, ahead_since })
    }
}
