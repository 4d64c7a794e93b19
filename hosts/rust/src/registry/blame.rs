//! Who is to blame when a call fails: the plugin's new version, the input of one deployment, or nobody.
//!
//! One [`Blame`] belongs to one version of a strategy, and ends with it. It knows no plugins, no threads and no clock:
//! it is told what happened when, and says which version to call, whose circuit opens, and when a version is reverted.
//! The rules are those of `tests/blame/README.md`, whose table every host replays.
//!
//! | file | what it is for |
//! |---|---|
//! | `blame/circuit.rs` | one circuit: closed, open, half-open with one probe |
//! | `blame/entry.rs` | what is known of a deployment that fails |
//! | `blame/question.rs` | the questions that find out whose fault a failure is |
//! | `blame/tests.rs` | the table of outcomes |

mod circuit;
mod entry;
mod question;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{options::Options, outcome::Outcome};
use circuit::{Circuit, State as CircuitState};
use entry::Entry;

pub(super) use entry::Input;
pub(super) use question::{Verdict, Which, ask};

/// Leave to call a version. Whoever has it must [report](Blame::finish) how the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The version to call.
    pub(super) which: Which,
    /// Whether the deployment has failed, so that it is better called alone.
    pub(super) is_suspect: bool,
    /// Whether it is the one probe of the deployment's circuit.
    is_probe: bool,
    /// Whether it is the one probe of the version's.
    is_version_probe: bool,
}

/// A circuit that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// Whether it is the version's, for all deployments.
    pub(super) for_all: bool,
    /// Failures in a row; of the version's circuit, deployments that failed.
    pub(super) failures: u32,
    /// Time for which it will still be; none while a probe is under way.
    pub(super) remaining: Duration,
}

/// What a call that has ended leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Consequence {
    /// The deployment's circuit opens for so long.
    pub(super) opened: Option<Duration>,
    /// The version's circuit opens for so long.
    pub(super) opened_for_all: Option<Duration>,
    /// Somebody has to [ask] whose fault it is, and to [judge](Blame::judge), or to say that [nobody](Blame::not_asked)
    /// does.
    pub(super) ask: bool,
}

/// What a verdict leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sentence {
    /// The deployment is pinned to the version before.
    pub(super) is_pinned: bool,
    /// The version is to be reverted: the deployments that it fails.
    pub(super) revert: Option<Vec<String>>,
}

/// A deployment whose circuit is not closed, or that is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) deployment: String,
    pub(super) failures: u32,
    /// Time for which its circuit is open.
    pub(super) open: Option<Duration>,
    pub(super) is_pinned: bool,
}

/// What is known of the deployments of one version.
pub(super) struct Blame {
    has_previous: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<String, Entry>,
    /// Deployments that were pinned at any time: each has spoken against the version.
    against: BTreeSet<String>,
    /// Where there is no version before: deployments that failed since one succeeded.
    failed: BTreeSet<String>,
    /// The version's circuit.
    circuit: Circuit,
}

// === impl Blame ===

