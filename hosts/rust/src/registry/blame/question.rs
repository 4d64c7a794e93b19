//! The questions that find out whose fault a failure is: the current version is asked again, then the one before it,
//! then the current one once more, each in a fresh instance.

use crate::registry::outcome::Outcome;

/// A version of the two that a strategy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Which {
    Current,
    /// The one before it.
    Previous,
}

/// Who is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Verdict {
    /// The version succeeds when it is asked again.
    Nobody,
    /// The version before it does not succeed either.
    Input,
    /// The version before it succeeds, and it does not.
    Version,
}

/// Asks; none, where the host could not.
pub(in crate::registry) fn ask(mut call: impl FnMut(Which) -> Outcome) -> Option<Verdict> {
    let mut succeeds = |which| match call(which) {
        Outcome::Host | Outcome::Unavailable | Outcome::CircuitOpen => None,
        outcome => Some(outcome == Outcome::Ok),
    };
    if succeeds(Which::Current)? {
        return Some(Verdict::Nobody);
    }
    if !succeeds(Which::Previous)? {
        return Some(Verdict::Input);
    }
    Some(if succeeds(Which::Current)? { Verdict::Nobody } else { Verdict::Version })
}
