//! One request, one plan: whether there is one, whether it does harm, and whether it says why.

use pointsman::{
    Amount, RouteChanges,
    guard::{Policy, Violation, ViolationCode},
    json::Request,
};
use pointsman_host::{CheckConfigError, EvaluateError};
use proptest::{option, prelude::Strategy, prop_oneof, sample::select, strategy::Just};

use super::super::{
    bench::Bench,
    verdict::{Failure, Verdict},
};
use super::describe::is_kebab;

/// The longest message, in bytes: a sentence, with a few routes named in it.
const LONGEST_MESSAGE: usize = 1000;

/// `answers`: also where more routes are wanted than any host has.
pub(super) fn answers(bench: &Bench<'_>, rule: &str) -> Verdict {
    let target = option::weighted(0.1, select(vec![u32::MAX - 1, u32::MAX]));
    bench.for_all(rule, &(bench.requests(), target), |(mut request, target)| {
        request.spec.target_replicas = target.unwrap_or(request.spec.target_replicas);
        match bench.subject.decide(&request)? {
            Ok(_) | Err(EvaluateError::Rejected { .. }) => Ok(()),
            Err(error) => Err(Failure::new(format!("a request that is right is refused: {error}")).at(&request)),
        }
    })
}

/// `harmless`: for any request. A memo that is not its own may be refused, but does no harm.
pub(super) fn harmless(bench: &Bench<'_>, rule: &str) -> Verdict {
    let memo = prop_oneof![6 => Just(None), 1 => "[ -~]{0,20}".prop_map(Some)];
    bench.for_all(rule, &(bench.requests(), memo), |(mut request, memo)| {
        request.spec.memo = memo;
        let Some(plan) = bench.subject.plan(&request)? else { return Ok(()) };
        is_harmless(&bench.subject.violations(&request, &plan)).map_err(|failure| failure.at(&request))
    })
}

/// No violations, or the failure that they are.
pub(super) fn is_harmless(violations: &[Violation]) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    let all = violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    // Nothing is worse than a service that does not serve.
    let gravest = violations.iter().find(|found| found.code == ViolationCode::CapacityLowered).or(violations.first());
    let about = gravest.map_or("", |violation| violation.code.as_str());
    Err(Failure::new(format!("the guard rejects the plan: {all}")).about(about))
}

/// `keeps-its-promise`: every plan has the commitment that `check-config` says for the same configuration, target and
/// policy, whatever the routes are.
pub(super) fn keeps_its_promise(bench: &Bench<'_>, rule: &str) -> Verdict {
    let amounts = || select(vec![Amount::Count(1), Amount::percent(25), Amount::percent(100), Amount::percent(300)]);
    let policies = (amounts(), amounts()).prop_map(|(max_unavailable, max_surge)| Policy {
        max_unavailable,
        max_surge,
        ..Policy::default()
    });
    bench.for_all(rule, &(bench.requests(), option::of(policies)), |(request, policy)| {
        let plugin = &bench.subject.plugin;
        let plugin = policy.map_or_else(|| plugin.clone(), |policy| plugin.under(policy));
        let spec = &request.spec;
        let promised = match plugin.check_config(&spec.config, spec.target_replicas) {
            Ok(promised) => promised,
            // No move is left; a running rollout waits then.
            Err(CheckConfigError::Invalid { .. }) => return Ok(()),
            Err(CheckConfigError::Call(error)) => return Err(bench.subject.failed(&error).at(&request)),
        };
        let plan = match bench.subject.answered(plugin.evaluate_cycle(&request.routes, spec))? {
            Ok(plan) => plan,
            Err(EvaluateError::Rejected { plan, .. }) => *plan,
            Err(_) => return Ok(()),
        };
        if plan.commitment == promised {
            return Ok(());
        }
        let message = format!("the plan promises {:?}, and `check-config` said {promised:?}", plan.commitment);
        Err(Failure::new(message).at(&request))
    })
}

/// `says-why`.
pub(super) fn says_why(bench: &Bench<'_>, rule: &str) -> Verdict {
    bench.for_all_requests(rule, |request| {
        let Some(plan) = bench.subject.plan(&request)? else { return Ok(()) };
        match wrong_reason(&request, &plan) {
            None => Ok(()),
            Some(message) => Err(Failure::new(message).at(&request)),
        }
    })
}

/// What is wrong with a plan's reason.
fn wrong_reason(request: &Request, plan: &RouteChanges) -> Option<String> {
    let reason = &plan.reason;
    if !is_kebab(&reason.code) {
        return Some(format!("the reason code {:?} is not kebab-case", reason.code));
    }
    if reason.message.trim().is_empty() {
        return Some(format!("the reason `{}` has no message", reason.code));
    }
    if reason.message.len() > LONGEST_MESSAGE || reason.message.contains('\n') {
        let length = reason.message.len();
        return Some(format!(
            "the message of `{}` has {length} bytes; one line of at most {LONGEST_MESSAGE} is wanted",
            reason.code
        ));
    }
    if let Some(gate) = plan.gate.as_ref().filter(|gate| !is_kebab(gate)) {
        return Some(format!("the gate {gate:?} is not kebab-case"));
    }
    if let Err(error) = plan.labels.validate() {
        return Some(format!("the plan's labels are not as the contract says: {error}"));
    }
    let is_there = |id: &&String| request.routes.iter().any(|route| route.id == **id);
    let stranger = reason.blocking_route_ids.iter().find(|id| !is_there(id))?;
    Some(format!("`{}` waits for the route {stranger:?}, which was not given", reason.code))
}
