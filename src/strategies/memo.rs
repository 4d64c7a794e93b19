//! What a rollout remembers from one cycle to the next. Without a memo a strategy decides safely, only later.
//!
//! One line of text: the strategy's name, the format, the rollout's start, then words with a number each, such as
//! `blue-green 2 1760000000000 promoted 1760000060000 drained 2`. Moments are milliseconds since the epoch. It changes
//! at transitions only, so that a host need not write it in every cycle; where nothing is to be remembered it says at
//! least that a plan of this rollout was applied.
//!
//! - A memo of another strategy, another rollout or another format counts as none; but the format before this one is
//!   read: a single moment, such as `promoted-at 1760000060000`.
//! - **Moments ahead of the clock** count as now, and get a mark (`promoted 9 ahead-since 5`): one that is still ahead
//!   a second later is replaced by now. So a clock that is late for one cycle shortens nothing, and one that was early
//!   once makes nothing wait for ever.

use std::fmt;

use crate::{Spec, Timestamp};

/// How long a moment must have been ahead of the clock before it is replaced, in milliseconds.
const AHEAD_MILLIS: u64 = 1000;
/// The format that is written.
const FORMAT: &str = "2";
/// What a mark is written as.
const AHEAD_SINCE: &str = "ahead-since";

/// Names things to remember: moments, then numbers.
macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident = $word:literal, $kind:ident;)*) => {
        /// Something that is remembered.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key {
            $($(#[$doc])* $key),*
        }

        impl Key {
            const ALL: &[Self] = &[$(Self::$key),*];

            const fn word(self) -> &'static str {
                match self { $(Self::$key => $word),* }
            }

            const fn kind(self) -> Kind {
                match self { $(Self::$key => Kind::$kind),* }
            }
        }
    };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Moment,
    Number,
}

keys! {
    /// Green was promoted.
    Promoted = "promoted", Moment;
    /// Traffic was returned because no promoted route served any more.
    GreenLost = "green-lost", Moment;
    /// The preview passed its gates.
    ToppedUp = "topped-up", Moment;
    /// There was no room for both revisions: it goes on as a rolling update.
    Turns = "turns", Moment;
    /// The rollout is rolled back.
    GivenUp = "given-up", Moment;
    /// The rollout is rolled back for its deadline.
    Late = "late", Moment;
    /// The last progress: see [`deadline`](super::deadline).
    Progressed = "progressed", Moment;
    /// Something else than the new revision is waited for: a gate, a check, a pause.
    Held = "held", Moment;
    /// The deadline was first seen passed.
    DueDeadline = "due-deadline", Moment;
    /// The end of the time to go back was first seen passed.
    DueWindow = "due-window", Moment;
    /// The number of ready routes that are stamped ahead of the clock last grew.
    StampedAhead = "stamped-ahead", Moment;
    /// The number of ended routes that are stamped ahead of the clock last grew.
    EndedAhead = "ended-ahead", Moment;
    /// Green routes were last created although others had failed.
    Created = "created", Moment;
    /// Routes of the stable revision were last created although others had failed.
    Restored = "restored", Moment;
    /// Routes that are to be drained last left the traffic.
    LeftTraffic = "left-traffic", Moment;
    /// How many ready routes are stamped ahead of the clock.
    Ahead = "ahead", Number;
    /// How many ended routes are stamped ahead of the clock.
    Ended = "ended", Number;
    /// How many green routes had failed when one was last created.
    Failed = "failed", Number;
    /// How many of the stable revision had failed when one was last created.
    StableFailed = "stable-failed", Number;
    /// The most green routes that were ready at once, less those that were lost through nobody's fault.
    Mark = "mark", Number;
    /// How many green routes had been evicted or drained when the mark was last lowered.
    Gone = "gone", Number;
    /// By how much the mark was lowered.
    Lowered = "lowered", Number;
    /// The highest target of this rollout.
    Highest = "highest", Number;
    /// How many green routes applied plans have drained.
    Drained = "drained", Number;
}

/// What a strategy remembers of one rollout, as of one cycle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memo {
    strategy: &'static str,
    started_at: Timestamp,
    now: Timestamp,
    /// Whether the last applied plan left anything that can be read.
    is_known: bool,
    entries: [Option<Entry>; Key::ALL.len()],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    value: u64,
    /// When a moment was first seen ahead of the clock, if it is.
    ahead_since: Option<u64>,
}

// === impl Memo ===

impl Memo {
    /// Reads what the last applied plan of this rollout left.
    pub(crate) fn read(spec: &Spec, strategy: &'static str) -> Self {
        let entries = [None; Key::ALL.len()];
        let mut memo = Self { strategy, started_at: spec.started_at, now: spec.now, is_known: false, entries };
        if let Some(text) = &spec.memo {
            // Half of a memo would be another memo.
            let mut read = memo;
            if read.parse(text).is_some() {
                memo = Self { is_known: true, ..read };
            }
        }
        memo.look_at_the_clock();
        memo
    }

