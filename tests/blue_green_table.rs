//! Every row of the blue-green table and every boundary in the notes under it, stated here once more and not blessed.

#[path = "support/build.rs"]
mod support;

use pointsman::{
    EvaluationError, HealthStatus, Rollout, Route, RouteChanges, Spec, SubStep, Timestamp, blue_green::BlueGreen,
    evaluate_cycle,
};
use rstest::rstest;
use support::{STARTED_AT, activate, lettered, operator, routes, spec};

const AUTO: &str = r#"{"auto_promote": true}"#;
const DELAY: &str = r#"{"auto_promote": true, "promote_delay_seconds": 60}"#;
const DEADLINE: &str = r#"{"progress_deadline_seconds": 60}"#;

/// Since the start there was no progress, and a second ago that was too long.
fn late(spec: Spec) -> Spec {
    let seen = spec.now.as_millis() - 1000;
    let memo = format!("blue-green 2 {STARTED_AT} progressed {STARTED_AT} due-deadline {seen} mark 3 highest 3");
    Spec { memo: Some(memo), ..spec }
}

fn evaluate(routes: &[Route], spec: &Spec) -> RouteChanges {
    evaluate_cycle::<BlueGreen>(routes, spec).unwrap()
}

/// Three serving routes of v1.
fn blue() -> Vec<Route> {
    routes(1, 3, "v1", activate)
}

/// Routes of v2 from `r-4` on; see [`lettered`].
fn green(letters: &str) -> Vec<Route> {
    lettered(4, "v2", letters)
}

#[rstest]
#[case::row_1("rup", "{}", "abort", SubStep::RolledBack, "aborted")]
#[case::row_1_before_row_12("arr", "{}", "abort", SubStep::RolledBack, "aborted")]
#[case::active_green_is_no_approval("arr", "{}", "", SubStep::AwaitingPromotion, "awaiting-approval")]
#[case::not_even_enough_is_ready("aru", "{}", "", SubStep::Provisioning, "waiting-for-ready")]
#[case::row_12("rrr", "{}", "", SubStep::AwaitingPromotion, "awaiting-approval")]
#[case::row_12_before_row_13(
    "rrr",
    r#"{"promote_delay_seconds": 60}"#,
    "",
    SubStep::AwaitingPromotion,
    "awaiting-approval"
)]
#[case::row_12_before_row_16("rrr", DEADLINE, "", SubStep::AwaitingPromotion, "awaiting-approval")]
#[case::row_13_before_row_16(
    "rrr",
    r#"{"auto_promote": true, "promote_delay_seconds": 61, "progress_deadline_seconds": 60}"#,
    "",
    SubStep::AwaitingPromotion,
    "awaiting-delay"
)]
#[case::row_13_not_when_asked_to_promote(
    "rrr",
    r#"{"promote_delay_seconds": 61}"#,
    "promote",
    SubStep::Completed,
    "promoting"
)]
#[case::row_14("rrr", AUTO, "", SubStep::Completed, "promoting")]
#[case::row_14_by_hand("rrr", "{}", "promote", SubStep::Completed, "promoting")]
#[case::row_14_with_more_than_the_target("rrrrr", AUTO, "", SubStep::Completed, "promoting")]
#[case::row_15("fff", "{}", "", SubStep::RolledBack, "all-green-failed")]
#[case::row_15_with_one_failure("t", "{}", "", SubStep::RolledBack, "all-green-failed")]
#[case::row_15_not_with_a_live_route("ffp", "{}", "", SubStep::Provisioning, "waiting-for-provisioning")]
#[case::row_15_not_while_replacing("fff", r#"{"max_replacements": 3}"#, "", SubStep::Provisioning, "creating-green")]
#[case::row_15_after_replacing("ffff", r#"{"max_replacements": 3}"#, "", SubStep::RolledBack, "all-green-failed")]
#[case::row_15_before_row_16("fff", DEADLINE, "", SubStep::RolledBack, "all-green-failed")]
#[case::row_16("rru", DEADLINE, "", SubStep::RolledBack, "deadline-exceeded")]
#[case::row_16_before_row_17("", DEADLINE, "", SubStep::RolledBack, "deadline-exceeded")]
#[case::row_16_not_when_asked_to_promote("rru", DEADLINE, "promote", SubStep::Provisioning, "waiting-for-ready")]
#[case::row_17("", "{}", "", SubStep::Provisioning, "creating-green")]
#[case::row_17_before_row_19("rp", "{}", "", SubStep::Provisioning, "creating-green")]
#[case::row_17_old_rows_are_history("ooo", "{}", "", SubStep::Provisioning, "creating-green")]
#[case::row_17_replaces("rrf", r#"{"max_replacements": 1}"#, "", SubStep::Provisioning, "creating-green")]
#[case::row_19("rpu", "{}", "", SubStep::Provisioning, "waiting-for-provisioning")]
#[case::row_20("rud", "{}", "", SubStep::Provisioning, "waiting-for-ready")]
#[case::row_20_not_checked("rrc", "{}", "", SubStep::Provisioning, "waiting-for-ready")]
#[case::row_20_a_failure_keeps_its_slot("rrf", "{}", "", SubStep::Provisioning, "waiting-for-ready")]
#[case::row_20_although_asked_to_promote("rru", "{}", "promote", SubStep::Provisioning, "waiting-for-ready")]
fn beside_three_serving_blue_a_minute_after_the_start(
    #[case] letters: &str,
    #[case] config: &str,
    #[case] word: &str,
    #[case] sub_step: SubStep,
    #[case] code: &str,
) {
    let spec = late(Spec { operator: operator(word), ..spec(60_000, config) });

    let plan = evaluate(&[blue(), green(letters)].concat(), &spec);

    assert_eq!((plan.sub_step, plan.reason.code.as_str()), (sub_step, code), "{}", plan.reason.message);
}

