//! The rows of the blue-green table about checks, the preview and the way back, stated here once more and not blessed.

mod support;

use pointsman::{
    Check, CheckOutcome, Route, RouteChanges, Spec, SubStep, Timestamp, TrafficStatus,
    blue_green::BlueGreen,
    evaluate_cycle,
    guard::{self, Policy},
};
use rstest::rstest;
use support::{STARTED_AT, apply, lettered, request, spec, summary};

const AUTO: &str = r#"{"auto_promote": true}"#;
const KEEP: &str = r#"{"auto_promote": true, "keep_blue_seconds": 300}"#;
const KEEP_AND_REPLACE: &str = r#"{"auto_promote": true, "keep_blue_seconds": 300, "max_replacements": 1}"#;
const KEEP_AND_DEADLINE: &str = r#"{"auto_promote": true, "keep_blue_seconds": 300, "deadline_seconds": 30}"#;
const PREVIEW: &str = r#"{"preview_replicas": 1}"#;
const PREVIEW_AND_DELAY: &str = r#"{"auto_promote": true, "preview_replicas": 1, "promote_delay_seconds": 60}"#;
const PREVIEW_AND_DEADLINE: &str = r#"{"auto_promote": true, "preview_replicas": 1, "deadline_seconds": 30}"#;

/// Blue routes from `r-1` on, green ones after them.
fn beside(blue: &str, green: &str) -> Vec<Route> {
    [lettered(1, "v1", blue), lettered(blue.len() + 1, "v2", green)].concat()
}

/// As [`beside`], with the blue routes that are out of traffic kept: they have the ratio that they had in it.
fn kept_beside(blue: &str, green: &str) -> Vec<Route> {
    let mut routes = beside(blue, green);
    for route in routes.iter_mut().filter(|route| route.revision == "v1" && !route.is_active()) {
        route.traffic_ratio = 1.0;
    }
    routes
}

/// Evaluates, and looks whether the guard lets it pass.
fn evaluate(routes: &[Route], spec: &Spec) -> RouteChanges {
    let plan = evaluate_cycle::<BlueGreen>(routes, spec).unwrap();
    assert_eq!(guard::check(routes, spec, &plan, &Policy::default()), [], "{plan:?}");
    plan
}

/// `failed`, `pending` or `passed`, the outcome of one check beside another that passed.
fn checks(outcome: &str) -> Vec<Check> {
    let check = |name: &str, outcome| Check { name: name.to_owned(), outcome };
    let smoke = check("smoke", CheckOutcome::Passed);
    match outcome {
        "failed" => vec![smoke, check("latency", CheckOutcome::Failed)],
        "pending" => vec![smoke, check("latency", CheckOutcome::Pending)],
        "passed" => vec![smoke],
        _ => vec![],
    }
}