    /// Whether there was a memo: without one a plan was never applied, or another strategy's was, or the memo was lost.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// A moment, at most now.
    pub(crate) fn moment(&self, key: Key) -> Option<Timestamp> {
        self.entries[key as usize].map(|entry| Timestamp::from_millis(entry.value).min(self.now))
    }

    /// Whether a moment is ahead of the clock.
    pub(crate) fn is_ahead(&self, key: Key) -> bool {
        self.entries[key as usize].is_some_and(|entry| entry.value > self.now.as_millis())
    }

    /// A number; 0 where nothing is remembered.
    pub(crate) fn number(&self, key: Key) -> u32 {
        self.entries[key as usize].map_or(0, |entry| u32::try_from(entry.value).unwrap_or(u32::MAX))
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.entries[key as usize].is_some()
    }

    /// Remembers that something happened now.
    pub(crate) fn happens(&mut self, key: Key) {
        self.set_moment(key, self.now);
    }

    /// Remembers that something happened now, unless it is remembered already.
    pub(crate) fn happens_once(&mut self, key: Key) {
        if !self.has(key) {
            self.happens(key);
        }
    }

    pub(crate) fn set_moment(&mut self, key: Key, at: Timestamp) {
        self.entries[key as usize] = Some(Entry { value: at.as_millis(), ahead_since: None });
    }

    /// Remembers a number; 0 is as good as none.
    pub(crate) fn set_number(&mut self, key: Key, number: u32) {
        self.entries[key as usize] = (number > 0).then_some(Entry { value: number.into(), ahead_since: None });
    }

    pub(crate) fn forget(&mut self, key: Key) {
        self.entries[key as usize] = None;
    }

    /// When to look at the clock again: a moment that is ahead of it may be replaced then.
    pub(crate) fn look_again_at(&self) -> Option<Timestamp> {
        let marks = self.entries.iter().flatten().filter_map(|entry| entry.ahead_since);
        marks.min().map(|since| Timestamp::from_millis(since).saturating_add_millis(AHEAD_MILLIS))
    }

    /// Reads a text; none where it is no memo of this strategy and rollout.
    fn parse(&mut self, text: &str) -> Option<()> {
        let mut words = text.split(' ');
        let first = words.next()?;
        if let Some(key) = key_before(first) {
            return self.parse_format_before(key, words);
        }
        let (format, started_at): (_, u64) = (words.next()?, words.next()?.parse().ok()?);
        let is_ours = first == self.strategy && format == FORMAT && self.started_at.as_millis() == started_at;
        if !is_ours {
            return None;
        }
        let mut last = None;
        while let Some(word) = words.next() {
            let value = words.next()?.parse().ok()?;
            if word == AHEAD_SINCE {
                self.entries[last? as usize].as_mut()?.ahead_since = Some(value);
                continue;
            }
            let key = *Key::ALL.iter().find(|key| key.word() == word)?;
            self.entries[key as usize] = Some(Entry { value, ahead_since: None });
            last = Some(key).filter(|key| key.kind() == Kind::Moment);
        }
        Some(())
    }

    /// Reads the format before this one, which only blue-green wrote.
    fn parse_format_before<'a>(&mut self, key: Key, mut words: impl Iterator<Item = &'a str>) -> Option<()> {
        let value = words.next()?.parse().ok()?;
        let ahead_since = match words.next() {
            Some(AHEAD_SINCE) => Some(words.next()?.parse().ok()?),
            Some(_) => return None,
            None => None,
        };
        // A moment before the start is of another rollout.
        let beginning = self.started_at.min(self.now).as_millis();
        if self.strategy != "blue-green" || value < beginning || words.next().is_some() {
            return None;
        }
        self.entries[key as usize] = Some(Entry { value, ahead_since });
        Some(())
    }

    /// Marks moments that are ahead of the clock, and replaces those that have been for a second.
    fn look_at_the_clock(&mut self) {
        let now = self.now.as_millis();
        for (key, entry) in Key::ALL.iter().zip(&mut self.entries) {
            let Some(entry) = entry.as_mut().filter(|_| key.kind() == Kind::Moment) else { continue };
            *entry = match entry.ahead_since {
                _ if entry.value <= now => Entry { ahead_since: None, ..*entry },
                // What is seen passed ahead of the clock was not seen.
                _ if matches!(key, Key::DueDeadline | Key::DueWindow) => Entry { value: now, ahead_since: None },
                Some(since) if now.saturating_sub(since) >= AHEAD_MILLIS => Entry { value: now, ahead_since: None },
                Some(since) if since <= now => *entry,
                _ => Entry { ahead_since: Some(now), ..*entry },
            };
        }
    }
}

