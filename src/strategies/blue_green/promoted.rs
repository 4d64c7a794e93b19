//! Rows 4 to 8: green carries the traffic, and blue is kept out of it for a while.

use super::Cycle;
use crate::{
    RolloutSpec, Route, RouteChanges, SubStep, Tally,
    order::{first_to_drain, sort_by_id},
    strategies::{room::Room, traffic::raise_what_stays},
    words::{are, count, seconds, share},
};

impl<'a> Cycle<'a> {
    /// Row 5.
    pub(super) fn replace_green(&self) -> RouteChanges {
        let missing = self.missing();
        let back_off = self.failures.back_off(self.rollout).filter(|_| missing > 0);
        let missing_now = if back_off.is_some() { 0 } else { missing };
        let leaving = self.surplus_blue(Room::new(self.rollout, self.bounds, 0).to_make_for(missing_now));
        let room = Room::new(self.rollout, self.bounds, leaving.len());
        let created = room.for_up_to(missing_now);
        let mut message = self.readiness();
        if self.target > 0 && self.tally.ready_green == 0 && self.tally.serving() == 0 {
            message += "; nothing serves, and there is no way back: no blue route is ready";
        }
        if created > 0 {
            message += &format!(": creating {created}");
        } else if let Some(back_off) = back_off {
            message += &format!("; creating another in {}", seconds(back_off.left(self.now())));
        } else if let Some(shortage) = room.shortage(missing) {
            message += &format!("; there is no room for more ({})", shortage.as_str());
        }
        let unready = self.rollout.green().filter(|route| route.is_live() && !route.is_ready());
        if !leaving.is_empty() {
            message += &format!(", draining {} to make room", leaving.len());
        }
        let mut plan = self.finalizing("replacing-green", message).blocked_by(unready).drain(leaving);
        if created > 0 {
            plan = plan.create(RolloutSpec::active(created, &self.rollout.spec().deploying_revision));
        }
        let plan = plan
            .evaluate_again(back_off.and_then(|wait| wait.end_ahead(self.now())))
            .evaluate_again(self.readiness.next_available_at(self.rollout));
        if plan.is_empty() { plan } else { raise_what_stays(self.rollout, plan) }
    }

    /// Up to `n` blue routes that do not serve and that nobody would return to: leftovers, and what is beyond a target
    /// that was lowered since, with those that a person put back into traffic.
    fn surplus_blue(&self, n: usize) -> Vec<&'a Route> {
        let idle = self.rollout.blue().filter(|route| route.is_live() && !route.is_serving());
        let (leftovers, kept): (Vec<&Route>, Vec<&Route>) = idle.partition(|route| self.rollout.is_leftover(route));
        let serving =
            self.rollout.blue().filter(|route| route.is_serving() && !self.rollout.is_leftover(route)).count();
        let beyond = (kept.len() + serving).saturating_sub(self.target as usize).min(kept.len());
        let mut leaving = first_to_drain(leftovers, n);
        leaving.extend(first_to_drain(kept, beyond.min(n - leaving.len())));
        sort_by_id(&mut leaving);
        leaving
    }

    /// Row 6.
    pub(super) fn keep_blue(&self) -> RouteChanges {
        let Tally { ready_standby_blue: ready, standby_blue, .. } = self.tally;
        let left = seconds(self.kept().left(self.now()));
        let ready = share(ready, standby_blue, "blue route");
        self.finalizing("keeping-blue", format!("{}; {ready} ready for a return for {left} more", self.readiness()))
    }

    /// Rows 7 and 8.
    pub(super) fn retire_blue(&self) -> RouteChanges {
        if self.tally.standby_blue == 0 {
            let ready = self.tally.ready_green;
            let message = format!(
                "{} {} ready for a target of {}; no blue route is kept",
                count(ready, "green route"),
                are(ready),
                self.target
            );
            return self.switch_over("already-promoted", &message);
        }
        self.switch_over("retiring-blue", &format!("{}, the time to go back is over", self.readiness()))
    }

    /// A plan that promotes what is ready, up to the target, and keeps what it found.
    fn finalizing(&self, code: &str, message: String) -> RouteChanges {
        let mut plan = self.plan(SubStep::Finalizing, code, message).promote(self.chosen());
        if self.tally.standby_blue > 0 {
            plan.next_evaluation_at = self.window.look_again_at().or_else(|| self.kept().end_ahead(self.now()));
        }
        plan
    }

    /// The green routes that are to serve, as many as the target: once promoted the ready ones, before that those that
    /// are available; those in traffic first, then by id.
    pub(super) fn chosen(&self) -> Vec<&'a Route> {
        let may_serve =
            |route: &Route| if self.is_promoted { route.is_ready() } else { self.readiness.is_available(route) };
        let target = self.target as usize;
        let candidates = || self.rollout.green().filter(|route| may_serve(route));
        let mut serving = target.min(candidates().filter(|route| route.is_serving()).count());
        let mut others = target - serving;
        let mut is_chosen = move |route: &Route| {
            let left = if route.is_serving() { &mut serving } else { &mut others };
            let is_chosen = *left > 0;
            *left -= usize::from(is_chosen);
            is_chosen
        };
        candidates().filter(|route| is_chosen(route)).collect()
    }
}
