//! What is known of a deployment that fails.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Instant,
};

use super::circuit::Circuit;
use crate::registry::options::Options;

/// Fingerprint of a deployment's configuration, deploying revision and target: with another of these its input is
/// another, and what was known of it no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Input(u64);

/// A deployment that failed, or whose input was refused.
pub(super) struct Entry {
    pub(super) input: Input,
    /// In a row; what was refused neither counts nor forgives.
    pub(super) failures: u32,
    pub(super) circuit: Circuit,
    /// Somebody asks whose fault it is.
    pub(super) is_asked: bool,
    /// The input is to blame: nobody need ask again.
    pub(super) is_judged: bool,
    /// The version before decides.
    pub(super) is_pinned: bool,
    /// When it was last called for.
    pub(super) heard: Instant,
}

// === impl Input ===

impl Input {
    pub(in crate::registry) fn new(config: &str, deploying_revision: &str, target_replicas: u32) -> Self {
        let mut hasher = DefaultHasher::new();
        (config, deploying_revision, target_replicas).hash(&mut hasher);
        Self(hasher.finish())
    }
}

// === impl Entry ===

impl Entry {
    pub(super) fn new(input: Input, heard: Instant) -> Self {
        let circuit = Circuit::default();
        Self { input, failures: 0, circuit, is_asked: false, is_judged: false, is_pinned: false, heard }
    }

    /// Whether nothing was heard of it for twice the longest back-off.
    pub(super) fn has_faded(&self, now: Instant, options: &Options) -> bool {
        now.saturating_duration_since(self.heard) >= options.longest_back_off.saturating_mul(2)
    }
}
