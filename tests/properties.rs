//! Properties of every strategy, for any input.

mod support;

use pointsman::{
    Spec, SubStep,
    blue_green::BlueGreen,
    check_config, evaluate_cycle,
    guard::{self, Policy},
    json,
    rolling_update::RollingUpdate,
};
use proptest::prelude::*;
use support::{any_blue_green_config, any_rolling_update_config, any_routes, any_spec_with, apply};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// The properties of a strategy, over its configurations.
macro_rules! properties {
    ($module:ident, $strategy:ty, $config:expr) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(cases(10_000))]

                #[test]
                fn a_plan_names_only_given_routes_and_each_once(
                    routes in any_routes(), spec in any_spec_with($config),
                ) {
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
                fn a_plan_promotes_only_ready_green_and_drains_only_live(
                    routes in any_routes(), spec in any_spec_with($config),
                ) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    for route in &routes {
                        if plan.promote_route_ids.contains(&route.id) {
                            prop_assert!(route.is_ready() && !route.is_promoted());
                            prop_assert_eq!(&route.revision, &spec.deploying_revision);
                        }
                        if plan.drain_route_ids.contains(&route.id) {
                            prop_assert!(route.is_live());
                        }
                    }
                }

                /// Whatever the routes, weights, clocks and requests are: the guard has nothing against a shipped
                /// strategy, as a host calls it, under the default policy and within any other limits.
                #[test]
                fn the_guard_lets_every_plan_pass(routes in any_routes(), spec in any_spec_with($config)) {
                    let limits = spec.limits.or_else(|| Some(Policy::default().resolve(spec.target_replicas)));
                    let spec = Spec { limits, ..spec };
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    prop_assert_eq!(guard::check(&routes, &spec, &plan, &Policy::default()), [], "{:?}", plan);
                }

                /// The promise is a function of configuration, target and limits alone, and what admission says, if it
                /// says anything.
                #[test]
                fn a_plan_promises_what_was_said_at_admission(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();
                    let bare = Spec::new("v9", spec.target_replicas, spec.now, spec.now);
                    let other = Spec { limits: spec.limits, config: spec.config.clone(), ..bare };
                    let other = evaluate_cycle::<$strategy>(&[], &other).unwrap();

                    prop_assert_eq!(plan.commitment, other.commitment);
                    if let Ok(promised) = check_config::<$strategy>(&spec.config, spec.target_replicas, spec.limits) {
                        prop_assert_eq!(plan.commitment, promised);
                    }
                }

                #[test]
                fn an_applied_plan_needs_no_other(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    let created: u32 = plan.rollout_specs.iter().map(|created| created.count).sum();
                    let free_places = spec.free_places.map(|free| free - created);
                    let next = Spec { memo: plan.memo.clone(), free_places, ..spec.clone() };
                    let again = evaluate_cycle::<$strategy>(&apply(&plan, &routes, &spec), &next).unwrap();
                    prop_assert!(again.is_empty(), "{:?} and then {again:?}", plan);
                    let stays = plan.sub_step != SubStep::Completed || again.sub_step == SubStep::Completed;
                    prop_assert!(stays, "{:?}, then {:?}", plan, again);
                }

                #[test]
                fn the_order_of_the_routes_changes_nothing(
                    (routes, shuffled) in any_routes()
                        .prop_flat_map(|routes| (Just(routes.clone()), Just(routes).prop_shuffle())),
                    spec in any_spec_with($config),
                ) {
                    let other = evaluate_cycle::<$strategy>(&shuffled, &spec);
                    prop_assert_eq!(evaluate_cycle::<$strategy>(&routes, &spec), other);
                }

                #[test]
                fn the_next_evaluation_is_ahead(routes in any_routes(), spec in any_spec_with($config)) {
                    let plan = evaluate_cycle::<$strategy>(&routes, &spec).unwrap();

                    let soonest = spec.now.saturating_add_millis(1000);
                    prop_assert!(plan.next_evaluation_at.is_none_or(|at| at > spec.now && at >= soonest));
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
                        let _ = check_config::<$strategy>(text, 3, None);
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
                    spec.limits = Some(Policy::default().resolve(spec.target_replicas));
                    spec.config = config.unwrap_or(spec.config);

                    if let Ok(plan) = evaluate_cycle::<$strategy>(&routes, &spec) {
                        prop_assert_eq!(guard::check(&routes, &spec, &plan, &Policy::default()), [], "{:?}", plan);
                    }
                }

                #[test]
                fn one_bad_request_spoils_no_other(
                    routes in any_routes(), spec in any_spec_with($config), at in 0..3usize,
                ) {
                    let good = serde_json::to_string(&json::Request { routes, spec }).unwrap();
                    let mut requests = vec![good.clone(); 3];
                    requests[at] = r#"{"routes": 7}"#.to_owned();

                    let answers = json::evaluate_cycles::<$strategy>(&format!("[{}]", requests.join(","))).unwrap();
                    let answers: Vec<json::Answer> = serde_json::from_str(&answers).unwrap();
                    prop_assert_eq!(answers.len(), 3);
                    for (i, answer) in answers.into_iter().enumerate() {
                        let code = json::ErrorCode::InvalidRequest;
                        let is_bad = matches!(answer, json::Answer::Error { code: found, .. } if found == code);
                        prop_assert_eq!(is_bad, i == at);
                    }
                }
            }
        }
    };
}

properties!(blue_green, BlueGreen, any_blue_green_config());
properties!(rolling_update, RollingUpdate, any_rolling_update_config());

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
        "\"progress_deadline_seconds\"",
        "\u{fffd}",
        "é",
        "\n",
    ];
    proptest::sample::select(words.map(str::to_owned).to_vec())
}
