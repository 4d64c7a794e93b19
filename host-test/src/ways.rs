//! Every way to call a plugin: typed or in a batch of JSON; itself, in a session, by a registry, and with a shadow
//! beside.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU32, NonZeroU64},
    thread,
};

use pointsman::{
    Route, Spec,
    guard::{Violation, ViolationCode},
    json::{Answer, ErrorCode},
};
use pointsman_host::{
    EvaluateCyclesError, EvaluateError, Host, Plugin, Registry, Session,
    registry::{Comparison, Options, Outcome, Trial},
};

use serde_json::json;

use crate::{Folder, cycle, hostile_version, load, misdeed};

/// The owner of an instance, and whose answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A fresh instance for the call.
    Plugin,
    /// One instance for all of them.
    Session,
    /// The version in use of a registry.
    Registry,
    /// The same, and another version does the same in its shadow.
    BesideShadow,
    /// The version that is tried in the shadow of a meek one.
    InShadow,
}

/// One way to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Whose instance.
    pub by: By,
    /// Through the JSON entry point, between two requests that are harmless; else the typed one.
    pub json: bool,
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// As a registry counts it.
    pub outcome: Outcome,
    /// Violations that the guard found.
    pub violations: BTreeSet<ViolationCode>,
}

/// The ends of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// For the caller.
    pub caller: Ended,
    /// In the shadow, where there is one.
    pub shadow: Option<Ended>,
}

/// The hostile guest, ready to be called in every way.
pub struct Ways {
    plugin: Plugin,
    session: Session,
    registry: Registry,
    beside_shadow: Registry,
    in_shadow: Registry,
    _folder: Folder,
}

// === impl Way ===

impl Way {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let by = [By::Plugin, By::Session, By::Registry, By::BesideShadow, By::InShadow];
        by.into_iter().flat_map(|by| [Self { by, json: false }, Self { by, json: true }]).collect()
    }
}

// === impl Ended ===

impl Ended {
    /// With what the guard found.
    pub fn with(outcome: Outcome, violations: impl IntoIterator<Item = ViolationCode>) -> Self {
        Self { outcome, violations: violations.into_iter().collect() }
    }

    fn rejected(violations: &[Violation]) -> Self {
        Self::with(Outcome::Rejected, violations.iter().map(|violation| violation.code))
    }

    fn typed<T>(result: &Result<T, EvaluateError>) -> Self {
        match result {
            Ok(_) => Self::with(Outcome::Ok, []),
            Err(EvaluateError::Rejected { violations, .. }) => Self::rejected(violations),
            Err(EvaluateError::Call(error)) => Self::with(error.into(), []),
            Err(_) => Self::with(Outcome::Refused, []),
        }
    }

    /// The end of the request in the middle.
    fn json(result: Result<String, EvaluateCyclesError>) -> Self {
        let answers = match result {
            Ok(answers) => answers,
            Err(EvaluateCyclesError::Call(error)) => return Self::with((&error).into(), []),
            Err(EvaluateCyclesError::Answers { .. }) => return Self::with(Outcome::Malformed, []),
            Err(EvaluateCyclesError::InvalidRequests { .. }) => return Self::with(Outcome::Refused, []),
            Err(other) => panic!("{other:?}"),
        };
        let answers: Vec<Answer> = serde_json::from_str(&answers).expect("a host's answers are JSON");
        let [Answer::Ok(_), answer, Answer::Ok(_)] = &answers[..] else { panic!("{answers:?}") };
        match answer {
            Answer::Ok(_) => Self::with(Outcome::Ok, []),
            Answer::Error { code: ErrorCode::PlanRejected, violations, .. } => Self::rejected(violations),
            Answer::Error { .. } => Self::with(Outcome::Refused, []),
        }
    }
}

// === impl Ways ===

