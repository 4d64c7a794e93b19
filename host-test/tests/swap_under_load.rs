//! Evaluations while versions are swapped as fast as possible: none fails, and each answer is that of the version it
//! names.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use host_test::{Folder, HOST, cycle, hostile_version, misdeed, ready_routes};
use pointsman::{Route, RouteChanges, Spec, json::Answer};
use pointsman_host::{
    Registry,
    registry::{Options, Outcome, Swap},
};
use rstest::rstest;
use serde_json::json;

/// So many swaps, however long they take: three bad ones among them.
const SWAPS: u64 = 30;
const THREADS: usize = 4;

/// Rollouts of 0 to 7 ready routes, which one version promotes and the other leaves.
fn inputs() -> Vec<(Vec<Route>, Spec)> {
    (0..8).map(|n| (ready_routes(n), misdeed("good"))).collect()
}

/// The decisions of each version, told by its digest, one for each input.
fn expected(files: &[PathBuf], inputs: &[(Vec<Route>, Spec)]) -> BTreeMap<String, Vec<RouteChanges>> {
    let of = |file: &PathBuf| {
        let plugin = HOST.load(file).unwrap();
        let plans = inputs.iter().map(|(routes, spec)| plugin.evaluate_cycle(routes, spec).unwrap()).collect();
        (plugin.id().digest().to_owned(), plans)
    };
    files.iter().map(of).collect()
}

/// Swaps one after the other. Every tenth version is bad, if there is a bad one.
fn swap(registry: &Registry, good: &[PathBuf], bad: Option<&PathBuf>) {
    for swaps in 0..SWAPS {
        if let Some(bad) = bad.filter(|_| swaps % 10 == 9) {
            assert!(registry.swap("hostile", bad).is_err());
        } else {
            registry.swap("hostile", &good[usize::from(swaps % 2 == 0)]).unwrap();
        }
    }
}

#[rstest]
#[case::good_versions(false)]
#[case::every_tenth_is_bad(true)]
fn no_evaluation_is_lost_and_each_answer_is_its_versions(#[case] with_bad: bool) {
    let folder = Folder::new();
    let good = ["honest", "cautious"].map(|mode| folder.write(&format!("{mode}.wasm"), &hostile_version(mode)));
    // It loads and does not describe itself rightly: the last thing that can go wrong before a switch.
    let bad = with_bad.then(|| folder.write("bad.wasm", &hostile_version("schema-not-json")));
    let inputs = inputs();
    let expected = expected(&good, &inputs);
    assert_eq!(expected.len(), 2);
    let request = |(i, input): (usize, &(Vec<Route>, Spec))| {
        let (routes, spec) = input;
        json!({"deployment": format!("d{i}"), "routes": routes, "spec": spec})
    };
    let batch = json!(inputs.iter().enumerate().map(request).collect::<Vec<_>>()).to_string();
    let registry = Registry::new(HOST.clone(), Options::default());
    assert!(matches!(registry.swap("hostile", &good[0]), Ok(Swap::Loaded(_))));

    let is_over = AtomicBool::new(false);
    // Both entry points in turn; the answers that each version gave.
    let evaluate = || {
        let mut answers: BTreeMap<String, u64> = BTreeMap::new();
        while !is_over.load(Ordering::Relaxed) {
            for (i, (routes, spec)) in inputs.iter().enumerate() {
                let evaluated = registry.evaluate_cycle("hostile", &cycle(routes, spec)).unwrap();
                let digest = evaluated.plugin.digest();
                assert_eq!(evaluated.value, expected[digest][i]);
                *answers.entry(digest.to_owned()).or_default() += 1;
            }
            let evaluated = registry.evaluate_cycles_json("hostile", &batch).unwrap();
            let plans: Vec<Answer> = serde_json::from_str(&evaluated.answers).unwrap();
            let by = evaluated.plugins[0].as_ref().unwrap();
            let expected = expected[by.digest()].iter().cloned().map(Answer::Ok);
            assert!(plans.into_iter().eq(expected), "{}", evaluated.answers);
        }
        answers
    };
    let answers = thread::scope(|scope| {
        let evaluators: Vec<_> = (0..THREADS).map(|_| scope.spawn(evaluate)).collect();
        swap(&registry, &good, bad.as_ref());
        is_over.store(true, Ordering::Relaxed);
        evaluators.into_iter().map(|evaluator| evaluator.join().unwrap()).collect::<Vec<_>>()
    });

    for digest in expected.keys() {
        assert!(answers.iter().any(|by| by.contains_key(digest)), "{digest} has answered nothing");
    }
    let status = registry.status().remove(0);
    assert_eq!(status.outcomes.keys().collect::<Vec<_>>(), [&Outcome::Ok]);
    assert_eq!(status.reverts, 0);
}