/// A minute after the start and after the promotion, with the target 3. A word may be an operator's request or the outcome of
/// a check.
#[rstest]
#[case::row_1("rrr", "RRR", KEEP, "abort", "aborted in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::row_1_no_way_back("rru", "RRR", KEEP, "abort", "keeping-blue")]
#[case::row_1_floor_of_what_serves("rru", "RRU", KEEP, "abort", "aborted in r-1 r-2 drain r-4 r-5 r-6")]
#[case::row_2("ttt", "RRR", KEEP, "", "already-promoted")]
#[case::row_2_one_short("ttt", "RRf", KEEP, "", "already-promoted")]
#[case::row_2_not_while_none_is_ready("ttt", "UUU", KEEP, "", "waiting-for-ready")]
#[case::row_2a("rrr", "RRR", KEEP, "failed", "check-failed in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::row_2a_not_while_pending("rrr", "RRR", KEEP, "pending", "keeping-blue")]
#[case::row_2a_no_way_back("rru", "RRR", KEEP, "failed", "keeping-blue")]
#[case::row_2b("rrr", "UUU", KEEP, "", "green-lost in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::row_2b_terminated("rrr", "ttt", KEEP, "", "green-lost in r-1 r-2 r-3")]
#[case::row_2b_one_is_enough("ruu", "UUU", KEEP, "", "green-lost in r-1 drain r-4 r-5 r-6")]
#[case::row_2b_not_while_one_serves("rrr", "RUU", KEEP, "", "keeping-blue")]
#[case::row_2d("rrr", "RRR", KEEP, "", "keeping-blue")]
#[case::row_2d_promotes("rrr", "RRr", KEEP, "", "keeping-blue promote r-6")]
#[case::row_2d_a_failure_keeps_its_slot("rrr", "RRt", KEEP, "", "keeping-blue")]
#[case::row_2d_replaces("rrr", "RRt", KEEP_AND_REPLACE, "", "keeping-blue create 1")]
#[case::row_2d_past_the_deadline("rrr", "RRU", KEEP_AND_DEADLINE, "", "keeping-blue")]
#[case::row_2d_no_way_back("uuu", "UUU", KEEP, "", "keeping-blue")]
#[case::row_2d_although_asked_to_promote("rrr", "RRR", KEEP, "promote", "keeping-blue")]
fn while_blue_is_kept(
    #[case] blue: &str,
    #[case] green: &str,
    #[case] config: &str,
    #[case] word: &str,
    #[case] plan: &str,
) {
    let spec = Spec {
        operator_request: request(word),
        checks: checks(word),
        memo: Some(format!("promoted-at {STARTED_AT}")),
        ..spec(60_000, config)
    };

    let decided = evaluate(&kept_beside(blue, green), &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    let (sub_step, memo) = match decided.reason.code.as_str() {
        "keeping-blue" => (SubStep::Finalizing, spec.memo),
        "already-promoted" => (SubStep::Completed, decided.memo.clone()),
        "waiting-for-ready" => (SubStep::Provisioning, spec.memo),
        "green-lost" => (SubStep::RollingBack, Some(format!("green-lost-at {}", STARTED_AT + 60_000))),
        _ => (SubStep::RollingBack, None),
    };
    assert_eq!((decided.sub_step, &decided.memo), (sub_step, &memo));
    assert!(decided.rollout_specs.iter().all(|rollout| rollout.traffic_status == TrafficStatus::Active));
}

/// With the target 3 and three serving blue, a minute after the start, ready for half of it.
#[rstest]
#[case::row_2e("rrr", AUTO, "failed", "check-failed drain r-4 r-5 r-6")]
#[case::row_2e_while_provisioning("rp", AUTO, "failed", "check-failed drain r-4 r-5")]
#[case::row_2e_while_blue_still_serves("Rrr", AUTO, "failed", "check-failed drain r-4 r-5 r-6")]
#[case::row_2e_where_blue_is_to_be_kept("Rrr", KEEP, "failed", "check-failed drain r-4 r-5 r-6")]
#[case::row_3_into_the_window("Rrr", KEEP, "", "resuming-promotion promote r-5 r-6 out r-1 r-2 r-3")]
#[case::row_3a("rrr", AUTO, "pending", "awaiting-checks")]
#[case::row_3a_before_row_4("rrr", "{}", "pending", "awaiting-checks")]
#[case::row_3a_not_before_all_is_ready("rru", AUTO, "pending", "waiting-for-ready")]
#[case::row_4_after_the_checks("rrr", "{}", "passed", "awaiting-approval")]
#[case::row_6_after_the_checks("rrr", AUTO, "passed", "promoting promote r-4 r-5 r-6 drain r-1 r-2 r-3")]
#[case::row_6_keeps("rrr", KEEP, "", "promoting promote r-4 r-5 r-6 out r-1 r-2 r-3")]
#[case::row_9_preview("", PREVIEW, "", "creating-green create 1")]
#[case::row_4_preview("r", PREVIEW, "", "awaiting-approval")]
#[case::row_3a_preview("r", PREVIEW, "pending", "awaiting-checks")]
#[case::row_5_preview("r", PREVIEW_AND_DELAY, "", "awaiting-delay")]
#[case::row_9_tops_up("r", PREVIEW, "promote", "creating-green create 2")]
#[case::row_9_tops_up_although_the_deadline_has_passed("r", PREVIEW_AND_DEADLINE, "", "creating-green create 2")]
#[case::row_10_topping_up("rpp", PREVIEW, "promote", "waiting-for-provisioning")]
#[case::row_6_preview("rrr", PREVIEW, "promote", "promoting promote r-4 r-5 r-6 drain r-1 r-2 r-3")]
fn beside_three_serving_blue(#[case] green: &str, #[case] config: &str, #[case] word: &str, #[case] plan: &str) {
    let mut routes = beside("RRR", green);
    for route in &mut routes {
        route.status_updated_at = Some(Timestamp::from_millis(STARTED_AT + 30_000));
    }
    let spec = Spec { operator_request: request(word), checks: checks(word), ..spec(60_000, config) };

    let decided = evaluate(&routes, &spec);

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

/// An operator's promote outweighs a pending check, never a failed one.
#[rstest]
#[case::pending("pending", "promoting")]
#[case::failed("failed", "check-failed")]
fn promote_and_a_check(#[case] outcome: &str, #[case] code: &str) {
    let spec = Spec { operator_request: request("promote"), checks: checks(outcome), ..spec(0, "{}") };

    assert_eq!(evaluate(&beside("RRR", "rrr"), &spec).reason.code, code);
}

#[rstest]
#[case::one_millisecond_before_its_end(299_999, "keeping-blue")]
#[case::its_end(300_000, "retiring-blue drain r-1 r-2 r-3")]
fn the_window(#[case] elapsed: u64, #[case] plan: &str) {
    let memo = Some(format!("promoted-at {STARTED_AT}"));
    let spec = Spec { memo, ..spec(elapsed, KEEP) };

    let decided = evaluate(&kept_beside("rrr", "RRR"), &spec);

    assert_eq!(summary(&decided), plan);
    let end = Timestamp::from_millis(STARTED_AT + 300_000);
    assert_eq!(decided.next_evaluation_at, (plan == "keeping-blue").then_some(end));
}

/// Whatever is lost of the memo, the window starts again, and ends.
#[rstest]
#[case::lost(None)]
#[case::of_another_strategy(Some("step 3 of 7".to_owned()))]
#[case::of_another_rollout(Some(format!("promoted-at {}", STARTED_AT - 1)))]
#[case::ahead(Some(format!("promoted-at {}", STARTED_AT + 900_000)))]
#[case::no_moment(Some("promoted-at ".to_owned()))]
fn a_memo_that_says_nothing_restarts_the_window(#[case] memo: Option<String>) {
    let decided = evaluate(&kept_beside("rrr", "RRR"), &Spec { memo, ..spec(400_000, KEEP) });

    assert_eq!(decided.reason.code, "keeping-blue");
    assert_eq!(decided.memo, Some(format!("promoted-at {}", STARTED_AT + 400_000)));
    assert_eq!(decided.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + 700_000)));
}

