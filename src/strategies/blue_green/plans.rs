//! The plans of blue-green and their wording, in the order of the table's rows.

use std::ptr;

use super::{Cycle, Memo, RollingBack, What, both_sets};
use crate::{
    RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, Tally,
    order::{first_to_drain, is_among, sort_by_id},
    strategies::room::{Room, Shortage},
    strategies::traffic::{put_on_standby, raise_what_stays},
    strategies::wait::Wait,
    words::{are, check_failed, count, list, name, paused, seconds, share},
};

impl Cycle<'_> {
    /// Rolls back, for a reason.
    pub(super) fn roll_back(&self, code: &str, why: &str) -> RouteChanges {
        let mut plan = RollingBack::new(self.rollout, self.bounds).plan(code, why);
        // What was promoted is not any more; what the deadline counts from stays.
        plan.memo = self.memo.filter(|memo| memo.what != What::Promoted).map(|memo| memo.to_string());
        plan
    }

    /// Row 3.
    pub(super) fn check_failed(&self) -> RouteChanges {
        self.roll_back("check-failed", &check_failed(self.rollout.spec()))
    }

    /// Rows 4 and 5.
    pub(super) fn green_lost(&self) -> RouteChanges {
        let mut plan = self.roll_back("green-lost", "no green route served any more after the promotion");
        let remembered = self.remembered(What::GreenLost);
        plan.memo = Some(remembered.unwrap_or_else(|| Memo::new(What::GreenLost, self.now())).to_string());
        plan
    }

    /// Rows 6 and 11.
    pub(super) fn pause(&self, sub_step: SubStep) -> RouteChanges {
        self.plan(sub_step, "paused", paused(&self.readiness(), self.rollout.spec()))
    }

    /// Row 12.
    pub(super) fn await_checks(&self) -> RouteChanges {
        let message =
            format!("{}; waiting for checks: {}", self.readiness(), list(self.rollout.spec().pending_checks()));
        self.plan(SubStep::AwaitingPromotion, "awaiting-checks", message)
    }

    /// Row 13.
    pub(super) fn await_approval(&self) -> RouteChanges {
        let message = format!("{}; waiting for an operator to promote, at gate {}", self.readiness(), self.gate());
        self.plan(SubStep::AwaitingPromotion, "awaiting-approval", message).wait_at(self.gate())
    }

    /// Row 14.
    pub(super) fn await_delay(&self, newest: &Route, delay: Wait) -> RouteChanges {
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

    /// Row 15.
    pub(super) fn promote(&self) -> RouteChanges {
        self.switch_over("promoting", &self.readiness())
    }

    /// Row 16.
    pub(super) fn all_green_failed(&self) -> RouteChanges {
        let why = format!(
            "{} failed and none is live; max_replacements is {}",
            count(self.tally.failed_green, "green route"),
            self.config.max_replacements
        );
        self.roll_back("all-green-failed", &why).blocked_by(self.unready_green())
    }

    /// Row 17.
    pub(super) fn deadline_exceeded(&self) -> RouteChanges {
        let why = format!(
            "{} {} after the {} (the deadline is {})",
            self.readiness(),
            seconds(self.now().saturating_millis_since(self.deadline_since())),
            match (self.topping_up, self.memo) {
                (Some(_), _) => "preview",
                (None, Some(Memo { what: What::Waited, .. })) => "last time that it waited",
                _ => "start",
            },
            seconds(self.deadline().map(Wait::millis).unwrap_or_default()),
        );
        self.roll_back("deadline-exceeded", &why).blocked_by(self.unready_green())
    }

    /// Rows 18 and 19.
    pub(super) fn create_green(&self) -> RouteChanges {
        let (missing, leaving) = (self.missing(), self.makes_room());
        let room = Room::new(self.rollout, self.bounds, leaving.len());
        let live =
            format!("{} live{}", share(self.tally.live_green, self.goal, self.goal_routes()), self.unreplaced_note());
        // Green that takes places and can never be switched to is of no use: all of it, or none.
        let is_too_tight = self.bounds.most_live < both_sets(self.target);
        let lacks_places = self.rollout.spec().free_places.is_some_and(|free| free < missing);
        let shortage = match room.shortage(missing) {
            _ if is_too_tight => Some(Shortage::Budget),
            _ if lacks_places => Some(Shortage::Places),
            shortage => shortage,
        };
        let created = if is_too_tight || lacks_places { 0 } else { room.for_up_to(missing) };
        if let (0, Some(shortage)) = (created, shortage) {
            return self.wait_for_room(shortage, &live, leaving);
        }
        let message = format!("{live}: creating {created}");
        let plan = self.plan(SubStep::Provisioning, "creating-green", message);
        let green = RolloutSpec::inactive(created, &self.rollout.spec().deploying_revision);
        self.make_room(plan.create(green), leaving)
    }

    /// Row 19. What makes room goes all the same, where it is what holds places: else nothing would ever be created.
    fn wait_for_room(&self, shortage: Shortage, live: &str, leaving: Vec<&Route>) -> RouteChanges {
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
        self.make_room(plan, if shortage == Shortage::Budget { vec![] } else { leaving })
    }

    /// Drains these to make room.
    fn make_room(&self, mut plan: RouteChanges, leaving: Vec<&Route>) -> RouteChanges {
        if !leaving.is_empty() {
            plan.reason.message += &format!(", draining {} to make room", leaving.len());
        }
        let serves_less = leaving.iter().any(|route| route.is_serving());
        let plan = plan.drain(leaving).evaluate_again(self.deadline_ahead());
        if serves_less { raise_what_stays(self.rollout, plan) } else { plan }
    }

    /// Row 20.
    pub(super) fn wait_for_provisioning(&self) -> RouteChanges {
        let provisioning = self.rollout.green().filter(|route| route.status == RouteStatus::Provisioning).collect();
        self.wait_for("waiting-for-provisioning", provisioning)
    }

    /// Row 21.
    pub(super) fn wait_for_ready(&self) -> RouteChanges {
        self.wait_for("waiting-for-ready", self.unready_green())
    }
}

