//! What holds of every strategy for any input.

mod support;

use pointsman::{
    Rollout, Spec, SubStep,
    blue_green::BlueGreen,
    check_config, evaluate_cycle,
    guard::Policy,
    json,
    rolling_update::{IntOrPercent, RollingUpdate, RollingUpdateConfig},
};
use proptest::prelude::*;
use support::{any_blue_green_config, any_rolling_update_config, any_routes, any_spec_with, apply, serving};

/// The properties of a strategy: which configurations it has, and how many routes its plans must leave serving.
macro_rules! properties {
    ($module:ident, $strategy:ty, $config:expr, $floor:expr) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

                #[test]
                fn a_plan_names_only_given_routes_and_each_once(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    let mut named: Vec<&String> = plan.promote_route_ids.iter().chain(&plan.drain_route_ids).collect();
                    let all = named.len();
                    named.sort();
                    named.dedup();
                    prop_assert_eq!(named.len(), all, "promoted and drained are disjoint");
                    for id in named.into_iter().chain(&plan.reason.blocking_route_ids) {
                        prop_assert!(routes.iter().any(|route| route.id == *id), "{} was not given", id);
                    }
                }

                #[test]
                fn a_plan_promotes_only_ready_green_and_drains_only_live(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    for route in &routes {
                        if plan.promote_route_ids.contains(&route.id) {
                            prop_assert!(route.is_ready() && !route.is_promoted() && route.revision == spec.deploying_revision);
                        }
                        if plan.drain_route_ids.contains(&route.id) {
                            prop_assert!(route.is_live());
                        }
                    }
                }

                #[test]
                fn a_plan_keeps_the_serving_floor(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    let (before, after) = (serving(&routes), serving(&apply(&plan, &routes, &spec)));
                    prop_assert!(after >= before.min($floor(&spec)), "{before} served, {after} do: {}", plan.reason.message);
                    if plan.sub_step == SubStep::RollingBack {
                        prop_assert!(after >= before.min(spec.target_replicas as usize), "rolling back: {before} served, {after} do");
                    }
                }

                #[test]
                fn a_plan_never_creates_beyond_the_target(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    let live_green = |routes: &[_]| Rollout::new(routes, &spec).unwrap().tally().live_green;
                    let (before, after) = (live_green(&routes), live_green(&apply(&plan, &routes, &spec)));
                    prop_assert!(after <= before.max(spec.target_replicas));
                }

                #[test]
                fn an_applied_plan_needs_no_other(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    let next = Spec { memo: plan.memo.clone(), ..spec.clone() };
                    let again = evaluate_cycle::<$strategy>(&apply(&plan, &routes, &spec), &next).unwrap();
                    prop_assert!(again.is_empty(), "{:?} and then {again:?}", plan.reason);
                    prop_assert_eq!(plan.sub_step == SubStep::Completed, again.sub_step == SubStep::Completed);
                }

                #[test]
                fn the_order_of_the_routes_changes_nothing(
                    (routes, shuffled) in any_routes().prop_flat_map(|routes| (Just(routes.clone()), Just(routes).prop_shuffle())),
                    spec in any_spec_with($config),
                ) {
                    prop_assert_eq!(evaluate_cycle::<$strategy>(&routes, &spec), evaluate_cycle::<$strategy>(&shuffled, &spec));
                }

                #[test]
                fn the_next_evaluation_is_ahead(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    prop_assert!(plan.next_evaluation_at.is_none_or(|at| at > spec.now));
                }

                #[test]
                fn a_request_survives_json(routes in any_routes(), spec in any_spec_with($config)) {
                    let request = json::Request { routes, spec };
                    let text = serde_json::to_string(&request).unwrap();

                    prop_assert_eq!(json::Request::parse(&text), Ok(request.clone()));
                    let answers = json::evaluate_cycles::<$strategy>(&format!("[{text}]")).unwrap();
                    let answers: Vec<json::Answer> = serde_json::from_str(&answers).unwrap();
                    prop_assert_eq!(answers, [evaluate_cycle::<$strategy>(&request.routes, &request.spec).into()]);
                }

                #[test]
                fn no_text_panics(text in "\\PC*", pieces in proptest::collection::vec(pieces_of_json(), 0..30)) {
                    let pieces = pieces.concat();
                    for text in [&text, &pieces] {
                        let _ = check_config::<$strategy>(text);
                        let _ = json::evaluate_cycles::<$strategy>(text);
                        let _ = json::evaluate_cycles::<$strategy>(&format!("[{text}]"));
                    }
                }

                #[test]
                fn no_typed_input_panics(
                    mut routes in any_routes(),
                    mut spec in any_spec_with($config),
                    ratios in proptest::collection::vec(any::<f64>(), 0..3),
                    twin in any::<proptest::sample::Index>(),
                    target in proptest::sample::select(vec![None, Some(u32::MAX), Some(u32::MAX - 1)]),
                    config in proptest::option::of("\\PC{0,20}"),
                ) {
                    for (route, ratio) in routes.iter_mut().zip(ratios) {
                        route.traffic_ratio = ratio;
                    }
                    if !routes.is_empty() && twin.index(2) == 0 {
                        routes.push(twin.get(&routes).clone());
                    }
                    spec.target_replicas = target.unwrap_or(spec.target_replicas);
                    spec.config = config.unwrap_or(spec.config);

                    if let Ok(plan) = evaluate_cycle::<$strategy>(&routes, &spec) {
                        prop_assert!(pointsman::guard::check(&routes, &spec, &plan, &policy($floor(&spec), &spec)).is_empty(), "{plan:?}");
                    }
                }

                #[test]
                fn the_guard_passes_every_plan(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    prop_assert_eq!(pointsman::guard::check(&routes, &spec, &plan, &policy($floor(&spec), &spec)), []);
                }

                #[test]
                fn one_bad_request_spoils_no_other(routes in any_routes(), spec in any_spec_with($config), at in 0..3usize) {
                    let good = serde_json::to_string(&json::Request { routes, spec }).unwrap();
                    let mut requests = vec![good.clone(); 3];
                    requests[at] = r#"{"routes": 7}"#.to_owned();

                    let answers = json::evaluate_cycles::<$strategy>(&format!("[{}]", requests.join(","))).unwrap();
                    let answers: Vec<json::Answer> = serde_json::from_str(&answers).unwrap();
                    prop_assert_eq!(answers.len(), 3);
                    for (i, answer) in answers.into_iter().enumerate() {
                        let is_bad = matches!(answer, json::Answer::Error { code: json::ErrorCode::InvalidRequest, .. });
                        prop_assert_eq!(is_bad, i == at);
                    }
                }
            }
        }
    };
}

