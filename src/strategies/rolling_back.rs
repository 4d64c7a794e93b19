//! Rolling back: the one way in which every strategy gives a rollout up.
//!
//! It ends as `rolled-back`, with the stable revision at full strength, or with what serves where there is nothing to
//! return to. It promotes nothing, and takes nothing out that is still needed:
//!
//! | # | when | sub-step | changes |
//! |---|---|---|---|
//! | 1 | what can be returned to carries the target | rolled-back | return; drain all else that is live |
//! | 2 | a stable revision is known | rolling-back | return; create what is missing; drain green not needed |
//! | 3 | not, and ready green is idle that may be promoted | rolling-back | return; drain green that is not ready |
//! | 4 | not | rolled-back | return; drain green that does not serve |
//!
//! - **What can be returned to**: routes of the stable revision in traffic or on standby; where none is known, all blue
//!   there. Inactive routes were never approved, and are not returned to.
//! - **Return** puts ready routes on standby into traffic, and raises all that stays there to a full share.
//! - **Row 1** is rolling-back as long as what leaves the traffic waits for its drain delay.
//! - **Row 2** keeps green that serves as long as the target is not carried without it. Where there is no room to
//!   create, leftovers that do not serve make it, then green that does not, then inactive routes of the stable
//!   revision, which are not returned to; where there is none for a single route, and none is on its way, also green,
//!   then leftovers, that serve beyond the least. What ran and may recover waits on standby, and makes room once it was
//!   not ready for 10 s. Other leftovers stay until row 1.
//! - **Row 3** is not for an abort: what an operator aborted is not to be promoted.
//! - **Under a pause** nothing is drained and nothing ends: what would be drained goes on standby where it is in
//!   traffic.

use super::{
    blip,
    departures::Departures,
    failures::Failures,
    memo::Memo,
    room::Room,
    traffic::{activate, put_on_standby, raise_beside_stable},
};
use crate::{
    Commitment, Rollout, RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, TrafficStatus,
    order::{first_to_drain, is_among, sort_by_id},
    words::{are, count, seconds},
};

/// The reason of a plan that goes no further because of a pause.
pub(crate) const PAUSED: &str = "paused";

/// Gives a rollout up.
pub(crate) struct RollingBack<'a> {
    rollout: &'a Rollout<'a>,
    memo: &'a Memo,
    bounds: Commitment,
    departures: Departures,
    target: usize,
    /// What can be returned to.
    returnable: Vec<&'a Route>,
    green: Vec<&'a Route>,
}

impl<'a> RollingBack<'a> {
    pub(crate) fn new(rollout: &'a Rollout<'a>, memo: &'a Memo, bounds: Commitment, departures: Departures) -> Self {
        let spec = rollout.spec();
        let is_approved = |route: &Route| route.is_active() || route.is_standby();
        let is_of_it = |route: &Route| match spec.stable() {
            Some(_) => rollout.is_stable(route),
            None => !rollout.is_green(route),
        };
        let live = rollout.routes().filter(|route| route.is_live());
        Self {
            rollout,
            memo,
            bounds,
            departures,
            target: spec.target_replicas as usize,
            returnable: live.clone().filter(|route| is_approved(route) && is_of_it(route)).collect(),
            green: live.filter(|route| rollout.is_green(route)).collect(),
        }
    }

    /// How many routes carry traffic once what can be is returned to.
    fn carrying(&self) -> usize {
        self.returnable.iter().filter(|route| route.is_ready()).count()
    }

    fn is_paused(&self) -> bool {
        self.rollout.spec().is_paused()
    }

    /// The plan, for a reason.
    pub(crate) fn plan(&self, code: &str, why: &str) -> RouteChanges {
        let (code, why) = if self.is_paused() { (PAUSED, format!("paused; {why}")) } else { (code, why.to_owned()) };
        if self.carrying() >= self.target {
            return self.end(code, &why);
        }
        match self.rollout.spec().stable() {
            Some(stable) => self.go_on(code, &why, stable),
            None => self.keep_what_serves(code, &why),
        }
    }

