//! Blue-green where there is no room for two full sets, with `no_room` as `turns`: row 18, the rolling update that it
//! goes on as, and whole rollouts on a machine with few places.

#[path = "support/build.rs"]
mod support;

use pointsman::{
    Commitment, HealthStatus, Route, RouteChanges, RouteStatus, Spec, SubStep,
    blue_green::BlueGreen,
    check_config, evaluate_cycle,
    guard::{self, Policy},
};
use rstest::rstest;
use support::{STARTED_AT, activate, apply, lettered, operator, routes, spec, summary};

const TURNS: &str = r#"{"auto_promote": true, "no_room": "turns"}"#;
const APPROVED: &str = r#"{"no_room": "turns"}"#;

fn evaluate(routes: &[Route], spec: &Spec) -> RouteChanges {
    evaluate_cycle::<BlueGreen>(routes, spec).unwrap()
}

fn beside(blue: &str, green: &str) -> Vec<Route> {
    let mut routes = lettered(1, "v1", blue);
    routes.extend(lettered(blue.len() + 1, "v2", green));
    routes
}

fn turning() -> String {
    format!("blue-green 2 {STARTED_AT} turns {STARTED_AT}")
}

/// Row 18: only what is short for good begins it, and nothing that comes before it in the table.
#[rstest]
#[case::places(TURNS, "", Some(2), None, "taking-turns create 2 drain r-1")]
#[case::a_single_place(TURNS, "pp", Some(0), None, "taking-turns drain r-1")]
#[case::too_tight_limits(TURNS, "", None, Some(5), "taking-turns create 3 drain r-1")]
#[case::places_for_all(TURNS, "", Some(3), None, "creating-green create 3")]
#[case::still_stopping(TURNS, "gggggg", None, None, "waiting-for-termination")]
#[case::a_person_first(APPROVED, "", Some(2), None, "awaiting-approval")]
#[case::by_default_it_waits(r#"{"auto_promote": true}"#, "", Some(2), None, "no-capacity")]
#[case::ready_green_is_promoted(TURNS, "rrr", Some(0), None, "promoting promote r-4 r-5 r-6 drain r-1 r-2 r-3")]
fn it_begins(
    #[case] config: &str,
    #[case] green: &str,
    #[case] free_places: Option<u32>,
    #[case] most_live: Option<u32>,
    #[case] plan: &str,
) {
    let limits = most_live.map(|most_live| Commitment { least_serving: 2, most_live });
    let spec = Spec { free_places, limits, ..spec(0, config) };

    let decided = evaluate(&beside("RRR", green), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    assert_eq!(decided.memo.unwrap().contains("turns"), plan.starts_with("taking-turns"));
}

/// What is missing is replaced by the first turn: a stable route that is restored now would be drained by it.
#[test]
fn nothing_is_restored_just_before_it() {
    let spec = Spec { free_places: Some(1), ..spec(0, TURNS) };

    assert_eq!(summary(&evaluate(&beside("RR", ""), &spec)), "taking-turns create 1");
}

/// The gate is one of its own, because it lets green into traffic as it comes.
#[rstest]
#[case::nobody_has("", SubStep::AwaitingPromotion, Some("turns"))]
#[case::another_gate("promotion", SubStep::AwaitingPromotion, Some("turns"))]
#[case::passed("turns", SubStep::Provisioning, None)]
#[case::promote("promote", SubStep::Provisioning, None)]
fn the_gate(#[case] wish: &str, #[case] sub_step: SubStep, #[case] gate: Option<&str>) {
    let spec = Spec { free_places: Some(1), operator: operator(wish), ..spec(0, APPROVED) };

    let decided = evaluate(&beside("RRR", ""), &spec);

    assert_eq!((decided.sub_step, decided.gate.as_deref()), (sub_step, gate), "{}", decided.reason.message);
}

/// A first deployment has nothing to protect, and takes what there is.
#[test]
fn a_first_deployment_asks_nobody() {
    let first = Spec { free_places: Some(1), stable_revision: None, ..spec(0, APPROVED) };
    assert_eq!(summary(&evaluate(&[], &first)), "taking-turns create 1");

    let turn = Spec { memo: Some(turning()), ..first };
    assert_eq!(summary(&evaluate(&[], &turn)), "replacing create 1");
}

/// Once it has begun it goes on, whatever room there is now: it is a rolling update within the limits.
#[rstest]
#[case::no_place("RRR", "", Some(0), "", "replacing drain r-1")]
#[case::one_place("RRR", "", Some(1), "", "replacing create 1 drain r-1")]
#[case::room_for_all_has_come("RRR", "R", Some(9), "", "replacing create 2 drain r-1 r-2")]
#[case::one_is_ready("RR", "r", Some(0), "", "replacing promote r-3 drain r-1")]
#[case::all_are("", "RRR", Some(0), "", "rolled-out")]
#[case::paused("RR", "r", Some(0), "pause", "paused")]
#[case::aborted("RR", "R", Some(1), "abort", "aborted create 1 v1")]
fn it_goes_on(
    #[case] blue: &str,
    #[case] green: &str,
    #[case] free_places: Option<u32>,
    #[case] wish: &str,
    #[case] plan: &str,
) {
    let spec = Spec { free_places, operator: operator(wish), memo: Some(turning()), ..spec(0, TURNS) };

    let decided = evaluate(&beside(blue, green), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// Switched off in the middle it is blue-green again.
#[test]
fn it_can_be_switched_off() {
    let spec = Spec { free_places: Some(0), memo: Some(turning()), ..spec(0, r#"{"auto_promote": true}"#) };

    assert_eq!(summary(&evaluate(&beside("RR", "R"), &spec)), "no-capacity");
}

/// It promises what the limits ask for, whether or not it will take turns.
#[rstest]
#[case::unknown_limits(3, None, Ok((2, 6)))]
#[case::all_must_serve(3, Some((3, 6)), Ok((3, 6)))]
#[case::all_may_go(3, Some((0, 6)), Ok((0, 6)))]
#[case::one_more(3, Some((3, 4)), Ok((3, 4)))]
#[case::one_less(3, Some((2, 3)), Ok((2, 3)))]
#[case::no_move(3, Some((3, 3)), Err("needs max_surge of at least 1"))]
#[case::one_route(1, None, Ok((1, 2)))]
#[case::one_route_in_its_place(1, Some((0, 1)), Ok((0, 1)))]
#[case::one_route_no_move(1, Some((1, 1)), Err("needs max_surge 100%"))]
#[case::nothing(0, None, Ok((0, 0)))]
fn the_promise(#[case] target: u32, #[case] limits: Option<(u32, u32)>, #[case] expected: Result<(u32, u32), &str>) {
    let commitment = |(least_serving, most_live)| Commitment { least_serving, most_live };

    match (check_config::<BlueGreen>(TURNS, target, limits.map(commitment)), expected) {
        (Ok(promised), Ok(expected)) => assert_eq!(promised, commitment(expected)),
        (Err(error), Err(expected)) => assert!(error.starts_with(expected), "{error}"),
        (promised, expected) => panic!("{promised:?}, not {expected:?}"),
    }
}

/// A machine with `target + beyond` places: what is created holds one until it has stopped, a cycle after its drain.
/// The guard takes every plan, what serves never falls below the limits, and the rollout ends with the target served.
#[rstest]
#[case::no_place_beyond(3, 0, None)]
#[case::one_place_beyond(3, 1, None)]
#[case::two_places_beyond(4, 2, None)]
#[case::one_machine(1, 0, Some(100))]
#[case::one_machine_and_another(1, 1, None)]
#[case::ten(10, 1, None)]
fn a_whole_rollout(#[case] target: u32, #[case] beyond: u32, #[case] max_unavailable: Option<u32>) {
    let mut policy = Policy::default();
    if let Some(percent) = max_unavailable {
        policy.max_unavailable = pointsman::Amount::percent(percent);
    }
    let limits = policy.resolve(target);
    let mut live = routes(1, target as usize, "v1", activate);
    let mut memo = None;
    for cycle in 0..100_u64 {
        let held = live.iter().filter(|route| route.is_live() || route.status == RouteStatus::Terminating).count();
        let free_places = Some((target + beyond).saturating_sub(u32::try_from(held).unwrap()));
        let given = Spec {
            target_replicas: target,
            limits: Some(limits),
            free_places,
            memo: memo.take(),
            ..spec(cycle * 5000, TURNS)
        };
        let plan = evaluate(&live, &given);
        assert_eq!(guard::check(&live, &given, &plan, &policy), [], "{}", plan.reason.message);
        // What was stopping has stopped, what was created is ready; only then is the plan applied.
        for route in &mut live {
            match route.status {
                RouteStatus::Terminating => route.status = RouteStatus::Terminated,
                RouteStatus::Provisioning => route.status = RouteStatus::Running,
                _ => {}
            }
            route.health = HealthStatus::Healthy;
        }
        live = apply(&plan, &live, &given);
        for (i, route) in live.iter_mut().enumerate() {
            if route.id.starts_with("new-") {
                route.id = format!("g-{cycle}-{i}");
            }
        }
        let serving = live.iter().filter(|route| route.is_serving()).count();
        assert!(serving >= limits.least_serving as usize, "{serving} serve; {}", plan.reason.message);
        if plan.sub_step == SubStep::Completed {
            let is_right = |route: &&Route| route.revision == "v2" && route.is_serving();
            assert_eq!(live.iter().filter(is_right).count(), target as usize);
            return;
        }
        memo = plan.memo;
    }
    panic!("after a hundred cycles it is not over: {live:#?}");
}