properties!(blue_green, BlueGreen, any_blue_green_config(), |spec: &Spec| spec.target_replicas as usize);
properties!(rolling_update, RollingUpdate, any_rolling_update_config(), least_available);

/// How many routes a rolling update must leave serving, as Kubernetes has it.
fn least_available(spec: &Spec) -> usize {
    let Ok(RollingUpdateConfig { max_surge, max_unavailable, .. }) = serde_json::from_str(&spec.config) else {
        return 0;
    };
    let target = f64::from(spec.target_replicas);
    let of = |bound: IntOrPercent| match bound {
        IntOrPercent::Int(routes) => f64::from(routes),
        IntOrPercent::Percent(percent) => target * f64::from(percent) / 100.0,
    };
    let unavailable =
        if of(max_surge) == 0.0 { of(max_unavailable).floor().max(1.0) } else { of(max_unavailable).floor() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    let least = (target - unavailable).max(0.0) as usize;
    least
}

/// The default policy, but for the serving floor, and how many routes may be created: some targets are the largest there are.
fn policy(floor: usize, spec: &Spec) -> Policy {
    let percent = (floor as u64 * 100).checked_div(spec.target_replicas.into()).unwrap_or(100);
    let serving_floor_percent = u32::try_from(percent).expect("a floor is at most the target");
    Policy { largest_creation: u32::MAX, serving_floor_percent, ..Policy::default() }
}

/// Pieces that give almost-JSON when put together at random.
fn pieces_of_json() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "null",
        "true",
        "-1",
        "1e999",
        "18446744073709551616",
        "\"routes\"",
        "\"spec\"",
        "\"config\"",
        "\"auto_promote\"",
        "\"deadline_seconds\"",
        "\u{fffd}",
        "é",
        "\n",
    ];
    proptest::sample::select(words.map(str::to_owned).to_vec())
}
