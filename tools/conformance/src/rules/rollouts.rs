//! Whole rollouts, in a small world where anything happens at any time.

use pointsman::{RouteChanges, json::Request};
use pointsman_simulate::world::contract::created;
use proptest::{collection::vec, sample::select};

use super::plans::is_harmless;
use crate::{
    bench::Bench,
    rollout::{Event, MOST_CREATED, Rollout, events, starts},
    tried::{Failure, Tried},
};

/// The most events of one rollout.
const EVENTS: usize = 40;

/// `harmless-in-rollouts`: every plan is judged, and what passes is applied.
pub(super) fn harmless_in_rollouts(bench: &Bench<'_>, rule: &str) -> Tried {
    in_rollouts(bench, rule, |request, plan| {
        let Some(plan) = plan else { return Err(Failure::new("it refuses a request of its own rollout")) };
        is_harmless(bench, request, plan)?;
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
        let mut rollout = Rollout::new(&config, &start);
        for event in events {
            if !matches!(event, Event::Evaluate | Event::Crash) {
                rollout.happen(&event);
                continue;
            }
            rollout.log_evaluation(&event);
            let request = bench.subject.limited(&rollout.world.request());
            rollout.world.evaluated();
            let failed = |failure: Failure| failure.at(&request).after(rollout.log.clone());
            let plan = bench.subject.plan(&request).map_err(failed)?;
            judge(&request, plan.as_ref()).map_err(failed)?;
            let Some(plan) = plan else { return Ok(()) };
            if matches!(event, Event::Evaluate) && (rollout.apply(&plan).is_err() || rollout.world.ended().is_some()) {
                return Ok(());
            }
        }
        Ok(())
    })
}