impl fmt::Display for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {FORMAT} {}", self.strategy, self.started_at.as_millis())?;
        for (key, entry) in Key::ALL.iter().zip(self.entries) {
            let Some(entry) = entry else { continue };
            write!(f, " {} {}", key.word(), entry.value)?;
            if let Some(since) = entry.ahead_since {
                write!(f, " {AHEAD_SINCE} {since}")?;
            }
        }
        Ok(())
    }
}

/// What the words of the format before this one mean.
fn key_before(word: &str) -> Option<Key> {
    Some(match word {
        "promoted-at" => Key::Promoted,
        "green-lost-at" => Key::GreenLost,
        "topping-up-since" => Key::ToppedUp,
        "waited-at" => Key::Progressed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{Key, Memo};
    use crate::{Spec, Timestamp};

    fn spec(now: u64, memo: &str) -> Spec {
        let moment = Timestamp::from_millis;
        Spec { memo: Some(memo.to_owned()), ..Spec::new("v2", 3, moment(1000), moment(now)) }
    }

    fn read(now: u64, memo: &str) -> Memo {
        Memo::read(&spec(now, memo), "blue-green")
    }

    #[rstest]
    #[case::nothing("blue-green 2 1000")]
    #[case::one("blue-green 2 1000 promoted 2000")]
    #[case::more("blue-green 2 1000 promoted 2000 held 2500 mark 3 drained 2")]
    #[case::largest("blue-green 2 1000 drained 18446744073709551615")]
    fn what_is_written_is_read(#[case] text: &str) {
        assert_eq!(read(9000, text).to_string(), text);
        assert!(read(9000, text).is_known());
    }

    #[rstest]
    #[case::of_another_strategy("rolling-update 2 1000 promoted 2000")]
    #[case::of_another_rollout("blue-green 2 999 promoted 2000")]
    #[case::of_another_format("blue-green 3 1000 promoted 2000")]
    #[case::another_word("blue-green 2 1000 promoted 2000 demoted 3")]
    #[case::no_number("blue-green 2 1000 promoted")]
    #[case::not_a_number("blue-green 2 1000 promoted soon")]
    #[case::a_mark_of_nothing("blue-green 2 1000 ahead-since 5")]
    #[case::a_mark_of_a_number("blue-green 2 1000 mark 3 ahead-since 5")]
    #[case::nothing("")]
    #[case::before_and_of_another_rollout("promoted-at 999")]
    #[case::before_with_more("promoted-at 2000 and 3")]
    fn other_memos_count_as_none(#[case] text: &str) {
        assert_eq!(read(9000, text).to_string(), "blue-green 2 1000");
        assert!(!read(9000, text).is_known());
    }

    #[test]
    fn the_format_before_is_read() {
        assert_eq!(read(9000, "promoted-at 2000").to_string(), "blue-green 2 1000 promoted 2000");
        let marked = read(9000, "waited-at 9500 ahead-since 8500");
        assert_eq!(marked.to_string(), "blue-green 2 1000 progressed 9500 ahead-since 8500");
    }

    /// A clock that is late for one cycle changes nothing; one that was early once is got over in a second.
    #[test]
    fn a_moment_ahead_of_the_clock_is_replaced_after_a_second() {
        let text = |now, memo: &str| read(now, memo).to_string();

        let first = text(3000, "blue-green 2 1000 promoted 5000");
        assert_eq!(first, "blue-green 2 1000 promoted 5000 ahead-since 3000");
        assert_eq!(read(3000, &first).moment(Key::Promoted), Some(Timestamp::from_millis(3000)));
        assert_eq!(text(3999, &first), first);
        assert_eq!(text(4000, &first), "blue-green 2 1000 promoted 4000");
        assert_eq!(text(6000, &first), "blue-green 2 1000 promoted 5000");
        // The clock went back once more.
        assert_eq!(text(2000, &first), "blue-green 2 1000 promoted 5000 ahead-since 2000");
        assert_eq!(read(2000, &first).look_again_at(), Some(Timestamp::from_millis(3000)));
    }

    #[test]
    fn what_was_seen_ahead_of_the_clock_was_not_seen() {
        let memo = read(3000, "blue-green 2 1000 due-deadline 5000");
        assert_eq!(memo.to_string(), "blue-green 2 1000 due-deadline 3000");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_memo_is_short(
            now in any::<u64>(),
            text in "(blue-green 2 1000)?( (promoted|held|mark|drained|ahead-since|due-window|x) [0-9]{0,21}){0,20}",
        ) {
            let memo = read(now, &text);
            let written = memo.to_string();
            prop_assert!(written.len() < 800);
            prop_assert_eq!(read(now, &written).to_string(), written);
        }
    }
}
