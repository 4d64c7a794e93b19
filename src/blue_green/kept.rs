//! The way back: blue is kept out of traffic for a while after the promotion.

use super::{Cycle, Memo};
use crate::{
    Route, RouteChanges, SubStep, Tally, Timestamp, TrafficChange, TrafficStatus,
    wait::Wait,
    words::{are, count, list, seconds},
};

impl Cycle<'_> {
    /// Rows 2a to 2d.
    #[rustfmt::skip]
    pub(super) fn decide_while_blue_is_kept(&self, check_failed: bool) -> RouteChanges {
        let green_is_lost = self.tally.serving_green == 0 && self.target > 0;
        if check_failed && self.can_drain_green() {                                          // row 2a
            return self.check_failed();
        }
        if green_is_lost && self.tally.ready_blue > 0 {                                      // row 2b
            return self.green_lost();
        }
        if self.window().is_over(self.now()) && !green_is_lost {                             // row 2c
            return self.retire_blue();
        }
        self.keep_blue()                                                                     // row 2d
    }

    /// Whether green was promoted and blue is kept for a return.
    pub(super) fn blue_is_kept(&self) -> bool {
        self.blue_is_to_be_kept() && self.tally.active_blue == 0
    }

    /// Whether green was promoted, be it in part, and blue is, or will be, kept for a return.
    fn blue_is_to_be_kept(&self) -> bool {
        let is_promoted =
            || self.was_promoted() || self.rollout.green().any(|route| route.is_live() && route.is_active());
        self.config.keep_blue_seconds > 0 && self.tally.live_blue > 0 && is_promoted()
    }

    /// How many blue routes serve once green is drained.
    pub(super) fn blue_after_return(&self) -> u32 {
        if self.returns_to_blue() { self.tally.ready_blue } else { self.tally.serving_blue }
    }

    /// Whether draining green goes with putting blue into traffic.
    pub(super) fn returns_to_blue(&self) -> bool {
        matches!(self.memo, Some(Memo::Returned | Memo::GreenLost)) || self.blue_is_to_be_kept()
    }

    /// When green was promoted: as the memo says, or now.
    pub(super) fn promoted_at(&self) -> Timestamp {
        match self.memo {
            Some(Memo::Promoted(at)) => at.min(self.now()),
            _ => self.now(),
        }
    }

    /// How long blue is kept.
    pub(super) fn window(&self) -> Wait {
        Wait::new(self.promoted_at(), self.config.keep_blue_seconds)
    }

    /// Rows 2a and 2e.
    pub(super) fn check_failed(&self) -> RouteChanges {
        let failed = list(self.rollout.spec().failed_checks());
        self.roll_back("check-failed", Memo::Returned, &format!("a check failed ({failed})"))
    }

    /// Rows 2b and 2f.
    pub(super) fn green_lost(&self) -> RouteChanges {
        self.roll_back("green-lost", Memo::GreenLost, "no green route served any more after the promotion")
    }

    /// Row 2c.
    fn retire_blue(&self) -> RouteChanges {
        self.switch_over("retiring-blue", &format!("{}, the time to go back is over", self.readiness()))
    }

    /// Row 2d.
    fn keep_blue(&self) -> RouteChanges {
        let Tally { ready_blue, live_blue, serving_green, .. } = self.tally;
        let missing = self.missing();
        let mut message = self.readiness();
        if missing > 0 {
            message += &format!(": creating {missing}");
        }
        if serving_green == 0 && self.target > 0 {
            message += "; no green route serves, and there is no way back: no blue route is ready";
        } else {
            let left = self.window().end().saturating_millis_since(self.now());
            let live = count(live_blue, "blue route");
            message +=
                &format!("; {ready_blue} of {live} {} ready for a return for {} more", are(ready_blue), seconds(left));
        }
        let mut plan = self
            .plan(SubStep::Finalizing, "keeping-blue", message)
            .promote(self.ready_green())
            .evaluate_again(self.window().end_ahead(self.now()));
        plan.memo = Some(Memo::Promoted(self.promoted_at()).to_string());
        self.create_missing(plan, TrafficStatus::Active, 1.0)
    }

    /// Drains green, and returns traffic to blue where it is kept.
    pub(super) fn roll_back(&self, code: &str, memo: Memo, why: &str) -> RouteChanges {
        let returns = self.returns_to_blue();
        let idle = |route: &&Route| returns && route.is_ready() && !route.is_active();
        let returned: Vec<TrafficChange> = self.rollout.blue().filter(idle).map(|route| traffic(route, true)).collect();
        let (live_green, serving) = (self.tally.live_green, self.blue_after_return());
        let mut message = format!("{why}: draining {}; ", count(live_green, "live green route"));
        message += &match returned.len() {
            0 => format!("{serving} blue {} serving", are(serving)),
            n => format!("returning traffic to {n} blue, so that {serving} {} serving", are(serving)),
        };
        let mut plan = self.plan(SubStep::RollingBack, code, message).drain(self.rollout.green());
        plan.traffic_changes = returned;
        if returns {
            plan.memo = Some(memo.to_string());
        }
        plan
    }
}

/// Puts a route into traffic, or takes it out.
pub(super) fn traffic(route: &Route, active: bool) -> TrafficChange {
    let (traffic_status, traffic_ratio) =
        if active { (TrafficStatus::Active, 1.0) } else { (TrafficStatus::Inactive, 0.0) };
    TrafficChange { route_id: route.id.clone(), traffic_status, traffic_ratio }
}
