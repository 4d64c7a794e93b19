//! Places, and traffic that is set by hand.

use pointsman::{RolloutSpec, RouteChanges, RouteStatus, SubStep, TrafficStatus};

use super::World;
use crate::scenario::{Chosen, Mishap, Scenario, Traffic};

fn world(more: &str) -> World {
    let text = format!("title = \"t\"\ntarget = 2\nstart_seconds = 30\ntermination_seconds = 5\n{more}");
    World::new(&Scenario::parse(&text).unwrap(), 0)
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

/// Lets everything happen that does so by itself up to a moment.
fn advance(world: &mut World, to: u64) {
    while let Some(at) = world.next_step().filter(|at| *at <= to) {
        world.advance(at);
    }
    world.advance(to);
}

#[test]
fn creations_spend_places_and_what_is_gone_gives_them_back() {
    let mut world = world("free_places = 3");
    assert_eq!(world.apply(&create(2)).unwrap(), 2);
    assert_eq!(world.free_places(), Some(1));
    world.apply(&drain(&["r-1"])).unwrap();
    assert_eq!(world.free_places(), Some(1), "it is still stopping");
    advance(&mut world, 5000);
    assert_eq!(world.free_places(), Some(2));
    assert_eq!(world.befall("v2", 1, Mishap::Fail), 1);
    assert_eq!(world.free_places(), Some(3));
    world.set_free_places(None);
    assert_eq!(world.free_places(), None);
}

#[test]
fn what_is_evicted_takes_its_place_along() {
    let mut world = world("free_places = 1");
    assert_eq!(world.befall("v1", 1, Mishap::Evict), 1);
    assert_eq!(world.free_places(), Some(1));
    world.apply(&create(2)).unwrap();

    advance(&mut world, 600_000);
    assert_eq!(with_status(&world, RouteStatus::Running), ["r-2", "r-3"]);
    assert_eq!(with_status(&world, RouteStatus::Provisioning), ["r-4"]);
    // It had none to lose.
    assert_eq!(world.befall("v2", 2, Mishap::Evict), 2);
    assert_eq!(world.free_places(), Some(0));
}

#[test]
fn what_is_created_beyond_the_free_places_waits_for_one() {
    let mut world = world("free_places = 1");
    assert_eq!(world.apply(&create(3)).unwrap(), 3);
    assert_eq!(world.free_places(), Some(0));
    advance(&mut world, 60_000);
    assert_eq!(with_status(&world, RouteStatus::Running), ["r-1", "r-2", "r-3"]);
    assert_eq!(with_status(&world, RouteStatus::Provisioning), ["r-4", "r-5"]);

    // The oldest gets the place of what is gone, and starts from then on.
    world.apply(&drain(&["r-1"])).unwrap();
    advance(&mut world, 94_000);
    assert_eq!(with_status(&world, RouteStatus::Provisioning), ["r-4", "r-5"]);
    advance(&mut world, 95_000);
    assert_eq!(with_status(&world, RouteStatus::Provisioning), ["r-5"]);

    // What never had a place is gone at once, and gives none back.
    world.apply(&drain(&["r-5"])).unwrap();
    advance(&mut world, 95_000);
    assert_eq!(with_status(&world, RouteStatus::Terminating), [""; 0]);
    assert_eq!(world.free_places(), Some(0));
}

#[test]
fn a_place_that_is_added_is_taken() {
    let mut world = world("free_places = 0");
    world.apply(&create(2)).unwrap();
    advance(&mut world, 60_000);
    world.set_free_places(Some(1));
    assert_eq!(world.free_places(), Some(0));
    advance(&mut world, 90_000);
    assert_eq!(with_status(&world, RouteStatus::Running), ["r-1", "r-2", "r-3"]);
}

#[test]
fn traffic_is_set_by_hand_on_live_routes_by_their_ids() {
    let mut world =
        world("old = [{ revision = \"v1\", count = 3 }, { revision = \"v0\", count = 1, state = \"terminated\" }]");
    let of = Chosen::Named(["r-3", "r-1", "r-4", "r-9"].map(str::to_owned).to_vec());

    let set = world.set_traffic(&Traffic { of, status: TrafficStatus::Active, ratio: 0.25 });

    assert_eq!(set, 2);
    let ratios: Vec<f64> = world.routes().iter().map(|route| route.traffic_ratio).collect();
    assert_eq!(ratios, [0.25, 1.0, 0.25, 0.0]);
}
