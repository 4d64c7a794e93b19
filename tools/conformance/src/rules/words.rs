//! What a plan says to people and to hosts: its reason, and values within the contract's ranges.

use pointsman::{Labels, Progress, RouteChanges, json::Request};

use super::describe::is_kebab;
use crate::{
    bench::Bench,
    tried::{Failure, Tried},
};

/// The longest message, in bytes: a sentence, with a few routes named in it. A host cuts off what is longer than 1,024.
const LONGEST_MESSAGE: usize = 1000;

/// The longest reason code and gate, in bytes.
const LONGEST_WORD: usize = 64;

/// Of labels: the most, and the longest key and value in bytes.
const MOST_LABELS: usize = 16;
const LONGEST_KEY: usize = 63;
const LONGEST_VALUE: usize = 256;

/// `says-why`.
pub(super) fn says_why(bench: &Bench<'_>, rule: &str) -> Tried {
    of_each_plan(bench, rule, wrong_reason)
}

/// `in-range`.
pub(super) fn in_range(bench: &Bench<'_>, rule: &str) -> Tried {
    of_each_plan(bench, rule, |_, plan| {
        let in_plan = wrong_labels(&plan.labels).map(|wrong| format!("the plan's labels: {wrong}"));
        let created = plan.rollout_specs.iter().find_map(|created| wrong_labels(&created.labels));
        let created = created.map(|wrong| format!("labels of routes to create: {wrong}"));
        wrong_gate(plan).or(plan.progress.and_then(wrong_progress)).or(in_plan).or(created)
    })
}

fn of_each_plan(bench: &Bench<'_>, rule: &str, wrong: impl Fn(&Request, &RouteChanges) -> Option<String>) -> Tried {
    bench.for_all_requests(rule, |request| {
        let Some(plan) = bench.subject.plan(&request)? else { return Ok(()) };
        match wrong(&request, &plan) {
            None => Ok(()),
            Some(message) => Err(Failure::new(message).at(&request)),
        }
    })
}

/// Finds what is wrong with a plan's reason.
fn wrong_reason(request: &Request, plan: &RouteChanges) -> Option<String> {
    let reason = &plan.reason;
    if !is_kebab(&reason.code) || reason.code.len() > LONGEST_WORD {
        return Some(format!("the reason code {:?} is not kebab-case of at most {LONGEST_WORD} bytes", reason.code));
    }
    if reason.message.trim().is_empty() {
        return Some(format!("the reason `{}` has no message", reason.code));
    }
    // What a host shortened is what was too long, and what it escaped was no line.
    if reason.message.len() > LONGEST_MESSAGE || reason.message.contains("\\u{") {
        return Some(format!(
            "the message of `{}` is not one line of at most {LONGEST_MESSAGE} bytes: {}",
            reason.code, reason.message
        ));
    }
    if !reason.blocking_route_ids.is_sorted() {
        return Some(format!("`{}` names the routes that it waits for in another order than that of ids", reason.code));
    }
    let is_there = |id: &&String| request.routes.iter().any(|route| route.id == **id);
    let stranger = reason.blocking_route_ids.iter().find(|id| !is_there(id))?;
    Some(format!("`{}` waits for the route {stranger:?}, which was not given", reason.code))
}

fn wrong_gate(plan: &RouteChanges) -> Option<String> {
    let gate = plan.gate.as_ref().filter(|gate| !is_kebab(gate) || gate.len() > LONGEST_WORD)?;
    Some(format!("the gate {gate:?} is not kebab-case of at most {LONGEST_WORD} bytes"))
}

fn wrong_progress(progress: Progress) -> Option<String> {
    let Progress { step, steps, share } = progress;
    // A share that is no number is in no range.
    let is_right = steps >= 1 && step <= steps && (0.0..=1.0).contains(&share);
    (!is_right).then(|| format!("the progress is step {step} of {steps}, share {share}"))
}