    /// Row 1.
    fn end(&self, code: &str, why: &str) -> RouteChanges {
        let stays = |route: &Route| is_among(&self.returnable, route);
        let has_stable = self.rollout.spec().stable().is_some();
        // Where no stable revision is known, idle blue is nobody's: it stays for the host.
        let leaves = |route: &Route| route.is_live() && !stays(route);
        let is_ours = |route: &Route| has_stable && !self.rollout.is_stable(route) || self.rollout.is_green(route);
        let leaving = self.rollout.routes().filter(|route| leaves(route) && is_ours(route)).collect();
        let plan = self.with(SubStep::RolledBack, code, leaving);
        let carrying = u32::try_from(self.carrying()).unwrap_or(u32::MAX);
        let message = format!("{}; {carrying} blue {} serving", Self::done(why, &plan), are(carrying));
        self.finish(plan, message)
    }

    /// Row 2.
    fn go_on(&self, code: &str, why: &str, stable: &str) -> RouteChanges {
        let (carrying, target) = (self.carrying(), self.target);
        let spec = self.rollout.spec();
        let missing = u32::try_from(target.saturating_sub(self.returnable.len())).unwrap_or(u32::MAX);
        let back_off =
            if missing > 0 { Failures::of_stable(self.rollout, self.memo).back_off(self.rollout) } else { None };
        let missing_now = if back_off.is_some() { 0 } else { missing };

        let (serving, idle): (Vec<&Route>, Vec<&Route>) = self.green.iter().partition(|route| route.is_serving());
        let leftovers = self.rollout.routes().filter(|route| route.is_live() && self.rollout.is_leftover(route));
        let (others, idle_others): (Vec<&Route>, Vec<&Route>) = leftovers.partition(|route| route.is_serving());
        // What never served goes; what ran and may recover waits, as long as it holds no room; what is ready stays.
        let (mut leaving, rest): (Vec<&Route>, Vec<&Route>) =
            idle.into_iter().partition(|route| !route.is_ready() && !blip::may_recover(route));
        let lack = self.room_once(leaving.len()).to_make_for(missing_now);
        // Nobody returns to leftovers, nor to what a person set inactive: what does not serve makes room first, the
        // stable revision's last.
        let inactive = self.rollout.routes().filter(|route| route.is_live() && self.rollout.is_stable(route));
        let inactive: Vec<&Route> = inactive.filter(|route| !is_among(&self.returnable, route)).collect();
        let made = first_to_drain(idle_others, lack);
        let mut lack = lack - made.len();
        leaving.extend(made);
        let (unready, ready): (Vec<&Route>, Vec<&Route>) = rest.into_iter().partition(|route| !route.is_ready());
        let given_up = unready.iter().filter(|route| blip::wait(route, spec.now).is_over(spec.now));
        for idle in [given_up.chain(&ready).copied().collect(), inactive] {
            let made = first_to_drain(idle, lack);
            lack -= made.len();
            leaving.extend(made);
        }
        // Green that serves goes as far as the target is carried without it; as far as the least is, where else nothing
        // could move: no room for a single route, and none on its way. Leftovers that serve go then too, after green.
        let serves = carrying + others.len() + serving.len();
        let beyond_target = serves.saturating_sub(target).min(serving.len());
        let room = self.room_once(leaving.len() + beyond_target);
        let lack = room.to_make_for(missing_now);
        let is_stuck = lack > 0 && room.left() == 0 && carrying == self.returnable.len() && !self.is_paused();
        let beyond_least = serves.saturating_sub(self.bounds.least_serving as usize);
        let surplus = if is_stuck { beyond_least.min(beyond_target + lack).max(beyond_target) } else { beyond_target };
        let (of_green, of_others) =
            (surplus.min(serving.len()), surplus.saturating_sub(serving.len()).min(others.len()));
        leaving.extend(first_to_drain(serving.iter().copied(), of_green));
        leaving.extend(first_to_drain(others.iter().copied(), of_others));
        sort_by_id(&mut leaving);

        let room = self.room(&leaving);
        let created = room.for_up_to(missing_now);
        let waiting = unready.into_iter().filter(|route| !is_among(&leaving, route));
        let waiting: Vec<&Route> = waiting.collect();
        let mut plan = self.with(SubStep::RollingBack, code, leaving);
        let blips = waiting
            .iter()
            .filter(|_| missing_now > 0)
            .filter_map(|route| blip::wait(route, spec.now).end_ahead(spec.now));
        plan = plan.evaluate_again(blips.min());
        plan = plan.change_traffic(waiting.into_iter().filter(|route| route.is_active()).map(put_on_standby));
        if created > 0 {
            plan = plan.create(RolloutSpec::active(created, stable));
        }
        let mut message = Self::done(why, &plan);
        message += &format!("; {carrying} of {target} routes of the stable revision {stable} can serve");
        if created > 0 {
            message += &format!(": creating {created}");
        } else if let Some(back_off) = back_off {
            let left = seconds(back_off.left(spec.now));
            message += &format!(": stable-does-not-start, creating another in {left}");
            plan = plan.evaluate_again(back_off.end_ahead(spec.now));
        } else if let Some(shortage) = room.shortage(missing_now).filter(|_| missing_now > 0) {
            message += &format!("; there is no room for more ({})", shortage.as_str());
        }
        self.finish(plan, message)
    }