impl Ways {
    /// Loads the guest on a host.
    ///
    /// # Panics
    /// Where it was not built.
    pub fn new(host: &Host) -> Self {
        let (folder, plugin) = (Folder::new(), load(host, "guests/hostile.wasm"));
        // However often it fails, it is called again.
        let options = || Options { revert_after: NonZeroU32::MAX, open_after: NonZeroU32::MAX, ..Options::default() };
        let registry = |current: &str, shadow: Option<&str>| {
            let version = |mode: &str| folder.write(&format!("{mode}.wasm"), &hostile_version(mode));
            let registry = Registry::new(host.clone(), options());
            registry.swap("hostile", version(current)).expect("it is loaded");
            if let Some(mode) = shadow {
                let endless = Trial { most_differences: u64::MAX, ..Trial::evaluations(NonZeroU64::MAX) };
                registry.shadow("hostile", version(mode), endless).expect("it is loaded");
            }
            registry
        };
        let session = plugin.session().expect("there are instances");
        let beside_shadow = registry("honest", Some("other"));
        let in_shadow = registry("meek", Some("honest"));
        Self { registry: registry("honest", None), plugin, session, beside_shadow, in_shadow, _folder: folder }
    }

    /// Calls, and says how that ended, in a shadow too.
    ///
    /// # Panics
    /// Where there is no answer at all.
    pub fn call(&mut self, way: Way, routes: &[Route], spec: &Spec) -> Called {
        let harmless = Spec { config: misdeed("none").config, ..spec.clone() };
        let request =
            |(deployment, spec): (&str, &Spec)| json!({"deployment": deployment, "routes": routes, "spec": spec});
        let batch = json!([("first", &harmless), ("middle", spec), ("last", &harmless)].map(request)).to_string();
        // What is counted says how it ended: by a batch of a registry the other two are answered in any case.
        let by = |registry: &Registry| {
            let status =
                || registry.status().into_iter().find(|status| status.name == "hostile").expect("it is loaded");
            let before = status();
            if way.json {
                let answers = registry.evaluate_cycles_json("hostile", &batch).expect("it is an array").answers;
                let answers: Vec<Answer> = serde_json::from_str(&answers).expect("a host's answers are JSON");
                assert!(matches!(&answers[..], [Answer::Ok(_), _, Answer::Ok(_)]), "{answers:?}");
            } else {
                drop(registry.evaluate_cycle("hostile", &cycle(routes, spec)));
            }
            let after = status();
            counted((&before.outcomes, &after.outcomes), (&before.violations, &after.violations))
        };
        let requests = if way.json { 3 } else { 1 };
        let caller = match (way.by, way.json) {
            (By::Plugin, false) => Ended::typed(&self.plugin.evaluate_cycle(routes, spec)),
            (By::Plugin, true) => Ended::json(self.plugin.evaluate_cycles_json(&batch)),
            (By::Session, false) => Ended::typed(&self.session.evaluate_cycle(routes, spec)),
            (By::Session, true) => Ended::json(self.session.evaluate_cycles_json(&batch)),
            (By::Registry, _) => by(&self.registry),
            (By::BesideShadow, _) => return beside(&self.beside_shadow, requests, by),
            (By::InShadow, _) => return beside(&self.in_shadow, requests, by),
        };
        Called { caller, shadow: None }
    }
}

/// Calls, and waits until the shadow was called with the same.
fn beside(registry: &Registry, requests: u64, call: impl FnOnce(&Registry) -> Ended) -> Called {
    let shadow = registry.last_shadow("hostile").ok().flatten().expect("a version is tried");
    let before = shadow.status();
    let caller = call(registry);
    let after = loop {
        let status = shadow.status();
        assert_eq!((status.skipped, status.comparison), (0, Comparison::Running));
        if status.evaluations == before.evaluations + requests {
            break status;
        }
        thread::yield_now();
    };
    let shadow = counted((&before.outcomes, &after.outcomes), (&before.violations, &after.violations));
    Called { caller, shadow: Some(shadow) }
}

type Counts<'a, K> = (&'a BTreeMap<K, u64>, &'a BTreeMap<K, u64>);

/// The end that was counted between two counts, beside harmless ones.
fn counted(outcomes: Counts<'_, Outcome>, violations: Counts<'_, ViolationCode>) -> Ended {
    let worst = grown(outcomes.0, outcomes.1).max_by_key(|outcome| *outcome != Outcome::Ok);
    Ended::with(worst.expect("it was called"), grown(violations.0, violations.1))
}

/// The keys that were counted between two counts.
fn grown<K: Copy + Ord>(before: &BTreeMap<K, u64>, after: &BTreeMap<K, u64>) -> impl Iterator<Item = K> {
    after.iter().filter(|(key, count)| before.get(key) != Some(count)).map(|(key, _)| *key)
}
