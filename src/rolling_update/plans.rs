//! The plans of a rolling update and their wording, in the order of the table's rows.

use super::{Cycle, Moves};
use crate::{
    OperatorRequest, RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, Timestamp, TrafficChange, TrafficStatus,
    words::{are, count, list, name, seconds, share},
};

impl<'a> Cycle<'a> {
    /// Rows 1 and 4.
    pub(super) fn roll_out(&self, moves: &Moves<'a>) -> RouteChanges {
        let old = self.rollout.blue().filter(|route| route.is_live()).count();
        let mut message =
            format!("{}{}", self.readiness(), changes(0, moves.promote.len(), old + moves.drain_new.len()));
        if self.rollout.spec().asks_to(OperatorRequest::Abort) {
            message += "; past the point of return: an operator asked to abort, but no old route is left";
        }
        RouteChanges::none(SubStep::Completed, "rolled-out", message)
            .promote(moves.promote.iter().copied())
            .drain(self.rollout.blue().chain(moves.drain_new.iter().copied()))
    }

    /// Row 2.
    pub(super) fn abort(&self) -> RouteChanges {
        self.undo("aborted", "an operator asked to abort", "take the request back to go on")
    }

    /// Row 3.
    pub(super) fn check_failed(&self) -> RouteChanges {
        let failed = list(self.rollout.spec().failed_checks());
        self.undo("check-failed", &format!("a check failed ({failed})"), "mend what failed the check to go on")
    }

    /// Row 5.
    pub(super) fn deadline_exceeded(&self) -> RouteChanges {
        let spec = self.rollout.spec();
        let why = format!(
            "{} {} after the start (the deadline is {})",
            self.readiness(),
            seconds(spec.elapsed_millis()),
            seconds(self.deadline().map(crate::wait::Wait::millis).unwrap_or_default())
        );
        self.undo("deadline-exceeded", &why, "ask to promote to go on").blocked_by(self.unready())
    }

    /// Row 6.
    pub(super) fn replace(&self, moves: &Moves<'a>) -> RouteChanges {
        let drained = moves.drain_old.len() + moves.drain_new.len();
        let message = format!(
            "{}, {} {} (at least {} must){}",
            self.readiness(),
            self.tally.serving(),
            if self.tally.serving() == 1 { "route serves" } else { "routes serve" },
            self.least_available(),
            changes(moves.create as usize, moves.promote.len(), drained)
        );
        let mut plan = self.progress("replacing", message);
        if moves.create > 0 {
            plan = plan.create(RolloutSpec {
                count: moves.create,
                revision: self.rollout.spec().deploying_revision.clone(),
                traffic_status: TrafficStatus::Active,
                traffic_ratio: 1.0,
            });
        }
        plan.traffic_changes = moves.return_old.iter().map(|route| back(route)).collect();
        plan.promote(moves.promote.iter().copied()).drain(moves.drain_old.iter().chain(&moves.drain_new).copied())
    }

    /// Row 7.
    pub(super) fn back_off_until(&self, end: Timestamp) -> RouteChanges {
        let message = format!(
            "{}; {} failed, creating another in {}",
            self.readiness(),
            count(self.tally.failed_green, "new route"),
            seconds(end.saturating_millis_since(self.now()))
        );
        self.progress("backing-off", message).blocked_by(self.rollout.failed_green())
    }

    /// Row 8.
    pub(super) fn wait_for_termination(&self) -> RouteChanges {
        let terminating = self.rollout.routes().filter(|route| route.status == RouteStatus::Terminating);
        self.wait_for("waiting-for-termination", terminating.collect())
    }

    /// Row 9.
    pub(super) fn wait_for_provisioning(&self) -> RouteChanges {
        let provisioning = self.rollout.green().filter(|route| route.status == RouteStatus::Provisioning);
        self.wait_for("waiting-for-provisioning", provisioning.collect())
    }

    /// Row 10.
    pub(super) fn wait_for_ready(&self) -> RouteChanges {
        self.wait_for("waiting-for-ready", self.unready())
    }
}

// === the pieces ===

impl<'a> Cycle<'a> {
    /// Rows 2, 3 and 5: of the new routes only those stay without which serving capacity would fall.
    fn undo(&self, code: &str, why: &str, otherwise: &str) -> RouteChanges {
        let returned: Vec<TrafficChange> = self.kept().map(back).collect();
        let floor = self.tally.serving_floor(self.target);
        let old = self.tally.serving_blue + u32::try_from(returned.len()).unwrap_or(u32::MAX);
        let is_all_there_is = self.in_traffic == 0 && code != "aborted";
        let kept = if is_all_there_is { self.target } else { floor.saturating_sub(old) };
        let leaving = self.drain_new(kept);
        let mut message =
            format!("{why}: draining {} of {}", leaving.len(), count(self.tally.live_green, "live new route"));
        message += &format!("; {} {} serving", count(old, "old route"), are(old));
        if is_all_there_is {
            message += &format!(", so there is nothing to go back to: {otherwise}, or deploy another revision");
        } else if kept > 0 {
            let deploy = "deploy the earlier revision to replace what stays";
            message += &format!(", {kept} of the new must stay to keep {floor} serving: {deploy}, or {otherwise}");
        } else if old < self.target {
            message += &format!(" for a target of {}: deploy the earlier revision to have the rest back", self.target);
        }
        let mut plan = RouteChanges::none(SubStep::RollingBack, code, message).drain(leaving);
        plan.traffic_changes = returned;
        plan
    }

    /// A plan on the way, which asks to be evaluated again when something will be due.
    fn progress(&self, code: &str, message: String) -> RouteChanges {
        RouteChanges::none(SubStep::Provisioning, code, message).evaluate_again(self.look_again())
    }

    /// Rows 8 to 10.
    fn wait_for(&self, code: &str, routes: Vec<&Route>) -> RouteChanges {
        let message = format!("{}; waiting for {}", self.readiness(), name(&routes));
        self.progress(code, message).blocked_by(routes)
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

/// Puts an old route back into traffic, with the ratio that it had.
fn back(route: &Route) -> TrafficChange {
    TrafficChange {
        route_id: route.id.clone(),
        traffic_status: TrafficStatus::Active,
        traffic_ratio: route.traffic_ratio,
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