    /// Rows 3 and 4.
    fn keep_what_serves(&self, code: &str, why: &str) -> RouteChanges {
        let (carrying, target) = (self.carrying(), self.target);
        let idle: Vec<&Route> = self.green.iter().copied().filter(|route| !route.is_serving()).collect();
        let kept = idle.iter().filter(|route| route.is_ready()).count();
        let may_be_promoted = kept > 0 && !self.rollout.spec().operator.abort;
        let leaving = idle.into_iter().filter(|route| !may_be_promoted || !route.is_ready());
        let sub_step = if may_be_promoted { SubStep::RollingBack } else { SubStep::RolledBack };
        let serving = self.green.iter().filter(|route| route.is_serving()).count();
        let plan = self.with(sub_step, code, leaving.collect());
        let mut message =
            format!("{}; there is nothing to return to: {carrying} of {target} blue can serve", Self::done(why, &plan));
        if serving > 0 {
            message += &format!("; {} in traffic {}", green(serving), stays(serving));
        }
        if may_be_promoted {
            let are = are(u32::try_from(kept).unwrap_or(u32::MAX));
            message += &format!(", {} that {are} ready may be promoted", green(kept));
        }
        self.finish(plan, message)
    }

    /// The room once so many live routes are gone, after their drain delay.
    fn room_once(&self, gone: usize) -> Room {
        Room::new(self.rollout, self.bounds, if self.is_paused() { 0 } else { gone })
    }

    /// The room of a plan that lets these go.
    fn room(&self, leaving: &[&Route]) -> Room {
        self.room_once(self.departures.split(leaving.iter().copied()).drained.len())
    }

    /// A plan that returns what can be returned, and lets these go.
    fn with(&self, sub_step: SubStep, code: &str, leaving: Vec<&'a Route>) -> RouteChanges {
        let returned = self.returnable.iter().filter(|route| route.is_ready() && !route.is_serving());
        let plan = RouteChanges::none(sub_step, code, String::new());
        let mut plan = plan.change_traffic(returned.map(|route| activate(route)));
        if self.is_paused() {
            plan.sub_step = SubStep::RollingBack;
            let out = leaving.into_iter().filter(|route| route.is_active() && route.status == RouteStatus::Running);
            return plan.change_traffic(out.map(put_on_standby));
        }
        let leaving = self.departures.split(leaving);
        if leaving.takes_time() {
            plan.sub_step = SubStep::RollingBack;
        }
        self.departures.depart(plan, &leaving)
    }

    fn done(why: &str, plan: &RouteChanges) -> String {
        let mut message = why.to_owned();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if !plan.drain_route_ids.is_empty() {
            message += &format!(": draining {}", count(number(plan.drain_route_ids.len()), "route"));
        }
        let changed = |to| plan.traffic_changes.iter().filter(|change| change.traffic_status == to).count();
        let (returned, out) = (changed(TrafficStatus::Active), changed(TrafficStatus::Standby));
        if out > 0 {
            message += &format!("; taking {} out of traffic", count(number(out), "route"));
        }
        if returned > 0 {
            message += &format!("; returning traffic to {returned} blue");
        }
        message
    }

    /// Raises what stays, so that what returns or is created beside it is no larger.
    fn finish(&self, mut plan: RouteChanges, message: String) -> RouteChanges {
        plan.reason.message = message;
        raise_beside_stable(self.rollout, plan)
    }
}

/// `1 green route`, `3 green routes`.
fn green(n: usize) -> String {
    count(u32::try_from(n).unwrap_or(u32::MAX), "green route")
}

/// `stays` for one, `stay` for any other number.
fn stays(n: usize) -> &'static str {
    if n == 1 { "stays" } else { "stay" }
}
