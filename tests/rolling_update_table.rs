//! Every row of the rolling update's table and every boundary in the notes under it, stated here once more and not
//! blessed.

#[path = "support/build.rs"]
mod support;

use pointsman::{
    Commitment, EvaluationError, Route, RouteChanges, Spec, SubStep, Timestamp, check_config, evaluate_cycle,
    guard::{self, Policy},
    rolling_update::RollingUpdate,
};
use rstest::rstest;
use support::{STARTED_AT, checks, lettered, operator, spec, summary};

const ONE_BY_ONE: &str = r#"{"max_surge": 1, "max_unavailable": 0}"#;
const ONE_MISSING: &str = r#"{"max_surge": 0, "max_unavailable": 1}"#;
const ALL_AT_ONCE: &str = r#"{"max_surge": "100%", "max_unavailable": 0}"#;
const WAITING: &str = r#"{"max_surge": 0, "max_unavailable": 1, "wait_for_termination": true}"#;
const DEADLINE: &str = r#"{"progress_deadline_seconds": 60}"#;

/// Evaluates, and looks whether the guard lets it pass under a policy that allows all that the strategy promises.
fn evaluate(routes: &[Route], spec: &Spec) -> RouteChanges {
    let plan = evaluate_cycle::<RollingUpdate>(routes, spec).unwrap();
    let spec = &Spec { limits: Some(spec.limits.unwrap_or(Commitment::NONE)), ..spec.clone() };
    assert_eq!(guard::check(routes, spec, &plan, &Policy::default()), [], "{plan:?}");
    plan
}

/// Old routes `r-1` and so on, which are older than the rollout, the first the oldest; and new ones after them.
fn beside(old: &str, new: &str) -> Vec<Route> {
    let mut routes = lettered(1, "v1", old);
    for (i, route) in routes.iter_mut().enumerate() {
        route.created_at = Timestamp::from_millis(STARTED_AT - 100_000 + i as u64);
    }
    routes.extend(lettered(old.len() + 1, "v2", new));
    routes
}

