//! The plans of blue-green and their wording, in the order of the table's rows.

use std::ptr;

use super::{Cycle, Deadline, NoRoom, RollingBack, both_sets, deadline, gates::Hold, turns::TAKING_TURNS};
use crate::{
    RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, Tally, Timestamp,
    order::{first_to_drain, sort_by_id},
    strategies::{
        blip,
        departures::Leaving,
        room::{Room, Shortage},
        traffic::{put_on_standby, raise_what_stays},
        wait::Wait,
    },
    words::{are, awaiting_checks, check_failed, count, name, paused, seconds, share},
};

impl Cycle<'_> {
    /// Rolls back, for a reason.
    pub(super) fn roll_back(&self, code: &str, why: &str) -> RouteChanges {
        RollingBack::new(self.rollout, &self.memo, self.bounds, self.departures).plan(code, why)
    }

    /// Row 2.
    pub(super) fn check_failed(&self) -> RouteChanges {
        self.roll_back("check-failed", &check_failed(&self.checks.failed))
    }

    /// Row 3.
    pub(super) fn green_lost(&self) -> RouteChanges {
        self.roll_back("green-lost", "no green route served any more after the promotion")
    }

    /// Creates what the stable revision lacks, beside whatever the plan does.
    pub(super) fn restore(&self, plan: RouteChanges) -> RouteChanges {
        let Some(strength) = &self.strength else { return plan };
        let created = strength.creatable(Room::new(self.rollout, self.bounds, plan.drain_route_ids.len()));
        strength.restore(self.rollout, plan, created)
    }

    /// Rows 4 and 10.
    pub(super) fn pause(&self, sub_step: SubStep) -> RouteChanges {
        self.plan(sub_step, "paused", paused(&self.readiness()))
    }

    /// Rows 11 to 13.
    pub(super) fn wait_at(&self, hold: &Hold<'_>) -> RouteChanges {
        match hold {
            Hold::Checks => self.await_checks(),
            Hold::Approval => self.await_approval(),
            Hold::Delay(newest, delay) => self.await_delay(newest, *delay),
        }
    }

    /// Row 11.
    fn await_checks(&self) -> RouteChanges {
        let message = awaiting_checks(&self.readiness(), &self.checks.pending);
        self.plan(SubStep::AwaitingPromotion, "awaiting-checks", message)
    }

    /// Row 12.
    fn await_approval(&self) -> RouteChanges {
        let message = format!("{}; waiting for an operator to promote, at gate {}", self.readiness(), self.gate());
        self.plan(SubStep::AwaitingPromotion, "awaiting-approval", message).wait_at(self.gate())
    }

    /// Row 13.
    fn await_delay(&self, newest: &Route, delay: Wait) -> RouteChanges {
        let message = format!(
            "{}; {} in {}, when {} has been so for {}",
            self.readiness(),
            if self.goal < self.target { "creating the rest" } else { "promoting" },
            seconds(delay.left(self.now())),
            newest.id,
            seconds(delay.millis()),
        );
        // Only where the end of time is nearer than the delay is its end not ahead.
        self.plan(SubStep::AwaitingPromotion, "awaiting-delay", message)
            .blocked_by(vec![newest])
            .evaluate_again(delay.end_ahead(self.now()))
    }

    /// Row 14.
    pub(super) fn promote(&self) -> RouteChanges {
        self.switch_over("promoting", &self.readiness())
    }

    /// Row 15.
    pub(super) fn all_green_failed(&self) -> RouteChanges {
        let why = format!(
            "{} failed and none is live; max_replacements is {}",
            count(self.failures.count(), "green route"),
            self.config.max_replacements
        );
        self.roll_back("all-green-failed", &why).blocked_by(self.unready_green())
    }

    /// Rows 9 and 16.
    pub(super) fn deadline_exceeded(&self, passed: &Deadline) -> RouteChanges {
        self.roll_back(deadline::EXCEEDED, &format!("{}; {}", self.readiness(), passed.spent()))
            .blocked_by(self.unready_green())
    }

    /// Rows 17 and 18.
    pub(super) fn create_green(&self) -> RouteChanges {
        let missing = self.missing();
        let leaving = self.departures.split(self.makes_room());
        let room = Room::new(self.rollout, self.bounds, leaving.drained.len());
        // What serves comes first.
        let restored = self.strength.map_or(0, |strength| strength.creatable(room));
        let room = room.less(restored);
        let live =
            format!("{} live{}", share(self.tally.live_green, self.goal, self.goal_routes()), self.unreplaced_note());
        // Green that takes places and can never be switched to is of no use: all of it, or none.
        let is_too_tight = self.bounds.most_live < both_sets(self.target);
        let free = self.rollout.spec().free_places.map(|free| free.saturating_sub(restored));
        let lacks_places = free.is_some_and(|free| free < missing);
        let shortage = match room.shortage(missing) {
            _ if is_too_tight => Some(Shortage::Budget),
            _ if lacks_places => Some(Shortage::Places),
            shortage => shortage,
        };
        let created = if is_too_tight || lacks_places { 0 } else { room.for_up_to(missing) };
        if let (0, Some(shortage)) = (created, shortage) {
            let plan = self.wait_for_room(shortage, &live, &leaving);
            // The first turn, a second later, replaces what is missing by green: what is restored now would be drained.
            return if plan.reason.code == TAKING_TURNS { plan } else { self.restore(plan) };
        }
        let message = format!("{live}: creating {created}");
        let plan = self.plan(SubStep::Provisioning, "creating-green", message);
        let green = RolloutSpec::inactive(created, &self.rollout.spec().deploying_revision);
        self.restore(self.make_room(plan.create(green), &leaving))
    }

    /// Row 18. What makes room goes all the same, where it is what holds places: else nothing would ever be created.
    fn wait_for_room(&self, shortage: Shortage, live: &str, leaving: &Leaving<'_>) -> RouteChanges {
        // A budget that is short for a moment only is waited for.
        let is_too_tight = self.bounds.most_live < both_sets(self.target);
        if self.config.no_room == NoRoom::Turns && (shortage == Shortage::Places || is_too_tight) {
            return self.turn_to_turns(shortage, live);
        }
        let (missing, most) = (self.missing(), self.bounds.most_live);
        let (code, why) = match shortage {
            Shortage::Places => {
                let free = self.rollout.spec().free_places.unwrap_or_default();
                let places = if free == 1 { "place is" } else { "places are" };
                ("no-capacity", format!("{missing} more are to be created at once, and {free} {places} free"))
            }
            Shortage::Termination => ("waiting-for-termination", "too many routes are still stopping".to_owned()),
            Shortage::Budget => {
                let needs = if most < both_sets(self.target) { ": needs max_surge 100%" } else { "" };
                ("no-budget", format!("{missing} more are to be created, and at most {most} routes may be live{needs}"))
            }
        };
        let plan = self.plan(SubStep::Provisioning, code, format!("{live}; {why}"));
        if shortage != Shortage::Budget {
            return self.make_room(plan, leaving);
        }
        // What is drained would not be enough. What leaves the traffic first is drained later, and may be.
        let is_of_use = most >= both_sets(self.target);
        let out = if is_of_use { leaving.out.clone() } else { vec![] };
        self.make_room(plan, &Leaving { out, drained: vec![], waiting: leaving.waiting })
    }

    /// Lets these go to make room.
    fn make_room(&self, mut plan: RouteChanges, leaving: &Leaving<'_>) -> RouteChanges {
        if !leaving.drained.is_empty() {
            plan.reason.message += &format!(", draining {} to make room", leaving.drained.len());
        }
        if !leaving.out.is_empty() {
            plan.reason.message += &format!(", taking {} out of traffic", leaving.out.len());
        }
        let serves_less = leaving.drained.iter().chain(&leaving.out).any(|route| route.is_serving());
        let plan = self.departures.depart(plan, leaving);
        let only_departs = self.only_departs(&plan);
        let plan = plan.evaluate_again(self.deadline.and_then(|deadline| deadline.look_again_at(only_departs)));
        if serves_less { raise_what_stays(self.rollout, plan) } else { plan }
    }

    /// Row 19.
    pub(super) fn wait_for_provisioning(&self) -> RouteChanges {
        let provisioning = self.rollout.green().filter(|route| route.status == RouteStatus::Provisioning).collect();
        self.wait_for("waiting-for-provisioning", provisioning)
    }

    /// Row 20.
    pub(super) fn wait_for_ready(&self) -> RouteChanges {
        self.wait_for("waiting-for-ready", self.unready_green())
    }

    /// Row 21.
    pub(super) fn wait_for_available(&self) -> RouteChanges {
        let fresh = self.readiness.too_fresh(self.rollout);
        let ends = fresh.iter().filter_map(|route| self.readiness.min_ready(route).end_ahead(self.now()));
        let last = ends.max();
        let mut plan = self.wait_for("waiting-for-available", fresh);
        if let Some(last) = last {
            plan.reason.message +=
                &format!("; all are available in {}", seconds(last.saturating_millis_since(self.now())));
        }
        plan.evaluate_again(self.readiness.next_available_at(self.rollout))
    }
}

