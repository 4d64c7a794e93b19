//! The host: it evaluates, has the plan judged, and stores what comes of it, all at once as it should, or not.

use pointsman::{
    Amount, RouteChanges,
    guard::{self, Policy},
};

use crate::{
    oracle::Opinion,
    past::{Memory, Past},
    promises,
    setup::{Evaluate, Strategies, Which},
    world::{Held, World},
};

/// A promise that a plan breaks, and how.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) promise: &'static str,
    pub(crate) how: String,
}

/// What of a plan is stored before the host crashes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored {
    /// In one transaction, as the contract asks.
    All,
    Memo,
    Changes,
}

impl Strategies {
    pub(crate) fn of(&self, which: Which) -> Evaluate {
        match which {
            Which::BlueGreen => self.blue_green,
            Which::RollingUpdate => self.rolling_update,
        }
    }
}

impl World {
    /// The policy that the guard is asked with: one that allows everything where there are no limits.
    pub(crate) fn policy(&self) -> Policy {
        let all = Amount::percent(100);
        let any = Policy { max_unavailable: all, max_surge: Amount::Count(u32::MAX), complete_at: all };
        self.setup.policy.unwrap_or(any)
    }

    /// What the strategy decides now.
    pub(crate) fn decide(&self, strategies: &Strategies) -> Result<RouteChanges, Broken> {
        let evaluate = strategies.of(self.which);
        let broken = |how: String| Broken { promise: "answers every request", how };
        let plan = evaluate(&self.routes(), &self.spec()).map_err(|error| broken(error.to_string()))?;
        promises::judge(self, &plan, evaluate)?;
        Ok(plan)
    }

    pub(crate) fn cycle(&mut self, strategies: &Strategies, stored: Stored) -> Result<(), Broken> {
        let plan = self.decide(strategies)?;
        self.code = Some(plan.reason.code.clone());
        let past = Past::after(self, &plan);
        self.store(&plan, past, stored);
        self.clock.be_right();
        Ok(())
    }

    pub(crate) fn compute(&mut self, strategies: &Strategies) -> Result<(), Broken> {
        let plan = self.decide(strategies)?;
        self.held = Some(Held { past: Past::after(self, &plan), plan, version: self.version });
        self.clock.be_right();
        Ok(())
    }

    /// Applies a plan that was made before. One for another state is refused by its version; a host that only asks the
    /// guard applies what is harmless, and has a memo then that does not say what is so.
    pub(crate) fn apply_held(&mut self) -> Result<(), Broken> {
        let Some(Held { plan, past, version }) = self.held.take() else { return Ok(()) };
        if version == self.version {
            self.store(&plan, past, Stored::All);
            return Ok(());
        }
        let (routes, spec, policy) = (self.routes(), self.spec(), self.policy());
        if self.setup.compares_versions || !guard::check(&routes, &spec, &plan, &policy).is_empty() {
            return Ok(());
        }
        let opinion = Opinion::of(&routes, &spec, &plan, &policy);
        if !opinion.wrong.is_empty() {
            let how = format!("the guard let a stale plan pass that does {:?}", opinion.wrong);
            return Err(Broken { promise: "applies nothing that does harm", how });
        }
        let past = Past::after(self, &plan);
        self.store(&plan, past, Stored::All);
        self.past.memory = Memory::Wrong;
        Ok(())
    }

    fn store(&mut self, plan: &RouteChanges, past: Past, stored: Stored) {
        if !matches!(stored, Stored::Memo) {
            self.change(plan);
            self.past = past;
            self.gate.clone_from(&plan.gate);
        }
        if !matches!(stored, Stored::Changes) {
            self.memo.clone_from(&plan.memo);
        }
        match stored {
            Stored::All => self.end = plan.sub_step.is_over().then_some(plan.sub_step),
            Stored::Memo | Stored::Changes => self.past.memory = Memory::Wrong,
        }
        self.version += 1;
    }
}