/// The end of the window is the end, whatever was asked for meanwhile; what is missing starts in traffic.
#[rstest]
#[case::raised("RRR", 5, KEEP, "retiring-blue create 2 drain r-1 r-2 r-3")]
#[case::one_unhealthy("RRU", 3, KEEP, "retiring-blue drain r-1 r-2 r-3")]
#[case::one_unhealthy_too_many("RRRu", 3, KEEP, "retiring-blue drain r-1 r-2 r-3 r-7")]
#[case::none_serves("UUU", 3, KEEP, "green-lost in r-1 r-2 r-3 drain r-4 r-5 r-6")]
#[case::nothing_wanted("", 0, KEEP, "retiring-blue drain r-1 r-2 r-3")]
fn after_the_window(#[case] green: &str, #[case] target: u32, #[case] config: &str, #[case] plan: &str) {
    let memo = Some(format!("promoted-at {STARTED_AT}"));
    let spec = Spec { memo, target_replicas: target, ..spec(300_000, config) };

    assert_eq!(summary(&evaluate(&kept_beside("rrr", green), &spec)), plan);
}

/// A return is one plan, and nothing moves after it, although the rollout goes on being evaluated.
#[rstest]
#[case::aborted("abort")]
#[case::check_failed("failed")]
#[case::green_lost("lost")]
fn a_return_lasts(#[case] word: &str) {
    let green = if word == "lost" { "UUU" } else { "RRR" };
    let routes = kept_beside("rrr", green);
    let memo = Some(format!("promoted-at {STARTED_AT}"));
    let request = request(word).or(request("promote"));
    let config = r#"{"keep_blue_seconds": 300, "max_replacements": 9, "deadline_seconds": 1}"#;
    let first = Spec { operator_request: request, checks: checks(word), memo, ..spec(60_000, config) };

    let back = evaluate(&routes, &first);
    let later = Spec { memo: back.memo.clone(), now: Timestamp::from_millis(STARTED_AT + 900_000), ..first.clone() };
    let after = evaluate(&apply(&back, &routes, &first), &later);

    assert_eq!(after.sub_step, SubStep::RollingBack);
    assert_eq!((after.is_empty(), after.reason.code), (true, back.reason.code));
    assert_eq!(after.memo, back.memo);
}

