//! One deployment as the model sees it: what can be told apart, and nothing else.
//!
//! Routes that are alike are interchangeable, so they are kept as a sorted list without names. Time is kept as ages in
//! ticks, up to [`LONG_AGO`], and only where a decision could depend on it.

use pointsman::{
    Check, CheckOutcome, HealthStatus, OperatorRequest, Route, RouteChanges, RouteStatus, Spec, Timestamp,
    TrafficStatus,
};

use crate::subject::Subject;

/// A tick, in milliseconds. All durations of the configurations are whole ticks.
pub(crate) const TICK: u64 = 10_000;

/// An age that stands for all that are as long or longer. What takes longer than this, a long back-off, is over at once when
/// it is reached: time may jump.
pub(crate) const LONG_AGO: u8 = 3;

/// How long ago that is, in milliseconds: more than the longest back-off.
const LONG_MILLIS: u64 = 400_000;

const STARTED_AT: u64 = 1_760_000_000_000;

/// What a route's revision is to the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Revision {
    /// The old one, which served when the rollout started.
    Old,
    /// Another: its rollout was replaced before anybody approved it, or the rollout before this one kept it.
    Unapproved,
    /// The deploying one.
    New,
}

/// How a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Provisioning,
    Healthy,
    Unhealthy,
    Terminating,
    /// Only of the new revision: it counts as failed.
    Gone,
}

/// What a route has to do with traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Traffic {
    /// Never in it.
    Out,
    /// Out of it with the ratio that it had there.
    Kept,
    In,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Unit {
    pub(crate) revision: Revision,
    pub(crate) kind: Kind,
    pub(crate) traffic: Traffic,
    /// Ticks since it last changed; [`LONG_AGO`] where that makes no difference.
    pub(crate) age: u8,
}

/// A memo, with its moment as an age.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memo {
    word: String,
    age: Option<u8>,
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Completed,
    RolledBack,
}

/// What a plan must never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    FloorBroken,
    BudgetExceeded,
    CreatesWithoutEnd,
    ActivatedNotReady,
    ActivatedUnapproved,
    GateIgnored,
    EndedInTwoRevisions,
    DeadlineAlthoughReady,
    Spins,
    NeedsAnother,
}

/// What the environment may still do, in times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) failures: u8,
    pub(crate) flaps: u8,
    pub(crate) evictions: u8,
    pub(crate) rescales: u8,
    pub(crate) requests: u8,
    pub(crate) accidents: u8,
}

/// A deployment in mid-rollout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) units: Vec<Unit>,
    pub(crate) target: u8,
    pub(crate) elapsed: u8,
    pub(crate) request: Option<OperatorRequest>,
    pub(crate) check: Option<CheckOutcome>,
    pub(crate) memo: Option<Memo>,
    pub(crate) left: Budget,
    /// Which of the model's strategies decides.
    pub(crate) strategy: usize,
    pub(crate) end: Option<End>,
    pub(crate) fault: Option<Fault>,
}

// === impl Unit ===

impl Unit {
    pub(crate) fn is_new(self) -> bool {
        self.revision == Revision::New
    }

    pub(crate) fn is_live(self) -> bool {
        matches!(self.kind, Kind::Provisioning | Kind::Healthy | Kind::Unhealthy)
    }

    pub(crate) fn is_serving(self) -> bool {
        self.kind == Kind::Healthy && self.is_active()
    }

    pub(crate) fn is_active(self) -> bool {
        self.traffic == Traffic::In
    }

    fn route(self, id: String, now: u64) -> Route {
        let (status, health) = match self.kind {
            Kind::Provisioning => (RouteStatus::Provisioning, HealthStatus::NotChecked),
            Kind::Healthy => (RouteStatus::Running, HealthStatus::Healthy),
            Kind::Unhealthy => (RouteStatus::Running, HealthStatus::Unhealthy),
            Kind::Terminating => (RouteStatus::Terminating, HealthStatus::NotChecked),
            Kind::Gone => (RouteStatus::Terminated, HealthStatus::NotChecked),
        };
        let (revision, created_at) = match self.revision {
            Revision::Old => ("v1", STARTED_AT - 1_000_000),
            Revision::Unapproved => ("v2", STARTED_AT - 500_000),
            Revision::New => ("v3", STARTED_AT),
        };
        Route {
            id,
            revision: revision.to_owned(),
            status,
            health,
            traffic_status: if self.is_active() { TrafficStatus::Active } else { TrafficStatus::Inactive },
            traffic_ratio: if self.traffic == Traffic::Out { 0.0 } else { 1.0 },
            created_at: Timestamp::from_millis(created_at),
            status_updated_at: Some(Timestamp::from_millis(now - millis(self.age))),
        }
    }

