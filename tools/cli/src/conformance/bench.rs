//! What every rule is given to try a plugin with.

use pointsman::json::Request;
use pointsman_host::ComponentFile;
use proptest::strategy::Strategy;

use super::{
    configs::Configs,
    requests,
    subject::Subject,
    trial,
    verdict::{Failure, Verdict},
};
use crate::cli::Sandbox;

/// A plugin, and how it is tried.
pub(super) struct Bench<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) file: &'a ComponentFile,
    pub(super) subject: Subject,
    pub(super) configs: Configs,
    pub(super) cases: u32,
    pub(super) seed: u64,
}

// === impl Bench ===

impl Bench<'_> {
    /// Tries a rule with random values.
    pub(super) fn for_all<S: Strategy>(
        &self,
        rule: &str,
        values: &S,
        holds: impl FnMut(S::Value) -> Result<(), Failure>,
    ) -> Verdict {
        trial::for_all(trial::runner(self.seed, rule), self.cases, &self.subject.work, values, holds)
    }

    /// Tries a rule with random valid requests.
    pub(super) fn for_all_requests(&self, rule: &str, holds: impl FnMut(Request) -> Result<(), Failure>) -> Verdict {
        self.for_all(rule, &self.requests(), holds)
    }

    /// Random valid requests with the configurations that the plugin takes.
    pub(super) fn requests(&self) -> impl Strategy<Value = Request> + use<> {
        requests::requests(&self.configs.taken)
    }
}
