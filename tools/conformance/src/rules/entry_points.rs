//! Two entry points, one function.

use pointsman::{
    Amount, Spec,
    guard::Policy,
    json::{Answer, Request},
};
use pointsman_host::{CheckConfigError, Decision, Guard};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
};

use super::{
    commitments::{admitted, said},
    config::spoiled_configs,
    purity::described,
};
use crate::{
    bench::Bench,
    requests::{self, MOST_WANTED},
    tried::{Failure, Tried},
};

/// Most requests of a batch.
const BATCH: usize = 3;

/// `entry-points-agree`: each request by itself through both entry points, and all of them in one call; and what each
/// of them says of a configuration.
pub(super) fn entry_points_agree(bench: &Bench<'_>, rule: &str) -> Tried {
    let batches = vec(bench.requests(), 1..=BATCH);
    let decisions = bench.for_all(rule, &batches, |batch| {
        let mut typed = vec![];
        for request in &batch {
            typed.push(Decision::from(&bench.subject.decide(request)?));
        }
        for (request, typed) in batch.iter().zip(&typed) {
            agrees(bench, std::slice::from_ref(request), std::slice::from_ref(typed), "by itself")?;
        }
        if batch.len() > 1 { agrees(bench, &batch, &typed, "in a batch") } else { Ok(()) }
    });
    decisions.and_then(|| {
        let configs = prop_oneof![2 => select(bench.configs.taken.clone()), 1 => spoiled_configs(bench)];
        let cases = (configs, targets(), option::of(policies()));
        bench.for_all(rule, &cases, |(config, target, policy)| admits_alike(bench, &config, target, policy))
    })
}

fn targets() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..=MOST_WANTED, 2 => 0..=10_000u32, 1 => any::<u32>()]
}

/// Policies from none at all to more than anybody wants.
pub(super) fn policies() -> impl Strategy<Value = Policy> {
    let amounts = || {
        prop_oneof![
            2 => (0..=MOST_WANTED).prop_map(Amount::Count),
            2 => (0..=300u32).prop_map(Amount::percent),
            1 => (0..=100_000u32).prop_map(Amount::Millipercent),
            1 => select(vec![Amount::Count(u32::MAX), Amount::Millipercent(u32::MAX)]),
        ]
    };
    (amounts(), amounts(), prop_oneof![Just(Amount::percent(100)), amounts()])
        .prop_map(|(max_unavailable, max_surge, complete_at)| Policy { max_unavailable, max_surge, complete_at })
}

/// What `check-config` says through the typed entry point, under a policy or none, is what it says through the JSON
/// entry point within the limits that the policy comes to.
fn admits_alike(bench: &Bench<'_>, config: &str, target: u32, policy: Option<Policy>) -> Result<(), Failure> {
    let plugin = bench.subject.plugin.with_guard(policy.map_or(Guard::IdsOnly, Guard::Policy));
    bench.subject.work.add(1);
    let typed = match plugin.check_config(config, target) {
        Ok(promised) => Ok(promised),
        Err(CheckConfigError::Invalid { message, .. }) => Err(message),
        Err(CheckConfigError::Call(error)) => return Err(bench.subject.failed(&error).on(config)),
        Err(error) => return Err(Failure::new(error.to_string()).on(config)),
    };
    let limits = policy.map(|policy| policy.resolve(target));
    let json = admitted(bench, &Spec { limits, ..requests::spec(target, config) })?;
    // Of refusals that they are counts, not in which words.
    if typed.as_ref().ok() == json.as_ref().ok() {
        return Ok(());
    }
    let [typed, json] = [typed, json].map(|said_of_it| said_of_it.map_or_else(|message| message, said));
    let within = limits.map_or(String::new(), |limits| format!(", within {}", said(limits)));
    let message = format!("`check-config` at {target} replicas{within}: typed {typed:?}, JSON {json:?}");
    Err(Failure::new(message).about("check-config").on(config))
}

fn agrees(bench: &Bench<'_>, batch: &[Request], typed: &[Decision], how: &str) -> Result<(), Failure> {
    let shown = |failure: Failure| match batch {
        [request] => failure.at(request),
        batch => failure.at_all(batch),
    };
    let text = serde_json::to_string(batch).map_err(|error| Failure::new(error.to_string()))?;
    let answers = bench.subject.answers(&text).map_err(shown)?;
    for (i, (typed, json)) in typed.iter().zip(&answers).enumerate() {
        // Of errors the code counts, of plans every word.
        let is_same = typed.differences(json).is_empty()
            && (is_error(typed) || serde_json::to_string(typed).ok() == serde_json::to_string(json).ok());
        if !is_same {
            let (number, what) = (i + 1, described(typed, json));
            return Err(shown(Failure::new(format!(
                "request {number}, {how}: the typed and the JSON entry point differ: {what}"
            ))));
        }
    }
    Ok(())
}

fn is_error(decision: &Decision) -> bool {
    matches!(decision, Decision::Answer(Answer::Error { .. }))
}