fn wrong_labels(labels: &Labels) -> Option<String> {
    let pairs: Vec<(&str, &str)> = labels.iter().collect();
    if pairs.len() > MOST_LABELS {
        return Some(format!("there are {}; at most {MOST_LABELS} may be", pairs.len()));
    }
    for (i, (key, value)) in pairs.iter().enumerate() {
        if key.is_empty() || key.len() > LONGEST_KEY || value.len() > LONGEST_VALUE {
            return Some(format!("{key:?} has {} bytes, and its value {}", key.len(), value.len()));
        }
        if key.contains('\0') || value.contains('\0') {
            return Some(format!("{key:?} has a NUL"));
        }
        if pairs[..i].iter().any(|(other, _)| other == key) {
            return Some(format!("{key:?} is there twice"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use pointsman::{Labels, Progress, RouteChanges, SubStep, json::Request};
    use rstest::rstest;

    use super::{wrong_gate, wrong_labels, wrong_progress, wrong_reason};
    use crate::requests;

    fn plan(code: &str, message: &str) -> RouteChanges {
        RouteChanges::none(SubStep::Provisioning, code, message.to_owned())
    }

    #[rstest]
    #[case::right("waiting", "2 of 3 are ready", &["r-1", "r-2"], None)]
    #[case::no_kebab("Waiting", "2 of 3 are ready", &[], Some("is not kebab-case"))]
    #[case::long_code(&"c".repeat(65), "2 of 3 are ready", &[], Some("at most 64 bytes"))]
    #[case::silent("waiting", " ", &[], Some("has no message"))]
    #[case::chatty("waiting", &"x".repeat(1001), &[], Some("at most 1000 bytes"))]
    #[case::escaped("waiting", "a\\u{a}b", &[], Some("not one line"))]
    #[case::disorder("waiting", "for two", &["r-2", "r-1"], Some("another order"))]
    #[case::stranger("waiting", "for one", &["r-3"], Some("\"r-3\", which was not given"))]
    fn reasons(#[case] code: &str, #[case] message: &str, #[case] blocking: &[&str], #[case] wrong: Option<&str>) {
        let routes = (1..=2).map(|i| requests::serving_route(format!("r-{i}"))).collect();
        let request = Request { routes, spec: requests::spec(2, "{}") };
        let mut plan = plan(code, message);
        plan.reason.blocking_route_ids = blocking.iter().map(|id| (*id).to_owned()).collect();

        let found = wrong_reason(&request, &plan);

        assert_eq!(found.is_some(), wrong.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(wrong.unwrap_or_default()));
    }

    #[test]
    fn gates_and_progress_have_ranges() {
        let at = |gate: &str| wrong_gate(&plan("waiting", "at a gate").wait_at(gate));
        assert_eq!((at("step-1"), at("Step 1").is_some(), at(&"g".repeat(65)).is_some()), (None, true, true));
        let progress = |step, steps, share| wrong_progress(Progress { step, steps, share }).is_none();
        assert!(progress(0, 1, 0.0) && progress(3, 3, 1.0));
        assert!(!progress(0, 0, 0.0) && !progress(2, 1, 0.5) && !progress(0, 1, f64::NAN) && !progress(0, 1, 1.1));
    }

    #[rstest]
    #[case::none(&[], true)]
    #[case::longest(&[(63, 256)], true)]
    #[case::key(&[(64, 1)], false)]
    #[case::value(&[(1, 257)], false)]
    #[case::no_key(&[(0, 1)], false)]
    #[case::twins(&[(2, 1), (2, 2)], false)]
    #[case::most(&[(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 0), (12, 0),
        (13, 0), (14, 0), (15, 0), (16, 0), (17, 0)], false)]
    fn labels(#[case] lengths: &[(usize, usize)], #[case] is_right: bool) {
        let labels: Labels = lengths.iter().map(|(key, value)| ("k".repeat(*key), "v".repeat(*value))).collect();

        assert_eq!(wrong_labels(&labels).is_none(), is_right);
        assert!(wrong_labels(&Labels::from_iter([("a\0", "b")])).is_some());
    }
}
