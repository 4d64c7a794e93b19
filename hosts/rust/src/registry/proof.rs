//! Proof that a version is good: it succeeded for several deployments, so that it may be returned to after a restart.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// The first deployments that a version succeeded for. Once it is proven, to note another costs one read.
#[derive(Default)]
pub(super) struct Proof {
    is_done: AtomicBool,
    successes: Mutex<Successes>,
}

#[derive(Default)]
struct Successes {
    deployments: BTreeSet<String>,
    calls: usize,
}

// === impl Proof ===

impl Proof {
    /// Notes a success; whether the version is good from now on. Of `seen` deployments, as far as that matters, the
    /// strategy was ever called for, and so many as `enough` prove a version.
    pub(super) fn note(&self, deployment: &str, seen: usize, enough: usize) -> bool {
        if self.is_done.load(Relaxed) {
            return false;
        }
        let mut successes = self.successes.lock().unwrap_or_else(PoisonError::into_inner);
        if !successes.deployments.contains(deployment) {
            successes.deployments.insert(deployment.to_owned());
        }
        successes.calls += 1;
        // Where there are fewer deployments, each may be the first of many: so many calls it takes all the same.
        let is_done = successes.deployments.len() >= seen.min(enough) && successes.calls >= enough;
        is_done && !self.is_done.swap(true, Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Proof;

    #[rstest]
    #[case::several(&["a", "b", "c"], 3)]
    #[case::one_again_and_again(&["a", "a", "a", "a", "b", "c"], 6)]
    fn three_deployments_prove_a_version(#[case] deployments: &[&str], #[case] proven_by: usize) {
        let proof = Proof::default();

        let proven: Vec<bool> = deployments.iter().map(|deployment| proof.note(deployment, 3, 3)).collect();

        assert_eq!(proven.iter().position(|proven| *proven).map(|i| i + 1), Some(proven_by));
        assert!(!proof.note("d", 3, 3), "it is told once");
    }

    #[test]
    fn where_there_is_one_deployment_its_calls_do() {
        let proof = Proof::default();

        assert_eq!([(); 3].map(|()| proof.note("a", 1, 3)), [false, false, true]);
    }
}
