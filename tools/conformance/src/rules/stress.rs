//! What goes on for ever: creating what fails, and evaluating without a pause.

use pointsman_simulate::world::contract::{self, created};

use crate::{
    bench::Bench,
    rollout::{MOST_CREATED, Rollout, Start},
    tried::{Failure, Tried},
};

/// Cycles of a rollout that never succeeds, and the length of one in seconds.
const CYCLES: u32 = 100;
const CYCLE_SECONDS: u64 = 10;

/// Its target.
const TARGET: u32 = 3;

/// In the second half of the cycles, one in so many may create as many routes as are wanted. Whoever backs off as
/// Kubernetes does, 10 s doubled up to 300 s, creates in one of them or two; whoever creates the missing in each is
/// four times over it.
const CREATING_CYCLES: u32 = 4;

/// Evaluations that a plan asks for and that are followed.
const FOLLOWED: u32 = 60;

/// So many in a row that are no more than this apart, in milliseconds, are a busy loop. It is what a host makes of
/// less.
const TOO_MANY: u32 = 20;
const TOO_CLOSE: u64 = 1000;

/// `bounded-creation`: for the plain configurations, because one may ask for any number of replacements.
pub(super) fn bounded_creation(bench: &Bench<'_>, _: &str) -> Tried {
    let worlds = bench.configs.plain().iter().flat_map(|config| [(config, 0), (config, TARGET)]);
    Tried::of_each(worlds, |(config, old)| {
        let (mut rollout, mut late) = (Rollout::new(config, &Start::plain(TARGET, old)), 0);
        for cycle in 1..=CYCLES {
            let request = rollout.world.request();
            let plan = bench.subject.plan(&bench.subject.limited(&request));
            let Some(plan) = plan.map_err(|failure| failure.at(&request))? else { return Ok(()) };
            if created(&plan) <= MOST_CREATED && rollout.apply(&plan).is_err() {
                // For the rule `harmless`.
                return Ok(());
            }
            if cycle > CYCLES / 2 || created(&plan) > MOST_CREATED {
                late += created(&plan);
            }
            let most = u64::from(CYCLES / 2 / CREATING_CYCLES * TARGET);
            if late > most {
                let message = format!(
                    "every new route fails at once, and in cycle {cycle} of {CYCLE_SECONDS} s the plan is to create {} \
                     more: {late} since cycle {}, where at most {most} are bounded",
                    created(&plan),
                    CYCLES / 2,
                );
                let last = format!("{} routes were created before", rollout.world.routes().len());
                return Err(Failure::new(message).after(vec![rollout.log[0].clone(), last]));
            }
            rollout.fail_all_new();
            rollout.pass(CYCLE_SECONDS);
            if contract::is_terminal(plan.sub_step) {
                return Ok(());
            }
        }
        Ok(())
    })
}

/// `no-busy-loop`: nothing happens but what the plan asks for, at the moments that it asks for.
pub(super) fn no_busy_loop(bench: &Bench<'_>, rule: &str) -> Tried {
    bench.for_all_requests(rule, |mut request| {
        // What is stamped ahead of the clock may have to be waited for moment by moment.
        for route in &mut request.routes {
            route.created_at = route.created_at.min(request.spec.now);
            route.status_updated_at = route.status_updated_at.map(|at| at.min(request.spec.now));
        }
        let (before, mut close) = (request.clone(), 0);
        for _ in 0..FOLLOWED {
            let plan = bench.subject.plan(&request).map_err(|failure| failure.at(&before))?;
            let Some((plan, at)) = plan.and_then(|plan| plan.next_evaluation_at.map(|at| (plan, at))) else {
                return Ok(());
            };
            let now = request.spec.now;
            if at <= now {
                let late = now.saturating_millis_since(at);
                return Err(Failure::new(format!("it asks to be evaluated again {late} ms before now")).at(&request));
            }
            close = if at.saturating_millis_since(now) <= TOO_CLOSE { close + 1 } else { 0 };
            if close == TOO_MANY {
                let message = format!(
                    "it asks to be evaluated again {TOO_MANY} times in a row, each at most {TOO_CLOSE} ms after the other"
                );
                return Err(Failure::new(message).at(&before));
            }
            if contract::is_terminal(plan.sub_step)
                || created(&plan) > MOST_CREATED
                || contract::apply_to_request(&plan, &mut request).is_err()
            {
                return Ok(());
            }
            request.spec.now = at;
        }
        Ok(())
    })
}