#[rstest]
#[case::row_8("aaa", "", "already-promoted")]
#[case::row_1_before_row_8("aaa", "abort", "aborted")]
#[case::row_8_needs_the_target_in_traffic("aar", "", "awaiting-approval")]
#[case::row_12_without_any_blue("rrr", "", "awaiting-approval")]
#[case::row_16_while_some_serve("aau", "", "deadline-exceeded")]
#[case::row_16_draining_what_does_not_serve("rru", "", "deadline-exceeded")]
fn without_blue_a_minute_after_the_start(#[case] letters: &str, #[case] word: &str, #[case] code: &str) {
    let spec = late(Spec { operator: operator(word), ..spec(60_000, DEADLINE) });

    assert_eq!(evaluate(&green(letters), &spec).reason.code, code);
}

#[test]
fn row_14_promotes_what_is_not_promoted_and_drains_the_rest() {
    let mut partial = green("a");
    partial[0].traffic_ratio = 0.5;
    let green = [partial, green("arrup").split_off(1)].concat();

    let plan = evaluate(&[blue(), green].concat(), &spec(0, AUTO));

    assert_eq!(plan.promote_route_ids, ["r-4", "r-5", "r-6"]);
    assert_eq!(plan.drain_route_ids, ["r-1", "r-2", "r-3", "r-7", "r-8"]);
}

