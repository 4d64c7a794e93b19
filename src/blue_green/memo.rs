//! What blue-green remembers from one cycle to the next. Without a memo it decides safely, only later.

use std::{fmt, str::FromStr};

use crate::Timestamp;

/// What happened that the routes do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memo {
    /// The preview passed its gates: the deadline counts from here.
    ToppingUp(Timestamp),
    /// Green was promoted and blue is kept: the window counts from here.
    Promoted(Timestamp),
    /// Traffic was returned to blue because no green route served any more.
    GreenLost,
}

const TOPPING_UP: &str = "topping-up-since ";
const PROMOTED: &str = "promoted-at ";
const GREEN_LOST: &str = "green-lost";

impl Memo {
    /// The moment that it keeps.
    pub(super) fn moment(self) -> Option<Timestamp> {
        match self {
            Self::ToppingUp(at) | Self::Promoted(at) => Some(at),
            Self::GreenLost => None,
        }
    }
}

impl fmt::Display for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, at) = match self {
            Self::ToppingUp(at) => (TOPPING_UP, at),
            Self::Promoted(at) => (PROMOTED, at),
            Self::GreenLost => return f.write_str(GREEN_LOST),
        };
        write!(f, "{word}{}", at.as_millis())
    }
}

/// A memo that is none of these was left by another strategy, and is as good as lost.
impl FromStr for Memo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let moment = |millis: &str| millis.parse().map(Timestamp::from_millis).map_err(drop);
        if let Some(at) = text.strip_prefix(TOPPING_UP) {
            return Ok(Self::ToppingUp(moment(at)?));
        }
        if let Some(at) = text.strip_prefix(PROMOTED) {
            return Ok(Self::Promoted(moment(at)?));
        }
        if text == GREEN_LOST { Ok(Self::GreenLost) } else { Err(()) }
    }
}