/// A minute after the start, with the target 4 and v1 as stable revision.
#[rstest]
#[case::row_1("RRRR", "P", "{}", "abort", "aborted drain r-5")]
#[case::row_1_creates("RR", "RRP", "{}", "abort", "aborted create 1 v1 drain r-5")]
#[case::row_1_as_far_as_there_is_room("", "RRRR", ONE_BY_ONE, "abort", "aborted create 1 v1")]
#[case::row_1_without_room("", "RRRR", ONE_MISSING, "abort", "aborted create 1 v1 drain r-1")]
#[case::row_1_one_on_its_way("P", "RRRR", ONE_BY_ONE, "abort", "aborted")]
#[case::row_1_one_ready("R", "RRRR", ONE_BY_ONE, "abort", "aborted create 1 v1 drain r-2")]
#[case::row_1_what_does_not_serve_makes_room("", "RRUU", ONE_MISSING, "abort", "aborted create 2 v1 drain r-3 r-4")]
#[case::row_1_not_what_serves_nobody("RRR", "rP", "{}", "abort", "aborted create 1 v1 drain r-5")]
#[case::row_1_before_row_6("RRRR", "RRRR", ALL_AT_ONCE, "abort", "aborted drain r-5 r-6 r-7 r-8")]
#[case::row_1_with_none_left("", "RRRR", "{}", "abort", "aborted create 1 v1")]
#[case::row_4("RRRR", "P", "{}", "pause", "paused")]
#[case::row_4_before_row_6("RR", "RRRR", "{}", "pause", "paused")]
#[case::row_2("RRRR", "RP", "{}", "failed", "check-failed drain r-5 r-6")]
#[case::row_2_although_asked_to_promote("RRRR", "RP", "{}", "failed+promote", "check-failed drain r-5 r-6")]
#[case::row_2_paused("RRRR", "RP", "{}", "failed+pause", "paused by r-5")]
#[case::row_2_before_row_6("RR", "RRRR", "{}", "failed", "check-failed create 1 v1 drain r-3 r-4")]
#[case::pending("RRR", "PP", "{}", "pending", "waiting-for-provisioning")]
#[case::row_6_with_no_old("", "RRRR", "{}", "", "rolled-out")]
#[case::row_6_promotes("", "RRRr", "{}", "", "rolled-out promote r-4")]
#[case::row_6_drains_what_is_beyond("", "RRRRR", "{}", "", "rolled-out drain r-1")]
#[case::row_6("RR", "RRRR", "{}", "", "rolled-out drain r-1 r-2")]
#[case::row_6_with_all_kinds_of_old("RPug", "RRRR", "{}", "", "rolled-out drain r-1 r-2 r-3")]
#[case::row_6_before_row_7("R", "RRRR", DEADLINE, "", "rolled-out drain r-1")]
#[case::row_7("RRRR", "RP", DEADLINE, "", "deadline-exceeded drain r-5 r-6")]
#[case::row_7_creates("RR", "RP", DEADLINE, "", "deadline-exceeded create 2 v1 drain r-4")]
#[case::row_7_not_when_asked_to_go_on("RRR", "PP", DEADLINE, "promote", "waiting-for-provisioning")]
#[case::row_8_first("RRRR", "", "{}", "", "replacing create 2 drain r-1")]
#[case::row_8_creates_first_where_none_may_be_missing("RRRR", "", ONE_BY_ONE, "", "replacing create 1")]
#[case::row_8_drains_first_where_there_is_no_room("RRRR", "", ONE_MISSING, "", "replacing create 1 drain r-1")]
#[case::row_8_one_for_one("RRRR", "R", ONE_BY_ONE, "", "replacing create 1 drain r-1")]
#[case::row_8_provisioning_stops_nothing("RRRR", "RP", ALL_AT_ONCE, "", "replacing create 2 drain r-1")]
#[case::row_8_promotes_what_is_out_of_traffic("RRR", "rP", "{}", "", "replacing create 1 promote r-4 drain r-1")]
#[case::row_8_no_old("", "", "{}", "", "replacing create 4")]
#[case::row_8_tops_up("", "RRP", "{}", "", "replacing create 1")]
#[case::row_8_drains_what_is_beyond_the_target("R", "RRPPP", "{}", "", "replacing drain r-4")]
#[case::out_of_traffic_for_a_moment_is_spared("Rrrr", "P", ONE_BY_ONE, "", "waiting-for-provisioning")]
#[case::and_goes_before_what_serves("RRrR", "", "{}", "", "replacing create 2 drain r-3")]
#[case::muted_goes_before_what_serves("RRmR", "", "{}", "", "replacing create 2 drain r-3")]
#[case::what_stays_is_raised("RhhR", "", "{}", "", "replacing create 2 in r-2 r-3 drain r-1")]
#[case::muted_returns_where_it_is_missed("RmmR", "", ONE_BY_ONE, "", "replacing create 1 in r-2 r-3")]
#[case::promoted_beside_half_a_share("Rhh", "rP", "{}", "", "replacing create 1 promote r-4 in r-2 r-3 drain r-1")]
#[case::unhealthy_first("RURR", "", "{}", "", "replacing create 2 drain r-2")]
#[case::not_running_before_unhealthy("RURP", "", "{}", "", "replacing create 2 drain r-4")]
#[case::unhealthy_before_degraded("RCDU", "", "{}", "", "replacing create 2 drain r-4")]
#[case::degraded_before_not_checked("RCDR", "", "{}", "", "replacing create 2 drain r-3")]
#[case::not_checked_before_healthy("RRCR", "", "{}", "", "replacing create 2 drain r-3")]
#[case::a_crash_looping_revision_costs_nothing("RRR", "PU", "{}", "", "waiting-for-provisioning")]
#[case::not_even_an_unhealthy_one("URR", "PU", "{}", "", "waiting-for-provisioning")]
#[case::evicted_costs_no_back_off("RRR", "Pe", "{}", "", "replacing create 1")]
#[case::drained_costs_no_back_off("RRR", "Px", "{}", "", "replacing create 1")]
#[case::row_11("RRRg", "", WAITING, "", "waiting-for-termination")]
#[case::row_11_not_by_default("RRRg", "", ONE_MISSING, "", "replacing create 1")]
#[case::row_11_gone("RRRt", "", WAITING, "", "replacing create 1")]
#[case::row_11_too_many_are_stopping("RRR", "ggggg", ONE_MISSING, "", "waiting-for-termination")]
#[case::row_8_drains_and_waits("RRRR", "", WAITING, "", "replacing drain r-1")]
#[case::standby_old_return("kkkk", "UUUU", "{}", "", "replacing in r-2 r-3 r-4 drain r-1")]
#[case::standby_old_return_in_a_roll_back(
    "kkkk",
    "UUUU",
    "{}",
    "abort",
    "aborted in r-1 r-2 r-3 r-4 drain r-5 r-6 r-7 r-8"
)]
#[case::row_14("RRR", "PU", "{}", "", "waiting-for-provisioning")]
#[case::row_15("RRR", "UD", "{}", "", "waiting-for-ready")]
fn what_is_decided(
    #[case] old: &str,
    #[case] new: &str,
    #[case] config: &str,
    #[case] words: &str,
    #[case] plan: &str,
) {
    let outcome = words.split('+').next().unwrap_or_default();
    let requests =
        if checks(outcome).is_empty() { words } else { words.split_once('+').map_or("", |(_, request)| request) };
    let memo = Some(late(59_000));
    let spec = Spec {
        target_replicas: 4,
        operator: operator(requests),
        checks: checks(outcome),
        memo,
        ..spec(60_000, config)
    };

    let decided = evaluate(&beside(old, new), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    let carried = !decided.reason.message.contains("can serve");
    let sub_step = match decided.reason.code.as_str() {
        "rolled-out" => SubStep::Completed,
        "paused" if outcome == "failed" => SubStep::RollingBack,
        "aborted" | "deadline-exceeded" | "check-failed" if carried => SubStep::RolledBack,
        "aborted" | "deadline-exceeded" | "check-failed" => SubStep::RollingBack,
        _ => SubStep::Provisioning,
    };
    assert_eq!(decided.sub_step, sub_step);
    for created in &decided.rollout_specs {
        assert_eq!((created.traffic_ratio, created.traffic_status), (1.0, pointsman::TrafficStatus::Active));
    }
}

/// The same without a stable revision: what is out of traffic goes, and what serves stays where nothing can be returned
/// to.
#[rstest]
#[case::idle_old_go_at_once("RRRRr", "PP", "", "replacing drain r-1 r-5")]
#[case::standby_beside_what_replaced_it("RRRk", "", "", "replacing create 2 drain r-4")]
#[case::abort_half_way("RR", "RRP", "abort", "aborted drain r-5")]
#[case::abort_with_none_left("", "RRRR", "abort", "aborted")]
#[case::abort_of_what_does_not_serve("", "UUU", "abort", "aborted drain r-1 r-2 r-3")]
#[case::abort_with_enough("RRRR", "RP", "abort", "aborted drain r-5 r-6")]
fn without_a_stable_revision(#[case] old: &str, #[case] new: &str, #[case] request: &str, #[case] plan: &str) {
    let given = spec(60_000, "{}");
    let spec = Spec { target_replicas: 4, operator: operator(request), stable_revision: None, ..given };

    let decided = evaluate(&beside(old, new), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    assert_eq!(decided.sub_step.is_over(), !request.is_empty());
}

/// Of old routes that serve, leftovers go first; idle ones go at once; but what does not serve goes before both.
#[rstest]
#[case::serving("RR", "RR", "R", "replacing create 2 drain r-3 r-4")]
#[case::idle("RRRR", "rk", "P", "replacing create 1 drain r-1 r-5 r-6")]
#[case::unready_stable_first("RUU", "R", "P", "replacing create 1 drain r-2")]
#[case::never_below_the_least("RR", "R", "P", "replacing create 1")]
fn leftovers(#[case] stable: &str, #[case] left: &str, #[case] new: &str, #[case] plan: &str) {
    let mut routes = beside(stable, "");
    routes.extend(lettered(stable.len() + 1, "v1b", left));
    routes.extend(lettered(stable.len() + left.len() + 1, "v2", new));
    let spec = Spec { target_replicas: 4, ..spec(60_000, "{}") };

    let decided = evaluate(&routes, &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// The limits bound the configuration, whichever is tighter; places bound what is created.
#[rstest]
#[case::limits_are_wider(4, r#"{"max_surge": 1}"#, Some((0, 40)), None, "replacing create 2 drain r-1")]
#[case::limits_are_tighter(
    4,
    r#"{"max_surge": 4, "max_unavailable": 4}"#,
    Some((3, 5)),
    None,
    "replacing create 2 drain r-1"
)]
#[case::one_place(4, "{}", None, Some(1), "replacing create 1 drain r-1")]
#[case::no_place(4, ONE_BY_ONE, None, Some(0), "no-capacity")]
#[case::nothing_can_move(1, ONE_MISSING, Some((1, 2)), None, "no-budget")]
fn bounds(
    #[case] target: u32,
    #[case] config: &str,
    #[case] limits: Option<(u32, u32)>,
    #[case] free_places: Option<u32>,
    #[case] plan: &str,
) {
    let limits = limits.map(|(least_serving, most_live)| Commitment { least_serving, most_live });
    let spec = Spec { target_replicas: target, limits, free_places, ..spec(60_000, config) };

    let decided = evaluate(&beside(&"R".repeat(target as usize), ""), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// Kubernetes' own documentation: 10 replicas and 25% each are at most 13 routes and at least 8 available (surge
/// rounded up to 3, unavailable down to 2); a surge of 30% is at most 130%; its `ResolveFenceposts` for the last three.
#[rstest]
#[case::the_published_example(10, r#""25%""#, r#""25%""#, 5, 2)]
#[case::thirty_percent(10, r#""30%""#, r#""30%""#, 6, 3)]
#[case::four_replicas(4, r#""25%""#, r#""25%""#, 2, 1)]
#[case::three_replicas(3, r#""25%""#, r#""25%""#, 1, 0)]
#[case::one_replica(1, r#""25%""#, r#""25%""#, 1, 0)]
#[case::seven_percent_of_a_hundred_is_seven(100, r#""7%""#, "0", 7, 0)]
#[case::seven_percent_of_a_hundred_are_missing(100, "0", r#""7%""#, 7, 7)]
#[case::fifty_seven_percent(100, r#""57%""#, "0", 57, 0)]
#[case::twenty_nine_percent_down(100, "0", r#""29%""#, 29, 29)]
#[case::numbers(10, "2", "3", 5, 3)]
#[case::more_than_all(2, r#""300%""#, "0", 2, 0)]
#[case::all_may_be_missing(5, "0", r#""100%""#, 5, 5)]
#[case::a_number_above_the_target(2, "0", "9", 2, 2)]
#[case::both_resolve_to_zero(3, "0", r#""25%""#, 1, 1)]
#[case::both_resolve_to_zero_by_a_percent(3, r#""0%""#, r#""1%""#, 1, 1)]
#[case::an_eighth(16, r#""6.25%""#, r#""12.5%""#, 3, 2)]
#[case::ten_percent_of_nine(9, r#""10%""#, r#""10%""#, 1, 0)]
fn the_first_step(
    #[case] target: u32,
    #[case] surge: &str,
    #[case] unavailable: &str,
    #[case] created: u32,
    #[case] drained: usize,
) {
    let config = format!(r#"{{"max_surge": {surge}, "max_unavailable": {unavailable}}}"#);
    let spec = Spec { target_replicas: target, ..spec(0, &config) };

    let plan = evaluate(&beside(&"R".repeat(target as usize), ""), &spec);

    assert_eq!(plan.rollout_specs.iter().map(|rollout| rollout.count).sum::<u32>(), created, "created");
    assert_eq!(plan.drain_route_ids.len(), drained, "drained");
}

/// The one that has been there for longer goes first, whatever its name is.
#[test]
fn oldest_first() {
    let mut routes = beside("RRRR", "");
    routes[0].created_at = Timestamp::from_millis(STARTED_AT - 50);
    routes[3].created_at = Timestamp::from_millis(STARTED_AT - 60);
    for route in &mut routes[1..3] {
        route.created_at = Timestamp::from_millis(STARTED_AT - 40);
    }
    let drained = |unavailable: u32| {
        let config = format!(r#"{{"max_surge": 0, "max_unavailable": {unavailable}}}"#);
        evaluate(&routes, &Spec { target_replicas: 4, ..spec(0, &config) }).drain_route_ids
    };

    assert_eq!(drained(1), ["r-4"]);
    assert_eq!(drained(2), ["r-1", "r-4"]);
    assert_eq!(drained(3), ["r-1", "r-2", "r-4"], "then by id");
}

/// 10 s after the first failure, 20 s after as many as the target, and so on up to 300 s.
#[rstest]
#[case::first(1, 10)]
#[case::as_many_as_the_target(4, 10)]
#[case::one_more(5, 20)]
#[case::third_round(9, 40)]
#[case::fourth_round(13, 80)]
#[case::fifth_round(17, 160)]
#[case::sixth_round(21, 300)]
#[case::a_thousand(1000, 300)]
fn the_back_off(#[case] failures: usize, #[case] seconds: u64) {
    let failed = |ago: u64| {
        let mut routes = beside("RRRR", &"f".repeat(failures));
        let last = Timestamp::from_millis(STARTED_AT + 1_000_000 - ago);
        routes.last_mut().unwrap().status_updated_at = Some(last);
        evaluate(&routes, &Spec { target_replicas: 4, ..spec(1_000_000, "{}") })
    };

    let early = failed(seconds * 1000 - 1);
    assert_eq!(summary(&early), "backing-off");
    assert_eq!(early.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + 1_001_000)), "a second ahead");
    assert_eq!(early.reason.blocking_route_ids.len(), failures);
    assert_eq!(summary(&failed(seconds * 1000)), "replacing create 1");
}

/// The back-off keeps routes from being created, and old ones that a new one has replaced go meanwhile. None goes
/// beyond that after a failure.
#[test]
fn old_routes_go_during_the_back_off() {
    let mut routes = beside("RRRR", "Rf");
    routes[5].status_updated_at = Some(Timestamp::from_millis(STARTED_AT + 59_999));

    let plan = evaluate(&routes, &Spec { target_replicas: 4, ..spec(60_000, "{}") });

    assert_eq!(summary(&plan), "replacing drain r-1");
    assert_eq!(plan.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + 69_999)));
}

/// So many milliseconds after the start two cycles have seen the deadline passed, which counts from the start.
fn late(seen: u64) -> String {
    let seen = STARTED_AT + seen;
    format!("rolling-update 2 {STARTED_AT} progressed {STARTED_AT} due-deadline {seen} mark 4 highest 4")
}

/// The deadline, the end of the back-off: what comes first. A deadline that is seen passed is looked at a second later.
#[rstest]
#[case::deadline_first(59_000, "f", DEADLINE, 60_000)]
#[case::back_off_first(49_000, "f", DEADLINE, 59_000)]
#[case::only_the_back_off(55_000, "f", "{}", 65_000)]
#[case::only_the_deadline(0, "P", DEADLINE, 60_000)]
fn the_next_evaluation(#[case] changed: u64, #[case] new: &str, #[case] config: &str, #[case] at: u64) {
    let mut routes = beside("RRRR", new);
    routes[4].status_updated_at = Some(Timestamp::from_millis(STARTED_AT + changed));
    let memo = format!("rolling-update 2 {STARTED_AT} progressed {STARTED_AT} mark 4 highest 4");
    let spec = Spec { target_replicas: 4, memo: Some(memo), ..spec(changed.clamp(50_000, 59_000), config) };

    let plan = evaluate(&routes, &spec);

    assert_eq!(plan.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + at)), "{plan:?}");
}

