//! The plans of a rolling update and their wording, in the order of the table's rows.

use super::{Cycle, Deadline, Moves, deadline};
use crate::{
    Route, RouteChanges, RouteStatus, SubStep,
    order::{is_among, sort_by_id},
    strategies::{
        rolling_back::RollingBack,
        room::{Room, Shortage},
        traffic::{activate, raise_beside_stable, raise_what_stays},
        wait::Wait,
    },
    words::{are, awaiting_checks, check_failed, count, name, number, paused, seconds, share},
};

impl<'a> Cycle<'a> {
    /// Rolls back, for a reason.
    pub(super) fn roll_back(&self, code: &str, why: &str) -> RouteChanges {
        RollingBack::new(self.rollout, &self.memo, self.bounds, self.departures).plan(code, why)
    }

    /// Row 2.
    pub(super) fn check_failed(&self) -> RouteChanges {
        self.roll_back("check-failed", &check_failed(&self.checks.failed))
    }

    /// Rows 3 and 7.
    pub(super) fn deadline_exceeded(&self, passed: &Deadline) -> RouteChanges {
        self.roll_back(deadline::EXCEEDED, &format!("{}; {}", self.readiness(), passed.spent()))
            .blocked_by(self.unready())
    }

    /// Row 4.
    pub(super) fn pause(&self) -> RouteChanges {
        self.repair(RouteChanges::none(SubStep::Provisioning, "paused", paused(&self.readiness())))
    }

    /// Row 5.
    pub(super) fn await_checks(&self) -> RouteChanges {
        let message = awaiting_checks(&self.readiness(), &self.checks.pending);
        self.repair(RouteChanges::none(SubStep::AwaitingPromotion, "awaiting-checks", message))
    }

    /// Keeps the old revision at strength, beside what a plan says.
    fn repair(&self, plan: RouteChanges) -> RouteChanges {
        let (returned, strength) = self.repairs();
        let mut plan = plan.change_traffic(returned.iter().map(|route| activate(route)));
        if !returned.is_empty() {
            plan.reason.message += &format!("; returning {} to traffic", returned.len());
        }
        if let Some(strength) = strength {
            let created = strength.creatable(Room::new(self.rollout, self.bounds, 0));
            plan = strength.restore(self.rollout, plan, created);
        }
        if plan.is_empty() { plan } else { raise_beside_stable(self.rollout, plan) }
    }

    /// Row 6.
    pub(super) fn roll_out(&self) -> RouteChanges {
        let drain_new = self.drain_new();
        let stays = |route: &&Route| !is_among(&drain_new, route);
        let promote: Vec<&Route> = self.rollout.green().filter(|route| route.is_ready()).filter(stays).collect();
        let mut leaving: Vec<&Route> = self.rollout.blue().chain(drain_new.iter().copied()).collect();
        sort_by_id(&mut leaving);
        let leaving = self.departures.split(leaving);
        let sub_step = if leaving.takes_time() { SubStep::Finalizing } else { SubStep::Completed };
        let plan = RouteChanges::none(sub_step, "rolled-out", String::new()).promote(promote);
        let mut plan = self.departures.depart(plan, &leaving);
        let done = changes(&[
            ("promoting", plan.promote_route_ids.len()),
            ("taking out of traffic", leaving.out.len()),
            ("draining", plan.drain_route_ids.len()),
        ]);
        plan.reason.message = format!("{}{done}", self.readiness());
        if plan.is_empty() { plan } else { raise_what_stays(self.rollout, plan) }
    }

    /// Row 8.
    pub(super) fn replace(&self, moves: &Moves<'a>) -> RouteChanges {
        let message = format!(
            "{}, a capacity of {} serves (at least {} must){}",
            self.readiness(),
            number(self.rollout.capacity()),
            self.bounds.least_serving,
            changes(&[
                ("creating", moves.create as usize),
                ("restoring", moves.restore as usize),
                ("promoting", moves.promote.len()),
                ("taking out of traffic", moves.leaving.out.len()),
                ("draining", moves.leaving.drained.len()),
            ])
        );
        raise_what_stays(self.rollout, moves.make(self, self.progressing("replacing", message)))
    }

    /// Row 9.
    pub(super) fn back_off_until(&self, back_off: Wait) -> RouteChanges {
        let message = format!(
            "{}; {} failed, creating another in {}",
            self.readiness(),
            count(self.failures.count(), "new route"),
            seconds(back_off.left(self.now()))
        );
        self.progressing("backing-off", message).blocked_by(self.failures.routes())
    }

    /// Row 10.
    pub(super) fn wait_for_drain_delay(&self, waiting: u32) -> RouteChanges {
        let old = if waiting == 1 { "1 old route is".to_owned() } else { format!("{waiting} old routes are") };
        let left = self.departures.look_again_at().map_or(0, |at| at.saturating_millis_since(self.now()));
        let message = format!("{}; {old} out of traffic, and drained in {}", self.readiness(), seconds(left));
        self.progressing("waiting-for-drain-delay", message)
    }

    /// Row 11.
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

    /// Row 12.
    pub(super) fn wait_for_places(&self) -> RouteChanges {
        let missing = count(self.missing(), "new route");
        self.progressing("no-capacity", format!("{}; {missing} to create, and no place is free", self.readiness()))
    }

    /// Row 13.
    pub(super) fn wait_for_budget(&self) -> RouteChanges {
        let message = format!(
            "{}; within the limits nothing can be replaced: all {} must serve, and no more may be live",
            self.readiness(),
            self.target
        );
        self.progressing("no-budget", message)
    }

    /// Row 14.
    pub(super) fn wait_for_provisioning(&self) -> RouteChanges {
        let provisioning = self.rollout.green().filter(|route| route.status == RouteStatus::Provisioning);
        self.wait_for("waiting-for-provisioning", provisioning.collect())
    }

    /// Row 15.
    pub(super) fn wait_for_ready(&self) -> RouteChanges {
        self.wait_for("waiting-for-ready", self.unready())
    }

    /// Row 16.
    pub(super) fn wait_for_available(&self) -> RouteChanges {
        self.wait_for("waiting-for-available", self.readiness.too_fresh(self.rollout))
    }
}

// === the pieces ===

impl<'a> Cycle<'a> {
    /// A plan on the way, which asks to be evaluated again when something will be due.
    fn progressing(&self, code: &str, message: String) -> RouteChanges {
        RouteChanges::none(SubStep::Provisioning, code, message).evaluate_again(self.look_again())
    }

    /// Rows 11 and 14 to 16.
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
fn changes(parts: &[(&str, usize)]) -> String {
    let parts = parts.iter().filter(|(_, n)| *n > 0).map(|(doing, n)| format!("{doing} {n}"));
    match parts.collect::<Vec<_>>().join(", ") {
        parts if parts.is_empty() => parts,
        parts => format!(": {parts}"),
    }
}
