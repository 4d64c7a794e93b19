//! One deployment among many: whatever its input does, the others have their plans, and only a bad version is reverted.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use host_test::{Folder, LONG, cached_host, clock::Clock, cycle_of, hostile_version, misdeed, ready_routes, versioned};
use pointsman::{
    Route, Spec,
    json::{Answer, ErrorCode},
};
use pointsman_host::{
    Host, Limits, Registry,
    registry::{Cycle, Options, Outcome, RegistryError, Swap},
};
use rstest::rstest;
use serde_json::json;

use crate::status;

/// Deployments beside the poisoned one.
const OTHERS: usize = 999;

/// How deployments are called for: one by one, through the typed call for many, in a batch of JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Single,
    Fleet,
    Batch,
}

/// What a deployment came to.
#[derive(Clone, Debug, PartialEq)]
enum Came {
    /// To a plan of the plugin with this name.
    Plan(String),
    Failed,
    CircuitOpen,
    Unavailable,
    Refused,
}

/// A host on which what never ends is over soon.
static HOST: LazyLock<Host> =
    LazyLock::new(|| cached_host(Limits { time: Duration::from_millis(100), ..Limits::default() }));

/// A registry that runs on a version of one mode, and before it on one of another.
fn registry(folder: &Folder, modes: [&str; 2], options: Options) -> Registry {
    let registry = Registry::new(HOST.clone(), options);
    for (mode, (name, version)) in modes.iter().zip([("old", "0.2.0"), ("new", "0.2.1")]) {
        let component = versioned(&hostile_version(mode), version);
        registry.swap("hostile", folder.write(&format!("{name}.wasm"), &component)).unwrap();
    }
    registry
}

fn call(registry: &Registry, way: Way, fleet: &[(String, Spec)]) -> Vec<Came> {
    let routes: Vec<Route> = ready_routes(1);
    let cycles: Vec<Cycle<'_>> = fleet.iter().map(|(deployment, spec)| cycle_of(deployment, &routes, spec)).collect();
    let typed = |result: Result<_, RegistryError<_>>| match result {
        Ok(pointsman_host::registry::Evaluated { plugin, .. }) => Came::Plan(plugin.name().to_owned()),
        Err(RegistryError::CircuitOpen(_)) => Came::CircuitOpen,
        Err(RegistryError::Unavailable { .. }) => Came::Unavailable,
        Err(RegistryError::Evaluate(pointsman_host::EvaluateError::InvalidConfig { .. })) => Came::Refused,
        Err(RegistryError::Evaluate(_)) => Came::Failed,
        Err(other) => panic!("{other:?}"),
    };
    match way {
        Way::Single => cycles.iter().map(|cycle| typed(registry.evaluate_cycle("hostile", cycle))).collect(),
        Way::Fleet => registry.evaluate_cycles("hostile", &cycles).unwrap().into_iter().map(typed).collect(),
        Way::Batch => {
            let request =
                |(deployment, spec): &(String, Spec)| json!({"deployment": deployment, "routes": routes, "spec": spec});
            let requests = json!(fleet.iter().map(request).collect::<Vec<_>>()).to_string();
            let batch = registry.evaluate_cycles_json("hostile", &requests).unwrap();
            let answers: Vec<Answer> = serde_json::from_str(&batch.answers).unwrap();
            let came = |(answer, plugin): (Answer, &Option<pointsman_host::PluginId>)| match answer {
                Answer::Ok(_) => Came::Plan(plugin.as_ref().unwrap().name().to_owned()),
                Answer::Error { code: ErrorCode::CircuitOpen, .. } => Came::CircuitOpen,
                Answer::Error { code: ErrorCode::Unavailable, .. } => Came::Unavailable,
                Answer::Error { code: ErrorCode::InvalidConfig, .. } => Came::Refused,
                Answer::Error { code: ErrorCode::PluginFailed | ErrorCode::PlanRejected, .. } => Came::Failed,
                other @ Answer::Error { .. } => panic!("{other:?}"),
            };
            answers.into_iter().zip(&batch.plugins).map(came).collect()
        }
    }
}

/// So many deployments that ask for the right thing, with these among them.
fn fleet(others: usize, among: &[(&str, &str)]) -> Vec<(String, Spec)> {
    let mut fleet: Vec<_> = (0..others).map(|i| (format!("d{i}"), misdeed("good"))).collect();
    let step = others / (among.len() + 1);
    for (i, (deployment, word)) in among.iter().enumerate() {
        fleet.insert((i + 1) * step, ((*deployment).to_owned(), misdeed(word)));
    }
    fleet
}

/// How many came to what, beside the deployments that are named.
fn others(fleet: &[(String, Spec)], came: &[Came]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, came) in fleet.iter().zip(came).filter(|((deployment, _), _)| deployment.starts_with('d')) {
        *counts.entry(format!("{came:?}")).or_default() += 1;
    }
    counts
}

fn of(fleet: &[(String, Spec)], came: &[Came], deployment: &str) -> Came {
    came[fleet.iter().position(|(key, _)| key == deployment).unwrap()].clone()
}

