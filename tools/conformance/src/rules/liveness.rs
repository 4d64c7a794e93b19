//! Rollouts in which all goes well: they end, and the target is served.

use std::cell::{Cell, RefCell};

use pointsman::{SubStep, json::Request};
use pointsman_host::Guard;
use pointsman_simulate::world::{OperatorAction, contract};
use proptest::sample::select;

use super::commitments::admitted;
use crate::{
    bench::Bench,
    rollout::{
        Event, Rollout,
        course::{Favourable, Outcome, favourable},
    },
    tried::{Failure, Tried, Warning},
};

/// Capacities are compared with so much room for arithmetic, in routes.
const TOLERANCE: f64 = 1e-9;

/// Cycles, from the first, before one of which an operator asks to abort.
const ABORTED_IN: u32 = 12;

/// `completes`: where routes become ready, checks pass and an operator lets the rollout past every gate that a plan
/// names, or asks to promote, it completes within [so many cycles](crate::rollout::course::most_cycles), and the new
/// revision serves what completes a rollout under the policy.
pub(super) fn completes(bench: &Bench<'_>, rule: &str) -> Tried {
    let cases = (select(bench.configs.taken.clone()), favourable());
    let admission = Admission::default();
    let tried = bench.for_all(rule, &cases, |(config, case)| {
        let mut rollout = case.rollout(&config);
        if !admission.is_given(bench, &rollout)? {
            return Ok(());
        }
        match case.play(bench, &mut rollout, &[], |_, _| Ok(()))? {
            Some(outcome) => is_completed(bench, &rollout, &outcome),
            None => Ok(()),
        }
    });
    admission.told(tried)
}

/// `rolls-back`: the same, where an operator asks to abort before one of the first cycles, and does not take it back.
/// It ends as rolled-back within as many cycles, and the stable revision, where one is known, serves the target.
pub(super) fn rolls_back(bench: &Bench<'_>, rule: &str) -> Tried {
    let cases = (select(bench.configs.taken.clone()), favourable(), 0..ABORTED_IN);
    let admission = Admission::default();
    let tried = bench.for_all(rule, &cases, |(config, case, aborted_in)| {
        let mut rollout = case.rollout(&config);
        if !admission.is_given(bench, &rollout)? {
            return Ok(());
        }
        let abort = [(aborted_in, Event::Operate(OperatorAction::Abort))];
        let Some(outcome) = case.play(bench, &mut rollout, &abort, |_, _| Ok(()))? else { return Ok(()) };
        let failed = |message| Err(failed(message, &rollout, &outcome));
        if !rollout.world.spec().operator.abort {
            // It was over before.
            return Ok(());
        }
        match outcome.ended {
            Some(SubStep::RolledBack) => {}
            ended => return failed(format!("an operator asked to abort, and {}", said(ended, &outcome))),
        }
        let (spec, target) = (rollout.world.spec(), rollout.world.target());
        let Some(stable) = spec.stable() else { return Ok(()) };
        let routes = rollout.world.routes();
        let of_it: Vec<_> = routes.iter().filter(|route| route.revision == stable).cloned().collect();
        let carried = contract::capacity(&of_it);
        if carried < f64::from(target) - TOLERANCE {
            return failed(format!("it is rolled back, and {stable} carries {carried} of {target}"));
        }
        Ok(())
    });
    admission.told(tried)
}

