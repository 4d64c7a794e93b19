//! The plans of blue-green and their wording, in the order of the table's rows.

use super::Cycle;
use crate::{
    RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, Tally, Timestamp, TrafficStatus,
    words::{are, count, name, seconds, share},
};

impl Cycle<'_> {
    /// Row 1.
    pub(super) fn abort(&self) -> RouteChanges {
        let Tally { live_green, serving_blue, .. } = self.tally;
        let message = format!(
            "an operator asked to abort: draining {}; {serving_blue} blue {} serving",
            count(live_green, "live green route"),
            are(serving_blue),
        );
        self.plan(SubStep::RollingBack, "aborted", message).drain(self.rollout.green())
    }

    /// Row 2.
    pub(super) fn already_promoted(&self) -> RouteChanges {
        let Tally { ready_green, serving_green, .. } = self.tally;
        let message = format!(
            "{} {} ready and {serving_green} active for a target of {}; no blue route is live",
            count(ready_green, "green route"),
            are(ready_green),
            self.target
        );
        self.switch_over("already-promoted", &message)
    }

    /// Row 3.
    pub(super) fn resume_promotion(&self) -> RouteChanges {
        let Tally { ready_green, serving_green, .. } = self.tally;
        let message =
            format!("a promotion was cut off at {serving_green} of {}", count(ready_green, "ready green route"));
        self.switch_over("resuming-promotion", &message)
    }

    /// Row 4.
    pub(super) fn await_approval(&self) -> RouteChanges {
        let message = format!("{}; waiting for an operator to promote", self.readiness());
        self.plan(SubStep::AwaitingPromotion, "awaiting-approval", message)
    }

    /// Row 5.
    pub(super) fn await_delay(&self, newest: &Route, ready_at: Timestamp) -> RouteChanges {
        let now = self.rollout.spec().now;
        let message = format!(
            "{}; promoting in {}, when {} has been so for {}",
            self.readiness(),
            seconds(ready_at.saturating_millis_since(now)),
            newest.id,
            seconds(self.delay_millis()),
        );
        self.plan(SubStep::AwaitingPromotion, "awaiting-delay", message)
            .blocked_by([newest])
            // Only where the end of time is nearer than the delay is it not ahead.
            .evaluate_again(Some(ready_at).filter(|at| *at > now))
    }

    /// Row 6.
    pub(super) fn promote(&self) -> RouteChanges {
        self.switch_over("promoting", &self.readiness())
    }

    /// Row 7.
    pub(super) fn all_green_failed(&self) -> RouteChanges {
        let message = format!(
            "{} failed and none is live; max_replacements is {}",
            count(self.tally.failed_green, "green route"),
            self.config.max_replacements
        );
        self.plan(SubStep::RollingBack, "all-green-failed", message).blocked_by(self.rollout.failed_green())
    }

    /// Row 8.
    pub(super) fn deadline_exceeded(&self) -> RouteChanges {
        let message = format!(
            "{} {} after the start (the deadline is {}): draining {}",
            self.readiness(),
            seconds(self.elapsed_millis()),
            seconds(self.deadline_millis().unwrap_or_default()),
            count(self.tally.live_green, "live green route"),
        );
        self.plan(SubStep::RollingBack, "deadline-exceeded", message)
            .drain(self.rollout.green())
            .blocked_by(self.unready_green())
    }

    /// Row 9.
    pub(super) fn create_green(&self) -> RouteChanges {
        let missing = self.missing();
        let message = format!(
            "{} live{}: creating {missing}",
            share(self.tally.live_green, self.target, "green route"),
            self.unreplaced_note()
        );
        self.plan(SubStep::Provisioning, "creating-green", message)
            .create(RolloutSpec {
                count: missing,
                revision: self.rollout.spec().deploying_revision.clone(),
                traffic_status: TrafficStatus::Inactive,
                traffic_ratio: 0.0,
            })
            .evaluate_again(self.deadline_ahead())
    }

    /// Row 10.
    pub(super) fn wait_for_provisioning(&self) -> RouteChanges {
        let provisioning = self.rollout.green().filter(|route| route.status == RouteStatus::Provisioning).collect();
        self.wait_for("waiting-for-provisioning", provisioning)
    }

    /// Row 11.
    pub(super) fn wait_for_ready(&self) -> RouteChanges {
        self.wait_for("waiting-for-ready", self.unready_green())
    }
}

// === the pieces ===

impl Cycle<'_> {
    /// A plan that changes nothing yet. To the message is added why something that was asked for, or is due, is not done.
    fn plan(&self, sub_step: SubStep, code: &str, mut message: String) -> RouteChanges {
        if !self.can_drain_green() {
            let (left, floor) = (self.tally.serving_blue, self.tally.serving_floor(self.target));
            let shortfall = format!("would leave {left} serving where {floor} {} needed", are(floor));
            if self.asked_to_abort() {
                message += &format!("; past the point of return: to abort {shortfall}");
            } else if sub_step == SubStep::Provisioning && self.deadline_is_reached() {
                message += &format!("; the deadline has passed, but to roll back {shortfall}");
            }
        }
        if sub_step == SubStep::Provisioning && self.asked_to_promote() {
            message += &format!("; the promotion asked for follows when {} {} ready", self.target, are(self.target));
        }
        RouteChanges::none(sub_step, code, message)
    }

    /// Rows 2, 3 and 6: all ready green in, everything else out.
    fn switch_over(&self, code: &str, standing: &str) -> RouteChanges {
        let ready: Vec<&Route> = self.rollout.green().filter(|route| route.is_ready()).collect();
        let Tally { ready_green, live_green, live_blue, .. } = self.tally;
        let promoting = ready.iter().filter(|route| !route.is_promoted()).count();
        let message = match (promoting, live_blue + live_green - ready_green) {
            (0, 0) => standing.to_owned(),
            (promoting, draining) => format!("{standing}: promoting {promoting}, draining {draining}"),
        };
        let leaving = self.rollout.routes().filter(|route| !self.rollout.is_green(route) || !route.is_ready());
        self.plan(SubStep::Completed, code, message).promote(ready).drain(leaving)
    }

    /// Rows 10 and 11.
    fn wait_for(&self, code: &str, routes: Vec<&Route>) -> RouteChanges {
        let message = format!("{}; waiting for {}{}", self.readiness(), name(&routes), self.unreplaced_note());
        self.plan(SubStep::Provisioning, code, message).blocked_by(routes).evaluate_again(self.deadline_ahead())
    }

    /// What keeps green from being ready: its live routes that are not, and its failures if they keep their slots.
    fn unready_green(&self) -> Vec<&Route> {
        let keeps_its_slot =
            |route: &Route| self.unreplaced() > 0 && route.has_failed_since(self.rollout.spec().started_at);
        let is_unready = |route: &&Route| route.is_live() && !route.is_ready() || keeps_its_slot(route);
        self.rollout.green().filter(is_unready).collect()
    }

    /// `2 of 3 green routes are ready`.
    fn readiness(&self) -> String {
        let (ready, target) = (self.tally.ready_green, self.target);
        if ready > target {
            return format!("{} {} ready for a target of {target}", count(ready, "green route"), are(ready));
        }
        format!("{} ready", share(ready, target, "green route"))
    }

    /// `; 1 failed and is not replaced`, or nothing.
    fn unreplaced_note(&self) -> String {
        match self.unreplaced() {
            0 => String::new(),
            n => format!("; {n} failed and {} not replaced", are(n)),
        }
    }
}
