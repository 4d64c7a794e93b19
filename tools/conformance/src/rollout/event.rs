//! What can happen in a rollout.

use pointsman::{CheckOutcome, HealthStatus, TrafficStatus};
use proptest::{
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use crate::requests;
use pointsman_simulate::world::{Budget, OperatorAction};

/// Something that happens in a rollout. A place chooses among the routes that it can happen to.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The host evaluates, and applies the plan.
    Evaluate,
    /// The host evaluates, and crashes before it applies the plan.
    Crash,
    /// So many seconds pass.
    Wait(u64),
    /// Every new route becomes ready.
    AllReady,
    /// Every new route that is ready becomes unhealthy.
    AllSick,
    /// A route that is provisioning starts; whether it is healthy is not known yet.
    Start(usize),
    /// The health of a running route changes.
    Health(usize, HealthStatus),
    /// A live route ends by itself.
    Fail(usize),
    /// A live route is told to go, by somebody else.
    Drain(usize),
    /// A live route loses its place.
    Evict(usize),
    /// A route that is terminating is gone.
    Gone(usize),
    /// Somebody sets the ratio of a live route in traffic by hand.
    Weigh(usize, f64),
    /// Somebody sets the ratio of every live route in traffic by hand.
    WeighAll(f64),
    /// Somebody takes a live route out of traffic by hand, or a ready one into it.
    Move(usize, TrafficStatus),
    /// The operator does something.
    Operate(OperatorAction),
    /// So many more routes can be placed; none for any number.
    Places(Option<u32>),
    /// The deployment gets a budget of its own; none for the caller's policy.
    Budget(Option<Budget>),
    /// The host's clock is set by so many seconds, for good.
    ClockStep(i64),
    /// The host's clock is wrong by so many seconds, for the next evaluation only.
    ClockBlip(i64),
    /// Another number of replicas is wanted.
    Rescale(u32),
    /// A check has an outcome, sampled so many seconds ago; none for a host that does not say when.
    Check(CheckOutcome, Option<i64>),
    /// The host loses the memo.
    LoseMemo,
}

/// Events, the plainest first.
pub(crate) fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => Just(Event::Evaluate),
        4 => (1..=120u64).prop_map(Event::Wait),
        17 => of_routes(),
        4 => of_hosts(),
        3 => of_people(),
    ]
}

fn of_routes() -> impl Strategy<Value = Event> {
    use HealthStatus as H;
    let place = || 0..8usize;
    let health = select(vec![H::Healthy, H::Unhealthy, H::Degraded, H::NotChecked]);
    prop_oneof![
        8 => Just(Event::AllReady),
        1 => Just(Event::AllSick),
        3 => place().prop_map(Event::Start),
        4 => (place(), health).prop_map(|(place, health)| Event::Health(place, health)),
        1 => place().prop_map(Event::Fail),
        1 => place().prop_map(Event::Drain),
        1 => place().prop_map(Event::Evict),
        1 => place().prop_map(Event::Gone),
    ]
}

fn of_hosts() -> impl Strategy<Value = Event> {
    use CheckOutcome as C;
    let outcome = select(vec![C::Passed, C::Failed, C::Pending, C::Inconclusive]);
    let seconds = || prop_oneof![3 => 1..=600i64, 1 => Just(86_400)];
    let both_ways = || prop_oneof![seconds(), seconds().prop_map(|seconds| -seconds)];
    prop_oneof![
        1 => (outcome, option::of(-60..=60i64)).prop_map(|(outcome, ago)| Event::Check(outcome, ago)),
        1 => requests::free_places().prop_map(Event::Places),
        // Most of them say that there is none.
        3 => requests::budgets().prop_map(Event::Budget),
        1 => both_ways().prop_map(Event::ClockStep),
        1 => both_ways().prop_map(Event::ClockBlip),
        1 => Just(Event::LoseMemo),
        1 => Just(Event::Crash),
    ]
}

fn of_people() -> impl Strategy<Value = Event> {
    use {OperatorAction as O, TrafficStatus as T};
    let action = prop_oneof![
        4 => Just(O::Promote), 4 => Just(O::Advance), 3 => Just(O::TakeBack), 1 => Just(O::Pause),
        // An abort ends most of what could still happen.
        2 => Just(O::Resume), 1 => Just(O::Abort),
    ];
    let place = || 0..8usize;
    let traffic = select(vec![T::Active, T::Standby, T::Inactive]);
    prop_oneof![
        4 => action.prop_map(Event::Operate),
        2 => (0..6u32).prop_map(Event::Rescale),
        2 => (place(), requests::ratios()).prop_map(|(place, ratio)| Event::Weigh(place, ratio)),
        1 => requests::ratios().prop_map(Event::WeighAll),
        1 => (place(), traffic).prop_map(|(place, status)| Event::Move(place, status)),
    ]
}