#[rstest]
#[case::one_millisecond_early(59_999, 59_000, "waiting-for-provisioning")]
#[case::exactly_and_for_the_first_time(60_000, 60_000, "waiting-for-provisioning")]
#[case::a_second_later(61_000, 60_000, "deadline-exceeded create 1 v1 drain r-4 r-5")]
fn the_deadline(#[case] elapsed: u64, #[case] seen: u64, #[case] plan: &str) {
    let spec = Spec { target_replicas: 4, memo: Some(late(seen)), ..spec(elapsed, DEADLINE) };

    assert_eq!(summary(&evaluate(&beside("RRR", "PP"), &spec)), plan);
}

#[rstest]
#[case::zero(0, "RRR", "", "rolled-out drain r-1 r-2 r-3")]
#[case::zero_with_new(0, "RRR", "RP", "rolled-out drain r-1 r-2 r-3 r-4 r-5")]
#[case::lowered(2, "RRR", "PP", "replacing drain r-1")]
#[case::lowered_below_what_is_new(1, "RR", "RRP", "rolled-out drain r-1 r-2 r-3 r-5")]
#[case::raised(8, "RRR", "PP", "replacing create 5")]
fn the_target(#[case] target: u32, #[case] old: &str, #[case] new: &str, #[case] plan: &str) {
    let spec = Spec { target_replicas: target, ..spec(0, "{}") };

    assert_eq!(summary(&evaluate(&beside(old, new), &spec)), plan);
}