/// What nobody approved is never put into traffic: it is drained at the promotion, and what is kept is what served.
#[test]
fn only_what_served_is_kept() {
    let routes = beside("RRRr", "rrr");
    let spec = spec(0, KEEP);

    let promoted = evaluate(&routes, &spec);

    assert_eq!(summary(&promoted), "promoting promote r-5 r-6 r-7 out r-1 r-2 r-3 drain r-4");
    assert_eq!(promoted.sub_step, SubStep::Finalizing);
    assert_eq!(promoted.memo, Some(format!("promoted-at {STARTED_AT}")));
    assert_eq!(promoted.next_evaluation_at, Some(Timestamp::from_millis(STARTED_AT + 300_000)));
}

/// Nothing that nobody approved comes back, whatever went wrong: here the host crashed before it drained what was left of
/// another rollout.
#[rstest]
#[case::abort("abort", "already-promoted drain r-1 r-2")]
#[case::check("failed", "already-promoted drain r-1 r-2")]
fn what_nobody_approved_never_comes_back(#[case] word: &str, #[case] plan: &str) {
    let memo = Some(format!("promoted-at {STARTED_AT}"));
    let spec = Spec { operator_request: request(word), checks: checks(word), memo, ..spec(60_000, KEEP) };

    assert_eq!(summary(&evaluate(&beside("rr", "RRR"), &spec)), plan);
}

/// Where blue is out of traffic already, there is nothing to go back to and nothing to wait for.
#[test]
fn nothing_to_keep() {
    let plan = evaluate(&beside("rr", "rrr"), &spec(0, KEEP));

    assert_eq!((plan.sub_step, plan.memo.as_deref()), (SubStep::Completed, None));
}

/// The top-up has a deadline of its own, however long its approval took.
#[rstest]
#[case::one_millisecond_ahead(89_999, "waiting-for-provisioning")]
#[case::reached(90_000, "deadline-exceeded drain r-4 r-5 r-6")]
fn the_deadline_of_a_top_up(#[case] elapsed: u64, #[case] plan: &str) {
    let memo = Some(format!("topping-up-since {}", STARTED_AT + 60_000));
    let spec = Spec { memo: memo.clone(), ..spec(elapsed, PREVIEW_AND_DEADLINE) };

    let decided = evaluate(&beside("RRR", "rpp"), &spec);

    assert_eq!((summary(&decided).as_str(), decided.memo), (plan, memo));
}