    fn of(route: &Route, now: u64) -> Self {
        let kind = match (route.status, route.health) {
            (RouteStatus::Provisioning, _) => Kind::Provisioning,
            (RouteStatus::Running, HealthStatus::Healthy) => Kind::Healthy,
            (RouteStatus::Running, _) => Kind::Unhealthy,
            (RouteStatus::Terminating, _) => Kind::Terminating,
            _ => Kind::Gone,
        };
        let revision = match route.revision.as_str() {
            "v1" => Revision::Old,
            "v2" => Revision::Unapproved,
            _ => Revision::New,
        };
        let changed_at = route.status_updated_at.expect("the model knows").as_millis();
        let traffic = match (route.traffic_status, route.traffic_ratio) {
            (TrafficStatus::Active, _) => Traffic::In,
            (TrafficStatus::Inactive, 0.0) => Traffic::Out,
            (TrafficStatus::Inactive, _) => Traffic::Kept,
        };
        Self { revision, kind, traffic, age: age(now - changed_at) }
    }
}

fn millis(age: u8) -> u64 {
    if age >= LONG_AGO { LONG_MILLIS } else { u64::from(age) * TICK }
}

fn age(millis: u64) -> u8 {
    u8::try_from(millis / TICK).unwrap_or(LONG_AGO).min(LONG_AGO)
}

// === impl State ===

impl State {
    /// The host's clock.
    fn now(&self) -> u64 {
        STARTED_AT + if self.elapsed >= LONG_AGO { 2 * LONG_MILLIS } else { u64::from(self.elapsed) * TICK }
    }

    pub(crate) fn routes(&self) -> Vec<Route> {
        let now = self.now();
        self.units.iter().enumerate().map(|(i, unit)| unit.route(format!("r-{i:02}"), now)).collect()
    }

    pub(crate) fn spec(&self, config: &str) -> Spec {
        let now = self.now();
        let memo = self.memo.as_ref().map(|memo| match memo.age {
            Some(age) => format!("{} {}", memo.word, now - millis(age)),
            None => memo.word.clone(),
        });
        Spec {
            deploying_revision: "v3".to_owned(),
            target_replicas: self.target.into(),
            started_at: Timestamp::from_millis(STARTED_AT),
            now: Timestamp::from_millis(now),
            operator_request: self.request,
            checks: self.check.map(|outcome| Check { name: "smoke".to_owned(), outcome }).into_iter().collect(),
            config: config.to_owned(),
            memo,
        }
    }

    /// What a host makes of the deployment that applies this plan, with the crate's own rule.
    pub(crate) fn apply(&mut self, plan: &RouteChanges, subject: &Subject) {
        let (mut routes, now) = (self.routes(), self.now());
        let mut created = 0;
        let new_id = || {
            created += 1;
            format!("new-{created}")
        };
        plan.apply(&mut routes, Timestamp::from_millis(now), new_id).expect("the guard has looked at the ids");
        self.units = routes.iter().map(|route| Unit::of(route, now)).collect();
        self.memo = plan.memo.as_deref().map(|memo| match memo.rsplit_once(' ') {
            Some((word, at)) if at.parse::<u64>().is_ok() => {
                Memo { word: word.to_owned(), age: Some(age(now - at.parse::<u64>().unwrap_or(now))) }
            }
            _ => Memo { word: memo.to_owned(), age: None },
        });
        self.normalize(subject);
    }

    /// Forgets what makes no difference.
    pub(crate) fn normalize(&mut self, subject: &Subject) {
        for unit in &mut self.units {
            if unit.kind == Kind::Terminating && !subject.tells_terminating_from_gone {
                unit.kind = Kind::Gone;
            }
            let age_matters = match unit.kind {
                Kind::Healthy => unit.is_new() && subject.has_delay,
                Kind::Gone => unit.is_new() && subject.has_back_off,
                _ => false,
            };
            if !age_matters {
                unit.age = LONG_AGO;
            }
        }
        self.units.retain(|unit| unit.is_new() || unit.kind != Kind::Gone);
        self.units.sort_unstable();
        if !subject.has_deadline {
            self.elapsed = LONG_AGO;
        }
    }

    /// Time passes.
    pub(crate) fn tick(&mut self) {
        let older = |age: &mut u8| *age = (*age + 1).min(LONG_AGO);
        self.units.iter_mut().for_each(|unit| older(&mut unit.age));
        older(&mut self.elapsed);
        if let Some(Memo { age: Some(age), .. }) = &mut self.memo {
            older(age);
        }
    }

    pub(crate) fn count(&self, is: impl Fn(Unit) -> bool) -> usize {
        self.units.iter().filter(|unit| is(**unit)).count()
    }

    /// Whether blue-green remembers a promotion.
    pub(crate) fn remembers_promotion(&self) -> bool {
        self.memo.as_ref().is_some_and(|memo| memo.word == "promoted-at")
    }

    pub(crate) fn serving(&self) -> usize {
        self.count(Unit::is_serving)
    }
}
