//! The plans of blue-green and their wording, in the order of the table's rows.

use super::{Cycle, Memo, kept::traffic};
use crate::{
    OperatorRequest, RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, Tally, Timestamp, TrafficStatus,
    wait::Wait,
    words::{are, count, list, name, seconds, share},
};

impl Cycle<'_> {
    /// Row 1.
    pub(super) fn abort(&self) -> RouteChanges {
        self.roll_back("aborted", "an operator asked to abort")
    }

    /// Row 2.
    pub(super) fn already_promoted(&self) -> RouteChanges {
        let Tally { ready_green, serving_green, .. } = self.tally;
        let message = format!(
            "{} {} ready and {serving_green} active for a target of {}; no blue route serves or is kept",
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

    /// Row 3a.
    pub(super) fn await_checks(&self) -> RouteChanges {
        let message =
            format!("{}; waiting for checks: {}", self.readiness(), list(self.rollout.spec().pending_checks()));
        self.plan(SubStep::AwaitingPromotion, "awaiting-checks", message)
    }

    /// Row 4.
    pub(super) fn await_approval(&self) -> RouteChanges {
        let message = format!("{}; waiting for an operator to promote", self.readiness());
        self.plan(SubStep::AwaitingPromotion, "awaiting-approval", message)
    }

    /// Row 5.
    pub(super) fn await_delay(&self, newest: &Route, delay: Wait) -> RouteChanges {
        let message = format!(
            "{}; {} in {}, when {} has been so for {}",
            self.readiness(),
            if self.goal < self.target { "creating the rest" } else { "promoting" },
            seconds(delay.end().saturating_millis_since(self.now())),
            newest.id,
            seconds(delay.millis()),
        );
        // Only where the end of time is nearer than the delay is its end not ahead.
        self.plan(SubStep::AwaitingPromotion, "awaiting-delay", message)
            .blocked_by(vec![newest])
            .evaluate_again(delay.end_ahead(self.now()))
    }

    /// Row 6.
    pub(super) fn promote(&self) -> RouteChanges {
        self.switch_over("promoting", &self.readiness())
    }

    /// Row 7.
    pub(super) fn all_green_failed(&self) -> RouteChanges {
        let why = format!(
            "{} failed and none is live; max_replacements is {}",
            count(self.tally.failed_green, "green route"),
            self.config.max_replacements
        );
        self.roll_back("all-green-failed", &why).blocked_by(self.unready_green())
    }

    /// Row 8.
    pub(super) fn deadline_exceeded(&self) -> RouteChanges {
        let why = format!(
            "{} {} after the {} (the deadline is {})",
            self.readiness(),
            seconds(self.now().saturating_millis_since(self.deadline_since())),
            match (self.topping_up, self.memo) {
                (Some(_), _) => "preview",
                (None, Some(Memo::Waited(_))) => "last time that all were",
                _ => "start",
            },
            seconds(self.deadline().map(Wait::millis).unwrap_or_default()),
        );
        self.roll_back("deadline-exceeded", &why).blocked_by(self.unready_green())
    }

    /// Row 9.
    pub(super) fn create_green(&self) -> RouteChanges {
        let missing = self.missing();
        let message = format!(
            "{} live{}: creating {missing}",
            share(self.tally.live_green, self.goal, self.goal_routes()),
            self.unreplaced_note()
        );
        let plan = self.plan(SubStep::Provisioning, "creating-green", message);
        self.create_missing(plan, TrafficStatus::Inactive, 0.0).evaluate_again(self.deadline_ahead())
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
    pub(super) fn plan(&self, sub_step: SubStep, code: &str, mut message: String) -> RouteChanges {
        if !self.can_drain_green() {
            let (left, floor) = (self.blue_after_return(), self.tally.serving_floor(self.target));
            let shortfall = format!("would leave {left} serving where {floor} {} needed", are(floor));
            let past = if self.blue_is_kept() { "there is no way back" } else { "past the point of return" };
            if self.asked_to(OperatorRequest::Abort) {
                message += &format!("; {past}: to abort {shortfall}");
            } else if self.blue_is_kept() && self.rollout.spec().failed_checks().next().is_some() {
                message += &format!("; a check failed, but {past}: to return {shortfall}");
            } else if sub_step == SubStep::Provisioning && self.deadline().is_some_and(|end| end.is_over(self.now())) {
                message += &format!("; the deadline has passed, but to roll back {shortfall}");
            }
        }
        if sub_step == SubStep::Provisioning && self.asked_to(OperatorRequest::Promote) {
            message += &format!("; the promotion asked for follows when {} {} ready", self.target, are(self.target));
        }
        let mut plan = RouteChanges::none(sub_step, code, message);
        // A deadline counts from the last time that nothing but a gate was waited for.
        let waits = sub_step == SubStep::AwaitingPromotion && self.config.deadline_seconds.is_some();
        let memo = match (self.topping_up, self.memo) {
            (_, memo @ Some(Memo::Promoted(_) | Memo::GreenLost(_))) => memo,
            (Some(at), _) => Some(Memo::ToppingUp(if waits { self.now() } else { at })),
            (None, None | Some(Memo::Waited(_))) if waits => Some(Memo::Waited(self.now())),
            (None, memo) => memo,
        };
        plan.memo = memo.map(|memo| memo.to_string());
        plan
    }

    /// Rows 2, 2c, 3 and 6: all ready green in, everything else out, or kept out of traffic.
    pub(super) fn switch_over(&self, code: &str, standing: &str) -> RouteChanges {
        let window = Wait::new(self.now(), self.config.keep_blue_seconds);
        let keeps_blue = self.config.keep_blue_seconds > 0 && self.tally.active_blue > 0;
        // What was kept beside blue that is in traffic was kept by the rollout before this one.
        let is_kept = |route: &Route| keeps_blue && route.is_active();
        let green_is_ready = self.tally.ready_green >= self.target;
        let leaves = |route: &&Route| {
            if self.rollout.is_green(route) { green_is_ready && !route.is_ready() } else { !is_kept(route) }
        };
        let sub_step = if keeps_blue { SubStep::Finalizing } else { SubStep::Completed };
        let mut plan = self.plan(sub_step, code, String::new());
        plan = plan.promote(self.ready_green()).drain(self.rollout.routes().filter(leaves));
        plan.memo = self.memo.filter(|_| !green_is_ready).map(|memo| memo.to_string());
        if !green_is_ready {
            plan = self.create_missing(plan, TrafficStatus::Active, 1.0);
        }
        if keeps_blue {
            let in_traffic = self.rollout.blue().filter(|route| route.is_live() && route.is_active());
            plan.traffic_changes = in_traffic.map(|route| traffic(route, TrafficStatus::Inactive)).collect();
            plan.memo = Some(Memo::Promoted(self.now()).to_string());
            plan.next_evaluation_at = window.end_ahead(self.now());
        }
        let past_return = std::mem::replace(&mut plan.reason.message, standing.to_owned());
        if !plan.is_empty() {
            let (promoting, draining) = (plan.promote_route_ids.len(), plan.drain_route_ids.len());
            plan.reason.message += &format!(": promoting {promoting}, draining {draining}");
            if let Some(created) = plan.rollout_specs.first() {
                plan.reason.message += &format!(", creating {}", created.count);
            }
            if keeps_blue {
                let (kept, window) = (plan.traffic_changes.len(), seconds(window.millis()));
                plan.reason.message += &format!(", keeping {kept} blue out of traffic for {window}");
            }
        }
        plan.reason.message += &past_return;
        plan
    }

    /// Rows 10 and 11.
    fn wait_for(&self, code: &str, routes: Vec<&Route>) -> RouteChanges {
        let message = format!("{}; waiting for {}{}", self.readiness(), name(&routes), self.unreplaced_note());
        self.plan(SubStep::Provisioning, code, message).blocked_by(routes).evaluate_again(self.deadline_ahead())
    }

    /// Adds to a plan the routes that are missing, if any are.
    pub(super) fn create_missing(&self, plan: RouteChanges, traffic_status: TrafficStatus, ratio: f64) -> RouteChanges {
        let (count, revision) = (self.missing(), self.rollout.spec().deploying_revision.clone());
        if count == 0 {
            plan
        } else {
            plan.create(RolloutSpec { count, revision, traffic_status, traffic_ratio: ratio })
        }
    }

    /// The deadline, where one is set and still ahead.
    fn deadline_ahead(&self) -> Option<Timestamp> {
        self.deadline().and_then(|deadline| deadline.end_ahead(self.now()))
    }

    pub(super) fn ready_green(&self) -> impl Iterator<Item = &Route> {
        self.rollout.green().filter(|route| route.is_ready())
    }

    /// What keeps green from being ready: its live routes that are not, and its failures if they keep their slots.
    fn unready_green(&self) -> Vec<&Route> {
        let keeps_its_slot =
            |route: &Route| self.unreplaced() > 0 && route.has_failed_since(self.rollout.spec().started_at);
        let is_unready = |route: &&Route| route.is_live() && !route.is_ready() || keeps_its_slot(route);
        self.rollout.green().filter(is_unready).collect()
    }

    /// `2 of 3 green routes are ready`.
    pub(super) fn readiness(&self) -> String {
        let (ready, goal) = (self.tally.ready_green, self.goal);
        if ready > goal {
            return format!("{} {} ready for a target of {goal}", count(ready, self.goal_routes()), are(ready));
        }
        format!("{} ready", share(ready, goal, self.goal_routes()))
    }

    /// What the routes of the goal are.
    fn goal_routes(&self) -> &'static str {
        if self.goal < self.target { "preview route" } else { "green route" }
    }

    /// `; 1 failed and is not replaced`, or nothing.
    pub(super) fn unreplaced_note(&self) -> String {
        match self.unreplaced() {
            0 => String::new(),
            n => format!("; {n} failed and {} not replaced: raise max_replacements, or abort", are(n)),
        }
    }
}
