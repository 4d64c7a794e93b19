//! The rows of the blue-green table about the promotion, what comes before and after it, and the way back, stated here
//! once more and not blessed.

#[path = "support/build.rs"]
mod support;

use pointsman::{
    Commitment, Route, RouteChanges, Spec, SubStep, Timestamp, TrafficStatus,
    blue_green::BlueGreen,
    check_config, evaluate_cycle,
    guard::{self, Policy},
};
use rstest::rstest;
use support::{STARTED_AT, apply, checks, lettered, operator, spec, summary};

const AUTO: &str = r#"{"auto_promote": true}"#;
const KEEP: &str = r#"{"auto_promote": true, "keep_blue_seconds": 300}"#;
const KEEP_AND_DEADLINE: &str = r#"{"auto_promote": true, "keep_blue_seconds": 300, "progress_deadline_seconds": 30}"#;
const PREVIEW: &str = r#"{"preview_replicas": 1}"#;
const PREVIEW_AND_DELAY: &str = r#"{"auto_promote": true, "preview_replicas": 1, "promote_delay_seconds": 60}"#;
const PREVIEW_AND_DEADLINE: &str = r#"{"auto_promote": true, "preview_replicas": 1, "progress_deadline_seconds": 30}"#;

/// A memo of this rollout.
#[expect(clippy::unnecessary_wraps, reason = "it is the field of a spec")]
fn memo(words: &str) -> Option<String> {
    Some(format!("blue-green 2 {STARTED_AT} {words}"))
}

/// So many milliseconds after the start.
fn after(millis: u64) -> u64 {
    STARTED_AT + millis
}

/// Blue routes from `r-1` on, green ones after them.
fn beside(blue: &str, green: &str) -> Vec<Route> {
    let blue = lettered(1, "v1", blue);
    let green = lettered(blue.len() + 1, "v2", green);
    [blue, green].concat()
}

/// Evaluates, and looks whether the guard lets it pass under the default policy.
fn evaluate(routes: &[Route], spec: &Spec) -> RouteChanges {
    let limits = Some(Policy::default().resolve(spec.target_replicas));
    let spec = &Spec { limits, ..spec.clone() };
    let plan = evaluate_cycle::<BlueGreen>(routes, spec).unwrap();
    assert_eq!(guard::check(routes, spec, &plan, &Policy::default()), [], "{plan:?}");
    plan
}

