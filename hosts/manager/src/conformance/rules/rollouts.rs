//! Whole rollouts, in a small world where anything happens at any time.

use proptest::{collection::vec, sample::select};

use super::{
    super::{
        bench::Bench,
        verdict::{Failure, Verdict},
        world::{Event, World, events},
    },
    plans::is_harmless,
};

/// The most events of one rollout.
const EVENTS: usize = 40;

/// `harmless-in-rollouts`: every plan is judged, and what passes is applied.
pub(super) fn harmless_in_rollouts(bench: &Bench<'_>, rule: &str) -> Verdict {
    let cases = (select(bench.configs.taken.clone()), 0..5u32, 0..5u32, vec(events(), 1..=EVENTS));
    bench.for_all(rule, &cases, |(config, target, old, events)| {
        let mut world = World::new(&config, target, old);
        for event in events {
            if matches!(event, Event::Evaluate | Event::Crash) {
                world.log_evaluation(&event);
                let failed = |failure: Failure, world: &World| failure.at(&world.request).after(world.log.clone());
                let plan = bench.subject.plan(&world.request).map_err(|failure| failed(failure, &world))?;
                let Some(plan) = plan else {
                    return Err(failed(Failure::new("it refuses a request of its own rollout"), &world));
                };
                is_harmless(&bench.subject.violations(&world.request, &plan))
                    .map_err(|failure| failed(failure, &world))?;
                if matches!(event, Event::Evaluate) {
                    world.apply(&plan).map_err(|failure| failed(failure, &world))?;
                }
                if world.is_over {
                    return Ok(());
                }
            } else {
                world.happen(&event);
            }
        }
        Ok(())
    })
}
