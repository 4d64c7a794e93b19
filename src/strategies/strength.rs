//! The serving side, kept at strength: while the stable revision carries the traffic, what it lacks is created.
//!
//! While a rollout runs the host's own reconciliation is off. Hours of waiting for an approval, an autoscaler, crashes
//! of the old revision: what makes it short does not matter. Missing is what live routes of the stable revision, green
//! in traffic and leftovers that serve do not make up to the target. Routes that crash are created again after a
//! back-off, which is also what bounds the creation of a revision that cannot start.

use super::{blip, failures::Failures, memo::Memo, room::Room, traffic::raise_beside_stable, wait::Wait};
use crate::{Rollout, RolloutSpec, Route, RouteChanges, order::is_among, words::seconds};

/// How many green routes are in traffic, ready or not.
pub(crate) fn green_in_traffic(rollout: &Rollout<'_>) -> u32 {
    let is_in = |route: &&Route| route.is_live() && route.is_in_traffic();
    u32::try_from(rollout.green().filter(is_in).count()).unwrap_or(u32::MAX)
}

/// What the stable revision lacks, and what of it can be created now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strength<'a> {
    stable: &'a str,
    missing: u32,
    back_off: Option<Wait>,
}

// === impl Strength ===

impl<'a> Strength<'a> {
    /// Counts what is missing beside so many green routes once a plan has drained these, which are in the order of
    /// their ids; none where there is no stable revision to create.
    pub(crate) fn new(rollout: &Rollout<'a>, memo: &Memo, green: u32, drained: &[&Route]) -> Option<Self> {
        let spec = rollout.spec();
        let stable = spec.stable()?;
        let counts = |route: &&Route| rollout.is_stable(route) || blip::is_counted_on(route, spec.now);
        let stays = |route: &&Route| route.is_live() && !is_among(drained, route);
        let blue = rollout.blue().filter(stays).filter(counts).count();
        let there = blue as u64 + u64::from(green);
        let missing = u64::from(spec.target_replicas).saturating_sub(there);
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let back_off = if missing > 0 { Failures::of_stable(rollout, memo).back_off(rollout) } else { None };
        Some(Self { stable, missing, back_off })
    }

    /// How many routes to create now, where there is this room.
    pub(crate) fn creatable(&self, room: Room) -> u32 {
        if self.back_off.is_some() { 0 } else { room.for_up_to(self.missing) }
    }

    /// Adds so many to a plan, and says so.
    pub(crate) fn restore(&self, rollout: &Rollout<'_>, mut plan: RouteChanges, created: u32) -> RouteChanges {
        let now = rollout.spec().now;
        if let Some(back_off) = self.back_off {
            let left = seconds(back_off.left(now));
            plan.reason.message += &format!(
                "; {} of the stable revision {} missing: stable-does-not-start, creating another in {left}",
                self.missing, self.stable
            );
            plan = plan.evaluate_again(back_off.end_ahead(now));
        }
        if created == 0 {
            return plan;
        }
        plan.reason.message += &format!("; restoring {created} of the stable revision {}", self.stable);
        plan.rollout_specs.insert(0, RolloutSpec::active(created, self.stable));
        raise_beside_stable(rollout, plan)
    }
}
