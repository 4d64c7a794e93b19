//! Check of plans before they are returned; see [`pointsman::guard`] for the rules.

use pointsman::{
    Commitment, Route, RouteChanges, Spec,
    guard::{self, Policy, Violation},
};

/// Check of plans before they are returned. The default is [`Policy::default`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Checks everything, under this policy.
    Policy(Policy),
    /// Checks only that the ids are right: given, once, and not in conflict. A plan may then take the service down. For
    /// a host that checks plans itself.
    IdsOnly,
}

impl Default for Guard {
    fn default() -> Self {
        Self::Policy(Policy::default())
    }
}

// === impl Guard ===

impl Guard {
    /// The same guard under the policy of one deployment. Where only ids are checked, a policy has no say.
    #[must_use]
    pub fn under(self, policy: Policy) -> Self {
        match self {
            Self::Policy(_) => Self::Policy(policy),
            Self::IdsOnly => Self::IdsOnly,
        }
    }

    /// All violations of a plan.
    pub fn check(&self, routes: &[Route], spec: &Spec, plan: &RouteChanges) -> Vec<Violation> {
        match self {
            Self::Policy(policy) => guard::check(routes, spec, plan, policy),
            Self::IdsOnly => guard::check_ids(routes, spec, plan),
        }
    }

    /// The limits of a deployment of this target that has none of its own.
    pub(crate) fn limits(&self, target_replicas: u32) -> Option<Commitment> {
        match self {
            Self::Policy(policy) => Some(policy.resolve(target_replicas)),
            Self::IdsOnly => None,
        }
    }
}

/// All violations in one line.
pub(crate) fn summary(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
