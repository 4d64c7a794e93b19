//! Rolling back: the one way in which every strategy gives a rollout up.
//!
//! It ends as `rolled-back`, with the stable revision at full strength, or with what serves where there is nothing to
//! return to. It promotes nothing, and takes nothing out that is still needed:
//!
//! | # | when | sub-step | changes |
//! |---|---|---|---|
//! | 1 | what can be returned to carries the target | rolled-back | return; drain all else that is live |
//! | 2 | a stable revision is known | rolling-back | return; create what is missing of it; drain green that is not needed |
//! | 3 | not, and ready green is idle that may be wanted | rolling-back | return; drain green that is not ready |
//! | 4 | not | rolled-back | return; drain green that does not serve |
//!
//! - **What can be returned to**: routes of the stable revision in traffic or on standby; where none is known, all blue
//!   there. Inactive routes were never approved, and are not returned to.
//! - **Return** puts ready routes on standby into traffic, and raises all that stays there to a full share.
//! - **Row 2** keeps green that serves as long as the target is not carried without it. Where there is no room to create,
//!   leftovers that do not serve make it, then green that does not; where there is none for a single route, and none is
//!   on its way, also green, then leftovers, that serve beyond the least. What ran and may recover waits on standby.
//!   Other leftovers stay until row 1.
//! - **Row 3** is not for an abort: what an operator gave up is not wanted.

use crate::{
    Commitment, Rollout, RolloutSpec, Route, RouteChanges, RouteStatus, SubStep, TrafficStatus, WeightSteps,
    capacity::Load,
    order::{first_to_drain, is_among, sort_by_id},
    strategies::back_off::back_off,
    strategies::room::Room,
    strategies::traffic::{activate, put_on_standby, set_what_stays},
    words::{are, count, seconds},
};

/// Gives a rollout up.
pub(crate) struct RollingBack<'a> {
    rollout: &'a Rollout<'a>,
    bounds: Commitment,
    target: usize,
    /// What can be returned to.
    returnable: Vec<&'a Route>,
    green: Vec<&'a Route>,
}

impl<'a> RollingBack<'a> {
    pub(crate) fn new(rollout: &'a Rollout<'a>, bounds: Commitment) -> Self {
        let spec = rollout.spec();
        let is_approved = |route: &Route| route.is_active() || route.is_standby();
        let is_of_it = |route: &Route| match spec.stable() {
            Some(_) => rollout.is_stable(route),
            None => !rollout.is_green(route),
        };
        let live = rollout.routes().filter(|route| route.is_live());
        Self {
            rollout,
            bounds,
            target: spec.target_replicas as usize,
            returnable: live.clone().filter(|route| is_approved(route) && is_of_it(route)).collect(),
            green: live.filter(|route| rollout.is_green(route)).collect(),
        }
    }

    /// How many routes carry traffic once what can be is returned to.
    pub(crate) fn carrying(&self) -> usize {
        self.returnable.iter().filter(|route| route.is_ready()).count()
    }

    /// Whether all of the target is carried then, without green.
    pub(crate) fn carries_all(&self) -> bool {
        self.carrying() >= self.target
    }