/// What is promised is what the configuration comes to, within the limits; where no move is left it is refused, and the
/// message says which budget is needed.
#[rstest]
#[case::defaults("{}", 4, None, Ok((3, 5)))]
#[case::one("{}", 1, None, Ok((1, 2)))]
#[case::default_policy("{}", 4, Some((3, 8)), Ok((3, 5)))]
#[case::tighter("{}", 8, Some((7, 9)), Ok((7, 9)))]
#[case::nothing("{}", 0, Some((0, 0)), Ok((0, 0)))]
#[case::numbers(r#"{"max_surge": 4294967295, "max_unavailable": 0}"#, 4, None, Ok((4, u32::MAX)))]
#[case::percents(r#"{"max_surge": "250%", "max_unavailable": "100%"}"#, 4, None, Ok((0, 14)))]
#[case::a_zero_that_is_none(r#"{"max_surge": 0}"#, 4, None, Ok((3, 4)))]
#[case::the_other_zero(r#"{"max_unavailable": "0%"}"#, 4, None, Ok((4, 5)))]
#[case::no_move_left(r#"{"max_surge": 0, "max_unavailable": 1}"#, 1, Some((1, 2)), Err("needs max_unavailable 100%"))]
#[case::no_surge_left(
    r#"{"max_surge": 1, "max_unavailable": 0}"#,
    4,
    Some((3, 4)),
    Err("needs max_surge of at least 1")
)]
fn the_promise(
    #[case] config: &str,
    #[case] target: u32,
    #[case] limits: Option<(u32, u32)>,
    #[case] expected: Result<(u32, u32), &str>,
) {
    let commitment = |(least_serving, most_live)| Commitment { least_serving, most_live };
    let limits = limits.map(commitment);

    match (check_config::<RollingUpdate>(config, target, limits), expected) {
        (Ok(promised), Ok(expected)) => {
            assert_eq!(promised, commitment(expected));
            let spec = Spec { target_replicas: target, limits, ..spec(0, config) };
            assert_eq!(evaluate(&beside("Ru", "rp"), &spec).commitment, promised);
        }
        (Err(error), Err(expected)) => assert!(error.starts_with(expected), "{error}"),
        (promised, expected) => panic!("{promised:?}, not {expected:?}"),
    }
}

