//! Whether a rollout ends, wherever a walk has led it, once nothing more goes wrong; and whether it creates routes
//! without end where something goes on going wrong.

use pointsman::{CheckOutcome, RouteChanges, RouteEnd};

use crate::{
    host::{Broken, Stored},
    promises::{CREATING, SETTLES},
    replica::{LEFTOVER, Life, Replica},
    setup::Strategies,
    world::World,
};

/// How a walk ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    AllGoesWell,
    /// What is sick of what nobody returns to never recovers.
    LeftoversStaySick,
    /// Every green route crashes before it is ready, until an operator aborts.
    GreenNeverStarts,
    StaysPaused,
}

/// More cycles than any rollout of five routes needs.
const CYCLES: u32 = 150;
/// Between two of them, in milliseconds.
const APART: u64 = 10_000;
/// How long nothing may happen before a person looks: more than the longest back-off.
const PATIENCE: u64 = 400_000;

/// So many rounds of creation fit into the cycles with a back-off that doubles from 10 s up to 300 s.
const ROUNDS: u32 = 12;

impl World {
    /// Goes on until the rollout is over.
    ///
    /// # Errors
    /// What keeps it from that, or a promise that is broken on the way.
    pub(crate) fn settle(mut self, ending: Ending, strategies: &Strategies) -> Result<Self, Broken> {
        self.held = None;
        self.operator.pause = ending == Ending::StaysPaused;
        if ending == Ending::GreenNeverStarts {
            self.crashes_on_and_on(strategies)?;
            self.operator.abort = true;
        }
        let created = self.replicas.len();
        let mut idle = 0;
        for _ in 0..CYCLES {
            if self.end.is_some() {
                break;
            }
            self.goes_well(ending);
            let plan = self.decide(strategies)?;
            let alike = |world: &Self| (format!("{:?}", world.routes()), world.operator.clone(), world.places);
            let before = alike(&self);
            self.cycle(strategies, Stored::All)?;
            self.operator.passed_gates.extend(self.gate.take());
            if alike(&self) != before || self.end.is_some() {
                idle = 0;
                continue;
            }
            idle += APART;
            if idle > PATIENCE {
                if ending == Ending::StaysPaused {
                    return Ok(self);
                }
                self.helps(&plan)?;
                idle = 0;
            }
        }
        if self.end.is_none() {
            let last = self.decide(strategies)?;
            let how =
                format!("not over after {CYCLES} cycles, the last plan of which is {last:?}\n{}", self.describe());
            return Err(Broken { promise: SETTLES, how });
        }
        // The missing of each revision, once; and once more where an operator helped.
        let created = self.replicas.len() - created;
        if created > 4 * self.target as usize {
            let how = format!("{created} routes were created while all went well\n{}", self.describe());
            return Err(Broken { promise: CREATING, how });
        }
        Ok(self)
    }

    /// What fairness promises.
    fn goes_well(&mut self, ending: Ending) {
        self.clock.pass(APART);
        let stays = |replica: &Replica| {
            ending == Ending::LeftoversStaySick && replica.revision == LEFTOVER && matches!(replica.life, Life::Sick(_))
        };
        self.all_goes_well(|replica| !stays(replica));
        if self.check.is_some_and(|verdict| verdict.outcome != CheckOutcome::Failed || verdict.observed.is_some()) {
            self.judged(CheckOutcome::Passed, Some(0));
        }
        self.version += 1;
    }

    /// A person does what the reason says.
    fn helps(&mut self, plan: &RouteChanges) -> Result<(), Broken> {
        let says = |words: &[&str]| words.iter().any(|word| plan.reason.message.contains(word));
        if says(&["place is free", "places are free", "free places"]) && self.places.is_some() {
            self.places = None;
        } else if says(&["routes may be live", "nothing can be replaced", "(max_surge)"]) && self.setup.policy.is_some()
        {
            self.setup.policy = None;
        } else if says(&["raise max_replacements, or abort", "may be promoted"]) && !self.operator.abort {
            self.operator.abort = true;
        } else {
            let how = format!("nothing happens, and no person is told what to do: {plan:?}\n{}", self.describe());
            return Err(Broken { promise: SETTLES, how });
        }
        Ok(())
    }

    /// All of green that starts crashes, for long. No more is created than a back-off allows.
    fn crashes_on_and_on(&mut self, strategies: &Strategies) -> Result<(), Broken> {
        let (target, places) = (self.target, self.places);
        let created = self.count(Replica::is_new);
        for _ in 0..CYCLES {
            if self.end.is_some() {
                return Ok(());
            }
            self.clock.pass(APART);
            for i in 0..self.replicas.len() {
                if self.replicas[i].is_new() && self.replicas[i].life == Life::Starting {
                    self.becomes(i, Life::Gone { has_started: false }, Some(RouteEnd::Crashed));
                }
            }
            self.all_goes_well(|replica| replica.life != Life::Starting || !replica.is_new());
            self.cycle(strategies, Stored::All)?;
        }
        let created = self.count(Replica::is_new) - created;
        if created > ROUNDS * target {
            let how = format!("{created} routes that crash were created for a target of {target}, {places:?}");
            return Err(Broken { promise: CREATING, how });
        }
        Ok(())
    }
}
