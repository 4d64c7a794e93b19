//! Places, clocks, traffic that is set by hand, and what a host keeps.

use pointsman::{RolloutSpec, RouteChanges, RouteStatus, SubStep, TrafficStatus};

use super::{Fault, OperatorAction, Still, World};
use crate::scenario::{Drawn, Scenario};

/// A scenario's world, and what its routes do by themselves.
struct Played(World, Drawn);

fn world(more: &str) -> Played {
    let text = format!("title = \"t\"\ntarget = 2\nstart_seconds = 30\ntermination_seconds = 5\n{more}");
    let scenario = Scenario::parse(&text).unwrap();
    Played(scenario.world(), scenario.behaviour(0))
}

impl Played {
    fn apply(&mut self, plan: &RouteChanges) -> u32 {
        self.0.apply(plan, &mut self.1).unwrap()
    }

    /// Does something to the oldest routes of a revision that it can happen to.
    fn befall(&mut self, revision: &str, count: usize, fault: Fault) -> u32 {
        let routes = self.0.affected(fault).filter(|route| route.revision == revision).take(count);
        let ids: Vec<String> = routes.map(|route| route.id.clone()).collect();
        self.0.inject(fault, &ids)
    }
}

fn create(count: u32) -> RouteChanges {
    RouteChanges::none(SubStep::Provisioning, "test", String::new()).create(RolloutSpec::inactive(count, "v2"))
}

fn drain(ids: &[&str]) -> RouteChanges {
    let drain_route_ids = ids.iter().map(|id| (*id).to_owned()).collect();
    RouteChanges { drain_route_ids, ..RouteChanges::none(SubStep::Provisioning, "test", String::new()) }
}

/// Ids of routes that are provisioning, running or terminating.
fn with_status(world: &World, status: RouteStatus) -> Vec<&str> {
    world.routes().iter().filter(|route| route.status == status).map(|route| route.id.as_str()).collect()
}

#[test]
fn creations_spend_places_and_what_is_gone_gives_them_back() {
    let mut world = world("free_places = 3");
    assert_eq!(world.apply(&create(2)), 2);
    assert_eq!(world.0.free_places(), Some(1));
    world.apply(&drain(&["r-1"]));
    assert_eq!(world.0.free_places(), Some(1), "it is still stopping");
    world.0.advance(5000);
    assert_eq!(world.0.free_places(), Some(2));
    assert_eq!(world.befall("v2", 1, Fault::Crash), 1);
    assert_eq!(world.0.free_places(), Some(3));
    world.0.set_free_places(None);
    assert_eq!(world.0.free_places(), None);
}

#[test]
fn what_is_evicted_takes_its_place_along() {
    let mut world = world("free_places = 1");
    assert_eq!(world.befall("v1", 1, Fault::Evict), 1);
    assert_eq!(world.0.free_places(), Some(1), "it is still stopping");
    assert_eq!(world.befall("v1", 2, Fault::Gone), 1);
    assert_eq!(world.0.free_places(), Some(1));
    world.apply(&create(2));

    world.0.advance(600_000);
    assert_eq!(with_status(&world.0, RouteStatus::Running), ["r-2", "r-3"]);
    assert_eq!(with_status(&world.0, RouteStatus::Provisioning), ["r-4"]);
    // It had none to lose.
    assert_eq!((world.befall("v2", 2, Fault::Evict), world.befall("v2", 2, Fault::Gone)), (2, 2));
    assert_eq!(world.0.free_places(), Some(0));
}

#[test]
fn what_is_created_beyond_the_free_places_waits_for_one() {
    let mut world = world("free_places = 1");
    assert_eq!(world.apply(&create(3)), 3);
    assert_eq!(world.0.free_places(), Some(0));
    world.0.advance(60_000);
    assert_eq!(with_status(&world.0, RouteStatus::Running), ["r-1", "r-2", "r-3"]);
    assert_eq!(with_status(&world.0, RouteStatus::Provisioning), ["r-4", "r-5"]);

    // The oldest gets the place of what is gone, and starts from then on.
    world.apply(&drain(&["r-1"]));
    world.0.advance(94_000);
    assert_eq!(with_status(&world.0, RouteStatus::Provisioning), ["r-4", "r-5"]);
    world.0.advance(95_000);
    assert_eq!(with_status(&world.0, RouteStatus::Provisioning), ["r-5"]);

    // What never had a place is gone at once, and gives none back.
    world.apply(&drain(&["r-5"]));
    world.0.advance(95_000);
    assert_eq!(with_status(&world.0, RouteStatus::Terminating), [""; 0]);
    assert_eq!(world.0.free_places(), Some(0));
}

