//! One request, one plan: whether there is one, and whether it does harm.

use pointsman::{RouteChanges, guard::ViolationCode, json::Request};
use pointsman_host::EvaluateError;
use proptest::{
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};

use crate::{
    bench::Bench,
    remedy,
    tried::{Failure, Tried},
};

/// `answers`: also where more routes are wanted than any host has.
pub(super) fn answers(bench: &Bench<'_>, rule: &str) -> Tried {
    let target = option::weighted(0.1, select(vec![u32::MAX - 1, u32::MAX]));
    bench.for_all(rule, &(bench.requests(), target), |(mut request, target)| {
        request.spec.target_replicas = target.unwrap_or(request.spec.target_replicas);
        match bench.subject.decide(&request)? {
            Ok(_) | Err(EvaluateError::Rejected { .. }) => Ok(()),
            Err(error) => Err(Failure::new(format!("a request that is right is refused: {error}")).at(&request)),
        }
    })
}

/// A memo that a plugin is given.
#[derive(Clone, Debug)]
enum Memo {
    None,
    /// The memo of its own plan for another request, made at another moment.
    Own,
    /// That of another strategy.
    Others(String),
}

/// `harmless`: for any request. A memo that is not its own may be refused, but does no harm.
pub(super) fn harmless(bench: &Bench<'_>, rule: &str) -> Tried {
    let memo = prop_oneof![6 => Just(Memo::None), 2 => Just(Memo::Own), 1 => "[ -~]{0,20}".prop_map(Memo::Others)];
    bench.for_all(rule, &(bench.requests(), memo, bench.requests()), |(request, memo, mut before)| {
        let mut request = bench.subject.limited(&request);
        request.spec.memo = match memo {
            Memo::None => None,
            Memo::Own => {
                before.spec.config.clone_from(&request.spec.config);
                bench.subject.plan(&before)?.and_then(|plan| plan.memo)
            }
            Memo::Others(memo) => Some(memo),
        };
        let Some(plan) = bench.subject.plan(&request)? else { return Ok(()) };
        is_harmless(bench, &request, &plan).map_err(|failure| failure.at(&request))
    })
}

/// Checks that the guard has nothing against a plan.
pub(super) fn is_harmless(bench: &Bench<'_>, request: &Request, plan: &RouteChanges) -> Result<(), Failure> {
    let violations = bench.subject.violations(request, plan);
    if violations.is_empty() {
        return Ok(());
    }
    let all = violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    // Nothing is worse than a service that does not serve.
    let gravest = violations.iter().find(|found| found.code == ViolationCode::CapacityLowered).or(violations.first());
    let about = gravest.map_or("", |violation| violation.code.as_str());
    let is_of_policy = violations.iter().all(|violation| remedy::is_of_policy(violation.code));
    let remedy = if is_of_policy { remedy::of_plan(bench.options.guard, request, plan) } else { None };
    Err(Failure::new(format!("the guard rejects the plan: {all}")).about(about).remedied(remedy))
}
