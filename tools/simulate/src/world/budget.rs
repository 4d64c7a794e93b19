//! What an operator allows a deployment, in routes.

use pointsman::Commitment;

/// What an operator allows a deployment, in routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many fewer than the target may serve.
    pub unavailable: u32,
    /// How many more than the target may be live; at least 1 are.
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
