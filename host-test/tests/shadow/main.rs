//! A new version in the shadow of the current one: what is recorded, what reaches the caller, and how trials end.

mod compared;
mod ends;

use std::{num::NonZeroU64, time::Duration};

use host_test::{Folder, HOST, cycle, hostile_version, misdeed, ready_routes};
use pointsman::{Route, json::Answer};
use pointsman_host::{
    Host, Registry,
    registry::{Options, Shadow, StrategyStatus, Swap, Trial},
};
use serde_json::json;

/// Longer than any trial here takes, so that a broken one ends.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// One ready route of the deploying revision, which the honest version promotes.
pub(crate) fn ready() -> Vec<Route> {
    ready_routes(1)
}

pub(crate) fn trial(evaluations: u64) -> Trial {
    Trial::evaluations(NonZeroU64::new(evaluations).unwrap())
}

/// A registry that runs on the honest version and tries the one of this mode.
pub(crate) fn trying(folder: &Folder, mode: &str, trial: Trial, options: Options) -> (Registry, Shadow) {
    trying_on(HOST.clone(), folder, mode, trial, options)
}

pub(crate) fn trying_on(host: Host, folder: &Folder, mode: &str, trial: Trial, options: Options) -> (Registry, Shadow) {
    let registry = Registry::new(host, options);
    registry.swap("hostile", folder.write("honest.wasm", &hostile_version("honest"))).unwrap();
    let swap = registry.shadow("hostile", folder.write("new.wasm", &hostile_version(mode)), trial).unwrap();
    assert!(matches!(&swap, Swap::Shadowing { shadow, .. } if shadow.name() == "new.wasm"), "{swap:?}");
    let shadow = registry.last_shadow("hostile").unwrap().unwrap();
    (registry, shadow)
}

/// The honest version's answer to the request that the versions differ in.
pub(crate) fn evaluate(registry: &Registry) {
    let evaluated = registry.evaluate_cycle("hostile", &cycle(&ready(), &misdeed("good"))).unwrap();
    assert_eq!(
        (evaluated.plugin.name(), &evaluated.value.promote_route_ids[..]),
        ("honest.wasm", &["r-1".to_owned()][..])
    );
}

pub(crate) fn evaluate_batch(registry: &Registry) {
    let request = |word| json!({"deployment": word, "routes": ready(), "spec": misdeed(word)});
    let requests = json!([request("none"), request("good")]).to_string();
    let evaluated = registry.evaluate_cycles_json("hostile", &requests).unwrap();
    let answers: Vec<Answer> = serde_json::from_str(&evaluated.answers).unwrap();
    assert!(
        matches!(&answers[..], [Answer::Ok(_), Answer::Ok(plan)] if plan.promote_route_ids == ["r-1"]),
        "{answers:?}"
    );
}

pub(crate) fn status(registry: &Registry) -> StrategyStatus {
    registry.status().remove(0)
}