// === the pieces ===

impl<'a> Cycle<'a> {
    /// A plan that changes nothing yet.
    pub(super) fn plan(&self, sub_step: SubStep, code: &str, mut message: String) -> RouteChanges {
        if sub_step == SubStep::Provisioning && self.rollout.spec().operator.promote {
            message += &format!("; the promotion asked for follows when {} {} ready", self.target, are(self.target));
        }
        let mut plan = RouteChanges::none(sub_step, code, message);
        // A deadline counts from the last time that something else than readiness was waited for.
        let waits = sub_step == SubStep::AwaitingPromotion || self.rollout.spec().is_paused();
        let waits = waits && self.config.deadline_seconds.is_some();
        let memo = match (self.topping_up, self.memo) {
            (_, memo @ Some(Memo { what: What::Promoted | What::GreenLost, .. })) => memo,
            (Some(_), _) if waits => Some(Memo::new(What::ToppingUp, self.now())),
            (Some(at), None | Some(Memo { what: What::Waited, .. })) => Some(Memo::new(What::ToppingUp, at)),
            (None, None | Some(Memo { what: What::Waited, .. })) if waits => Some(Memo::new(What::Waited, self.now())),
            (_, memo) => memo,
        };
        plan.memo = memo.map(|memo| memo.to_string());
        plan
    }

