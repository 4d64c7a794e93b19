//! How a simulated rollout starts.

use std::fmt;

use pointsman::TrafficStatus;
use pointsman_simulate::world::World;
use proptest::prelude::{Just, Strategy, prop_oneof};

use crate::requests::{self, OTHER};

/// Start of a rollout.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) target: u32,
    /// Routes of the revision before; they serve.
    pub(crate) old: u32,
    /// Of a revision before that: some serve, some stand by.
    pub(crate) leftovers: (u32, u32),
    /// True where the host knows the revision before.
    pub(crate) knows_stable: bool,
    pub(crate) weight_steps: u32,
    /// Routes that can be placed; none for any number.
    pub(crate) free_places: Option<u32>,
    /// Lead of the clock that stamps routes over the host's; negative where it is behind.
    pub(crate) stamps_ahead_seconds: i64,
}

/// Starts, the plainest first.
pub(crate) fn starts() -> impl Strategy<Value = Start> {
    let leftovers = prop_oneof![3 => Just((0, 0)), 1 => (0..3u32, 0..3u32)];
    let knows_stable = prop_oneof![4 => Just(true), 1 => Just(false)];
    let stamps = prop_oneof![3 => Just(0), 1 => -30..=30i64];
    let places = prop_oneof![5 => Just(None), 1 => (0..6u32).prop_map(Some)];
    (0..5u32, 0..5u32, leftovers, knows_stable, requests::weight_steps(), places, stamps).prop_map(
        |(target, old, leftovers, knows_stable, weight_steps, free_places, stamps_ahead_seconds)| Start {
            target,
            old,
            leftovers,
            knows_stable,
            weight_steps,
            free_places,
            stamps_ahead_seconds,
        },
    )
}

// === impl Start ===

impl Start {
    /// `old` routes of the revision before serve, and nothing is out of the ordinary.
    pub(crate) fn plain(target: u32, old: u32) -> Self {
        Self {
            target,
            old,
            leftovers: (0, 0),
            knows_stable: true,
            weight_steps: 1,
            free_places: None,
            stamps_ahead_seconds: 0,
        }
    }

    /// The world that it starts in.
    pub(super) fn world(&self, config: &str) -> World {
        let mut routes: Vec<_> = (1..=self.old).map(|i| requests::serving_route(format!("r-{i}"))).collect();
        let (serving, standby) = self.leftovers;
        for i in 0..serving + standby {
            let mut route = requests::serving_route(format!("r-{}", routes.len() + 1));
            OTHER.clone_into(&mut route.revision);
            if i >= serving {
                route.traffic_status = TrafficStatus::Standby;
            }
            routes.push(route);
        }
        let mut spec = requests::spec(self.target, config);
        spec.stable_revision = spec.stable_revision.filter(|_| self.knows_stable);
        (spec.weight_steps, spec.free_places) = (self.weight_steps, self.free_places);
        let mut world = World::new(spec, routes);
        world.set_stamps_ahead(self.stamps_ahead_seconds * 1000);
        world
    }
}

impl fmt::Display for Start {
    /// A sentence that a configuration is to follow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, old) = (self.target, self.old);
        write!(f, "a rollout to {target} starts; {old} of the revision before serve")?;
        if self.leftovers != (0, 0) {
            let (serving, standby) = self.leftovers;
            write!(f, ", {serving} of one before that serve and {standby} stand by")?;
        }
        if !self.knows_stable {
            f.write_str(", and no revision is to return to")?;
        }
        if self.weight_steps != 1 {
            write!(f, "; weight steps {}", self.weight_steps)?;
        }
        if let Some(free) = self.free_places {
            write!(f, "; {free} more can be placed")?;
        }
        if self.stamps_ahead_seconds != 0 {
            write!(f, "; routes are stamped {:+} s off", self.stamps_ahead_seconds)?;
        }
        f.write_str("; config ")
    }
}
