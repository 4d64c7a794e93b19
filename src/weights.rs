//! Which traffic ratios a host's proxy can express.

/// The ratios that are possible: `k/n` for 0 ≤ k ≤ n; every one where n is 0. See `spec.weight-steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightSteps(pub u32);

/// Distance from `k/n` within which a ratio counts as it, in steps: who computes `k * (1.0 / n)` is off by a last bit.
const TOLERANCE: f64 = 1e-6;

// === impl WeightSteps ===

impl WeightSteps {
    /// Whether a ratio is possible. One outside of 0.0 to 1.0 is not; nor is one that would be rounded to nothing,
    /// however small: the guard weighs ratios against each other, and would take ten routes at 1e-9 for ten that serve.
    pub fn is_possible(self, ratio: f64) -> bool {
        let steps = ratio * f64::from(self.0);
        let is_whole = (steps - steps.round()).abs() <= TOLERANCE && (ratio == 0.0 || steps.round() > 0.0);
        (0.0..=1.0).contains(&ratio) && (self.0 == 0 || is_whole)
    }

    /// The smallest possible ratio that is not less, at most 1.0. Rounding up never lowers capacity where the ratio is
    /// not the largest; the largest of a plan is 1.0, which is always possible.
    pub fn round_up(self, ratio: f64) -> f64 {
        let ratio = ratio.clamp(0.0, 1.0);
        if self.is_possible(ratio) {
            return ratio;
        }
        (ratio * f64::from(self.0)).ceil() / f64::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::WeightSteps;

    #[rstest]
    #[case::in_or_out(1, &[0.0, 1.0], &[0.5, 0.999, 1e-5, 1e-9])]
    #[case::haproxy(256, &[0.0, 1.0 / 256.0, 0.5, 255.0 / 256.0, 1.0], &[0.001, 0.1, 1.0 / 512.0, 1e-10])]
    #[case::thirds(3, &[1.0 / 3.0, 2.0 / 3.0, 2.0 * (1.0 / 3.0)], &[0.33, 0.5])]
    #[case::exact(0, &[0.0, f64::MIN_POSITIVE, 0.1, 0.333, 1.0], &[])]
    fn possible_ratios(#[case] steps: u32, #[case] possible: &[f64], #[case] others: &[f64]) {
        let steps = WeightSteps(steps);
        for ratio in possible {
            assert!(steps.is_possible(*ratio), "{ratio}");
            assert_eq!(steps.round_up(*ratio).to_bits(), ratio.to_bits());
        }
        for ratio in others {
            assert!(!steps.is_possible(*ratio), "{ratio}");
            let up = steps.round_up(*ratio);
            assert!(up > *ratio && steps.is_possible(up) && up - ratio < 1.0 / f64::from(steps.0), "{ratio}: {up}");
        }
        for ratio in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(!steps.is_possible(ratio), "{ratio}");
        }
    }
}