/// A good new version, and one deployment that no version manages.
#[rstest]
fn one_poisoned_deployment_among_a_thousand(
    #[values("loop_forever", "grow_memory", "trap", "not_utf8", "unknown_id")] poison: &str,
    #[values(Way::Single, Way::Fleet, Way::Batch)] way: Way,
) {
    let folder = Folder::new();
    let registry = registry(&folder, ["honest", "other"], Clock::new().options());
    for round in 0..5 {
        // Once among all of them; what is known of it then makes no difference to how many they are.
        let number = if round == 0 { OTHERS } else { 20 };
        let fleet = fleet(number, &[("poisoned", poison)]);
        let came = call(&registry, way, &fleet);

        let plans = [(format!("{:?}", Came::Plan("new.wasm".to_owned())), number)];
        assert_eq!(others(&fleet, &came), plans.into(), "round {round}");
        let expected = if round < 3 { Came::Failed } else { Came::CircuitOpen };
        assert_eq!(of(&fleet, &came, "poisoned"), expected, "round {round}");
        assert!(registry.wait_for_verdicts(LONG));
    }
    let status = status(&registry);
    assert_eq!((status.current.plugin.name(), status.reverts, status.circuit_open), ("new.wasm", 0, None));
    assert_eq!((status.circuits.open_total, status.circuits.pinned_total), (1, 0));
}

/// A bad new version fails three deployments, politely or not, and is reverted; nobody waits for long.
#[rstest]
fn a_bad_version_is_reverted_within_three_of_its_deployments(
    #[values("broken", "endless", "harmful", "polite")] mode: &str,
    #[values(Way::Single, Way::Fleet, Way::Batch)] way: Way,
) {
    let folder = Folder::new();
    let registry = registry(&folder, ["honest", mode], Clock::new().options());
    // Those that ask for nothing are well with either version, before, between and after.
    let words = [("w1", "none"), ("a", "good"), ("w2", "none"), ("b", "good"), ("w3", "none"), ("c", "good")];
    for (i, (deployment, word)) in words.into_iter().enumerate() {
        let one = [(deployment.to_owned(), misdeed(word))];
        let came = call(&registry, way, &one);
        let failed = if mode == "polite" { Came::Refused } else { Came::Failed };
        let expected = if word == "none" { Came::Plan("new.wasm".to_owned()) } else { failed };
        assert_eq!(came, [expected], "{i}");
        assert!(registry.wait_for_verdicts(LONG));
    }

    let status = status(&registry);
    assert_eq!((status.current.plugin.name(), status.previous, status.reverts), ("old.wasm", None, 1));
    let all: Vec<_> = words.iter().map(|(deployment, word)| ((*deployment).to_owned(), misdeed(word))).collect();
    let plans: Vec<_> = all.iter().map(|_| Came::Plan("old.wasm".to_owned())).collect();
    assert_eq!(call(&registry, way, &all), plans);

    // It stays out until somebody lets it in.
    let again = || registry.load_dir(folder.path()).unwrap().remove(0).1.unwrap();
    assert!(matches!(again(), Swap::Quarantined(id) if id.name() == "new.wasm"));
    let [digest] = &status.quarantined[..] else { panic!("{:?}", status.quarantined) };
    assert!(registry.release(digest) && !registry.release(digest));
    assert!(matches!(again(), Swap::Swapped { .. }));
}

/// One deployment of several that a new version fails goes on with the version before it.
#[rstest]
fn a_pinned_deployment_goes_on(#[values(Way::Single, Way::Fleet, Way::Batch)] way: Way) {
    let folder = Folder::new();
    let registry = registry(&folder, ["honest", "broken"], Clock::new().options());
    let seen: Vec<_> = (0..3).map(|i| (format!("w{i}"), misdeed("none"))).collect();
    call(&registry, way, &seen);
    let mut all = seen.clone();
    all.push(("pinned".to_owned(), misdeed("good")));

    assert_eq!(of(&all, &call(&registry, way, &all), "pinned"), Came::Failed);
    assert!(registry.wait_for_verdicts(LONG));

    assert_eq!(of(&all, &call(&registry, way, &all), "pinned"), Came::Plan("old.wasm".to_owned()));
    assert_eq!(of(&all, &call(&registry, way, &all), "w1"), Came::Plan("new.wasm".to_owned()));
    assert_eq!(status(&registry).circuits.pinned, ["pinned"]);
}

/// An instance that went bad with what it remembers is nobody's fault.
#[test]
fn a_dirty_session_is_nobodys_fault() {
    let folder = Folder::new();
    let registry = registry(&folder, ["honest", "other"], Clock::new().options());
    let turning: Vec<_> = (0..150).map(|i| (format!("d{i}"), misdeed("turn_bad_after_a_hundred"))).collect();

    let came = call(&registry, Way::Fleet, &turning);
    assert!(registry.wait_for_verdicts(LONG));

    assert_eq!(came.iter().filter(|came| **came == Came::Failed).count(), 1, "{came:?}");
    let status = status(&registry);
    assert_eq!((status.circuits.open_total, status.circuits.pinned_total, status.reverts), (0, 0, 0));
    assert_eq!(status.outcomes[&Outcome::Timeout], 1);
}

/// A batch has one limit of time for all of its calls; what was not reached is counted to nobody.
#[rstest]
fn the_time_of_a_batch(#[values(Way::Fleet, Way::Batch)] way: Way) {
    let folder = Folder::new();
    let clock = Clock::stepping(Duration::from_secs(1));
    let registry =
        registry(&folder, ["honest", "other"], Options { batch_time: Duration::from_secs(6), ..clock.options() });
    let fleet = fleet(20, &[("poisoned", "trap")]);

    let came = call(&registry, way, &fleet);

    let unreached = came.iter().filter(|came| **came == Came::Unavailable).count();
    assert!((1..21).contains(&unreached), "{came:?}");
    assert_eq!(status(&registry).outcomes[&Outcome::Unavailable], u64::try_from(unreached).unwrap());
    assert_eq!(status(&registry).circuits.open_total, 0);
}
