//! Options with which a case passes: what somebody who reads a verdict can do about it.

use pointsman::{
    Amount, RouteChanges,
    guard::{Policy, ViolationCode},
    json::Request,
};
use pointsman_host::{CallError, Guard};

/// Names the option of a rule that needs a configuration.
pub(crate) const CONFIG: &str = "`--config` gives it one that the plugin takes";

/// Says that the plugin itself has to do something.
pub(crate) const NONE: &str = "no option: the plugin has to do what the rule says";

/// Routes above the target that are tried as an operator's surge.
const MOST_SURGE: u32 = 64;

/// Option under which a call may take more than it took.
pub(crate) fn of_call(error: &CallError) -> Option<String> {
    match error {
        CallError::Timeout { limit, .. } => {
            Some(format!("`--time-limit` allows more than {} ms, where the call ends at all", limit.as_millis()))
        }
        CallError::Memory { limit, .. } => {
            Some(format!("`--memory-limit` allows more than {} MiB, where the call ends at all", limit >> 20))
        }
        CallError::Response { limit, .. } => Some(format!("`--response-limit` allows more than {} MiB", limit >> 20)),
        _ => None,
    }
}

/// The narrowest policy under which the guard takes a plan that it rejects; none where no policy helps, or the case is
/// of a deployment with limits of its own.
pub(crate) fn of_plan(guard: Guard, request: &Request, plan: &RouteChanges) -> Option<String> {
    let Guard::Policy(policy) = guard else { return None };
    let target = request.spec.target_replicas;
    if request.spec.limits.is_some_and(|limits| limits != policy.resolve(target)) {
        return None;
    }
    let passes = |policy: Policy| {
        let mut request = request.clone();
        let mut plan = plan.clone();
        // Who promises what the limits ask for would promise less.
        if Some(plan.commitment) == request.spec.limits {
            plan.commitment = policy.resolve(target);
        }
        request.spec.limits = Some(policy.resolve(target));
        guard.under(policy).check(&request.routes, &request.spec, &plan).is_empty()
    };
    let unavailable = (0..=target).map(|count| {
        let policy = Policy { max_unavailable: Amount::Count(count), ..policy };
        (policy, format!("--max-unavailable {count}"))
    });
    let surge = (1..=MOST_SURGE).map(|count| {
        let policy = Policy { max_surge: Amount::Count(count), ..policy };
        (policy, format!("--max-surge {count}"))
    });
    let complete = (1..=target).rev().map(|count| {
        let policy = Policy { complete_at: Amount::Count(count), ..policy };
        (policy, format!("--complete-at {count}"))
    });
    let found = unavailable.chain(surge).chain(complete).find(|(policy, _)| passes(*policy));
    found.map(|(_, option)| format!("`{option}` lets this case pass, if the strategy is meant to do so"))
}

/// Returns whether a policy has a say in a violation.
pub(crate) fn is_of_policy(code: ViolationCode) -> bool {
    use ViolationCode as C;
    matches!(
        code,
        C::CapacityLowered | C::DrainedWhileShort | C::TooManyLive | C::TooManyTerminating | C::CompletedEarly
    )
}
