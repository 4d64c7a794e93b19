//! Calls of a strategy for one deployment, and for many one after the other.

use std::{sync::Arc, time::Duration};

use pointsman::RouteChanges;

use super::{
    blame::Ticket,
    entry_point::{Cycle, Judgement, Kept, Observed},
    error::{InvalidDeployment, RegistryError},
    outcome::Outcome,
    questions::Question,
    slot::{Evaluated, Slot, Versions},
    slots::Slots,
};
use crate::plugin::{Decision, EvaluateError, Plugin, Session};

/// Result of one cycle.
pub(super) type Result<T> = std::result::Result<Evaluated<T>, RegistryError<EvaluateError>>;

/// Decides one cycle, in an instance of its own.
pub(super) fn one(slots: &Slots, slot: &Arc<Slot>, cycle: &Cycle<'_>) -> Result<RouteChanges> {
    // Not all of the versions for the time of the call: one that outlived a swap would be the one to tear down the
    // oldest.
    let versions = slot.versions();
    let ticket = admit(slots, slot, &versions, cycle)?;
    timed(slots, slot, &versions, cycle, ticket, |plugin| cycle.call(plugin))
}

/// Decides many, in one instance for each version that is called, as long as none fails.
pub(super) fn many(slots: &Slots, slot: &Arc<Slot>, cycles: &[Cycle<'_>]) -> Vec<Result<RouteChanges>> {
    let (versions, options) = (slot.versions(), &slots.options);
    let start = (options.clock)();
    let is_over = || (options.clock)().saturating_duration_since(start) >= options.batch_time;
    let mut session: Option<Session> = None;
    let decide = |cycle: &Cycle<'_>| {
        if is_over() {
            slot.counts.record(slot.name(), Outcome::Unavailable);
            return Err(RegistryError::Unavailable { limit: options.batch_time });
        }
        let ticket = admit(slots, slot, &versions, cycle)?;
        if ticket.is_suspect || ticket.which != super::blame::Which::Current {
            return timed(slots, slot, &versions, cycle, ticket, |plugin| cycle.call(plugin));
        }
        timed(slots, slot, &versions, cycle, ticket, |plugin| in_session(&mut session, plugin, cycle))
    };
    cycles.iter().map(decide).collect()
}

/// Calls in an instance that is reused. One that failed is thrown away, with whatever it remembered.
fn in_session(
    session: &mut Option<Session>,
    plugin: &Plugin,
    cycle: &Cycle<'_>,
) -> std::result::Result<RouteChanges, EvaluateError> {
    let reused = match session {
        Some(session) => session,
        None => session.insert(plugin.session()?),
    };
    let result = match cycle.policy {
        Some(policy) => reused.evaluate_cycle_under(policy, cycle.routes, cycle.spec),
        None => reused.evaluate_cycle(cycle.routes, cycle.spec),
    };
    if Judgement::of_cycle(&result).outcome.is_failure() {
        *session = None;
    }
    result
}

fn admit(
    slots: &Slots,
    slot: &Slot,
    versions: &Versions,
    cycle: &Cycle<'_>,
) -> std::result::Result<Ticket, RegistryError<EvaluateError>> {
    InvalidDeployment::check(cycle.deployment)?;
    Ok(slot.admit(versions, cycle.deployment, || cycle.input(), &slots.options)?)
}

/// Calls, and draws the consequences of the outcome.
fn timed(
    slots: &Slots,
    slot: &Arc<Slot>,
    versions: &Arc<Versions>,
    cycle: &Cycle<'_>,
    ticket: Ticket,
    call: impl FnOnce(&Plugin) -> std::result::Result<RouteChanges, EvaluateError>,
) -> Result<RouteChanges> {
    let (options, deployment) = (&slots.options, cycle.deployment);
    let version = versions.get(ticket.which);
    let plugin = version.plugin.id();
    let start = (options.clock)();
    let result = call(&version.plugin);
    let took: Duration = (options.clock)().saturating_duration_since(start);

    let judgement = Judgement::of_cycle(&result);
    slot.counts.record_time(slot.name(), took);
    if let Err(error) = &result {
        slot.report(deployment, plugin, judgement.outcome, error);
    }
    if slot.finish(versions, deployment, || cycle.input(), ticket, &judgement, options) {
        slots.questions.ask(Question {
            slot: Arc::clone(slot),
            versions: Arc::clone(versions),
            deployment: deployment.to_owned(),
            input: cycle.input(),
            outcome: judgement.outcome,
            request: Kept::Cycle(cycle.request()),
        });
    }
    if let Some(tried) = versions.tried.as_ref().filter(|_| judgement.outcome != Outcome::Host) {
        let size = size_of_val(cycle.routes) + cycle.spec.config.len();
        tried.observe(size, || Observed::Cycle {
            plugin: plugin.clone(),
            deployment: deployment.to_owned(),
            request: Box::new(cycle.request()),
            decision: Decision::from(&result),
        });
    }
    match result {
        Ok(value) => Ok(Evaluated { plugin: plugin.clone(), value }),
        Err(error) => Err(RegistryError::Evaluate(error)),
    }
}
