//! Shares of traffic, and who is overloaded by one.
//!
//! A proxy sends each replica that answers its ratio over the sum of all their ratios. The *busiest* gets the largest
//! share. Where `n` replicas must carry the traffic, each is built for one `n`-th of it.

/// By how many replicas a share may miss a bound and still keep it, as the guard's rules say.
const SLACK: f64 = 1e-9;

/// The largest share of the traffic that any of these ratios gets; none where nobody gets any.
pub(crate) fn busiest(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let ratios: Vec<f64> = ratios.into_iter().filter(|ratio| *ratio > 0.0).collect();
    let total = total(&ratios)?;
    ratios.iter().map(|ratio| ratio / total).max_by(f64::total_cmp)
}

/// The largest of these ratios compared to all that others get together: what a newcomer draws from them, if it carries
/// nothing of theirs. None where the others get nothing.
pub(crate) fn drawn(others: &[f64], newcomers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let total = total(others)?;
    newcomers.into_iter().map(|ratio| ratio / total).max_by(f64::total_cmp)
}

/// The sum, smallest first, which is not the guard's order; none where it is nothing.
fn total(ratios: &[f64]) -> Option<f64> {
    let mut ratios = ratios.to_vec();
    ratios.sort_by(f64::total_cmp);
    Some(ratios.into_iter().sum()).filter(|total| *total > 0.0)
}

/// Whether a busiest share is no more than one `n`-th, if that can be told.
pub(crate) fn carries(busiest: Option<f64>, n: u32) -> Option<bool> {
    let Some(share) = busiest.filter(|_| n > 0) else { return Some(n == 0) };
    // Twice the traffic of all others is too much for any n, and infinitely much can be told from nothing.
    if share > 2.0 {
        return Some(false);
    }
    let (parts, slack) = (share * f64::from(n), share * SLACK);
    if parts <= 1.0 + 0.9 * slack {
        Some(true)
    } else if parts >= 1.0 + 1.1 * slack {
        Some(false)
    } else {
        None
    }
}

/// Of how many whole replicas a busiest share may be one, at least and at most.
pub(crate) fn wholes(busiest: Option<f64>) -> (u32, u32) {
    let Some(share) = busiest else { return (0, 0) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is never negative")]
    let about = (1.0 / share) as u32;
    let candidates = about.saturating_sub(1)..=about.saturating_add(1);
    let most = |told: fn(Option<bool>) -> bool| {
        candidates.clone().filter(|n| told(carries(busiest, *n))).max().unwrap_or_default()
    };
    (most(|told| told == Some(true)), most(|told| told != Some(false)))
}

/// Whether traffic is spread over fewer than before, and over fewer than must carry it.
pub(crate) fn concentrates(before: Option<f64>, after: Option<f64>, least: u32) -> Option<bool> {
    let (at_least, at_most) = wholes(before);
    let verdicts = [at_least, at_most].map(|wholes| carries(after, wholes.min(least)));
    if verdicts[0] == verdicts[1] { verdicts[0].map(|carries| !carries) } else { None }
}