    /// Rows 9, 10 and 15: as many ready green as the target in, everything else out, or on standby.
    pub(super) fn switch_over(&self, code: &str, standing: &str) -> RouteChanges {
        let window = Wait::new(self.now(), self.config.keep_blue_seconds);
        let keeps_blue = self.config.keep_blue_seconds > 0 && self.tally.active_blue > 0;
        let is_kept = |route: &Route| keeps_blue && route.is_active() && !self.rollout.is_leftover(route);
        let chosen = self.chosen();
        // Both are in the order of their ids, so that each that was chosen is the next one.
        let mut others = chosen.iter().copied().peekable();
        let leaves = |route: &&'a Route| {
            let is_chosen = others.next_if(|other| ptr::eq(*other, *route)).is_some();
            if self.rollout.is_green(route) { !is_chosen } else { !is_kept(route) }
        };
        let sub_step = if keeps_blue { SubStep::Finalizing } else { SubStep::Completed };
        let mut plan = self.plan(sub_step, code, String::new());
        plan = plan.promote(chosen.iter().copied()).drain(self.rollout.routes().filter(leaves));
        plan.memo = None;
        if keeps_blue {
            let kept = self.rollout.blue().filter(|route| route.is_live() && is_kept(route));
            plan = plan.change_traffic(kept.map(put_on_standby));
            plan.memo = Some(Memo::new(What::Promoted, self.now()).to_string());
            plan.next_evaluation_at = window.end_ahead(self.now());
        }
        standing.clone_into(&mut plan.reason.message);
        if !plan.is_empty() {
            let (promoting, draining) = (plan.promote_route_ids.len(), plan.drain_route_ids.len());
            plan.reason.message += &format!(": promoting {promoting}, draining {draining}");
            if keeps_blue {
                let (kept, window) = (plan.traffic_changes.len(), seconds(window.millis()));
                plan.reason.message += &format!(", keeping {kept} blue on standby for {window}");
            }
        }
        plan
    }

    /// What a plan that creates green drains: leftovers that do not serve, and blue beyond the target, what is worth
    /// least first; of what serves only so much that the target still does.
    fn makes_room(&self) -> Vec<&'a Route> {
        let (rollout, target) = (self.rollout, self.target as usize);
        let live: Vec<&Route> = rollout.blue().filter(|route| route.is_live()).collect();
        let (mut leaving, rest): (Vec<&Route>, Vec<&Route>) =
            live.into_iter().partition(|route| rollout.is_leftover(route) && !route.is_serving());
        let (leftovers, rest): (Vec<&Route>, Vec<&Route>) =
            rest.into_iter().partition(|route| rollout.is_leftover(route));
        let serving = self.tally.serving() as usize;
        // Leftovers that serve go before what is stable.
        let spare = serving.saturating_sub(target).min(leftovers.len());
        leaving.extend(first_to_drain(leftovers.iter().copied(), spare));
        let beyond = (leftovers.len() - spare + rest.len()).saturating_sub(target).min(rest.len());
        let may_serve_less = serving.saturating_sub(target).saturating_sub(spare);
        let beyond = beyond.min(rest.iter().filter(|route| !route.is_serving()).count() + may_serve_less);
        leaving.extend(first_to_drain(rest.iter().copied(), beyond));
        sort_by_id(&mut leaving);
        // Blue that is on standby beside green in traffic, and beside no active blue, would look like a promotion.
        let stays = |route: &Route| route.is_live() && !is_among(&leaving, route);
        let looks_promoted = self.tally.serving_green > 0
            && rollout.blue().any(|route| route.is_standby() && stays(route))
            && !rollout.blue().any(|route| route.is_active() && stays(route));
        if looks_promoted {
            leaving.retain(|route| !route.is_active());
        }
        leaving
    }

    /// Rows 20 and 21.
    fn wait_for(&self, code: &str, routes: Vec<&Route>) -> RouteChanges {
        let message = format!("{}; waiting for {}{}", self.readiness(), name(&routes), self.unreplaced_note());
        self.plan(SubStep::Provisioning, code, message).blocked_by(routes).evaluate_again(self.deadline_ahead())
    }

    /// What keeps green from being ready: its live routes that are not, and its failures if they keep their slots.
    fn unready_green(&self) -> Vec<&'a Route> {
        let beginning = self.rollout.spec().beginning();
        let keeps_its_slot = |route: &Route| self.unreplaced() > 0 && route.has_failed_since(beginning);
        let is_unready = |route: &&Route| route.is_live() && !route.is_ready() || keeps_its_slot(route);
        self.rollout.green().filter(is_unready).collect()
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
