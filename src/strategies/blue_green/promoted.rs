//! Rows 2 and 5 to 9: green carries the traffic, and blue is kept out of it for a while.

use super::{Cycle, Memo, What, back_off};
use crate::{
    RolloutSpec, Route, RouteChanges, SubStep, Tally, TrafficChange,
    order::{first_to_drain, sort_by_id},
    strategies::room::Room,
    strategies::traffic::{activate, put_on_standby, raise_what_stays},
    strategies::wait::Wait,
    words::{are, check_failed, count, seconds, share},
};

impl<'a> Cycle<'a> {
    /// Whether green carries the traffic, or should: as the memo says, or, where it was lost, as blue on standby tells.
    pub(super) fn is_promoted(&self) -> bool {
        let Tally { serving_green, standby_blue, active_blue, .. } = self.tally;
        match self.memo.map(|memo| memo.what) {
            Some(What::Promoted) => true,
            Some(What::GreenLost) => false,
            _ => serving_green > 0 && active_blue == 0 && standby_blue > 0,
        }
    }

    /// Whether no green route is ready, although some should be.
    pub(super) fn green_is_lost(&self) -> bool {
        self.tally.ready_green == 0 && self.target > 0
    }

    /// Whether blue that was taken out of traffic can carry all of it again.
    pub(super) fn blue_can_return(&self) -> bool {
        self.tally.ready_standby_blue + self.tally.serving_blue >= self.target.max(1)
    }

    /// Whether traffic goes back to blue although a person paused: what serves badly only for what carries the target,
    /// what does not serve at all for any blue that does.
    pub(super) fn returns_while_paused(&self, check_failed: bool) -> bool {
        let is_lost = self.green_is_lost() && (self.is_promoted() || self.remembers(What::GreenLost));
        let goes_back = self.is_promoted() && (check_failed || self.green_is_lost()) && self.blue_can_return();
        goes_back || is_lost && self.tally.ready_standby_blue > 0
    }

    /// The promotion as it is to be remembered: as the memo says, or now.
    fn promotion(&self) -> Memo {
        self.remembered(What::Promoted).unwrap_or_else(|| Memo::new(What::Promoted, self.now()))
    }

    /// How long blue is kept.
    pub(super) fn window(&self) -> Wait {
        Wait::new(self.promotion().at.min(self.now()), self.config.keep_blue_seconds)
    }

    /// Row 2. Nothing is drained, so that the operator who paused finds all of it.
    pub(super) fn return_while_paused(&self) -> RouteChanges {
        let change = |route: &'a Route| {
            if self.rollout.is_green(route) {
                (route.is_live() && route.is_active()).then(|| put_on_standby(route))
            } else {
                (route.is_standby() && route.is_ready()).then(|| activate(route))
            }
        };
        let changes: Vec<TrafficChange> = self.rollout.routes().filter_map(change).collect();
        let message = format!(
            "paused; {}: returning traffic to {} blue",
            if self.green_is_lost() { "no green route is ready".to_owned() } else { check_failed(self.rollout.spec()) },
            self.tally.ready_standby_blue,
        );
        let mut plan = self.plan(SubStep::RollingBack, "paused", message).change_traffic(changes);
        // A check may pass again, and the rollout then asks for its promotion anew; a loss is not forgotten.
        plan.memo = self.green_is_lost().then(|| Memo::new(What::GreenLost, self.now()).to_string());
        raise_what_stays(self.rollout, plan)
    }

    /// Row 7.
    pub(super) fn replace_green(&self) -> RouteChanges {
        let missing = self.missing();
        let back_off = back_off(self.rollout.failed_green(), self.target, self.now()).filter(|_| missing > 0);
        let wanted = if back_off.is_some() { 0 } else { missing };
        let leaving = self.surplus_blue(Room::new(self.rollout, self.bounds, 0).to_make_for(wanted));
        let room = Room::new(self.rollout, self.bounds, leaving.len());
        let created = room.for_up_to(wanted);
        let mut message = self.readiness();
        if self.green_is_lost() && self.tally.serving() == 0 {
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
        let ahead = [plan.next_evaluation_at, back_off.and_then(|wait| wait.end_ahead(self.now()))];
        plan.next_evaluation_at = ahead.into_iter().flatten().min();
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

    /// Row 8.
    pub(super) fn keep_blue(&self) -> RouteChanges {
        let Tally { ready_standby_blue: ready, standby_blue, .. } = self.tally;
        let left = seconds(self.window().left(self.now()));
        let ready = share(ready, standby_blue, "blue route");
        self.finalizing("keeping-blue", format!("{}; {ready} ready for a return for {left} more", self.readiness()))
    }

    /// Row 9.
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
        let is_over = self.window().is_over(self.now());
        let mut plan = self.plan(SubStep::Finalizing, code, message).promote(self.chosen());
        plan.next_evaluation_at =
            self.window().end_ahead(self.now()).filter(|_| !is_over && self.tally.standby_blue > 0);
        plan.memo = Some(self.promotion().to_string());
        plan
    }

    /// The ready green routes that are to serve: as many as the target, those in traffic first, then by id.
    pub(super) fn chosen(&self) -> Vec<&'a Route> {
        let target = self.target as usize;
        let mut serving = target.min(self.tally.serving_green as usize);
        let mut others = target - serving;
        let mut is_chosen = move |route: &Route| {
            let left = if route.is_serving() { &mut serving } else { &mut others };
            let is_chosen = *left > 0;
            *left -= usize::from(is_chosen);
            is_chosen
        };
        self.rollout.green().filter(|route| route.is_ready() && is_chosen(route)).collect()
    }
}
