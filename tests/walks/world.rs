//! One deployment as it truly is: replicas, clocks, people, and the host that keeps them.

use pointsman::{
    Check, CheckOutcome, Commitment, Operator, Route, RouteChanges, RouteEnd, Spec, SubStep, Timestamp, TrafficStatus,
};

use crate::{
    clock::{Clock, Mark},
    past::Past,
    replica::{LEFTOVER, Life, NEW, Replica, STABLE},
    setup::{Leftover, Setup, Start, Which},
};

/// The verdict of the one check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: CheckOutcome,
    /// When it was sampled, truly and by the host's clock; none where the host does not say.
    pub(crate) observed: Option<(Mark, u64)>,
}

/// A plan that one manager has made, and has not applied.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) plan: RouteChanges,
    /// What is so once it is applied.
    pub(crate) past: Past,
    pub(crate) version: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) clock: Clock,
    pub(crate) replicas: Vec<Replica>,
    created: usize,
    pub(crate) target: u32,
    pub(crate) operator: Operator,
    pub(crate) check: Option<Verdict>,
    /// How many routes the machine has places for; none where there are always more.
    pub(crate) places: Option<u32>,
    pub(crate) memo: Option<String>,
    pub(crate) which: Which,
    /// Grows with every change, so that a plan for another state is known by it.
    pub(crate) version: u64,
    pub(crate) held: Option<Held>,
    /// The gate of the last applied plan.
    pub(crate) gate: Option<String>,
    /// The reason that was last given.
    pub(crate) code: Option<String>,
    pub(crate) end: Option<SubStep>,
    /// What truly happened, which no strategy is told.
    pub(crate) past: Past,
}

// === impl World ===

impl World {
    pub(crate) fn new(setup: &Setup) -> Self {
        let mut world = Self {
            clock: Clock::default(),
            replicas: vec![],
            created: 0,
            target: setup.target,
            operator: Operator::default(),
            check: setup.has_check.then_some(Verdict { outcome: CheckOutcome::Pending, observed: None }),
            places: setup.places_beyond.map(|beyond| setup.target + beyond),
            memo: None,
            which: setup.first,
            version: 0,
            held: None,
            gate: None,
            code: None,
            end: None,
            past: Past::new(setup.target),
            setup: setup.clone(),
        };
        let target = setup.target;
        match setup.start {
            Start::Stable | Start::Unknown => world.was_there(target, STABLE, TrafficStatus::Active),
            Start::Beside(leftover) => {
                let (stable, traffic) = match leftover {
                    Leftover::Idle => (target, TrafficStatus::Inactive),
                    Leftover::OnStandby => (target, TrafficStatus::Standby),
                    Leftover::Serving => (target.saturating_sub(1), TrafficStatus::Active),
                };
                world.was_there(stable, STABLE, TrafficStatus::Active);
                world.was_there(1, LEFTOVER, traffic);
            }
            Start::Nothing | Start::Lost => {}
        }
        world
    }

    /// Routes that have been ready since long before the rollout.
    fn was_there(&mut self, count: u32, revision: &'static str, traffic: TrafficStatus) {
        for _ in 0..count {
            let ratio = if traffic == TrafficStatus::Inactive { 0.0 } else { 1.0 };
            self.create(revision, traffic, ratio);
            let last = self.replicas.last_mut().expect("was created");
            let long_ago = last.created_at - 1_000_000;
            (last.life, last.created_at, last.stamped_at) = (Life::Ready, long_ago, long_ago);
        }
    }

    fn create(&mut self, revision: &'static str, traffic: TrafficStatus, ratio: f64) {
        let now = self.clock.host();
        let id = format!("r-{:03}", self.created);
        self.created += 1;
        self.replicas.push(Replica {
            id,
            revision,
            life: Life::Starting,
            traffic,
            ratio,
            created_at: now,
            stamped_at: now,
            since: self.clock.mark(),
            end: None,
        });
    }

