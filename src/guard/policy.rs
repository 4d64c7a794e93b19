//! The operator's policy, in Kubernetes' terms: bounds of what a plan may do.

use serde::{Deserialize, Serialize};

use crate::{Amount, Commitment};

/// The operator's policy; per strategy or per deployment, never the plugin's own.
///
/// A host resolves it into [`Spec::limits`](crate::Spec::limits), so that a strategy knows what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Routes by which serving may be below the target; default 25%. A percentage is rounded down, but above 0% from a
    /// target of 2 on at least 1, else it would stand still; below 100% it is 0 at a target of 1. At most the target.
    pub max_unavailable: Amount,
    /// Live routes of all revisions that there may be above the target; default 100%. Rounded up, at least 1, else
    /// nothing could be replaced without serving less.
    pub max_surge: Amount,
    /// Serving capacity of the deploying revision that completes a rollout; default 100%. Rounded
    /// up, at least 1, at most the target.
    pub complete_at: Amount,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_unavailable: Amount::percent(25),
            max_surge: Amount::percent(100),
            complete_at: Amount::percent(100),
        }
    }
}

// === impl Policy ===

impl Policy {
    /// Resolves the policy at a target, for a host to put into [`Spec::limits`](crate::Spec::limits). Nothing at
    /// target 0.
    pub fn resolve(&self, target_replicas: u32) -> Commitment {
        if target_replicas == 0 {
            return Commitment { least_serving: 0, most_live: 0 };
        }
        Commitment {
            least_serving: target_replicas - self.unavailable(target_replicas),
            most_live: target_replicas.saturating_add(self.max_surge.rounded_up(target_replicas).max(1)),
        }
    }

    /// Capacity of the deploying revision at which a rollout may complete, in routes.
    pub fn completes_at(&self, target_replicas: u32) -> u32 {
        match target_replicas {
            0 => 0,
            target => self.complete_at.rounded_up(target).clamp(1, target),
        }
    }

    fn unavailable(&self, target: u32) -> u32 {
        let unavailable = self.max_unavailable.rounded_down(target).min(target);
        let rounds_to_nothing = matches!(self.max_unavailable, Amount::Millipercent(1..));
        if unavailable == 0 && rounds_to_nothing && target >= 2 { 1 } else { unavailable }
    }
}