// === the pieces ===

impl<'a> Cycle<'a> {
    /// A plan that changes nothing yet.
    pub(super) fn plan(&self, sub_step: SubStep, code: &str, mut message: String) -> RouteChanges {
        if sub_step == SubStep::Provisioning && self.rollout.spec().operator.promote {
            message += &format!("; the promotion asked for follows when {} {} ready", self.target, are(self.target));
        }
        RouteChanges::none(sub_step, code, message)
    }

    /// Rows 7, 8 and 14: as many available green as the target in, everything else out, or on standby.
    pub(super) fn switch_over(&self, code: &str, standing: &str) -> RouteChanges {
        let (keep, drain) = (self.config.keep_blue_seconds, self.config.drain_delay_seconds);
        let keeps_blue = keep.max(drain) > 0 && self.tally.active_blue > 0;
        let is_kept =
            |route: &Route| keeps_blue && route.is_active() && (drain > 0 || !self.rollout.is_leftover(route));
        let chosen = self.chosen();
        // Both are in the order of their ids, so that each that was chosen is the next one.
        let mut others = chosen.iter().copied().peekable();
        let leaves = |route: &&'a Route| {
            let is_chosen = others.next_if(|other| ptr::eq(*other, *route)).is_some();
            if self.rollout.is_green(route) { !is_chosen } else { !is_kept(route) }
        };
        let leaving = self.departures.split(self.rollout.routes().filter(leaves));
        let is_over = !keeps_blue && !leaving.takes_time();
        let sub_step = if is_over { SubStep::Completed } else { SubStep::Finalizing };
        let mut plan = self.plan(sub_step, code, String::new());
        plan = self.departures.depart(plan.promote(chosen.iter().copied()), &leaving);
        if keeps_blue {
            let kept = self.rollout.blue().filter(|route| route.is_live() && is_kept(route));
            plan = plan.change_traffic(kept.map(put_on_standby));
            plan = plan.evaluate_again(Wait::new(self.now(), keep.max(drain)).end_ahead(self.now()));
        }
        standing.clone_into(&mut plan.reason.message);
        if !plan.is_empty() {
            let (promoting, draining) = (plan.promote_route_ids.len(), plan.drain_route_ids.len());
            plan.reason.message += &format!(": promoting {promoting}, draining {draining}");
            if !plan.traffic_changes.is_empty() {
                let (kept, window) = (plan.traffic_changes.len(), seconds(u64::from(keep.max(drain)) * 1000));
                plan.reason.message += &format!(", keeping {kept} on standby for {window}");
            }
        }
        plan
    }

    /// What a plan that creates green lets go: leftovers that do not serve, and blue beyond the target, what is worth
    /// least first; of what serves only so much that the target still does.
    fn makes_room(&self) -> Vec<&'a Route> {
        let (rollout, target) = (self.rollout, self.target as usize);
        let live: Vec<&Route> = rollout.blue().filter(|route| route.is_live()).collect();
        let is_abandoned = |route: &Route| rollout.is_leftover(route) && !blip::is_counted_on(route, self.now());
        let (mut leaving, rest): (Vec<&Route>, Vec<&Route>) = live.iter().partition(|route| is_abandoned(route));
        let (leftovers, rest): (Vec<&Route>, Vec<&Route>) =
            rest.into_iter().partition(|route| rollout.is_leftover(route));
        let serving = self.tally.serving() as usize;
        // Leftovers that serve go before what is stable.
        let others: Vec<&Route> = leftovers.iter().copied().filter(|route| route.is_serving()).collect();
        let spare = serving.saturating_sub(target).min(others.len());
        leaving.extend(first_to_drain(others, spare));
        let beyond = (leftovers.len() - spare + rest.len()).saturating_sub(target).min(rest.len());
        let may_serve_less = serving.saturating_sub(target).saturating_sub(spare);
        let beyond = beyond.min(rest.iter().filter(|route| !route.is_serving()).count() + may_serve_less);
        leaving.extend(first_to_drain(rest.iter().copied(), beyond));
        sort_by_id(&mut leaving);
        leaving
    }

    /// Rows 19 to 21.
    fn wait_for(&self, code: &str, routes: Vec<&Route>) -> RouteChanges {
        let message = format!("{}; waiting for {}{}", self.readiness(), name(&routes), self.unreplaced_note());
        self.plan(SubStep::Provisioning, code, message).blocked_by(routes).evaluate_again(self.deadline_ahead())
    }

    /// What keeps green from being ready: its live routes that are not, and its failures if they keep their slots.
    fn unready_green(&self) -> Vec<&'a Route> {
        let unready = self.rollout.green().filter(|route| route.is_live() && !route.is_ready());
        let mut unready: Vec<&Route> = unready.collect();
        if self.unreplaced() > 0 {
            unready.extend(self.failures.routes());
            sort_by_id(&mut unready);
        }
        unready
    }

    /// When to look at the deadline again.
    fn deadline_ahead(&self) -> Option<Timestamp> {
        self.deadline?.look_again_at(false)
    }

    /// `2 of 3 green routes are ready`.
    pub(super) fn readiness(&self) -> String {
        let Tally { ready_green: ready, .. } = self.tally;
        if ready > self.goal {
            return format!("{} {} ready for a target of {}", count(ready, self.goal_routes()), are(ready), self.goal);
        }
        format!("{} ready", share(ready, self.goal, self.goal_routes()))
    }

    /// What the routes of the goal are.
    fn goal_routes(&self) -> &'static str {
        if self.goal < self.target { "preview route" } else { "green route" }
    }

    /// `; 1 failed and is not replaced`, or nothing.
    fn unreplaced_note(&self) -> String {
        match self.unreplaced() {
            0 => String::new(),
            n => format!("; {n} failed and {} not replaced: raise max_replacements, or abort", are(n)),
        }
    }
}
