//! Back-off after failures, so that a revision that always fails does not create routes without end.

use crate::{Route, Timestamp, strategies::wait::Wait};

/// Seconds of the first back-off.
const FIRST: u32 = 10;
/// Seconds of the longest.
const LONGEST: u32 = 300;

/// The back-off after the last of these failures, if it is not over: 10 s; 20 s once more have failed than the target,
/// 40 s once more than twice as many have, up to 300 s, as Kubernetes [restarts containers][kubernetes]. What is
/// stamped ahead of the clock altogether failed at `ahead`; none failed before it was `created`.
///
/// [kubernetes]: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
pub(crate) fn back_off<'a>(
    failed: impl Iterator<Item = &'a Route>,
    target: u32,
    now: Timestamp,
    ahead: Timestamp,
    created: Option<Timestamp>,
) -> Option<Wait> {
    let (mut failures, mut last) = (0_u32, None);
    for route in failed {
        failures = failures.saturating_add(1);
        let at = if is_ahead(route, now) { ahead } else { route.changed_at(now) };
        last = last.max(Some(at));
    }
    let rounds = failures.div_ceil(target.max(1)).max(1);
    let seconds = (FIRST << (rounds - 1).min(5)).min(LONGEST);
    Some(Wait::new(last?.max(created.unwrap_or_default()), seconds)).filter(|back_off| !back_off.is_over(now))
}

/// Whether all that is known of a route is ahead of the clock, which was set back since.
pub(crate) fn is_ahead(route: &Route, now: Timestamp) -> bool {
    route.created_at > now && route.status_updated_at.is_none_or(|at| at > now)
}