impl Blame {
    /// Nothing is known yet of a version, which has one before it or not.
    pub(super) fn new(has_previous: bool) -> Self {
        Self { has_previous, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which version to call for a deployment, or that its circuit is open. The input is made where it matters.
    ///
    /// # Errors
    /// [`Open`].
    pub(super) fn admit(
        &self,
        deployment: &str,
        input: impl FnOnce() -> Input,
        options: &Options,
    ) -> Result<Ticket, Open> {
        let mut state = self.state();
        let mut ticket = Ticket { which: Which::Current, is_suspect: false, is_probe: false, is_version_probe: false };
        if state.is_quiet() {
            return Ok(ticket);
        }
        let now = (options.clock)();
        state.forget_faded(deployment, now, options);
        if state.entries.get(deployment).is_some_and(|entry| entry.input != input()) {
            state.entries.remove(deployment);
        }
        let failed = u32::try_from(state.failed.len()).unwrap_or(u32::MAX);
        let version = state.circuit.state(now, options);
        if let CircuitState::Open(remaining) = version {
            return Err(Open { for_all: true, failures: failed, remaining });
        }
        if let Some(entry) = state.entries.get_mut(deployment) {
            entry.heard = now;
            match entry.circuit.state(now, options) {
                CircuitState::Open(remaining) => {
                    return Err(Open { for_all: false, failures: entry.failures, remaining });
                }
                CircuitState::HalfOpen => {
                    entry.circuit.probe(now);
                    ticket.is_probe = true;
                }
                CircuitState::Closed => {}
            }
            ticket.is_suspect = entry.failures > 0;
            if entry.is_pinned {
                ticket.which = Which::Previous;
            }
        }
        if version == CircuitState::HalfOpen {
            state.circuit.probe(now);
            ticket.is_version_probe = true;
        }
        Ok(ticket)
    }

    /// Notes how a call ended.
    pub(super) fn finish(
        &self,
        deployment: &str,
        input: impl FnOnce() -> Input,
        ticket: Ticket,
        outcome: Outcome,
        options: &Options,
    ) -> Consequence {
        let mut guard = self.state();
        let state = &mut *guard;
        match outcome {
            Outcome::Ok => {
                if !state.is_quiet() {
                    state.succeed(deployment, ticket.which);
                }
                return Consequence::default();
            }
            Outcome::Host | Outcome::Unavailable | Outcome::CircuitOpen => {
                state.release(deployment, ticket);
                return Consequence::default();
            }
            _ => {}
        }
        state.release(deployment, ticket);
        let is_failure = outcome.is_failure();
        let is_asked = self.has_previous && ticket.which == Which::Current;
        let mut consequence = Consequence::default();
        if !is_failure && !is_asked {
            return consequence;
        }
        let now = (options.clock)();
        let entry = state.entry(deployment, input(), now, options);
        if is_asked && !entry.is_judged && !entry.is_asked {
            entry.is_asked = true;
            consequence.ask = true;
        }
        if !is_failure {
            return consequence;
        }
        entry.failures = entry.failures.saturating_add(1);
        if ticket.is_probe || entry.failures >= options.open_after.get() && entry.circuit.is_closed() {
            consequence.opened = Some(entry.circuit.open(now, options));
        }
        if !self.has_previous {
            state.failed.insert(deployment.to_owned());
            let is_enough = state.failed.len() >= options.revert_after.get() as usize;
            if ticket.is_version_probe || is_enough && state.circuit.is_closed() {
                consequence.opened_for_all = Some(state.circuit.open(now, options));
            }
        }
        consequence
    }

    /// Draws the consequences of a verdict; none, where the host could not ask. `seen` is how many deployments the
    /// strategy was ever called for, as far as that matters.
    pub(super) fn judge(
        &self,
        deployment: &str,
        input: Input,
        verdict: Option<Verdict>,
        seen: usize,
        options: &Options,
    ) -> Sentence {
        let mut state = self.state();
        let entry = state.entries.get_mut(deployment).filter(|entry| entry.input == input);
        let mut sentence = Sentence::default();
        match verdict {
            None => {
                if let Some(entry) = entry {
                    entry.is_asked = false;
                }
            }
            Some(Verdict::Nobody) => {
                if entry.is_some() {
                    state.entries.remove(deployment);
                }
            }
            Some(Verdict::Input) => {
                if let Some(entry) = entry {
                    (entry.is_asked, entry.is_judged) = (false, true);
                }
            }
            Some(Verdict::Version) => {
                if let Some(entry) = entry {
                    *entry = Entry { is_pinned: true, ..Entry::new(input, entry.heard) };
                    sentence.is_pinned = true;
                }
                state.against.insert(deployment.to_owned());
                let enough = seen.clamp(1, options.revert_after.get() as usize);
                if state.against.len() >= enough {
                    sentence.revert = Some(state.against.iter().cloned().collect());
                }
            }
        }
        sentence
    }

    /// Notes that nobody asks, so that the next failure leads to it again.
    pub(super) fn not_asked(&self, deployment: &str) {
        if let Some(entry) = self.state().entries.get_mut(deployment) {
            entry.is_asked = false;
        }
    }

    /// Whether the version is none to return to: a deployment was pinned, or it failed for all.
    pub(super) fn is_bad(&self) -> bool {
        let state = self.state();
        !state.against.is_empty() || !state.circuit.is_closed()
    }

    /// Time for which the version's circuit is open.
    pub(super) fn open_for_all(&self, now: Instant) -> Option<Duration> {
        self.state().circuit.remaining(now)
    }

    /// The deployments whose circuit is open, or that are pinned, in the order of their keys.
    pub(super) fn standings(&self, now: Instant) -> Vec<Standing> {
        let state = self.state();
        let standings = state.entries.iter().map(|(deployment, entry)| Standing {
            deployment: deployment.clone(),
            failures: entry.failures,
            open: entry.circuit.remaining(now),
            is_pinned: entry.is_pinned,
        });
        let mut standings: Vec<Standing> =
            standings.filter(|standing| standing.open.is_some() || standing.is_pinned).collect();
        standings.sort_by(|a, b| a.deployment.cmp(&b.deployment));
        standings
    }
}

// === impl State ===

impl State {
    /// Whether nothing is known, as nearly always.
    fn is_quiet(&self) -> bool {
        self.entries.is_empty() && self.failed.is_empty() && self.circuit.is_closed()
    }

    /// Forgets a deployment of which nothing was heard for long.
    fn forget_faded(&mut self, deployment: &str, now: Instant, options: &Options) {
        if self.entries.get(deployment).is_some_and(|entry| entry.has_faded(now, options)) {
            self.entries.remove(deployment);
        }
    }

    fn succeed(&mut self, deployment: &str, which: Which) {
        match self.entries.get_mut(deployment) {
            Some(entry) if entry.is_pinned => {
                *entry = Entry { is_pinned: true, ..Entry::new(entry.input, entry.heard) }
            }
            Some(_) => drop(self.entries.remove(deployment)),
            None => {}
        }
        if which == Which::Current {
            self.failed.clear();
            self.circuit = Circuit::default();
        }
    }

    /// Lets another probe go where this was one.
    fn release(&mut self, deployment: &str, ticket: Ticket) {
        if ticket.is_version_probe {
            self.circuit.release();
        }
        if let Some(entry) = self.entries.get_mut(deployment).filter(|_| ticket.is_probe) {
            entry.circuit.release();
        }
    }

    /// The entry of a deployment with this input; a new one, where there is none.
    fn entry(&mut self, deployment: &str, input: Input, now: Instant, options: &Options) -> &mut Entry {
        if !self.entries.contains_key(deployment) && self.entries.len() >= options.most_entries.get() {
            self.make_way(now, options);
        }
        let entry = self.entries.entry(deployment.to_owned()).or_insert_with(|| Entry::new(input, now));
        if entry.input != input {
            *entry = Entry::new(input, now);
        }
        entry.heard = now;
        entry
    }

    /// Forgets what has faded, or else the deployment of which nothing was heard for the longest time.
    fn make_way(&mut self, now: Instant, options: &Options) {
        let before = self.entries.len();
        self.entries.retain(|_, entry| !entry.has_faded(now, options));
        if self.entries.len() < before {
            return;
        }
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.heard);
        if let Some(deployment) = oldest.map(|(deployment, _)| deployment.clone()) {
            self.entries.remove(&deployment);
        }
    }
}