/// The preview has waited for its delay; the rest does not wait again.
#[test]
fn one_delay_is_enough() {
    let memo = Some(format!("topping-up-since {STARTED_AT}"));
    let spec = Spec { memo, ..spec(1000, PREVIEW_AND_DELAY) };

    assert_eq!(evaluate(&beside("RRR", "rrr"), &spec).reason.code, "promoting");
}

/// Green in traffic that is not ready may recover: it is not given up for nothing, whoever asks.
#[rstest]
#[case::abort("abort", "{}", "waiting-for-ready")]
#[case::check("failed", "{}", "waiting-for-ready")]
#[case::deadline("", r#"{"deadline_seconds": 1}"#, "waiting-for-ready")]
fn nothing_is_given_up_for_nothing(#[case] word: &str, #[case] config: &str, #[case] code: &str) {
    let spec = Spec { operator_request: request(word), checks: checks(word), ..spec(60_000, config) };

    assert_eq!(summary(&evaluate(&beside("", "UUU"), &spec)), code);
}

/// What the rollout before kept does not come back beside what replaced it, and goes with the promotion.
#[rstest]
#[case::abort("abort", "aborted drain r-5 r-6 r-7")]
#[case::check("failed", "check-failed drain r-5 r-6 r-7")]
#[case::promotion("", "promoting promote r-5 r-6 r-7 out r-1 r-2 r-3 drain r-4")]
fn what_was_kept_before(#[case] word: &str, #[case] plan: &str) {
    let spec = Spec { operator_request: request(word), checks: checks(word), ..spec(60_000, KEEP) };

    assert_eq!(summary(&evaluate(&beside("RRRk", "rrr"), &spec)), plan);
}

/// A flap after a long wait for approval is no reason to roll back: the deadline counts from the end of the wait.
#[rstest]
#[case::before_it(599_999, "waiting-for-ready")]
#[case::reached(600_000, "deadline-exceeded drain r-4 r-5 r-6")]
fn a_flap_after_a_long_wait(#[case] later: u64, #[case] plan: &str) {
    let two_hours = spec(7_200_000, r#"{"deadline_seconds": 600}"#);
    let waiting = evaluate(&beside("RRR", "rrr"), &two_hours);
    assert_eq!(waiting.reason.code, "awaiting-approval");

    let now = Timestamp::from_millis(STARTED_AT + 7_200_000 + later);
    let flapped = Spec { now, memo: waiting.memo, ..two_hours };

    assert_eq!(summary(&evaluate(&beside("RRR", "rru"), &flapped)), plan);
}

/// A kept route comes back with the ratio that it had.
#[test]
fn a_ratio_survives_the_way_out_and_back() {
    let mut routes = beside("RRR", "rrr");
    routes[0].traffic_ratio = 0.25;
    let promoted = evaluate(&routes, &spec(0, KEEP));
    let kept = apply(&promoted, &routes, &spec(0, KEEP));
    let abort = Spec { operator_request: request("abort"), memo: promoted.memo, ..spec(1000, KEEP) };

    let back = apply(&evaluate(&kept, &abort), &kept, &abort);

    assert_eq!((back[0].traffic_status, back[0].traffic_ratio), (TrafficStatus::Active, 0.25));
}

#[rstest]
#[case::preview("RRR", "r", PREVIEW, "1 of 1 preview route is ready; waiting for an operator to promote")]
#[case::no_way_back(
    "rru",
    "RRR",
    KEEP,
    "3 of 3 green routes are ready; 2 of 3 blue routes are ready for a return for 300 s more; there is no way back: to abort would leave 2 serving where 3 are needed"
)]
fn a_message(#[case] blue: &str, #[case] green: &str, #[case] config: &str, #[case] message: &str) {
    let spec = Spec { operator_request: (config == KEEP).then(|| request("abort")).flatten(), ..spec(0, config) };

    assert_eq!(evaluate(&kept_beside(blue, green), &spec).reason.message, message);
}