/// A minute after the start and after the promotion, with the target 3 and v1 as stable revision. A word is what an
/// operator requests, or the outcome of a check.
#[rstest]
#[case::row_1("kkk", "RRR", KEEP, "abort", "aborted in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::row_1_creates("kku*", "RRR", KEEP, "abort", "aborted in r-1 r-2 drain r-4 r-5")]
#[case::row_1_creates_what_is_gone("kke", "RRR", KEEP, "abort", "aborted create 1 v1 in r-1 r-2 drain r-4 r-5")]
#[case::row_1_green_that_may_recover("kke", "RUU", KEEP, "abort", "aborted create 1 v1 in r-1 r-2 by r-5 r-6")]
#[case::row_1_green_that_waits("kke", "Ru*u*", KEEP, "abort", "aborted create 1 v1 in r-1 r-2")]
#[case::row_2_paused("kkk", "RRR", KEEP, "failed+pause", "paused in r-1 r-2 r-3 by r-4 r-5 r-6")]
#[case::row_3_paused("kkk", "UUU", KEEP, "pause", "paused in r-1 r-2 r-3 by r-4 r-5 r-6")]
#[case::row_3_paused_and_short("kee", "UUU", KEEP, "pause", "paused create 2 v1 in r-1 by r-4 r-5 r-6")]
#[case::row_2_paused_and_short("kke", "RRR", KEEP, "failed+pause", "paused create 1 v1 in r-1 r-2 by r-4 r-5")]
#[case::row_2("kkk", "RRR", KEEP, "failed", "check-failed in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::row_2_although_asked_to_promote(
    "kkk",
    "RRR",
    KEEP,
    "failed+promote",
    "check-failed in r-1 r-2 r-3 drain r-4 r-5 r-6"
)]
#[case::row_3("kkk", "UUU", KEEP, "", "green-lost in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::row_3_terminated("kkk", "ttt", KEEP, "", "green-lost in r-1 r-2 r-3")]
#[case::row_3_one_is_better_than_none("kee", "UUU", KEEP, "", "green-lost create 2 v1 in r-1 by r-4 r-5 r-6")]
#[case::row_4("kkk", "RRR", KEEP, "pause", "paused")]
#[case::row_4_although_green_is_short("kkk", "RRe", KEEP, "pause", "paused")]
#[case::row_5("kkk", "RRe", KEEP, "", "replacing-green create 1")]
#[case::row_5_after_a_failure("kkk", "RRt", KEEP, "", "replacing-green create 1")]
#[case::row_5_makes_room("kkkk", "RRt", KEEP, "", "replacing-green create 1 drain r-1")]
#[case::row_5_makes_room_beside_blue_in_traffic("kkkR", "RRt", KEEP, "", "replacing-green create 1 drain r-1")]
#[case::row_5_waits("kkk", "RUU", KEEP, "", "replacing-green")]
#[case::row_5_without_a_way_back("eee", "UUU", KEEP, "", "replacing-green")]
#[case::row_5_past_the_deadline("kkk", "RRU", KEEP_AND_DEADLINE, "", "replacing-green")]
#[case::row_5_promotes("kkk", "Rrp", KEEP, "", "replacing-green promote r-5")]
#[case::row_6("kkk", "RRR", KEEP, "", "keeping-blue")]
#[case::row_6_promotes("kkk", "RRr", KEEP, "", "keeping-blue promote r-6")]
#[case::row_6_not_while_pending("kkk", "RRR", KEEP, "pending", "keeping-blue")]
#[case::row_6_although_asked_to_promote("kkk", "RRR", KEEP, "promote", "keeping-blue")]
#[case::row_7("eee", "RRR", KEEP, "", "already-promoted")]
#[case::row_7_drains_what_nobody_approved("rrr", "RRR", KEEP, "", "already-promoted drain r-1 r-2 r-3")]
fn once_promoted(
    #[case] blue: &str,
    #[case] green: &str,
    #[case] config: &str,
    #[case] words: &str,
    #[case] plan: &str,
) {
    let outcome = words.split('+').next().unwrap_or_default();
    let requests = words.replace("failed+", "").replace("failed", "").replace("pending", "");
    let memo = memo(&format!("promoted {STARTED_AT}"));
    let spec = Spec { operator: operator(&requests), checks: checks(outcome), memo, ..spec(60_000, config) };

    let decided = evaluate(&beside(blue, green), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    assert!(decided.rollout_specs.iter().all(|created| created.traffic_status == TrafficStatus::Active));
    let promoted = [SubStep::Finalizing, SubStep::Completed].contains(&decided.sub_step);
    let remembers = decided.memo.as_deref().is_some_and(|memo| memo.contains(" promoted "));
    assert_eq!(remembers, promoted, "{:?}", decided.memo);
}

/// A pause is no end. Blue that gets well after green was lost comes back all the same; the rest waits for the person.
#[rstest]
#[case::gets_well("Rku*", "ttt", "paused in r-2")]
#[case::nothing_more("Ru*u*", "ttt", "paused")]
fn lost_while_paused(#[case] blue: &str, #[case] green: &str, #[case] plan: &str) {
    let memo = memo(&format!("green-lost {STARTED_AT}"));
    let spec = Spec { operator: operator("pause"), memo, stable_revision: None, ..spec(60_000, KEEP) };

    let decided = evaluate(&beside(blue, green), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    assert_eq!(decided.sub_step, SubStep::RollingBack);
    assert!(decided.memo.is_some_and(|memo| memo.contains(" green-lost ")));
}

/// What is returned to carries the target, or it does not and nothing is left to try: then it is over.
#[rstest]
#[case::returned("kkk", "RRR", Some("v1"), SubStep::RolledBack)]
#[case::stable_is_short("kke", "RRR", Some("v1"), SubStep::RollingBack)]
#[case::a_route_may_recover("kku*", "RRR", Some("v1"), SubStep::RollingBack)]
#[case::no_stable_revision("kke", "RRR", None, SubStep::RolledBack)]
#[case::empty_is_none("kke", "RRR", Some(""), SubStep::RolledBack)]
#[case::the_deploying_one_is_none("kke", "RRR", Some("v2"), SubStep::RolledBack)]
fn rolling_back_ends(#[case] blue: &str, #[case] green: &str, #[case] stable: Option<&str>, #[case] sub_step: SubStep) {
    let memo = memo(&format!("promoted {STARTED_AT}"));
    let stable_revision = stable.map(str::to_owned);
    let spec = Spec { operator: operator("abort"), memo, stable_revision, ..spec(60_000, KEEP) };

    let decided = evaluate(&beside(blue, green), &spec);

    assert_eq!(decided.sub_step, sub_step, "{}", decided.reason.message);
    assert!(decided.memo.is_some_and(|memo| memo.contains(" given-up ") && !memo.contains(" promoted ")));
}

/// With the target 3 and three serving blue, a minute after the start, ready for half of it.
#[rstest]
#[case::row_2("rrr", AUTO, "failed", "check-failed drain r-4 r-5 r-6")]
#[case::row_2_while_provisioning("rp", AUTO, "failed", "check-failed drain r-4 r-5")]
#[case::row_2_while_one_is_tried("Rrr", AUTO, "failed", "check-failed drain r-4 r-5 r-6")]
#[case::row_10("rrr", AUTO, "pause", "paused")]
#[case::row_10_before_row_17("", AUTO, "pause", "paused")]
#[case::row_10_outranks_promote("rrr", AUTO, "pause+promote", "paused")]
#[case::row_1_outranks_row_10("rrr", AUTO, "abort+pause", "aborted drain r-4 r-5 r-6")]
#[case::row_11("rrr", AUTO, "pending", "awaiting-checks")]
#[case::row_11_inconclusive("rrr", AUTO, "inconclusive", "awaiting-checks")]
#[case::row_11_before_row_12("rrr", "{}", "pending", "awaiting-checks")]
#[case::row_11_not_before_all_is_ready("rru", AUTO, "pending", "waiting-for-ready")]
#[case::row_12_after_the_checks("rrr", "{}", "passed", "awaiting-approval")]
#[case::row_12_another_gate("rrr", "{}", "preview", "awaiting-approval")]
#[case::row_14_after_the_checks("rrr", AUTO, "passed", "promoting promote r-4 r-5 r-6 drain r-1 r-2 r-3")]
#[case::row_14_its_gate("rrr", "{}", "promotion", "promoting promote r-4 r-5 r-6 drain r-1 r-2 r-3")]
#[case::row_14_keeps("rrr", KEEP, "", "promoting promote r-4 r-5 r-6 by r-1 r-2 r-3")]
#[case::row_14_from_standby("kkk", KEEP, "", "promoting promote r-4 r-5 r-6 by r-1 r-2 r-3")]
#[case::row_14_those_in_traffic_first("rrrR", AUTO, "", "promoting promote r-4 r-5 drain r-1 r-2 r-3 r-6")]
#[case::row_12_preview("r", PREVIEW, "", "awaiting-approval")]
#[case::row_11_preview("r", PREVIEW, "pending", "awaiting-checks")]
#[case::row_13_preview("r", PREVIEW_AND_DELAY, "", "awaiting-delay")]
#[case::row_17_preview("", PREVIEW, "", "creating-green create 1")]
#[case::row_17_tops_up("r", PREVIEW, "promote", "creating-green create 2")]
#[case::row_17_tops_up_at_its_gate("r", PREVIEW, "preview", "creating-green create 2")]
#[case::row_17_tops_up_although_the_deadline_has_passed("r", PREVIEW_AND_DEADLINE, "", "creating-green create 2")]
#[case::row_17_evicted("re", AUTO, "", "creating-green create 2")]
#[case::row_17_drained("rxg", AUTO, "", "creating-green create 2")]
#[case::row_19_topping_up("rpp", PREVIEW, "promote", "waiting-for-provisioning")]
#[case::row_14_preview("rrr", PREVIEW, "promote", "promoting promote r-4 r-5 r-6 drain r-1 r-2 r-3")]
fn beside_three_serving_blue(#[case] green: &str, #[case] config: &str, #[case] words: &str, #[case] plan: &str) {
    let mut routes = beside("RRR", green);
    for route in &mut routes {
        route.status_updated_at = Some(Timestamp::from_millis(STARTED_AT + 30_000));
    }
    let is_outcome = !checks(words).is_empty();
    let requests = if is_outcome { "" } else { words };
    let spec = Spec { operator: operator(requests), checks: checks(words), ..spec(60_000, config) };

    let decided = evaluate(&routes, &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// The gate that is waited at is named, so that a person who passes it passes no other.
#[rstest]
#[case::preview("r", PREVIEW, Some("preview"))]
#[case::promotion("rrr", PREVIEW, Some("promotion"))]
#[case::no_preview("rrr", "{}", Some("promotion"))]
#[case::a_check_is_none("rrr", AUTO, None)]
fn the_gate(#[case] green: &str, #[case] config: &str, #[case] gate: Option<&str>) {
    let pending = if gate.is_none() { "pending" } else { "" };
    let spec = Spec { checks: checks(pending), ..spec(0, config) };

    assert_eq!(evaluate(&beside("RRR", green), &spec).gate.as_deref(), gate);
}

/// A clock may be early for one cycle: two of them, a second apart, see the window over before blue is drained.
#[rstest]
#[case::one_millisecond_before_its_end(299_999, None, "keeping-blue")]
#[case::its_end(300_000, None, "keeping-blue")]
#[case::less_than_a_second_later(300_999, Some(300_000), "keeping-blue")]
#[case::a_second_later(301_000, Some(300_000), "retiring-blue drain r-1 r-2 r-3")]
#[case::seen_by_a_clock_that_was_ahead(300_000, Some(900_000), "keeping-blue")]
fn the_window(#[case] elapsed: u64, #[case] seen: Option<u64>, #[case] plan: &str) {
    let seen = seen.map_or_else(String::new, |at| format!(" due-window {}", after(at)));
    let spec = Spec { memo: memo(&format!("promoted {STARTED_AT}{seen}")), ..spec(elapsed, KEEP) };

    let decided = evaluate(&beside("kkk", "RRR"), &spec);

    assert_eq!(summary(&decided), plan);
    // A host makes no pause of less than a second.
    let next = Timestamp::from_millis(after(elapsed + 1000));
    assert_eq!(decided.next_evaluation_at, (plan == "keeping-blue").then_some(next));
}

/// Whatever is lost of the memo, the window starts again, and ends.
#[rstest]
#[case::lost(None)]
#[case::of_another_strategy(Some(format!("rolling-update 2 {STARTED_AT} promoted {STARTED_AT}")))]
#[case::of_another_rollout(Some(format!("blue-green 2 {} promoted {STARTED_AT}", STARTED_AT - 1)))]
#[case::no_moment(Some(format!("blue-green 2 {STARTED_AT} promoted")))]
#[case::more_than_a_moment(Some(format!("blue-green 2 {STARTED_AT} promoted {STARTED_AT} {STARTED_AT}")))]
fn a_memo_that_says_nothing_restarts_the_window(#[case] said: Option<String>) {
    let decided = evaluate(&beside("kkk", "RRR"), &Spec { memo: said, ..spec(400_000, KEEP) });

    assert_eq!(decided.reason.code, "keeping-blue");
    assert_eq!(decided.memo, memo(&format!("promoted {}", after(400_000))));
    assert_eq!(decided.next_evaluation_at, Some(Timestamp::from_millis(after(700_000))));
}

/// A clock that is late for one cycle shortens nothing; one that was ahead once does not make the window endless.
#[test]
fn a_moment_ahead_of_the_clock_is_kept_for_a_second() {
    let routes = beside("kkk", "RRR");
    let at = |elapsed: u64, memo: &str| {
        let plan = evaluate(&routes, &Spec { memo: Some(memo.to_owned()), ..spec(elapsed, KEEP) });
        assert_eq!(plan.reason.code, "keeping-blue");
        plan.memo.unwrap()
    };
    let promoted = memo(&format!("promoted {}", after(100_000))).unwrap();

    let late = at(40_000, &promoted);
    assert_eq!(late, format!("{promoted} ahead-since {}", after(40_000)));
    assert_eq!(at(110_000, &late), promoted, "the clock is right again");
    assert_eq!(at(40_999, &late), late, "not yet a second");
    assert_eq!(Some(at(41_000, &late)), memo(&format!("promoted {}", after(41_000))), "it stays late");
    assert_eq!(at(30_000, &late), format!("{promoted} ahead-since {}", after(30_000)), "later still");
}

/// The end of the window is the end only where green carries the target.
#[rstest]
#[case::raised("RRR", 5, "replacing-green create 2")]
#[case::one_unhealthy("RRU", 3, "replacing-green")]
#[case::one_unhealthy_too_many("RRRu", 3, "retiring-blue drain r-1 r-2 r-3 r-7")]
#[case::none_serves("UUU", 3, "green-lost in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::lowered("RRR", 1, "retiring-blue drain r-1 r-2 r-3 r-5 r-6")]
#[case::nothing_wanted("", 0, "retiring-blue drain r-1 r-2 r-3")]
fn after_the_window(#[case] green: &str, #[case] target: u32, #[case] plan: &str) {
    let memo = memo(&format!("promoted {STARTED_AT} due-window {}", after(300_000)));
    let spec = Spec { memo, target_replicas: target, ..spec(301_000, KEEP) };

    assert_eq!(summary(&evaluate(&beside("kkk", green), &spec)), plan);
}

/// What nobody approved is never put into traffic: it is drained at the promotion, and what is kept is what served.
#[test]
fn only_what_served_is_kept() {
    let mut routes = beside("RRRrR", "rrr");
    routes[4].revision = "v0".to_owned();

    let promoted = evaluate(&routes, &spec(0, KEEP));

    assert_eq!(summary(&promoted), "promoting promote r-6 r-7 r-8 by r-1 r-2 r-3 drain r-4 r-5");
    assert_eq!(promoted.sub_step, SubStep::Finalizing);
    assert_eq!(promoted.memo, memo(&format!("promoted {STARTED_AT}")));
    assert_eq!(promoted.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + 300_000)));
}

/// Inactive routes are not returned to, whatever went wrong and whatever their ratio is.
#[rstest]
#[case::abort("abort", "aborted create 2 v1 drain r-4 r-5 r-6")]
#[case::check("failed", "check-failed create 2 v1 drain r-4 r-5 r-6")]
fn what_nobody_approved_never_comes_back(#[case] word: &str, #[case] plan: &str) {
    let mut routes = beside("Rrr", "ppp");
    routes[1].traffic_ratio = 1.0;
    let requests = word.replace("failed", "");
    let spec = Spec { operator: operator(&requests), checks: checks(word), ..spec(60_000, KEEP) };

    let decided = evaluate(&routes, &spec);

    assert_eq!(decided.sub_step, SubStep::RollingBack);
    assert_eq!(summary(&decided), plan);
}

/// A third revision takes over in mid-rollout: what the second left goes in the plan that creates, and what serves of
/// it only as far as the target still serves.
#[rstest]
#[case::idle("RRR", "rpu", "creating-green create 3 drain r-4 r-5 r-6")]
#[case::on_standby("RRR", "kkk", "creating-green create 3 drain r-4 r-5 r-6")]
#[case::serving_beside_enough("RRR", "RR", "creating-green create 3 drain r-4 r-5")]
#[case::serving_and_needed("RR", "R", "creating-green create 3")]
fn leftovers(#[case] stable: &str, #[case] left: &str, #[case] plan: &str) {
    let mut routes = beside(stable, "");
    routes.extend(lettered(stable.len() + 1, "v1b", left));

    assert_eq!(summary(&evaluate(&routes, &spec(0, AUTO))), plan);
}

/// With a drain delay a leftover that serves leaves the traffic before there is room for green.
#[test]
fn leftovers_that_serve_leave_before_there_is_room() {
    let config = r#"{"auto_promote": true, "drain_delay_seconds": 15}"#;
    let mut routes = beside("RRR", "");
    routes.extend(lettered(4, "v1b", "R"));
    let limits = Some(Commitment { least_serving: 2, most_live: 6 });
    let given = Spec { limits, ..spec(0, config) };

    let decided = evaluate(&routes, &given);
    assert_eq!(summary(&decided), "creating-green create 2 by r-4");

    routes[3] = lettered(4, "v1b", "k").remove(0);
    let given = Spec { memo: decided.memo, limits, ..spec(15_000, config) };
    assert_eq!(summary(&evaluate(&routes, &given)), "creating-green create 3 drain r-4");

    let mut single = beside("R", "");
    single.extend(lettered(2, "v1b", "R"));
    let given = Spec { target_replicas: 1, ..spec(0, config) };
    assert_eq!(summary(&evaluate(&single, &given)), "no-budget by r-2");
}

/// Blue beyond a lowered target goes in the plan that creates, what is worth least first, and what stays has full
/// shares.
#[rstest]
#[case::all_serve("RRRR", 2, "creating-green create 2 drain r-1 r-2")]
#[case::unready_first("RRUR", 3, "creating-green create 3 drain r-3")]
#[case::only_what_can_be_missed("RUUU", 2, "creating-green create 2 drain r-2 r-3")]
#[case::what_stays_is_raised("RhRR", 2, "creating-green create 2 in r-2 drain r-1 r-3")]
fn surplus(#[case] blue: &str, #[case] target: u32, #[case] plan: &str) {
    let mut routes = beside(blue, "");
    if blue.contains('h') {
        routes[1].created_at = Timestamp::from_millis(STARTED_AT + 1);
        routes[3].created_at = Timestamp::from_millis(STARTED_AT + 2);
    }

    let decided = evaluate(&routes, &Spec { target_replicas: target, ..spec(0, AUTO) });

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// Rows 17 and 18: places, budget, and what is still stopping.
#[rstest]
#[case::enough_places("RRR", "", Some(3), None, "creating-green create 3")]
#[case::too_few_places("RRR", "", Some(2), None, "no-capacity")]
#[case::none_missing("RRR", "ppp", Some(0), None, "waiting-for-provisioning")]
#[case::budget("RRR", "", None, Some(5), "no-budget")]
#[case::exactly_the_budget("RRR", "", None, Some(6), "creating-green create 3")]
#[case::three_still_stopping("RRR", "ggg", None, None, "creating-green create 3")]
#[case::four_still_stopping("RRR", "gggg", None, None, "creating-green create 2")]
#[case::six_still_stopping("RRR", "gggggg", None, None, "waiting-for-termination")]
#[case::evicted_do_not_count("RRR", "eeeeee", None, None, "creating-green create 3")]
#[case::repairs_do_not_wait("UUU", "gggggg", None, Some(6), "creating-green create 3")]
#[case::unknown_limits_excuse_nothing("UUU", "gggggg", None, None, "waiting-for-termination")]
fn room(
    #[case] blue: &str,
    #[case] green: &str,
    #[case] free_places: Option<u32>,
    #[case] most_live: Option<u32>,
    #[case] plan: &str,
) {
    let limits = most_live.map(|most_live| Commitment { least_serving: 2, most_live });
    let spec = Spec { free_places, limits, ..spec(0, AUTO) };

    let decided = evaluate_cycle::<BlueGreen>(&beside(blue, green), &spec).unwrap();

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// The top-up is progress: the deadline counts from it, however long its approval took, and two cycles see it passed.
#[rstest]
#[case::one_millisecond_ahead(89_999, None, "waiting-for-provisioning")]
#[case::reached(90_000, None, "waiting-for-provisioning")]
#[case::less_than_a_second_later(90_999, Some(90_000), "waiting-for-provisioning")]
#[case::a_second_later(91_000, Some(90_000), "deadline-exceeded drain r-4 r-5 r-6")]
fn the_deadline_of_a_top_up(#[case] elapsed: u64, #[case] seen: Option<u64>, #[case] plan: &str) {
    let topped_up = evaluate(&beside("RRR", "r"), &spec(60_000, PREVIEW_AND_DEADLINE)).memo.unwrap();
    let seen = seen.map_or_else(String::new, |at| format!(" due-deadline {}", after(at)));
    let spec = Spec { memo: Some(topped_up + &seen), ..spec(elapsed, PREVIEW_AND_DEADLINE) };

    assert_eq!(summary(&evaluate(&beside("RRR", "rpp"), &spec)), plan);
}

/// The preview has waited for its delay; the rest does not wait again.
#[test]
fn one_delay_is_enough() {
    let memo = memo(&format!("topped-up {STARTED_AT}"));
    let spec = Spec { memo, ..spec(1000, PREVIEW_AND_DELAY) };

    assert_eq!(evaluate(&beside("RRR", "rrr"), &spec).reason.code, "promoting");
}

/// A flap after a long wait, at a gate or in a pause, is no reason to roll back: what was held is not counted.
#[rstest]
#[case::gate("")]
#[case::pause("pause")]
fn a_flap_after_a_long_wait(#[case] request: &str) {
    let config = r#"{"progress_deadline_seconds": 600}"#;
    let mut spec = spec(60_000, config);
    let mut step = |elapsed: u64, green: &str, request: &str| {
        spec.now = Timestamp::from_millis(after(elapsed));
        spec.operator = operator(request);
        let plan = evaluate(&beside("RRR", green), &spec);
        spec.memo.clone_from(&plan.memo);
        summary(&plan)
    };
    // 100 s without progress, and two hours held.
    assert_eq!(step(60_000, "rru", ""), "waiting-for-ready");
    assert_eq!(step(160_000, "rru", request), if request.is_empty() { "waiting-for-ready" } else { "paused" });
    assert_eq!(step(160_000, "rrr", request), if request.is_empty() { "awaiting-approval" } else { "paused" });
    assert_eq!(step(7_360_000, "rrr", request), if request.is_empty() { "awaiting-approval" } else { "paused" });
    // It was ready: the deadline counts from there, and what was held does not.
    assert_eq!(step(7_360_000, "rru", ""), "waiting-for-ready");
    assert_eq!(step(7_959_999, "rru", ""), "waiting-for-ready");
    assert_eq!(step(7_960_000, "rru", ""), "waiting-for-ready");
    assert_eq!(step(7_961_000, "rru", ""), "deadline-exceeded drain r-4 r-5 r-6");
}

/// Blue had another share each when it left traffic; it returns with a full one, which is what all of it together had.
#[test]
fn what_returns_has_a_full_share() {
    let mut routes = beside("RRR", "rrr");
    routes[0].traffic_ratio = 0.25;
    let promoted = evaluate(&routes, &spec(0, KEEP));
    let kept = apply(&promoted, &routes, &spec(0, KEEP));
    let abort = Spec { operator: operator("abort"), memo: promoted.memo, ..spec(1000, KEEP) };

    let back = apply(&evaluate(&kept, &abort), &kept, &abort);

    for route in &back[..3] {
        assert_eq!((route.traffic_status, route.traffic_ratio), (TrafficStatus::Active, 1.0));
    }
}

/// Where nothing better can serve, what is ready stays, whoever gives up: it may be promoted yet, but not after an
/// abort.
#[rstest]
#[case::deadline("UU", "rp", "", None, "deadline-exceeded drain r-4", SubStep::RollingBack)]
#[case::and_stays_so("UU", "rg", "", None, "deadline-exceeded", SubStep::RollingBack)]
#[case::with_a_stable_revision("UU", "rp", "", Some("v1"), "deadline-exceeded drain r-4", SubStep::RollingBack)]
#[case::abort("UU", "rp", "abort", None, "aborted drain r-3 r-4", SubStep::RolledBack)]
#[case::promote("UU", "rr", "promote", None, "promoting promote r-3 r-4 drain r-1 r-2", SubStep::Completed)]
fn nothing_to_return_to(
    #[case] blue: &str,
    #[case] green: &str,
    #[case] request: &str,
    #[case] stable: Option<&str>,
    #[case] plan: &str,
    #[case] sub_step: SubStep,
) {
    let stable_revision = stable.map(str::to_owned);
    let given = spec(61_000, r#"{"progress_deadline_seconds": 60}"#);
    let due = after(60_000);
    let memo = memo(&format!("progressed {STARTED_AT} due-deadline {due} mark 2 highest 2"));
    let spec = Spec { operator: operator(request), target_replicas: 2, stable_revision, memo, ..given };

    let decided = evaluate(&beside(blue, green), &spec);

    assert_eq!((summary(&decided).as_str(), decided.sub_step), (plan, sub_step), "{}", decided.reason.message);
}

/// The stable revision does not start: the next is created after a back-off, and the message says why.
#[rstest]
#[case::at_once(9_999, "aborted drain r-4 r-5", Some(10_999))]
#[case::over(10_000, "aborted create 1 v1 drain r-4 r-5", None)]
fn the_back_off_of_the_stable_revision(#[case] elapsed: u64, #[case] plan: &str, #[case] next: Option<u64>) {
    let spec = Spec { operator: operator("abort"), ..spec(elapsed, AUTO) };

    let decided = evaluate(&beside("RRf", "RRR"), &spec);

    assert_eq!(summary(&decided), plan);
    assert_eq!(decided.reason.message.contains("stable-does-not-start"), next.is_some());
    assert_eq!(decided.next_evaluation_at.map(Timestamp::as_millis), next.map(|next| STARTED_AT + next));
}

/// What a plan promises is what was said at admission, whatever the routes are.
#[rstest]
#[case::alone(3, None, Ok((3, 6)))]
#[case::within_the_default_policy(3, Some((3, 6)), Ok((3, 6)))]
#[case::wider_limits(3, Some((1, 30)), Ok((3, 6)))]
#[case::nothing(0, Some((0, 0)), Ok((0, 0)))]
#[case::largest(u32::MAX, None, Ok((u32::MAX, u32::MAX)))]
#[case::too_tight(3, Some((2, 5)), Err("needs max_surge 100%"))]
fn the_promise(#[case] target: u32, #[case] limits: Option<(u32, u32)>, #[case] expected: Result<(u32, u32), &str>) {
    let commitment = |(least_serving, most_live)| Commitment { least_serving, most_live };
    let limits = limits.map(commitment);

    match (check_config::<BlueGreen>("{}", target, limits), expected) {
        (Ok(promised), Ok(expected)) => {
            assert_eq!(promised, commitment(expected));
            let spec = Spec { target_replicas: target, limits, ..spec(0, "{}") };
            assert_eq!(evaluate_cycle::<BlueGreen>(&beside("Ru", "rp"), &spec).unwrap().commitment, promised);
        }
        (Err(error), Err(expected)) => assert!(error.starts_with(expected), "{error}"),
        (promised, expected) => panic!("{promised:?}, not {expected:?}"),
    }
}

#[rstest]
#[case::preview("RRR", "r", "", "1 of 1 preview route is ready; waiting for an operator to promote, at gate preview")]
#[case::stable_is_short(
    "kke",
    "RRR",
    "abort",
    "an operator asked to abort: draining 2 routes; returning traffic to 2 blue; 2 of 3 routes of the stable revision \
     v1 can serve: creating 1"
)]
#[case::rolled_back(
    "kkk",
    "RRR",
    "abort",
    "an operator asked to abort: draining 3 routes; returning traffic to 3 blue; 3 blue are serving"
)]
fn a_message(#[case] blue: &str, #[case] green: &str, #[case] request: &str, #[case] message: &str) {
    let config = if request.is_empty() { PREVIEW } else { KEEP };
    let spec = Spec { operator: operator(request), ..spec(0, config) };

    assert_eq!(evaluate(&beside(blue, green), &spec).reason.message, message);
}

/// What holds all places, and nobody returns to, goes before anything can be created: leftovers, and blue beyond a
/// target that was lowered. What serves stays as far as it is needed.
#[rstest]
#[case::leftovers("aaa", "rrrrrr", "", "", "waiting-for-termination drain r-4 r-5 r-6 r-7 r-8 r-9")]
#[case::leftovers_that_serve("aa", "aaaaaaa", "", "", "waiting-for-termination drain r-3 r-4 r-5 r-6 r-7 r-8")]
#[case::blue_beyond_the_target("aaaaaaaaa", "", "", "", "waiting-for-termination drain r-1 r-2 r-3 r-4 r-5 r-6")]
#[case::standby_beyond_the_target("kkkkk", "", "R", "", "replacing-green create 2 drain r-1 r-2")]
#[case::standby_leftovers_first("kkkk", "kk", "R", "", "replacing-green create 2 drain r-1 r-5 r-6")]
#[case::standby_stays_where_nothing_is_created("kkkkk", "", "RRp", "", "replacing-green")]
#[case::leftovers_in_a_roll_back("", "uuu", "RRR", "abort", "aborted create 3 v1 drain r-1 r-2 r-3")]
#[case::many_leftovers_in_a_roll_back("", "uuuuuu", "RRR", "abort", "aborted drain r-1 r-2 r-3 r-4 r-5 r-6")]
fn what_holds_places(
    #[case] stable: &str,
    #[case] leftovers: &str,
    #[case] green: &str,
    #[case] request: &str,
    #[case] plan: &str,
) {
    let left = lettered(stable.len() + 1, "v0", leftovers);
    let new = lettered(stable.len() + leftovers.len() + 1, "v2", green);
    let routes = [lettered(1, "v1", stable), left, new].concat();

    let decided = evaluate(&routes, &Spec { operator: operator(request), ..spec(60_000, KEEP) });

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// What is beyond the target is no reason to complete with what has not been ready for long enough.
#[test]
fn what_goes_is_not_what_completes_it() {
    let config = r#"{"auto_promote": true, "min_ready_seconds": 30}"#;
    let mut routes = beside("", "rR");
    routes[1].status_updated_at = Some(Timestamp::from_millis(STARTED_AT + 50_000));
    let spec =
        |elapsed| Spec { target_replicas: 1, memo: memo(&format!("promoted {STARTED_AT}")), ..spec(elapsed, config) };

    let early = evaluate(&routes, &spec(60_000));
    assert_eq!((summary(&early).as_str(), early.sub_step), ("replacing-green", SubStep::Finalizing));
    assert_eq!(early.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + 80_000)));

    let later = evaluate(&routes, &spec(80_000));
    assert_eq!(later.sub_step, SubStep::Completed, "{later:?}");
}