/// Checks that a rollout completed, and serves.
pub(super) fn is_completed(bench: &Bench<'_>, rollout: &Rollout, outcome: &Outcome) -> Result<(), Failure> {
    if outcome.ended != Some(SubStep::Completed) {
        let message = format!("every route became ready, and {}", said(outcome.ended, outcome));
        return Err(failed(message, rollout, outcome));
    }
    let (spec, target) = (rollout.world.spec(), rollout.world.target());
    let wanted = match bench.options.guard {
        Guard::Policy(policy) => policy.completes_at(target),
        Guard::IdsOnly => target,
    };
    let green = rollout.world.routes().iter().filter(|route| contract::is_green(route, &spec));
    let carried = contract::capacity(&green.cloned().collect::<Vec<_>>());
    if carried < f64::from(wanted) - TOLERANCE {
        let message = format!("it is completed, and the new revision carries {carried} of {wanted}");
        return Err(failed(message, rollout, outcome));
    }
    let others = rollout.world.routes().iter();
    let others = others.filter(|route| contract::is_live(route) && !contract::is_green(route, &spec)).count();
    if others > 0 {
        let message = format!("it is completed, and {others} routes of other revisions are live");
        return Err(failed(message, rollout, outcome));
    }
    Ok(())
}

/// `the rollout ended as rolled-back`, or that it did not.
fn said(ended: Option<SubStep>, outcome: &Outcome) -> String {
    let code = &outcome.last_plan.reason.code;
    match ended {
        Some(sub_step) => format!("the rollout ended as {} ({code})", sub_step.as_str()),
        None => format!("after {} s the rollout has not ended ({code})", outcome.seconds),
    }
}

fn failed(message: String, rollout: &Rollout, outcome: &Outcome) -> Failure {
    Failure::new(message).at(&outcome.last_request).after(rollout.told())
}

/// What `check-config` said of the cases of a rule: a rollout that it refuses need not end.
#[derive(Default)]
pub(super) struct Admission {
    admitted: Cell<u32>,
    refused: Cell<u32>,
    why: RefCell<Option<String>>,
}

// === impl Admission ===

impl Admission {
    /// Returns whether the configuration is admitted at the start of a rollout.
    ///
    /// # Errors
    /// A call that failed, and an answer that is none.
    pub(super) fn is_given(&self, bench: &Bench<'_>, rollout: &Rollout) -> Result<bool, Failure> {
        let Request { spec, .. } = bench.subject.limited(&rollout.world.request());
        match admitted(bench, &spec)? {
            Ok(_) => self.admitted.set(self.admitted.get() + 1),
            Err(message) => {
                self.refused.set(self.refused.get() + 1);
                self.why.borrow_mut().get_or_insert(message);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What came of a rule, with how many of its cases were not admitted.
    pub(super) fn told(self, tried: Tried) -> Tried {
        let Tried::Passed { cases, note: None } = tried else { return tried };
        let (refused, why) = (self.refused.get(), self.why.take().unwrap_or_default());
        match (self.admitted.get(), refused) {
            (0, _) => {
                let message = format!("nothing was tried: `check-config` admits no rollout of these: {why}");
                let remedy = format!("`--max-surge`, `--max-unavailable` or `--config`, as the plugin asks for: {why}");
                Tried::Warned { cases, warning: Warning { message, remedy } }
            }
            (_, 0) => Tried::Passed { cases, note: None },
            _ => Tried::Passed { cases, note: Some(format!("{refused} cases were not admitted, such as: {why}")) },
        }
    }
}

/// Plays a case as it is and again with what befalls it; none where it does not complete as it is, which is for
/// `completes`.
pub(super) fn twice(
    bench: &Bench<'_>,
    config: &str,
    case: &Favourable,
    befalls: &[(u32, Event)],
    judge: impl FnMut(&Request, &pointsman::RouteChanges) -> Result<(), Failure>,
) -> Result<Option<(Outcome, Rollout, Outcome)>, Failure> {
    let mut rollout = case.rollout(config);
    let before = case.play(bench, &mut rollout, &[], |_, _| Ok(()))?;
    let Some(before) = before.filter(|outcome| outcome.ended == Some(SubStep::Completed)) else { return Ok(None) };
    let mut rollout = case.rollout(config);
    let after = case.play(bench, &mut rollout, befalls, judge)?;
    Ok(after.map(|after| (before, rollout, after)))
}
