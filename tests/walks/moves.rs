//! Everything that may happen between two cycles, and in them.

use pointsman::{CheckOutcome, HealthStatus, RouteEnd, TrafficStatus};
use proptest::{prelude::*, sample::Index, sample::select};

use crate::{
    host::{Broken, Stored},
    past::Memory,
    replica::{Life, Replica},
    setup::{Strategies, Which},
    world::{Verdict, World},
};

/// A move. One that cannot be made makes no difference, so that a path stays one whatever is left out of it.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    /// The host evaluates, and stores so much of what comes of it.
    Cycle(Stored),
    /// A manager evaluates, and does not get to apply the plan yet.
    Compute,
    /// It applies what it has made, whatever has happened since.
    ApplyHeld,
    /// It crashes before.
    Crash,
    /// So many milliseconds.
    TimePasses(u64),
    /// All that starts becomes ready, what is sick recovers, what stops is gone.
    AllGoesWell,
    Becomes(Index, Becomes),
    Abort(bool),
    Pause(bool),
    Promote(bool),
    /// A person passes the gate of the last applied plan.
    PassGate,
    Target(u32),
    Places(u32),
    /// A person sets what a ready route gets.
    Weigh(Index, TrafficStatus, f64),
    /// A verdict, and how many milliseconds ago it was observed, if that is said.
    Verdict(CheckOutcome, Option<u64>),
    MemoIsLost,
    /// The memo is what it is not.
    MemoIsGarbage(&'static str),
    /// The other strategy takes over.
    Swap,
    /// The host's clock is set, by so many milliseconds.
    ClockStep(i64),
    /// It is wrong in the next cycle.
    ClockIsWrongOnce(i64),
}

/// What becomes of a route.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Becomes {
    Ready,
    Sick(HealthStatus),
    Crashed,
    Evicted,
    Stopped,
}

pub(crate) fn any_move() -> impl Strategy<Value = Move> {
    use CheckOutcome as C;
    use TrafficStatus as T;
    let index = any::<Index>;
    let becomes = prop_oneof![
        4 => Just(Becomes::Ready),
        2 => select(vec![HealthStatus::Unhealthy, HealthStatus::Degraded]).prop_map(Becomes::Sick),
        2 => Just(Becomes::Crashed),
        1 => Just(Becomes::Evicted),
        2 => Just(Becomes::Stopped),
    ];
    let stored = prop_oneof![30 => Just(Stored::All), 1 => Just(Stored::Memo), 1 => Just(Stored::Changes)];
    let millis = select(vec![1, 999, 1000, 5000, 10_000, 10_000, 30_000, 60_000, 400_000]);
    let traffic = prop_oneof![
        4 => select(vec![0.0, 0.01, 0.25, 1.0 / 3.0, 0.5, 1.0]).prop_map(|ratio| (T::Active, ratio)),
        1 => Just((T::Inactive, 0.0)),
    ];
    let verdict = (select(vec![C::Passed, C::Passed, C::Pending, C::Failed, C::Inconclusive]), any_age());
    let clock = select(vec![1000, 15_000, 400_000, 86_400_000, 3 * 86_400_000]);
    let clock = (clock, any::<bool>()).prop_map(|(by, is_back): (i64, bool)| if is_back { -by } else { by });
    let people = prop_oneof![
        3 => prop::bool::weighted(0.4).prop_map(Move::Abort),
        4 => any::<bool>().prop_map(Move::Pause),
        2 => any::<bool>().prop_map(Move::Promote),
        8 => Just(Move::PassGate),
        6 => (0..=5u32).prop_map(Move::Target),
        2 => (0..12u32).prop_map(Move::Places),
        4 => (index(), traffic).prop_map(|(index, (status, ratio))| Move::Weigh(index, status, ratio)),
        4 => verdict.prop_map(|(outcome, age)| Move::Verdict(outcome, age)),
    ];
    let garbage = select(vec!["", "promoted-at 1", "blue-green 3 x", "no memo at all", "rolling-update 2 1 drained 9"]);
    let host = prop_oneof![
        3 => Just(Move::Compute),
        3 => Just(Move::ApplyHeld),
        1 => Just(Move::Crash),
        2 => Just(Move::MemoIsLost),
        1 => garbage.prop_map(Move::MemoIsGarbage),
        2 => Just(Move::Swap),
        2 => clock.clone().prop_map(Move::ClockStep),
        4 => clock.prop_map(Move::ClockIsWrongOnce),
    ];
    prop_oneof![
        10 => stored.prop_map(Move::Cycle),
        5 => millis.prop_map(Move::TimePasses),
        4 => Just(Move::AllGoesWell),
        6 => (index(), becomes).prop_map(|(index, becomes)| Move::Becomes(index, becomes)),
        4 => people,
        2 => host,
    ]
}