#[rstest]
#[case::one_missing("rr", "{}", 3, Some(1))]
#[case::all_missing("", "{}", 3, Some(3))]
#[case::a_failure_is_not_made_up_for("pf", "{}", 3, Some(1))]
#[case::a_failure_is_replaced("pf", r#"{"max_replacements": 1}"#, 3, Some(2))]
#[case::only_as_many_as_allowed("pff", r#"{"max_replacements": 1}"#, 3, Some(1))]
#[case::history_is_not_counted("oop", "{}", 3, Some(2))]
#[case::raised_target("rrr", "{}", 5, Some(2))]
#[case::largest_target_and_no_more_than_can_be_counted("", "{}", u32::MAX, None)]
#[case::none_missing("ppp", "{}", 3, None)]
fn row_17_creates_the_missing(
    #[case] letters: &str,
    #[case] config: &str,
    #[case] target: u32,
    #[case] count: Option<u32>,
) {
    let spec = Spec { target_replicas: target, ..spec(0, config) };

    let plan = evaluate(&[blue(), green(letters)].concat(), &spec);

    let (restored, created): (Vec<_>, Vec<_>) = plan.rollout_specs.iter().partition(|rollout| rollout.revision == "v1");
    assert_eq!(created.first().map(|rollout| rollout.count), count);
    // What blue lacks of the target is created beside it.
    assert_eq!(restored.first().map_or(0, |rollout| rollout.count), target.saturating_sub(3));
    for rollout in created {
        assert_eq!((rollout.revision.as_str(), rollout.traffic_ratio), ("v2", 0.0));
        assert_eq!(rollout.traffic_status, pointsman::TrafficStatus::Inactive);
    }
}

#[rstest]
#[case::one_millisecond_less_and_a_pause_of_a_second(59_999, Some(60_999))]
#[case::a_second_less(59_000, Some(60_000))]
#[case::exactly(60_000, None)]
#[case::more(60_001, None)]
fn the_delay_counts_to_the_millisecond(#[case] elapsed: u64, #[case] next: Option<u64>) {
    let plan = evaluate(&[blue(), green("rrr")].concat(), &spec(elapsed, DELAY));

    assert_eq!(plan.next_evaluation_at.map(Timestamp::as_millis), next.map(|next| STARTED_AT + next));
    assert_eq!(plan.sub_step, if next.is_some() { SubStep::AwaitingPromotion } else { SubStep::Completed });
}

#[rstest]
#[case::the_newest_counts(Some(STARTED_AT + 10_000), STARTED_AT, STARTED_AT + 70_000)]
#[case::created_at_where_unknown(None, STARTED_AT + 20_000, STARTED_AT + 80_000)]
#[case::the_future_counts_as_now(Some(u64::MAX), STARTED_AT, STARTED_AT + 90_000)]
#[case::creation_in_the_future_too(None, u64::MAX, STARTED_AT + 90_000)]
fn ready_since(#[case] updated: Option<u64>, #[case] created: u64, #[case] next: u64) {
    let mut green = green("rrr");
    green[1].status_updated_at = updated.map(Timestamp::from_millis);
    green[1].created_at = Timestamp::from_millis(created);

    let plan = evaluate(&[blue(), green].concat(), &spec(30_000, DELAY));

    assert_eq!(plan.next_evaluation_at, Some(Timestamp::from_millis(next)));
    assert_eq!(plan.reason.blocking_route_ids, ["r-5"]);
}

#[rstest]
#[case::one_millisecond_less(59_999, None, "waiting-for-ready", Some(60_999))]
#[case::exactly_and_for_the_first_time(60_000, None, "waiting-for-ready", Some(61_000))]
#[case::less_than_a_second_later(60_999, Some(60_000), "waiting-for-ready", Some(61_999))]
#[case::a_second_later(61_000, Some(60_000), "deadline-exceeded", None)]
fn the_deadline_counts_to_the_millisecond(
    #[case] elapsed: u64,
    #[case] seen: Option<u64>,
    #[case] code: &str,
    #[case] next: Option<u64>,
) {
    let seen = seen.map_or_else(String::new, |at| format!(" due-deadline {}", STARTED_AT + at));
    let memo = format!("blue-green 2 {STARTED_AT} progressed {STARTED_AT}{seen} mark 2 highest 3");

    let plan = evaluate(&[blue(), green("rru")].concat(), &Spec { memo: Some(memo), ..spec(elapsed, DEADLINE) });

    assert_eq!(plan.reason.code, code);
    assert_eq!(plan.next_evaluation_at.map(Timestamp::as_millis), next.map(|next| STARTED_AT + next));
}

