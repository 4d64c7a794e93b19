//! What a route does by itself.

use std::collections::VecDeque;

use pointsman::HealthStatus;

/// Behaviour of routes by themselves. A world calls it, and draws nothing itself.
pub trait Behaviour {
    /// Steps of a new route once it has a place, each so many milliseconds after that, in the order of time.
    fn start(&mut self) -> Vec<(u64, Step)>;

    /// Time that a drained route takes to be gone, in milliseconds; none where [`Fault::Gone`](super::Fault::Gone) says
    /// when.
    fn termination(&self) -> Option<u64>;
}

/// Routes that do nothing by themselves: everything is injected.
#[derive(Clone, Copy, Debug)]
pub struct Still;

/// A step that a route takes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It runs.
    Run,
    /// Its health is another.
    Health(HealthStatus),
    /// It ends: it failed to start, or crashed.
    Crash,
    /// It is gone, having been drained.
    Gone,
}

/// Steps that a route has before it, its place, and its fate.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    /// Its steps, each at a moment of the world in milliseconds, in the order of time.
    pub(super) ahead: VecDeque<(u64, Step)>,
    pub(super) place: Place,
    /// When it crashed or was evicted in this world, in milliseconds since it began; none before it or if neither.
    pub(super) lost_at: Option<u64>,
}

/// A route's claim to one of the places that there are.
#[derive(Clone, Debug, Default)]
pub(super) enum Place {
    /// It never had one, or has given it back.
    #[default]
    None,
    /// It waits for one, and does this from then on.
    Awaited(Vec<(u64, Step)>),
    /// It has one.
    Held,
}

impl Behaviour for Still {
    fn start(&mut self) -> Vec<(u64, Step)> {
        vec![]
    }

    fn termination(&self) -> Option<u64> {
        None
    }
}
