//! A strategy is a pure function, and its plans are diffs.

use pointsman::{
    RouteChanges,
    json::{Answer, Request},
};
use pointsman_host::{Decision, FieldDifference};
use pointsman_simulate::{show::changes, world::contract};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy},
};

use super::rollouts::in_rollouts;
use crate::{
    bench::Bench,
    requests::{self, MOST_ROUTES},
    rollout::MOST_CREATED,
    tried::{Failure, Tried},
};

/// Random requests that one instance is given.
const REQUESTS: usize = 4;

/// The longest two decisions that are shown whole, in bytes.
const LONGEST: usize = 300;

/// How often one instance is given the same request.
const REPEATED: usize = 300;

/// `deterministic`: an instance that was given other requests before, or the same very often, decides as a fresh one.
pub(super) fn deterministic(bench: &Bench<'_>, rule: &str) -> Tried {
    let cases = vec(bench.requests(), 1..=REQUESTS);
    let random = bench.for_all(rule, &cases, |requests| {
        // The last is given again, because a plugin may count.
        let given: Vec<&Request> = requests.iter().chain(requests.last()).collect();
        forgets(bench, &given)
    });
    random.and_then(|| {
        Tried::of_each(bench.configs.plain(), |config| {
            let routes = (1..=3).map(|i| requests::serving_route(format!("r-{i}"))).collect();
            let request = Request { routes, spec: requests::spec(3, config) };
            let before = bench.subject.work.done();
            let _ = bench.subject.decide(&request)?;
            // Huge plans less often.
            let weight = usize::try_from(bench.subject.work.done() - before).unwrap_or(REPEATED).max(1);
            forgets(bench, &vec![&request; (REPEATED / weight).max(2)])
        })
    })
}

/// Checks that one instance that is given all of these decides each as a fresh instance does.
fn forgets(bench: &Bench<'_>, given: &[&Request]) -> Result<(), Failure> {
    // A host without a slot to spare has one instance at a time.
    let mut fresh: Vec<Decision> = vec![];
    for (i, request) in given.iter().enumerate() {
        match fresh.last().filter(|_| given[i.saturating_sub(1)] == *request) {
            Some(same) => fresh.push(same.clone()),
            None => fresh.push(Decision::from(&bench.subject.decide(request)?)),
        }
    }
    let mut session = bench.subject.session()?;
    for (i, (request, fresh)) in given.iter().zip(&fresh).enumerate() {
        let shown = |failure: Failure| {
            let before: Vec<Request> = given[..=i].iter().map(|request| (*request).clone()).collect();
            // Many times the same is told in words.
            if before.len() > REQUESTS + 1 { failure.at(request) } else { failure.at_all(&before) }
        };
        let number = i + 1;
        let result =
            bench.subject.answered(session.evaluate_cycle(&request.routes, &request.spec)).map_err(|failure| {
                let message =
                    format!("call {number} of one instance fails, and in a fresh one does not: {}", failure.message);
                shown(Failure { message, ..failure })
            })?;
        let reused = Decision::from(&result);
        // Not only what decides something: a message that counts calls is a memory too.
        if serde_json::to_string(&reused).ok() != serde_json::to_string(fresh).ok() {
            let what = described(fresh, &reused);
            return Err(shown(Failure::new(format!(
                "call {number} of one instance decides otherwise than a fresh one: {what}"
            ))));
        }
    }
    Ok(())
}

/// A gate that no strategy has.
const NO_GATE: &str = "no-such-gate-0123456789";

/// `order-independent`: of what is a set in the contract, and of what is unknown there.
pub(super) fn order_independent(bench: &Bench<'_>, rule: &str) -> Tried {
    let order = Just((0..MOST_ROUTES).collect::<Vec<_>>()).prop_shuffle();
    bench.for_all(rule, &(bench.requests(), order), |(request, order)| {
        let mut shuffled = request.clone();
        shuffled.routes = order.iter().filter_map(|place| request.routes.get(*place)).cloned().collect();
        let spec = &mut shuffled.spec;
        spec.checks = order.iter().filter_map(|place| request.spec.checks.get(*place)).cloned().collect();
        spec.operator.passed_gates.reverse();
        spec.operator.passed_gates.insert(0, NO_GATE.to_owned());
        let [given, other] = [&request, &shuffled].map(|request| bench.subject.decide(request));
        let (given, other) = (Decision::from(&given?), Decision::from(&other?));
        if given.differences(&other).is_empty() {
            return Ok(());
        }
        let routes: Vec<&str> = shuffled.routes.iter().map(|route| route.id.as_str()).collect();
        let checks: Vec<&str> = shuffled.spec.checks.iter().map(|check| check.name.as_str()).collect();
        let (routes, checks, what) = (routes.join(", "), checks.join(", "), described(&given, &other));
        let message = format!(
            "with the routes in the order {routes}, the checks in the order {checks}, the passed gates turned round \
             and {NO_GATE} among them: {what}"
        );
        Err(Failure::new(message).at(&request))
    })
}

/// `idempotent`: for any request, and along whole rollouts, where there are memos.
pub(super) fn idempotent(bench: &Bench<'_>, rule: &str) -> Tried {
    let random = bench.for_all_requests(rule, |request| {
        let Some(plan) = bench.subject.plan(&request)? else { return Ok(()) };
        is_enough(bench, &request, &plan).map_err(|failure| failure.at(&request))
    });
    random.and_then(|| {
        in_rollouts(bench, rule, |request, plan| plan.map_or(Ok(()), |plan| is_enough(bench, request, plan)))
    })
}

/// Checks that nothing is left to do once a plan is applied.
fn is_enough(bench: &Bench<'_>, request: &Request, plan: &RouteChanges) -> Result<(), Failure> {
    let mut after = request.clone();
    // What cannot be applied, or would fill this machine, is for the rule `harmless`.
    if contract::created(plan) > MOST_CREATED || contract::apply_to_request(plan, &mut after).is_err() {
        return Ok(());
    }
    let Some(again) = bench.subject.plan(&after)? else {
        return Err(Failure::new("once its plan is applied, it refuses the routes"));
    };
    if contract::changes_routes(&again) {
        let (first, second) = (changes(plan), changes(&again));
        return Err(Failure::new(format!("once its plan ({first}) is applied, it wants more: {second}")));
    }
    if contract::is_terminal(plan.sub_step) && plan.sub_step != again.sub_step {
        let [first, second] = [plan, &again].map(|plan| plan.sub_step.as_str());
        return Err(Failure::new(format!("once its plan is applied, {first} becomes {second}")));
    }
    Ok(())
}

/// In what two decisions differ, in words.
pub(super) fn described(first: &Decision, second: &Decision) -> String {
    let differences: Vec<String> = first.differences(second).iter().map(FieldDifference::to_string).collect();
    if !differences.is_empty() {
        return differences.join("; ");
    }
    if let (Decision::Answer(Answer::Ok(first)), Decision::Answer(Answer::Ok(second))) = (first, second)
        && first.reason.message != second.reason.message
    {
        return format!("reason.message: {:?} or {:?}", first.reason.message, second.reason.message);
    }
    let json = |decision| serde_json::to_string(decision).unwrap_or_default();
    let (first, second) = (json(first), json(second));
    if first.len() + second.len() > LONGEST {
        "not word for word the same".to_owned()
    } else {
        format!("{first} or {second}")
    }
}