fn any_age() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![2 => Just(None), 2 => Just(Some(0)), 1 => Just(Some(20_000))]
}

impl World {
    /// Makes a move, if it can be made.
    ///
    /// # Errors
    /// The promise that a strategy breaks in it.
    pub(crate) fn make(&mut self, made: &Move, strategies: &Strategies) -> Result<(), Broken> {
        self.version += u64::from(!matches!(made, Move::Compute | Move::ApplyHeld | Move::TimePasses(_)));
        match made {
            Move::Cycle(stored) => return self.cycle(strategies, *stored),
            Move::Compute => return self.compute(strategies),
            Move::ApplyHeld => return self.apply_held(),
            Move::Crash => self.held = None,
            Move::TimePasses(millis) => self.clock.pass(*millis),
            Move::AllGoesWell => self.all_goes_well(|_| true),
            Move::Becomes(index, becomes) => self.happens(*index, *becomes),
            Move::Abort(is_wanted) => self.operator.abort = *is_wanted,
            Move::Pause(is_wanted) => self.operator.pause = *is_wanted,
            Move::Promote(is_wanted) => self.operator.promote = *is_wanted,
            Move::PassGate => self.operator.passed_gates.extend(self.gate.take()),
            Move::Target(target) => self.target = *target,
            Move::Places(places) => self.places = self.places.map(|_| *places),
            Move::Weigh(index, status, ratio) => self.weigh(*index, *status, *ratio),
            Move::Verdict(outcome, age) => self.judged(*outcome, *age),
            Move::MemoIsLost => self.remember(None, Memory::Lost),
            Move::MemoIsGarbage(text) => self.remember(Some((*text).to_owned()), Memory::Lost),
            Move::Swap => {
                self.which = match self.which {
                    Which::BlueGreen => Which::RollingUpdate,
                    Which::RollingUpdate => Which::BlueGreen,
                };
                // Another configuration has other gates.
                self.operator.passed_gates.clear();
                self.past.forget();
                self.past.is_promoted = false;
            }
            Move::ClockStep(by) => self.clock.step(*by),
            Move::ClockIsWrongOnce(by) => self.clock.be_wrong_once(*by),
        }
        Ok(())
    }

    fn remember(&mut self, memo: Option<String>, memory: Memory) {
        self.memo = memo;
        self.past.memory = memory;
        self.past.forget();
    }

    /// What fairness promises to such replicas, all at once.
    pub(crate) fn all_goes_well(&mut self, to: impl Fn(&Replica) -> bool) {
        for i in 0..self.replicas.len() {
            if !to(&self.replicas[i]) {
                continue;
            }
            match self.replicas[i].life {
                Life::Starting | Life::Sick(_) => self.becomes(i, Life::Ready, None),
                Life::Stopping => self.becomes(i, Life::Gone { has_started: true }, None),
                Life::Ready | Life::Gone { .. } => {}
            }
        }
    }

    fn happens(&mut self, index: Index, becomes: Becomes) {
        let present: Vec<usize> = (0..self.replicas.len()).filter(|i| self.replicas[*i].holds_a_place()).collect();
        if present.is_empty() {
            return;
        }
        let i = *index.get(&present);
        let life = self.replicas[i].life;
        match (becomes, life) {
            (Becomes::Ready, Life::Starting | Life::Sick(_)) => self.becomes(i, Life::Ready, None),
            (Becomes::Sick(health), Life::Ready) => self.becomes(i, Life::Sick(health), None),
            (Becomes::Crashed, Life::Starting | Life::Ready | Life::Sick(_)) => {
                self.becomes(i, Life::Gone { has_started: life != Life::Starting }, Some(RouteEnd::Crashed));
            }
            (Becomes::Evicted, Life::Starting | Life::Ready | Life::Sick(_)) => {
                self.becomes(i, Life::Stopping, Some(RouteEnd::Evicted));
            }
            (Becomes::Stopped, Life::Stopping) => self.becomes(i, Life::Gone { has_started: true }, None),
            _ => {}
        }
    }

    fn weigh(&mut self, index: Index, status: TrafficStatus, ratio: f64) {
        let ready: Vec<usize> = (0..self.replicas.len()).filter(|i| self.replicas[*i].is_ready()).collect();
        let steps = f64::from(self.setup.weight_steps);
        // What the proxy has; a person does not set what it has not.
        let ratio = if steps > 0.0 { (ratio * steps).ceil() / steps } else { ratio };
        if !ready.is_empty() {
            let replica = &mut self.replicas[*index.get(&ready)];
            (replica.traffic, replica.ratio) = (status, ratio);
        }
    }

    pub(crate) fn judged(&mut self, outcome: CheckOutcome, age: Option<u64>) {
        let observed = age.map(|age| (self.clock.mark().earlier(age), self.clock.lasting() - age));
        self.check = self.check.map(|_| Verdict { outcome, observed });
    }
}
