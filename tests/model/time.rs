//! Time as the model sees it: ages in ticks, up to one that stands for all that are longer.

/// A tick, in milliseconds. All durations of the configurations are whole ticks.
pub(crate) const TICK: u64 = 10_000;

/// An age that stands for all that are as long or longer. What takes longer than this, a long back-off, is over at once
/// when it is reached: time may jump.
pub(crate) const LONG_AGO: u8 = 3;

/// How long ago that is, in milliseconds: more than the longest back-off.
const LONG_MILLIS: u64 = 400_000;

const STARTED_AT: u64 = 1_760_000_000_000;

/// Numbers from here on are moments, in a memo.
const FIRST_MOMENT: u64 = 1_700_000_000_000;

/// The host's clock, at so many ticks after the start of the rollout.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) elapsed: u8,
}

// === impl Clock ===

impl Clock {
    pub(crate) fn started_at() -> u64 {
        STARTED_AT
    }

    fn elapsed_millis(self) -> u64 {
        if self.elapsed >= LONG_AGO { 2 * LONG_MILLIS } else { u64::from(self.elapsed) * TICK }
    }

    pub(crate) fn now(self) -> u64 {
        STARTED_AT + self.elapsed_millis()
    }

    /// The moment of that age, which is not before the start of the rollout.
    pub(crate) fn moment(self, age: u8) -> u64 {
        let millis = if age >= LONG_AGO { LONG_MILLIS } else { u64::from(age) * TICK };
        self.now() - millis.min(self.elapsed_millis())
    }

    /// Ticks since a moment.
    fn age(self, moment: u64) -> u8 {
        u8::try_from(self.now().saturating_sub(moment) / TICK).unwrap_or(LONG_AGO).min(LONG_AGO)
    }

    /// So many rollouts ago.
    pub(crate) fn before_the_start(rollouts: u64) -> u64 {
        STARTED_AT - rollouts * 1_000_000
    }

    /// A moment in the rollout before.
    pub(crate) fn long_ago() -> u64 {
        Self::before_the_start(1)
    }
}

/// A memo, with its moments as ages, whatever else it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memo(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Word(String),
    Moment(u8),
}

// === impl Memo ===

/// Moments that a strategy remembers and never measures from: when they were makes no difference.
const TIMELESS: [&str; 4] = ["given-up", "late", "green-lost", "topped-up"];

impl Memo {
    pub(crate) fn of(text: &str, clock: Clock) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let part = |(i, word): (usize, &&str)| {
            let before = i.checked_sub(1).map(|i| words[i]);
            match word.parse() {
                // The third word is the start of the rollout, which is not an age.
                Ok(moment) if moment >= FIRST_MOMENT && i != 2 => match before {
                    Some(word) if TIMELESS.contains(&word) => Some(Part::Moment(LONG_AGO)),
                    _ => Some(Part::Moment(clock.age(moment))),
                },
                // Every route here says whether it was drained, so that nobody needs to count them.
                _ if *word == "drained" || before == Some("drained") => None,
                _ => Some(Part::Word((*word).to_owned())),
            }
        };
        Self(words.iter().enumerate().filter_map(part).collect())
    }

    pub(crate) fn text(&self, clock: Clock) -> String {
        let part = |part: &Part| match part {
            Part::Word(word) => word.clone(),
            Part::Moment(age) => clock.moment(*age).to_string(),
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(" ")
    }

    /// Whether it has this word.
    pub(crate) fn says(&self, word: &str) -> bool {
        self.0.contains(&Part::Word(word.to_owned()))
    }

    /// Time passes. While a rollout is held only the time between its last progress and the hold counts: both stay as
    /// old as they are, which keeps what is between them.
    pub(crate) fn tick(&mut self) {
        let is_held = self.says("held");
        let mut word = String::new();
        for part in &mut self.0 {
            match part {
                Part::Moment(_) if is_held && ["progressed", "held"].contains(&word.as_str()) => {}
                Part::Moment(age) => *age = (*age + 1).min(LONG_AGO),
                Part::Word(said) => word.clone_from(said),
            }
        }
    }
}
