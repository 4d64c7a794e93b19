//! What a plan promises, and what was promised when its configuration was admitted.

use pointsman::{
    Commitment, RouteChanges, Spec,
    json::{Admission, ConfigToCheck, Request},
};
use pointsman_simulate::world::contract;

use super::rollouts::in_rollouts;
use crate::{
    bench::Bench,
    tried::{Failure, Tried},
};

/// `keeps-its-commitment`: a plan's commitment is a function of configuration, target and limits alone, and equal to
/// what `check-config` says of them: whatever the routes, the clock and the operator are, and in every cycle. And the
/// plan does what it promises.
pub(super) fn keeps_its_commitment(bench: &Bench<'_>, rule: &str) -> Tried {
    let pairs = (bench.requests(), bench.requests());
    let random = bench.for_all(rule, &pairs, |(request, mut other)| {
        other.spec.config.clone_from(&request.spec.config);
        other.spec.target_replicas = request.spec.target_replicas;
        other.spec.limits = request.spec.limits;
        let (Some(plan), Some(another)) = (bench.subject.plan(&request)?, bench.subject.plan(&other)?) else {
            return Ok(());
        };
        if plan.commitment != another.commitment {
            let [first, second] = [plan.commitment, another.commitment].map(said);
            let message =
                format!("the same configuration, target and limits, other routes: {first} is promised, and {second}");
            return Err(Failure::new(message).about("two promises").at_all(&[request, other]));
        }
        is_kept(bench, &request, &plan).map_err(|failure| failure.at(&request))
    });
    random.and_then(|| {
        in_rollouts(bench, rule, |request, plan| plan.map_or(Ok(()), |plan| is_kept(bench, request, plan)))
    })
}

/// Serving capacity is compared with so much room for arithmetic, in routes.
const TOLERANCE: f64 = 1e-9;

/// Checks that a plan promises what was said when its configuration was admitted, and does it. Where it was not
/// admitted, no move was left, and a running rollout waits.
fn is_kept(bench: &Bench<'_>, request: &Request, plan: &RouteChanges) -> Result<(), Failure> {
    match admitted(bench, &request.spec)? {
        Ok(promised) if promised != plan.commitment => {
            let [planned, promised] = [plan.commitment, promised].map(said);
            Err(Failure::new(format!("the plan promises {planned}, and `check-config` said {promised}")))
        }
        _ => is_done(request, plan),
    }
}

/// Checks that a plan does what it promises itself: it never brings capacity below `least-serving`, nor live routes
/// above `most-live`. What is there before is nobody's promise.
pub(super) fn is_done(request: &Request, plan: &RouteChanges) -> Result<(), Failure> {
    let mut after = request.clone();
    // What is created serves nothing yet, and may be more than this machine holds.
    let changes = RouteChanges { rollout_specs: vec![], ..plan.clone() };
    if contract::apply_to_request(&changes, &mut after).is_err() {
        // Whoever names strangers breaks another rule.
        return Ok(());
    }
    let promised = said(plan.commitment);
    let [before, left] = [&request.routes, &after.routes].map(|routes| contract::capacity(routes));
    let least = f64::from(plan.commitment.least_serving).min((before + TOLERANCE).floor());
    if left < least - TOLERANCE {
        let message = format!("{promised} is promised, and the plan takes serving capacity from {before} to {left}");
        return Err(Failure::new(message).about("too few serve"));
    }
    let created = contract::created(plan);
    let live = created + after.routes.iter().filter(|route| contract::is_live(route)).count() as u64;
    if created > 0 && live > u64::from(plan.commitment.most_live) {
        let message = format!("{promised} is promised, and the plan creates {created} and makes it {live} live routes");
        return Err(Failure::new(message).about("too many live"));
    }
    Ok(())
}

/// Answer of `check-config` to a spec's configuration, target and limits: a commitment, or why there is none.
///
/// # Errors
/// A call that failed, and an answer that is none.
pub(super) fn admitted(bench: &Bench<'_>, spec: &Spec) -> Result<Result<Commitment, String>, Failure> {
    let Spec { config, target_replicas, limits, .. } = spec;
    let question = ConfigToCheck { config: config.clone(), target_replicas: *target_replicas, limits: *limits };
    let request = serde_json::to_string(&question).map_err(|error| Failure::new(error.to_string()))?;
    let answer = bench.subject.plugin.check_config_json(&request);
    bench.subject.work.add(1);
    match answer.map_err(|error| bench.subject.failed(&error).on(&request))? {
        Err(message) => Ok(Err(message)),
        Ok(answer) => match serde_json::from_str(&answer) {
            Ok(Admission::Ok(promised)) => Ok(Ok(promised)),
            Ok(Admission::Error(message)) => Ok(Err(message)),
            Err(error) => {
                Err(Failure::new(format!("`check-config` answers {answer:?}, which is none: {error}")).on(&request))
            }
        },
    }
}

/// `at least 3 serve, at most 6 are live`.
pub(super) fn said(commitment: Commitment) -> String {
    format!("at least {} serve, at most {} are live", commitment.least_serving, commitment.most_live)
}