#[test]
fn at_the_end_of_time_nothing_is_asked_for_that_is_not_ahead() {
    let end = Timestamp::from_millis(u64::MAX);
    let mut green = green("rrr");
    green[0].status_updated_at = Some(end);
    let spec = Spec { now: end, started_at: end, ..spec(0, DELAY) };

    let plan = evaluate(&[blue(), green].concat(), &spec);

    assert_eq!((plan.reason.code.as_str(), plan.next_evaluation_at), ("awaiting-delay", None));
}

#[rstest]
#[case::automatic(AUTO, "promoting", 3)]
#[case::manual("{}", "promoting", 3)]
fn a_target_of_zero(#[case] config: &str, #[case] code: &str, #[case] drained: usize) {
    let plan = evaluate(&blue(), &Spec { target_replicas: 0, ..spec(0, config) });

    assert_eq!((plan.reason.code.as_str(), plan.drain_route_ids.len()), (code, drained));
}

#[rstest]
#[case::one_of_one("r", 1, "1 of 1 green route is ready: promoting 1, draining 3")]
#[case::none_of_one("u", 1, "0 of 1 green routes are ready; waiting for r-4 (unhealthy)")]
#[case::one_of_two("ru", 2, "1 of 2 green routes is ready; waiting for r-5 (unhealthy)")]
#[case::more_than_wanted("rr", 1, "2 green routes are ready for a target of 1: promoting 1, draining 4")]
fn a_message_counts_as_a_person_does(#[case] letters: &str, #[case] target: u32, #[case] message: &str) {
    let plan = evaluate(&[blue(), green(letters)].concat(), &Spec { target_replicas: target, ..spec(0, AUTO) });

    assert_eq!(plan.reason.message, message);
}

#[test]
fn a_rollout_tells_green_from_blue_in_the_order_of_the_ids() {
    let routes: Vec<Route> = [blue(), green("rup")].concat().into_iter().rev().collect();
    let spec = spec(0, "{}");
    let rollout = Rollout::new(&routes, &spec).unwrap();
    let ids = |routes: &mut dyn Iterator<Item = &Route>| routes.map(|route| route.id.clone()).collect::<Vec<_>>();

    assert_eq!(ids(&mut rollout.blue()), ["r-1", "r-2", "r-3"]);
    assert_eq!(ids(&mut rollout.green()), ["r-4", "r-5", "r-6"]);
    assert_eq!(rollout.find("r-5").map(|route| route.health), Some(HealthStatus::Unhealthy));
    assert!(rollout.find("r-9").is_none());
}

#[rstest]
#[case::nan(f64::NAN, "NaN")]
#[case::above(1.0 + f64::EPSILON, "1.0000000000000002")]
#[case::below(-f64::MIN_POSITIVE, "-2.2250738585072014e-308")]
#[case::infinite(f64::INFINITY, "inf")]
fn a_bad_ratio_names_its_route(#[case] ratio: f64, #[case] written: &str) {
    let mut routes = blue();
    routes[1].traffic_ratio = ratio;

    let error = evaluate_cycle::<BlueGreen>(&routes, &spec(0, "{}")).unwrap_err();

    assert_eq!(
        error,
        EvaluationError::InvalidRoutes(format!("route `r-2`: traffic ratio {written} is not in 0.0 to 1.0"))
    );
}

#[test]
fn a_duplicate_id_is_named() {
    let routes = [blue(), routes(2, 2, "v2", |_| {})].concat();

    let error = evaluate_cycle::<BlueGreen>(&routes, &spec(0, "{}")).unwrap_err();

    assert_eq!(error, EvaluationError::InvalidRoutes("route `r-2` is given more than once".to_owned()));
}
