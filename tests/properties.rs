//! What holds of blue-green for any input.

mod support;

use pointsman::{Rollout, SubStep, blue_green::BlueGreen, check_config, evaluate_cycle, guard::Policy, json};
use proptest::prelude::*;
use support::{any_routes, any_spec, apply, serving};

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_names_only_given_routes_and_each_once(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

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
    fn a_plan_promotes_only_ready_green_and_drains_only_live(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

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
    fn a_plan_keeps_the_serving_floor(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

        let (before, after) = (serving(&routes), serving(&apply(&plan, &routes, &spec)));
        prop_assert!(after >= before.min(spec.target_replicas as usize), "{before} served, {after} do: {}", plan.reason.message);
    }

    #[test]
    fn a_plan_never_creates_beyond_the_target(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

        let live_green = |routes: &[_]| Rollout::new(routes, &spec).unwrap().tally().live_green;
        let (before, after) = (live_green(&routes), live_green(&apply(&plan, &routes, &spec)));
        prop_assert!(after <= before.max(spec.target_replicas));
    }

    #[test]
    fn an_applied_plan_needs_no_other(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

        let again = evaluate_cycle::<BlueGreen>(&apply(&plan, &routes, &spec), &spec).unwrap();
        prop_assert!(again.is_empty(), "{:?} and then {again:?}", plan.reason);
        prop_assert_eq!(plan.sub_step == SubStep::Completed, again.sub_step == SubStep::Completed);
    }

    #[test]
    fn the_order_of_the_routes_changes_nothing(
        (routes, shuffled) in any_routes().prop_flat_map(|routes| (Just(routes.clone()), Just(routes).prop_shuffle())),
        spec in any_spec(),
    ) {
        prop_assert_eq!(evaluate_cycle::<BlueGreen>(&routes, &spec), evaluate_cycle::<BlueGreen>(&shuffled, &spec));
    }

    #[test]
    fn the_next_evaluation_is_ahead(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

        prop_assert!(plan.next_evaluation_at.is_none_or(|at| at > spec.now));
    }

    #[test]
    fn a_request_survives_json(routes in any_routes(), spec in any_spec()) {
        let request = json::Request { routes, spec };
        let text = serde_json::to_string(&request).unwrap();

        prop_assert_eq!(json::Request::parse(&text), Ok(request.clone()));
        let answers = json::evaluate_cycles::<BlueGreen>(&format!("[{text}]")).unwrap();
        let answers: Vec<json::Answer> = serde_json::from_str(&answers).unwrap();
        prop_assert_eq!(answers, [evaluate_cycle::<BlueGreen>(&request.routes, &request.spec).into()]);
    }

    #[test]
    fn no_text_panics(text in "\\PC*", pieces in proptest::collection::vec(pieces_of_json(), 0..30)) {
        let pieces = pieces.concat();
        for text in [&text, &pieces] {
            let _ = check_config::<BlueGreen>(text);
            let _ = json::evaluate_cycles::<BlueGreen>(text);
            let _ = json::evaluate_cycles::<BlueGreen>(&format!("[{text}]"));
        }
    }

    #[test]
    fn no_typed_input_panics(
        mut routes in any_routes(),
        mut spec in any_spec(),
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

        if let Ok(plan) = evaluate_cycle::<BlueGreen>(&routes, &spec) {
            prop_assert!(pointsman::guard::check(&routes, &spec, &plan, &roomy()).is_empty(), "{plan:?}");
        }
    }

    #[test]
    fn the_guard_passes_every_plan(routes in any_routes(), spec in any_spec()) {
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

        prop_assert_eq!(pointsman::guard::check(&routes, &spec, &plan, &Policy::default()), []);
    }

    #[test]
    fn one_bad_request_spoils_no_other(routes in any_routes(), spec in any_spec(), at in 0..3usize) {
        let good = serde_json::to_string(&json::Request { routes, spec }).unwrap();
        let mut requests = vec![good.clone(); 3];
        requests[at] = r#"{"routes": 7}"#.to_owned();

        let answers = json::evaluate_cycles::<BlueGreen>(&format!("[{}]", requests.join(","))).unwrap();
        let answers: Vec<json::Answer> = serde_json::from_str(&answers).unwrap();
        prop_assert_eq!(answers.len(), 3);
        for (i, answer) in answers.into_iter().enumerate() {
            let is_bad = matches!(answer, json::Answer::Error { code: json::ErrorCode::InvalidRequest, .. });
            prop_assert_eq!(is_bad, i == at);
        }
    }
}

/// The default policy, but for how many routes may be created: these targets are the largest there are.
fn roomy() -> Policy {
    Policy { largest_creation: u32::MAX, ..Policy::default() }
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
