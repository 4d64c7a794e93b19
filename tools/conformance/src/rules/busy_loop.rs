//! Evaluating without a pause.

use pointsman_simulate::world::contract::{self, created};

use crate::{
    bench::Bench,
    rollout::MOST_CREATED,
    tried::{Failure, Tried},
};

/// Evaluations that a plan asks for and that are followed.
const FOLLOWED: u32 = 60;

/// So many in a row that are no more than this apart, in milliseconds, are a busy loop. It is what a host makes of
/// less.
const TOO_MANY: u32 = 20;
const TOO_CLOSE: u64 = 1000;

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
                    "it asks to be evaluated again {TOO_MANY} times in a row, each at most {TOO_CLOSE} ms after the \
                     other"
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
