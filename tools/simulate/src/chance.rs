//! Numbers drawn from a seed: the same seed gives the same numbers on every machine and in every release.

use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};

/// A stream of numbers.
pub(super) struct Chance(ChaCha8Rng);

// === impl Chance ===

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A seed for a run of its own. Short, because people type it.
    pub(super) fn seed(&mut self) -> u64 {
        u64::from(self.0.next_u32())
    }

    /// Returns whether something happens that happens with this probability, 0.0 to 1.0.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        let drawn = f64::from(self.0.next_u32()) / (f64::from(u32::MAX) + 1.0);
        drawn < probability
    }

    /// A number from `min` to `max`, both included, each as likely.
    pub(super) fn between(&mut self, min: u32, max: u32) -> u32 {
        // By our own arithmetic: that of a library may change with its releases.
        let width = u64::from(max.saturating_sub(min)) + 1;
        let offset = (u64::from(self.0.next_u32()) * width) >> 32;
        min + u32::try_from(offset).expect("it is less than the width")
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn a_seed_always_gives_the_same_numbers() {
        let mut chance = Chance::new(7);

        let drawn: Vec<u32> = (0..12).map(|_| chance.between(0, 99)).collect();

        // If this changes, every simulation that somebody kept changes.
        assert_eq!(drawn, [14, 15, 18, 16, 27, 70, 3, 72, 7, 60, 81, 35]);
    }

    #[test]
    fn the_ends_are_kept() {
        let mut chance = Chance::new(1);

        let drawn: Vec<u32> = (0..200).map(|_| chance.between(3, 5)).collect();

        assert!((3..=5).all(|n| drawn.contains(&n)) && drawn.iter().all(|n| (3..=5).contains(n)), "{drawn:?}");
        assert_eq!(chance.between(4, 4), 4);
        assert!(!(0..200).any(|_| chance.happens(0.0)) && (0..200).all(|_| chance.happens(1.0)));
    }
}
