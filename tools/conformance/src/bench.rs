//! What every rule is given to try a plugin with.

use pointsman::json::Request;
use pointsman_host::ComponentFile;
use proptest::strategy::Strategy;

use super::{
    configs::Configs,
    options::Options,
    requests,
    subject::Subject,
    trial,
    tried::{Failure, Tried},
};

/// A plugin, and how it is tried.
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options<'a>,
    pub(crate) file: &'a ComponentFile,
    pub(crate) subject: Subject,
    pub(crate) configs: Configs,
}

// === impl Bench ===

impl Bench<'_> {
    /// Tries a rule with random values.
    pub(crate) fn for_all<S: Strategy>(
        &self,
        rule: &str,
        values: &S,
        holds: impl FnMut(S::Value) -> Result<(), Failure>,
    ) -> Tried {
        trial::for_all(
            trial::runner(self.options.seed, rule),
            self.options.cases.get(),
            &self.subject.work,
            values,
            holds,
        )
    }

    /// Tries a rule with random values, and with one of so many cases only: its cases are long.
    pub(crate) fn for_some<S: Strategy>(
        &self,
        rule: &str,
        share: u32,
        values: &S,
        holds: impl FnMut(S::Value) -> Result<(), Failure>,
    ) -> Tried {
        let cases = self.options.cases.get().div_ceil(share);
        trial::for_all(trial::runner(self.options.seed, rule), cases, &self.subject.work, values, holds)
    }

    /// Tries a rule with random valid requests.
    pub(crate) fn for_all_requests(&self, rule: &str, holds: impl FnMut(Request) -> Result<(), Failure>) -> Tried {
        self.for_all(rule, &self.requests(), holds)
    }

    /// Random valid requests with the configurations that the plugin takes.
    pub(crate) fn requests(&self) -> impl Strategy<Value = Request> + use<> {
        requests::requests(&self.configs.taken)
    }
}