#[test]
fn a_place_that_is_added_is_taken() {
    let mut world = world("free_places = 0");
    world.apply(&create(2));
    world.0.advance(60_000);
    world.0.set_free_places(Some(1));
    assert_eq!(world.0.free_places(), Some(0));
    world.0.advance(90_000);
    assert_eq!(with_status(&world.0, RouteStatus::Running), ["r-1", "r-2", "r-3"]);
}

#[test]
fn traffic_is_set_by_hand_on_live_routes_by_their_ids() {
    let mut world =
        world("old = [{ revision = \"v1\", count = 3 }, { revision = \"v0\", count = 1, state = \"terminated\" }]");
    let ids = ["r-3", "r-1", "r-4", "r-9"].map(str::to_owned);

    let set = world.0.inject(Fault::Traffic { status: TrafficStatus::Active, ratio: 0.25 }, &ids);

    assert_eq!(set, 2);
    let ratios: Vec<f64> = world.0.routes().iter().map(|route| route.traffic_ratio).collect();
    assert_eq!(ratios, [0.25, 1.0, 0.25, 0.0]);
}

#[test]
fn clocks_need_not_agree() {
    let mut world = world("stamp_offset_seconds = -30").0;
    let start = world.host_clock().as_millis();
    world.step_clock(5_000);
    world.blip_clock(2_000);
    world.advance(10_000);

    assert_eq!(world.host_clock().as_millis(), start + 17_000);
    assert_eq!(world.stamping_clock().as_millis(), start + 10_000 - 30_000);
    world.apply(&create(1), &mut Still).unwrap();
    assert_eq!(world.routes()[2].created_at, world.stamping_clock());
    world.evaluated();
    assert_eq!(world.spec().now.as_millis(), start + 15_000);
    world.deploy("v3", vec![]);
    assert_eq!(world.spec().started_at.as_millis(), start + 15_000);
}

#[test]
fn what_was_promoted_is_what_the_next_rollout_returns_to() {
    let mut world = world("").0;
    let end = |sub_step| RouteChanges::none(sub_step, "test", String::new()).wait_at("gate");
    world.apply(&end(SubStep::Completed), &mut Still).unwrap();
    assert!(world.ended() == Some(SubStep::Completed) && world.operate(&OperatorAction::Advance));
    world.deploy("v3", vec![]);

    let spec = world.spec();
    assert_eq!((spec.stable_revision.as_deref(), world.deploying_revision()), (Some("v2"), "v3"));
    assert!(world.ended().is_none() && world.gate().is_none() && spec.operator.passed_gates.is_empty());
    // It was not promoted.
    world.apply(&end(SubStep::RollingBack), &mut Still).unwrap();
    world.deploy("v4", vec![]);
    assert_eq!(world.spec().stable_revision.as_deref(), Some("v2"));
}

/// What nothing is done to stays as it is: conformance injects all that happens.
#[test]
fn routes_without_a_behaviour_do_nothing() {
    let mut world = world("free_places = 1").0;
    world.apply(&create(2), &mut Still).unwrap();
    world.apply(&drain(&["r-1"]), &mut Still).unwrap();
    world.advance(3_600_000);
    assert_eq!(with_status(&world, RouteStatus::Terminating), ["r-1"]);

    // What has no place does not start.
    let both = ["r-3", "r-4"].map(str::to_owned);
    assert_eq!((world.inject(Fault::Ready, &both), world.inject(Fault::Gone, &["r-1".to_owned()])), (1, 1));
    assert_eq!(
        (world.inject(Fault::Start, &both), world.fates().filter(|(_, lost_at)| lost_at.is_some()).count()),
        (1, 0)
    );
    assert_eq!(
        (world.inject(Fault::Crash, &both), world.fates().filter(|(_, lost_at)| lost_at.is_some()).count()),
        (2, 2)
    );
}
