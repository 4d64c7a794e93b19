//! The plans of a rolling update and their wording, in the order of the table's rows.

use super::{Cycle, Moves};
use crate::{
    RolloutSpec, Route, RouteChanges, RouteStatus, SubStep,
    order::is_among,
    strategies::rolling_back::RollingBack,
    strategies::room::{Room, Shortage},
    strategies::traffic::{activate, raise_what_stays},
    strategies::wait::Wait,
    words::{are, check_failed, count, name, number, paused, seconds, share},
};

impl<'a> Cycle<'a> {
    /// Rolls back, for a reason.
    pub(super) fn roll_back(&self, code: &str, why: &str) -> RouteChanges {
        RollingBack::new(self.rollout, self.bounds).plan(code, why)
    }

    /// Row 2.
    pub(super) fn pause(&self) -> RouteChanges {
        RouteChanges::none(SubStep::Provisioning, "paused", paused(&self.readiness(), self.rollout.spec()))
    }

    /// Row 3.
    pub(super) fn check_failed(&self) -> RouteChanges {
        self.roll_back("check-failed", &check_failed(self.rollout.spec()))
    }

    /// Row 4.
    pub(super) fn roll_out(&self) -> RouteChanges {
        let drain_new = self.drain_new();
        let stays = |route: &&Route| !is_among(&drain_new, route);
        let promote: Vec<&Route> = self.rollout.green().filter(|route| route.is_ready()).filter(stays).collect();
        let mut plan = RouteChanges::none(SubStep::Completed, "rolled-out", String::new())
            .promote(promote)
            .drain(self.rollout.blue().chain(drain_new.iter().copied()));
        let done = changes(0, plan.promote_route_ids.len(), plan.drain_route_ids.len());
        plan.reason.message = format!("{}{done}", self.readiness());
        if plan.is_empty() { plan } else { raise_what_stays(self.rollout, plan) }
    }

    /// Row 5.
    pub(super) fn deadline_exceeded(&self) -> RouteChanges {
        let spec = self.rollout.spec();
        let why = format!(
            "{} {} after the start (the deadline is {})",
            self.readiness(),
            seconds(spec.now.saturating_millis_since(spec.started_at)),
            seconds(self.deadline().map(Wait::millis).unwrap_or_default())
        );
        self.roll_back("deadline-exceeded", &why).blocked_by(self.unready())
    }

    /// Row 6.
    pub(super) fn replace(&self, moves: &Moves<'a>) -> RouteChanges {
        let drained = moves.drain_old.len() + moves.drain_new.len();
        let message = format!(
            "{}, a capacity of {} serves (at least {} must){}",
            self.readiness(),
            number(self.rollout.capacity()),
            self.bounds.least_serving,
            changes(moves.create as usize, moves.promote.len(), drained)
        );
        let mut plan = self.progressing("replacing", message);
        if moves.create > 0 {
            plan = plan.create(RolloutSpec::active(moves.create, &self.rollout.spec().deploying_revision));
        }
        let plan = plan
            .change_traffic(moves.return_old.iter().map(|route| activate(route)))
            .promote(moves.promote.iter().copied())
            .drain(moves.drain_old.iter().chain(&moves.drain_new).copied());
        raise_what_stays(self.rollout, plan)
    }

    /// Row 7.
    pub(super) fn back_off_until(&self, back_off: Wait) -> RouteChanges {
        let message = format!(
            "{}; {} failed, creating another in {}",
            self.readiness(),
            count(self.tally.failed_green, "new route"),
            seconds(back_off.left(self.now()))
        );
        self.progressing("backing-off", message).blocked_by(self.rollout.failed_green())
    }

    /// Row 8.
    pub(super) fn wait_for_termination(&self) -> RouteChanges {
        let terminating = self.rollout.routes().filter(|route| route.status == RouteStatus::Terminating);
        self.wait_for("waiting-for-termination", terminating.collect())
    }

    /// Whether it is routes that are still stopping that leave no room.
    pub(super) fn waits_for_termination(&self) -> bool {
        let room = Room::new(self.rollout, self.bounds, 0);
        let is_short = self.config.wait_for_termination && room.shortage(1) != Some(Shortage::Places)
            || room.shortage(1) == Some(Shortage::Termination);
        self.tally.terminating > 0 && is_short
    }

    /// Row 9.
    pub(super) fn wait_for_places(&self) -> RouteChanges {
        let missing = count(self.missing(), "new route");
        self.progressing("no-capacity", format!("{}; {missing} to create, and no place is free", self.readiness()))
    }

    /// Row 10.
    pub(super) fn wait_for_budget(&self) -> RouteChanges {
        let message = format!(
            "{}; within the limits nothing can be replaced: all {} must serve, and no more may be live",
            self.readiness(),
            self.target
        );
        self.progressing("no-budget", message)
    }

    /// Row 11.
    pub(super) fn wait_for_provisioning(&self) -> RouteChanges {
        let provisioning = self.rollout.green().filter(|route| route.status == RouteStatus::Provisioning);
        self.wait_for("waiting-for-provisioning", provisioning.collect())
    }

    /// Row 12.
    pub(super) fn wait_for_ready(&self) -> RouteChanges {
        self.wait_for("waiting-for-ready", self.unready())
    }
}

// === the pieces ===

impl<'a> Cycle<'a> {
    /// A plan on the way, which asks to be evaluated again when something will be due.
    fn progressing(&self, code: &str, message: String) -> RouteChanges {
        RouteChanges::none(SubStep::Provisioning, code, message).evaluate_again(self.look_again())
    }

    /// Rows 8, 11 and 12.
    fn wait_for(&self, code: &str, routes: Vec<&Route>) -> RouteChanges {
        let message = format!("{}; waiting for {}", self.readiness(), name(&routes));
        self.progressing(code, message).blocked_by(routes)
    }

    /// The live new routes that are not ready.
    fn unready(&self) -> Vec<&'a Route> {
        self.rollout.green().filter(|route| route.is_live() && !route.is_ready()).collect()
    }

    /// `2 of 3 new routes are ready`.
    fn readiness(&self) -> String {
        let (ready, target) = (self.tally.ready_green, self.target);
        if ready > target {
            return format!("{} {} ready for a target of {target}", count(ready, "new route"), are(ready));
        }
        format!("{} ready", share(ready, target, "new route"))
    }
}

/// `: creating 2, draining 1`, or nothing.
fn changes(create: usize, promote: usize, drain: usize) -> String {
    let parts = [("creating", create), ("promoting", promote), ("draining", drain)];
    let parts = parts.into_iter().filter(|(_, n)| *n > 0).map(|(doing, n)| format!("{doing} {n}"));
    match parts.collect::<Vec<_>>().join(", ") {
        parts if parts.is_empty() => parts,
        parts => format!(": {parts}"),
    }
}
