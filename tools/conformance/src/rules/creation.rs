//! Creation where nothing succeeds, with every input varied.

use pointsman::{Timestamp, json::Request};
use pointsman_simulate::world::{
    Fault,
    contract::{self, created},
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use crate::{
    bench::Bench,
    requests,
    rollout::{Event, MOST_CREATED, Rollout, Start, starts},
    tried::{Failure, Tried},
};

/// Cycles of a rollout that never succeeds, and the length of one in seconds.
const CYCLES: u32 = 100;
const CYCLE_SECONDS: u64 = 10;

/// The target of the plainest case.
const TARGET: u32 = 3;

/// In the second half of the cycles, one in so many may create as many routes as are wanted. Whoever backs off as
/// Kubernetes does, 10 s doubled up to 300 s, creates in one of them or two; whoever creates the missing in each is
/// four times over it.
const CREATING_CYCLES: u32 = 4;

/// Most of what befalls a rollout beside its failures.
const BEFALLS: usize = 6;

/// A rollout has so many cycles that fewer cases are enough: one of so many.
const SHARE: u32 = 8;

/// How the routes of a rollout fail, and what else its host and its people do.
#[derive(Clone, Debug)]
struct Loop {
    start: Start,
    /// What each new route does in the cycle after its creation, cycle by cycle in turn.
    ends: Vec<End>,
    /// True where routes of the stable revision do not start either.
    is_of_all: bool,
    /// True where the host does not say how and when routes ended.
    is_silent: bool,
    /// True where the host loses every memo.
    forgets: bool,
    befalls: Vec<(u32, Event)>,
}

/// How a route fails.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It fails to start.
    FailsToStart,
    /// It becomes ready, and crashes.
    Crashes,
    /// It loses its place, which is no failure of the revision.
    IsEvicted,
    /// Somebody else drains it, which is none either.
    IsDrained,
    /// It is neither ready nor gone.
    Hangs,
}

/// `bounded-creation`: for the plain configurations, because one may ask for any number of replacements. Every new
/// route fails, in one way or another, for [`CYCLES`] cycles of [`CYCLE_SECONDS`] s. In the second half of them no more
/// routes are created than these, by every fourth cycle: as many as were wanted at most, twice as many where the stable
/// revision does not start either. To these come as many for each thing that befell the rollout meanwhile (another
/// target, budget or clock, a lost memo, weights set by hand), and one for each route that was evicted or that somebody
/// drained, because that did not fail.
pub(super) fn bounded_creation(bench: &Bench<'_>, rule: &str) -> Tried {
    let worlds = bench.configs.plain().iter().flat_map(|config| [(config, 0), (config, TARGET)]);
    let plain = Tried::of_each(worlds, |(config, old)| is_bounded(bench, config, &Loop::plain(old)));
    plain.and_then(|| {
        let cases = (select(bench.configs.plain().to_vec()), loops());
        bench.for_some(rule, SHARE, &cases, |(config, case)| is_bounded(bench, &config, &case))
    })
}

fn is_bounded(bench: &Bench<'_>, config: &str, case: &Loop) -> Result<(), Failure> {
    let mut rollout = Rollout::new(config, &case.start);
    let (mut late, mut excused, mut befallen, mut highest) = (0, 0, 0, case.start.target);
    for cycle in 1..=CYCLES {
        let is_late = cycle > CYCLES / 2;
        for (_, event) in case.befalls.iter().filter(|(at, _)| *at == cycle) {
            rollout.happen(event);
            befallen += u64::from(is_late);
        }
        highest = highest.max(rollout.world.target());
        let request = case.given(bench.subject.limited(&rollout.world.request()));
        rollout.world.evaluated();
        let plan = bench.subject.plan(&request).map_err(|failure| failure.at(&request))?;
        let Some(plan) = plan else { return Ok(()) };
        let new = created(&plan);
        late += if is_late || new > MOST_CREATED { new } else { 0 };
        let sets = u64::from(CYCLES / 2 / CREATING_CYCLES) * if case.is_of_all { 2 } else { 1 } + befallen;
        let most = sets * u64::from(highest) + excused;
        if late > most {
            let message = format!(
                "every new route fails, and in cycle {cycle} of {CYCLE_SECONDS} s the plan is to create {new} more: \
                 {late} since cycle {}, where at most {most} are bounded",
                CYCLES / 2,
            );
            let last = format!("{} routes were there before, in all", rollout.world.routes().len());
            let events = rollout.log.iter().cloned().chain(case.described()).chain([last]).collect();
            return Err(Failure::new(message).after(events));
        }
        // What cannot be applied is for the rule `harmless`.
        if new > MOST_CREATED || rollout.world.apply(&plan, &mut pointsman_simulate::world::Still).is_err() {
            return Ok(());
        }
        if contract::is_terminal(plan.sub_step) {
            return Ok(());
        }
        let ended = case.fail_new(&mut rollout, cycle);
        excused += if is_late { ended } else { 0 };
        rollout.pass(CYCLE_SECONDS);
    }
    Ok(())
}

