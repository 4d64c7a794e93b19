//! The way back: blue is kept out of traffic for a while after the promotion.

use super::{Cycle, Memo};
use crate::{
    Route, RouteChanges, SubStep, Tally, Timestamp, TrafficChange, TrafficStatus,
    wait::Wait,
    words::{are, count, list, seconds, share},
};

impl Cycle<'_> {
    /// Rows 2a to 2d.
    #[rustfmt::skip]
    pub(super) fn decide_while_blue_is_kept(&self, check_failed: bool) -> RouteChanges {
        // What is ready is put into traffic by each of these plans.
        let green_is_lost = self.tally.ready_green == 0 && self.target > 0;
        if check_failed && self.can_drain_green() {                                          // row 2a
            return self.check_failed();
        }
        if green_is_lost && self.tally.ready_kept_blue > 0 {                                 // row 2b
            return self.green_lost();
        }
        if self.window().is_over(self.now()) && !green_is_lost {                             // row 2c
            return self.retire_blue();
        }
        self.keep_blue()                                                                     // row 2d
    }

    /// Whether green has taken over and blue is kept for a return.
    pub(super) fn blue_is_kept(&self) -> bool {
        let Tally { kept_blue, active_blue, active_green, .. } = self.tally;
        let was_returned = matches!(self.memo, Some(Memo::GreenLost(_)));
        let is_promoted = (self.was_promoted() || active_green > 0) && !was_returned;
        self.config.keep_blue_seconds > 0 && kept_blue > 0 && active_blue == 0 && is_promoted
    }

    /// Whether the blue routes that are kept may come back. Beside blue that is in traffic, they are what the rollout before
    /// this one kept, unless this one has returned to blue and some of it was not ready then.
    fn kept_may_return(&self) -> bool {
        self.tally.active_blue == 0 || matches!(self.memo, Some(Memo::GreenLost(_)))
    }

    /// How many blue routes serve once green is drained and traffic returned to what is kept.
    pub(super) fn blue_after_return(&self) -> u32 {
        self.tally.serving_blue + if self.kept_may_return() { self.tally.ready_kept_blue } else { 0 }
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
        self.roll_back("check-failed", &format!("a check failed ({failed})"))
    }

    /// Rows 2b and 2f.
    pub(super) fn green_lost(&self) -> RouteChanges {
        let mut plan = self.roll_back("green-lost", "no green route served any more after the promotion");
        let lost_at = if let Some(Memo::GreenLost(at)) = self.memo { at } else { self.now() };
        plan.memo = Some(Memo::GreenLost(lost_at).to_string());
        plan
    }

    /// Row 2c.
    fn retire_blue(&self) -> RouteChanges {
        self.switch_over("retiring-blue", &format!("{}, the time to go back is over", self.readiness()))
    }

    /// Row 2d.
    fn keep_blue(&self) -> RouteChanges {
        let Tally { ready_kept_blue: ready, kept_blue, ready_green, .. } = self.tally;
        let missing = self.missing();
        let mut message = self.readiness();
        if missing > 0 {
            message += &format!(": creating {missing}");
        }
        if ready_green == 0 && self.target > 0 {
            message += "; no green route serves, and there is no way back: no blue route is ready";
        } else {
            let left = self.window().end().saturating_millis_since(self.now());
            let ready = share(ready, kept_blue, "blue route");
            message += &format!("{}; {ready} ready for a return for {} more", self.unreplaced_note(), seconds(left));
        }
        let mut plan = self
            .plan(SubStep::Finalizing, "keeping-blue", message)
            .promote(self.ready_green())
            .evaluate_again(self.window().end_ahead(self.now()));
        plan.memo = Some(Memo::Promoted(self.promoted_at()).to_string());
        self.create_missing(plan, TrafficStatus::Active, 1.0)
    }

    /// Drains green, and returns traffic to what is kept of blue.
    pub(super) fn roll_back(&self, code: &str, why: &str) -> RouteChanges {
        let may_return = self.kept_may_return();
        let kept = self.rollout.blue().filter(|route| may_return && route.is_kept() && route.is_ready());
        let returned: Vec<TrafficChange> = kept.map(|route| traffic(route, TrafficStatus::Active)).collect();
        let (live_green, serving) = (self.tally.live_green, self.blue_after_return());
        let mut message = why.to_owned();
        if live_green > 0 {
            message += &format!(": draining {}", count(live_green, "live green route"));
        }
        message += "; ";
        message += &match returned.len() {
            0 => format!("{serving} blue {} serving", are(serving)),
            n => format!("returning traffic to {n} blue, so that {serving} {} serving", are(serving)),
        };
        let mut plan = self.plan(SubStep::RollingBack, code, message).drain(self.rollout.green());
        plan.traffic_changes = returned;
        if self.was_promoted() {
            plan.memo = None;
        }
        plan
    }
}

/// Puts a route into traffic, or takes it out. Its ratio stays, which tells it from one that nobody has approved.
pub(super) fn traffic(route: &Route, traffic_status: TrafficStatus) -> TrafficChange {
    let traffic_ratio = if route.traffic_ratio > 0.0 { route.traffic_ratio } else { 1.0 };
    TrafficChange { route_id: route.id.clone(), traffic_status, traffic_ratio }
}