    /// The plan, for a reason.
    pub(crate) fn plan(&self, code: &str, why: &str) -> RouteChanges {
        let (carrying, target) = (self.carrying(), self.target);
        if self.carries_all() {
            return self.end(code, why);
        }
        if let Some(stable) = self.rollout.spec().stable() {
            return self.go_on(code, why, stable);
        }
        let idle: Vec<&Route> = self.green.iter().copied().filter(|route| !route.is_serving()).collect();
        let kept = idle.iter().filter(|route| route.is_ready()).count();
        let is_wanted = kept > 0 && !self.rollout.spec().operator.abort;
        let leaving = idle.into_iter().filter(|route| !is_wanted || !route.is_ready());
        let sub_step = if is_wanted { SubStep::RollingBack } else { SubStep::RolledBack };
        let serving = self.green.iter().filter(|route| route.is_serving()).count();
        let plan = self.with(sub_step, code, leaving.collect());
        let mut message =
            format!("{}; there is nothing to return to: {carrying} of {target} blue can serve", Self::done(why, &plan));
        if serving > 0 {
            message += &format!("; {} in traffic {}", green(serving), stays(serving));
        }
        if is_wanted {
            message += &format!(
                ", {} that {} ready may be promoted",
                green(kept),
                are(u32::try_from(kept).unwrap_or(u32::MAX))
            );
        }
        self.finish(plan, message)
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
        let wanted = u32::try_from(target.saturating_sub(self.returnable.len())).unwrap_or(u32::MAX);
        let failed = self.rollout.blue().filter(|route| self.rollout.is_stable(route));
        let failed = failed.filter(|route| route.has_failed_since(spec.beginning()));
        let back_off = back_off(failed, spec.target_replicas, spec.now).filter(|_| wanted > 0);
        let wanted_now = if back_off.is_some() { 0 } else { wanted };

        let (serving, idle): (Vec<&Route>, Vec<&Route>) = self.green.iter().partition(|route| route.is_serving());
        let leftovers = self.rollout.routes().filter(|route| route.is_live() && self.rollout.is_leftover(route));
        let (others, idle_others): (Vec<&Route>, Vec<&Route>) = leftovers.partition(|route| route.is_serving());
        // What never served goes; what ran and may recover waits, as long as it holds no room; what is ready stays.
        let (mut leaving, rest): (Vec<&Route>, Vec<&Route>) =
            idle.into_iter().partition(|route| !route.is_ready() && !may_recover(route));
        let room = Room::new(self.rollout, self.bounds, leaving.len());
        let lack = room.to_make_for(wanted_now);
        // Nobody returns to leftovers: those that do not serve make room first.
        let made = first_to_drain(idle_others.iter().copied(), lack);
        let lack = lack - made.len();
        leaving.extend(made);
        let (unready, ready): (Vec<&Route>, Vec<&Route>) = rest.into_iter().partition(|route| !route.is_ready());
        leaving.extend(first_to_drain(unready.iter().chain(&ready).copied(), lack));
        // Green that serves goes as far as the target is carried without it; as far as the least is, where else nothing
        // could move: no room for a single route, and none on its way. Leftovers that serve go then too, after green.
        let serves = carrying + others.len() + serving.len();
        let beyond_target = serves.saturating_sub(target).min(serving.len());
        let room = Room::new(self.rollout, self.bounds, leaving.len() + beyond_target);
        let lack = room.to_make_for(wanted_now);
        let is_stuck = lack > 0 && room.left() == 0 && carrying == self.returnable.len();
        let beyond_least = serves.saturating_sub(self.bounds.least_serving as usize);
        let surplus = if is_stuck { beyond_least.min(beyond_target + lack).max(beyond_target) } else { beyond_target };
        let (of_green, of_others) =
            (surplus.min(serving.len()), surplus.saturating_sub(serving.len()).min(others.len()));
        leaving.extend(first_to_drain(serving.iter().copied(), of_green));
        leaving.extend(first_to_drain(others.iter().copied(), of_others));
        sort_by_id(&mut leaving);

        let room = Room::new(self.rollout, self.bounds, leaving.len());
        let created = room.for_up_to(wanted_now);
        let waiting = unready.into_iter().filter(|route| route.is_active() && !is_among(&leaving, route));
        let mut plan = self.with(SubStep::RollingBack, code, leaving.clone());
        plan = plan.change_traffic(waiting.map(put_on_standby));
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
            plan.next_evaluation_at = back_off.end_ahead(spec.now);
        } else if let Some(shortage) = room.shortage(wanted_now).filter(|_| wanted_now > 0) {
            message += &format!("; there is no room for more ({})", shortage.as_str());
        }
        self.finish(plan, message)
    }

    /// A plan that returns what can be returned and drains these.
    fn with(&self, sub_step: SubStep, code: &str, leaving: Vec<&'a Route>) -> RouteChanges {
        let returned = self.returnable.iter().filter(|route| route.is_ready() && !route.is_serving());
        RouteChanges::none(sub_step, code, String::new())
            .change_traffic(returned.map(|route| activate(route)))
            .drain(leaving)
    }

    fn done(why: &str, plan: &RouteChanges) -> String {
        let mut message = why.to_owned();
        if !plan.drain_route_ids.is_empty() {
            let drained = u32::try_from(plan.drain_route_ids.len()).unwrap_or(u32::MAX);
            message += &format!(": draining {}", count(drained, "route"));
        }
        let returned =
            plan.traffic_changes.iter().filter(|change| change.traffic_status == TrafficStatus::Active).count();
        if returned > 0 {
            message += &format!("; returning traffic to {returned} blue");
        }
        message
    }

    /// Raises what stays, so that what returns or is created beside it is no larger: stable to a full share, green only
    /// as far as needed, because an operator may have given it little on purpose.
    fn finish(&self, mut plan: RouteChanges, message: String) -> RouteChanges {
        plan.reason.message = message;
        let (load, steps) = (Load::of(self.rollout.routes()), WeightSteps(self.rollout.spec().weight_steps));
        let is_drained = |route: &Route| plan.drain_route_ids.binary_search(&route.id).is_ok();
        let loses_serving = self.rollout.routes().any(|route| route.is_serving() && is_drained(route));
        let ratio = |route: &Route| {
            let keeps_its_share = self.rollout.is_green(route) && !loses_serving && load.largest > 0.0;
            if keeps_its_share { steps.round_up(route.traffic_ratio / load.largest) } else { 1.0 }
        };
        set_what_stays(self.rollout, plan, ratio)
    }
}

/// Whether it ran, and may run again.
fn may_recover(route: &Route) -> bool {
    route.status == RouteStatus::Running && route.traffic_status != TrafficStatus::Inactive
}

/// `1 green route`, `3 green routes`.
fn green(n: usize) -> String {
    count(u32::try_from(n).unwrap_or(u32::MAX), "green route")
}

/// `stays` for one, `stay` for any other number.
fn stays(n: usize) -> &'static str {
    if n == 1 { "stays" } else { "stay" }
}