/// Rollouts that never succeed.
fn loops() -> impl Strategy<Value = Loop> {
    let ends = vec(
        prop_oneof![
            4 => Just(End::FailsToStart), 2 => Just(End::Crashes), 1 => Just(End::IsEvicted),
            1 => Just(End::IsDrained), 1 => Just(End::Hangs),
        ],
        1..=4,
    );
    let befalls = vec((1..=CYCLES, befalls()), 0..=BEFALLS);
    let flags = (proptest::bool::weighted(0.3), proptest::bool::weighted(0.2), proptest::bool::weighted(0.2));
    (starts(), ends, flags, befalls).prop_map(|(start, ends, (is_of_all, is_silent, forgets), befalls)| Loop {
        start,
        ends,
        is_of_all,
        is_silent,
        forgets,
        befalls,
    })
}

fn befalls() -> impl Strategy<Value = Event> {
    let seconds = || prop_oneof![1..=600i64, -600..=-1i64, Just(86_400), Just(-86_400)];
    prop_oneof![
        3 => (0..6u32).prop_map(Event::Rescale),
        2 => Just(Event::LoseMemo),
        2 => requests::free_places().prop_map(Event::Places),
        2 => requests::budgets().prop_map(Event::Budget),
        1 => seconds().prop_map(Event::ClockStep),
        1 => seconds().prop_map(Event::ClockBlip),
        1 => (0..8usize).prop_map(Event::Evict),
        1 => requests::ratios().prop_map(Event::WeighAll),
    ]
}

// === impl Loop ===

impl Loop {
    /// The new routes fail to start, and nothing else happens.
    fn plain(old: u32) -> Self {
        Self {
            start: Start::plain(TARGET, old),
            ends: vec![End::FailsToStart],
            is_of_all: false,
            is_silent: false,
            forgets: false,
            befalls: vec![],
        }
    }

    /// The request as its host gives it.
    fn given(&self, mut request: Request) -> Request {
        if self.is_silent {
            for route in &mut request.routes {
                (route.status_updated_at, route.end) = (None::<Timestamp>, None);
            }
        }
        request.spec.memo = request.spec.memo.filter(|_| !self.forgets);
        request
    }

    /// Lets every new route fail; returns how many ended without a failure.
    fn fail_new(&self, rollout: &mut Rollout, cycle: u32) -> u64 {
        let end = self.ends[cycle as usize % self.ends.len()];
        let mut excused = 0;
        if matches!(end, End::Crashes) {
            let ids = self.affected(rollout, Fault::Ready);
            rollout.world.inject(Fault::Ready, &ids);
        }
        let fault = match end {
            End::FailsToStart | End::Crashes => Some(Fault::Crash),
            End::IsEvicted => Some(Fault::Evict),
            End::IsDrained => Some(Fault::Drain),
            End::Hangs => None,
        };
        if let Some(fault) = fault {
            let ids = self.affected(rollout, fault);
            let ended = rollout.world.inject(fault, &ids);
            excused += if fault == Fault::Crash { 0 } else { u64::from(ended) };
        }
        let gone: Vec<String> = rollout.world.affected(Fault::Gone).map(|route| route.id.clone()).collect();
        rollout.world.inject(Fault::Gone, &gone);
        excused
    }

    /// Ids of the new routes, and of others where they fail too, that something can happen to.
    fn affected(&self, rollout: &Rollout, fault: Fault) -> Vec<String> {
        let spec = rollout.world.spec();
        let began = Timestamp::from_millis(requests::STARTED_AT);
        let is_new = |route: &&pointsman::Route| {
            contract::is_green(route, &spec) || (self.is_of_all && route.created_at >= began)
        };
        rollout.world.affected(fault).filter(is_new).map(|route| route.id.clone()).collect()
    }

    /// What its log does not say.
    fn described(&self) -> Vec<String> {
        let ends: Vec<String> = self.ends.iter().map(|end| format!("{end:?}")).collect();
        let mut lines = vec![format!("each new route, cycle by cycle in turn: {}", ends.join(", "))];
        for (is_so, line) in [
            (self.is_of_all, "new routes of the stable revision fail too"),
            (self.is_silent, "the host does not say how and when routes ended"),
            (self.forgets, "the host loses every memo"),
        ] {
            if is_so {
                lines.push(line.to_owned());
            }
        }
        lines
    }
}
