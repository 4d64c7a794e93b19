//! Whole rollouts, in a small world where anything happens at any time.

use pointsman::{RouteChanges, json::Request};
use proptest::{collection::vec, sample::select};

use super::plans::is_harmless;
use crate::{
    bench::Bench,
    tried::{Failure, Tried},
    words::created,
    world::{Event, MOST_CREATED, World, events, starts},
};

/// The most events of one rollout.
const EVENTS: usize = 40;

/// `harmless-in-rollouts`: every plan is judged, and what passes is applied.
pub(super) fn harmless_in_rollouts(bench: &Bench<'_>, rule: &str) -> Tried {
    in_rollouts(bench, rule, |request, plan| {
        let Some(plan) = plan else { return Err(Failure::new("it refuses a request of its own rollout")) };
        is_harmless(&bench.subject.violations(request, plan))?;
        // The policy may be wide; this machine is not.
        let created = created(plan);
        if created > MOST_CREATED { Err(Failure::new(format!("the plan creates {created} routes"))) } else { Ok(()) }
    })
}

/// Plays random rollouts. Each decision is judged before it is applied; what cannot be applied ends the rollout.
pub(super) fn in_rollouts(
    bench: &Bench<'_>,
    rule: &str,
    judge: impl Fn(&Request, Option<&RouteChanges>) -> Result<(), Failure>,
) -> Tried {
    let cases = (select(bench.configs.taken.clone()), starts(), vec(events(), 1..=EVENTS));
    bench.for_all(rule, &cases, |(config, start, events)| {
        let mut world = World::new(&config, &start);
        for event in events {
            if !matches!(event, Event::Evaluate | Event::Crash) {
                world.happen(&event);
                continue;
            }
            world.log_evaluation(&event);
            let asked = bench.subject.limited(&world.asked());
            let failed = |failure: Failure, world: &World| failure.at(&asked).after(world.log.clone());
            let plan = bench.subject.plan(&asked).map_err(|failure| failed(failure, &world))?;
            judge(&asked, plan.as_ref()).map_err(|failure| failed(failure, &world))?;
            let Some(plan) = plan else { return Ok(()) };
            if matches!(event, Event::Evaluate) && (world.apply(&plan).is_err() || world.is_over) {
                return Ok(());
            }
            world.evaluated();
        }
        Ok(())
    })
}
