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
    GreenLost(Timestamp),
    /// All that was wanted was ready and waited at a gate: the deadline counts from the last time that it did.
    Waited(Timestamp),
}

const TOPPING_UP: &str = "topping-up-since";
const PROMOTED: &str = "promoted-at";
const GREEN_LOST: &str = "green-lost-at";
const WAITED: &str = "waited-at";

impl Memo {
    /// The moment that it keeps.
    pub(super) fn moment(self) -> Timestamp {
        match self {
            Self::ToppingUp(at) | Self::Promoted(at) | Self::GreenLost(at) | Self::Waited(at) => at,
        }
    }
}

impl fmt::Display for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::ToppingUp(_) => TOPPING_UP,
            Self::Promoted(_) => PROMOTED,
            Self::GreenLost(_) => GREEN_LOST,
            Self::Waited(_) => WAITED,
        };
        write!(f, "{word} {}", self.moment().as_millis())
    }
}

/// A memo that is none of these was left by another strategy, and is as good as lost.
impl FromStr for Memo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, millis) = text.rsplit_once(' ').ok_or(())?;
        let at = Timestamp::from_millis(millis.parse().map_err(drop)?);
        match word {
            TOPPING_UP => Ok(Self::ToppingUp(at)),
            PROMOTED => Ok(Self::Promoted(at)),
            GREEN_LOST => Ok(Self::GreenLost(at)),
            WAITED => Ok(Self::Waited(at)),
            _ => Err(()),
        }
    }
}