#[rstest]
#[case::both_zero(
    r#"{"max_surge": 0, "max_unavailable": "0%"}"#,
    "`max_surge` and `max_unavailable` are both 0: nothing could be replaced"
)]
#[case::more_than_all_missing(
    r#"{"max_unavailable": "101%"}"#,
    "`max_unavailable`: 101% is more than all; it should be at most 100%"
)]
#[case::no_percent_sign(
    r#"{"max_surge": "25"}"#,
    "`max_surge`: invalid value: string \"25\", expected a number of routes from 0 to 4294967295, \
     or a percentage such as \"25%\" or \"12.5%\""
)]
#[case::signed(r#"{"max_surge": "+5%"}"#, "`max_surge`: invalid value: string \"+5%\"")]
#[case::four_decimals(r#"{"max_surge": "2.5000%"}"#, "`max_surge`: invalid value: string \"2.5000%\"")]
#[case::only_a_sign(r#"{"max_surge": "%"}"#, "`max_surge`: invalid value: string \"%\"")]
#[case::negative(r#"{"max_surge": -1}"#, "`max_surge`: invalid value: integer `-1`")]
#[case::overflow(r#"{"max_surge": 4294967296}"#, "`max_surge`: invalid value: integer `4294967296`")]
#[case::overflow_in_percent(r#"{"max_surge": "4294967296%"}"#, "`max_surge`: invalid value: string")]
#[case::null(r#"{"max_surge": null}"#, "`max_surge`: invalid type: null")]
#[case::unknown_key(r#"{"maxSurge": 1}"#, "unknown field `maxSurge`")]
fn what_is_no_configuration(#[case] config: &str, #[case] message: &str) {
    let error = check_config::<RollingUpdate>(config, 4, None).unwrap_err();

    assert!(error.contains(message), "{error}");
    assert_eq!(evaluate_cycle::<RollingUpdate>(&[], &spec(0, config)), Err(EvaluationError::InvalidConfig(error)));
}

#[rstest]
#[case::replacing(
    "RRRR",
    "",
    "",
    "0 of 4 new routes are ready, a capacity of 4 serves (at least 3 must): creating 2, draining 1"
)]
#[case::half_a_share(
    "RRRh",
    "",
    "",
    "0 of 4 new routes are ready, a capacity of 3.5 serves (at least 3 must): creating 2, draining 1"
)]
#[case::waiting("RR", "RPU", "", "1 of 4 new routes is ready; waiting for r-4 (provisioning)")]
#[case::aborted(
    "RRR",
    "P",
    "abort",
    "an operator asked to abort: draining 1 route; 3 of 4 routes of the stable revision v1 can serve: creating 1"
)]
#[case::rolled_out("R", "RRRR", "", "4 of 4 new routes are ready: draining 1")]
fn a_message(#[case] old: &str, #[case] new: &str, #[case] request: &str, #[case] message: &str) {
    let spec = Spec { target_replicas: 4, operator: operator(request), ..spec(0, "{}") };

    assert_eq!(evaluate(&beside(old, new), &spec).reason.message, message);
}