    /// What the clock that stamps says when the host's says `now`.
    fn stamp(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.setup.keeping.stamps_ahead.unwrap_or(0))
    }

    /// A replica becomes something else, between two cycles.
    pub(crate) fn becomes(&mut self, i: usize, life: Life, end: Option<RouteEnd>) {
        let (stamped_at, since) = (self.stamp(self.clock.lasting()), self.clock.mark());
        let replica = &mut self.replicas[i];
        (replica.life, replica.stamped_at, replica.since) = (life, stamped_at, since);
        replica.end = replica.end.or(end);
        if !replica.is_live() {
            (replica.traffic, replica.ratio) = (TrafficStatus::Inactive, 0.0);
        }
        self.version += 1;
    }

    pub(crate) fn count(&self, is: impl Fn(&Replica) -> bool) -> u32 {
        u32::try_from(self.replicas.iter().filter(|replica| is(replica)).count()).expect("few replicas")
    }

    pub(crate) fn routes(&self) -> Vec<Route> {
        self.replicas.iter().map(|replica| replica.route(self.setup.keeping)).collect()
    }

    pub(crate) fn limits(&self) -> Option<Commitment> {
        self.setup.policy.map(|policy| policy.resolve(self.target))
    }

    pub(crate) fn bounds(&self) -> Commitment {
        self.setup.bounds(self.which, self.target, self.limits())
    }

    pub(crate) fn free_places(&self) -> Option<u32> {
        self.places.map(|places| places.saturating_sub(self.count(Replica::holds_a_place)))
    }

    pub(crate) fn spec(&self) -> Spec {
        let moment = Timestamp::from_millis;
        let check = |verdict: Verdict| Check {
            name: "smoke".to_owned(),
            outcome: verdict.outcome,
            observed_at: verdict.observed.map(|(_, at)| moment(at)),
        };
        Spec {
            stable_revision: self.setup.has_stable().then(|| STABLE.to_owned()),
            operator: self.operator.clone(),
            checks: self.check.map(check).into_iter().collect(),
            limits: self.limits(),
            free_places: self.free_places(),
            weight_steps: self.setup.weight_steps,
            config: self.setup.config(self.which),
            memo: self.memo.clone(),
            ..Spec::new(NEW, self.target, moment(crate::clock::STARTED_AT), moment(self.clock.host()))
        }
    }

    /// What a plan makes of the replicas, in the contract's order; nothing of it where it names what is not there.
    pub(crate) fn change(&mut self, plan: &RouteChanges) -> bool {
        let find = |id: &String| self.replicas.iter().position(|replica| replica.id == *id);
        let all = |ids: &[String]| ids.iter().map(find).collect::<Option<Vec<usize>>>();
        let changed = plan.traffic_changes.iter().map(|change| Some((find(&change.route_id)?, change)));
        let changed = changed.collect::<Option<Vec<_>>>();
        let (Some(promoted), Some(changed), Some(drained)) =
            (all(&plan.promote_route_ids), changed, all(&plan.drain_route_ids))
        else {
            return false;
        };
        for created in &plan.rollout_specs {
            let revision = if created.revision == NEW { NEW } else { STABLE };
            for _ in 0..created.count {
                self.create(revision, created.traffic_status, created.traffic_ratio);
            }
        }
        for i in promoted {
            (self.replicas[i].traffic, self.replicas[i].ratio) = (TrafficStatus::Active, 1.0);
        }
        for (i, change) in changed {
            (self.replicas[i].traffic, self.replicas[i].ratio) = (change.traffic_status, change.traffic_ratio);
        }
        for i in drained.into_iter().filter(|i| self.replicas[*i].is_live()).collect::<Vec<_>>() {
            self.becomes(i, Life::Stopping, Some(RouteEnd::Drained));
            // The host's own stamp, whatever its clock says in this cycle.
            self.replicas[i].stamped_at = self.clock.host();
        }
        self.version += 1;
        true
    }
}
