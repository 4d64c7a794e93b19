//! An operator's budget for a deployment, in routes.

use pointsman::Commitment;

/// An operator's budget for a deployment, in routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Routes below the target that may be missing from service.
    pub unavailable: u32,
    /// Live routes above the target that there may be; at least 1.
    pub surge: u32,
}

// === impl Budget ===

impl Budget {
    /// The limits that it comes to at a target.
    pub fn at(self, target: u32) -> Commitment {
        if target == 0 {
            return Commitment { least_serving: 0, most_live: 0 };
        }
        Commitment {
            least_serving: target.saturating_sub(self.unavailable),
            most_live: target.saturating_add(self.surge.max(1)),
        }
    }
}
