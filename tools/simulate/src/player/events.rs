//! What the scenario's events make of a host and its world.

use pointsman::Operator;

use super::{
    super::{
        record::Happening,
        scenario::{HostTrouble, What},
    },
    Player, json,
};
use crate::world::OperatorAction;

impl Player<'_> {
    /// When the next event is.
    pub(super) fn next_event(&mut self) -> Option<u64> {
        self.events.peek().map(|event| u64::from(event.at_seconds) * 1000)
    }

    /// Lets the events of this moment happen; returns whether there were any.
    pub(super) fn happen(&mut self) -> bool {
        let before = self.record.happenings.len();
        while let Some(event) = self.events.next_if(|event| u64::from(event.at_seconds) * 1000 <= self.now) {
            let mut what = event.what.to_string();
            match &event.what {
                What::Routes { revision, count, mishap } => {
                    let befallen = self.world.befall(revision, *count, *mishap);
                    if befallen < *count {
                        what.push_str(&format!(" (there {} {befallen})", if befallen == 1 { "was" } else { "were" }));
                    }
                }
                What::Operator(action) => {
                    if !action.record(&mut self.spec.operator, self.gate.as_deref()) {
                        what.push_str(&self.why_nothing(action));
                    }
                }
                What::Rescale(target) => self.spec.target_replicas = *target,
                What::Check(check) => {
                    self.spec.checks.retain(|known| known.name != check.name);
                    self.spec.checks.push(check.clone());
                }
                What::Host(HostTrouble::Crash) => self.is_about_to_crash = true,
                What::Host(HostTrouble::LoseMemo) => self.spec.memo = None,
                What::NewRoutes(new_routes) => self.world.set_new_routes(*new_routes),
                What::Config(config) => {
                    self.spec.config = json(config);
                    // Gates are those of the configuration before.
                    self.spec.operator.passed_gates.clear();
                }
                What::Traffic(hand) => {
                    let set = self.world.set_traffic(hand);
                    if set < hand.of.count() {
                        what.push_str(&format!(" (there {} {set})", if set == 1 { "was" } else { "were" }));
                    }
                }
                What::FreePlaces(free) => self.world.set_free_places(Some(*free)),
                What::ClockStep(seconds) => self.clock += i64::from(*seconds) * 1000,
                What::ClockBlip(seconds) => self.blip = i64::from(*seconds) * 1000,
                What::Deploy(revision) => self.deploy(revision),
            }
            self.record.happenings.push(Happening { at: self.now, what });
        }
        self.record.happenings.len() > before
    }

    /// Another revision is rolled out: what was asked for, found out and remembered was about the one before.
    fn deploy(&mut self, revision: &str) {
        if self.was_promoted {
            self.spec.stable_revision = Some(self.spec.deploying_revision.clone());
        }
        revision.clone_into(&mut self.spec.deploying_revision);
        self.spec.started_at = self.clock();
        self.spec.operator = Operator::default();
        (self.gate, self.was_promoted, self.over) = (None, false, None);
        self.spec.checks.clone_from(&self.scenario.checks);
        self.spec.memo = None;
        self.record.deployed.push(revision.to_owned());
    }

    /// Why an action had no effect: ` (too late: it waits at promotion)`.
    fn why_nothing(&self, action: &OperatorAction) -> String {
        match (&self.gate, action) {
            (None, _) => " (it waits at no gate)".to_owned(),
            (Some(gate), OperatorAction::PassGate(seen)) if gate != seen => {
                format!(" (nothing happens: it waits at {gate})")
            }
            (Some(gate), _) => format!(" ({gate} was passed before)"),
        }
    }
}
