//! From values to pixels, and the round values that an axis shows.

/// An axis.
pub(super) struct Scale {
    most: f64,
    from: f64,
    to: f64,
    step: f64,
}

/// The distances between ticks of time that people count in, in seconds.
const TIMES: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0,
    86400.0,
];

// === impl Scale ===

impl Scale {
    /// Seconds, from 0 to `most`.
    pub(super) fn time(most: f64, from: f64, to: f64) -> Self {
        const MOST_TICKS: f64 = 12.0;
        let days = (most / 86400.0 / MOST_TICKS).ceil() * 86400.0;
        let step = TIMES.into_iter().find(|step| most / step <= MOST_TICKS).unwrap_or(days);
        Self { most, from, to, step }
    }

    /// Routes, from 0 to `most`.
    pub(super) fn count(most: u32, from: f64, to: f64) -> Self {
        const MOST_TICKS: u32 = 8;
        let tens = (0..).map(|power| 10_u32.saturating_pow(power));
        let steps = tens.flat_map(|ten| [1, 2, 5].map(|digit| ten.saturating_mul(digit)));
        let step = steps.into_iter().find(|step| most / step <= MOST_TICKS).unwrap_or(most);
        Self { most: f64::from(most), from, to, step: f64::from(step) }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        self.from + (self.to - self.from) * value / self.most
    }

    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        let (step, most) = (self.step, self.most);
        (0..).map(move |i: u32| f64::from(i) * step).take_while(move |value| *value <= most)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Scale;

    #[rstest]
    #[case::seconds(9.0, 1.0)]
    #[case::a_minute(60.0, 5.0)]
    #[case::ten_minutes(600.0, 60.0)]
    #[case::an_hour(3600.0, 300.0)]
    #[case::a_year(365.0 * 86400.0, 31.0 * 86400.0)]
    fn time_has_round_ticks(#[case] most: f64, #[case] step: f64) {
        let ticks: Vec<f64> = Scale::time(most, 0.0, 1.0).ticks().collect();

        assert_eq!(ticks[1].to_bits(), step.to_bits(), "{ticks:?}");
        assert!(ticks.len() <= 13, "{ticks:?}");
    }

    #[rstest]
    #[case::few(4, 1)]
    #[case::some(15, 2)]
    #[case::many(1000, 200)]
    fn counts_have_whole_ticks(#[case] most: u32, #[case] step: u32) {
        let ticks: Vec<f64> = Scale::count(most, 100.0, 0.0).ticks().collect();

        assert_eq!(ticks[1].to_bits(), f64::from(step).to_bits(), "{ticks:?}");
    }
}
