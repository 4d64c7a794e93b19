//! Rolling back where what is there is of no use to it as it is: routes that a person took out of traffic hold the
//! room, or nothing is there to go back to and a person goes on with what is ready.

#[path = "support/build.rs"]
mod support;

use pointsman::{
    Route, RouteChanges, Spec, SubStep,
    blue_green::BlueGreen,
    evaluate_cycle,
    guard::{self, Policy},
    rolling_update::RollingUpdate,
};
use rstest::rstest;
use support::{apply, lettered, operator, spec, summary};

const ONE_BY_ONE: &str = r#"{"max_surge": 1, "max_unavailable": 0}"#;
const AUTO: &str = r#"{"auto_promote": true, "progress_deadline_seconds": 120}"#;

/// Routes, each of the revision before its letter.
fn of(kinds: &[(&str, &str)]) -> Vec<Route> {
    let mut routes = vec![];
    for (revision, letters) in kinds {
        routes.extend(lettered(routes.len() + 1, revision, letters));
    }
    routes
}

/// Nobody returns to an inactive route of the stable revision; where there is no room without it, it goes: after
/// leftovers, before green that does not serve.
#[rstest]
#[case::it_makes_room(&[("v1", "r"), ("v3", "R"), ("v1", "R")], "aborted create 1 v1 drain r-1")]
#[case::a_leftover_first(&[("v1", "r"), ("v3", "r"), ("v1", "R")], "aborted create 1 v1 drain r-2")]
#[case::after_green(&[("v1", "r"), ("v2", "r"), ("v1", "R")], "aborted create 1 v1 drain r-2")]
#[case::not_where_there_is_room(&[("v1", "r"), ("v1", "R")], "aborted create 1 v1")]
fn inactive_stable(#[case] kinds: &[(&str, &str)], #[case] plan: &str) {
    let spec = Spec { target_replicas: 2, operator: operator("abort"), ..spec(0, ONE_BY_ONE) };

    let decided = evaluate_cycle::<RollingUpdate>(&of(kinds), &spec).unwrap();

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
}

fn first_deployment(routes: &[Route], seconds: u64, memo: Option<String>, wish: &str) -> (RouteChanges, Vec<Route>) {
    let given = Spec { stable_revision: None, memo, operator: operator(wish), ..spec(seconds * 1000, AUTO) };
    let plan = evaluate_cycle::<BlueGreen>(routes, &given).unwrap();
    assert_eq!(guard::check(routes, &given, &plan, &Policy::default()), [], "{plan:?}");
    let routes = apply(&plan, routes, &given);
    (plan, routes)
}

/// A first deployment past its deadline has nothing to go back to: an operator may have what is ready of it.
#[test]
fn a_promote_takes_what_is_ready() {
    let routes = of(&[("v2", "rrf")]);
    let (plan, routes) = first_deployment(&routes, 0, None, "");
    assert_eq!(summary(&plan), "waiting-for-ready");
    let (plan, routes) = first_deployment(&routes, 120, plan.memo, "");
    assert_eq!(summary(&plan), "waiting-for-ready");
    let (plan, routes) = first_deployment(&routes, 121, plan.memo, "");
    assert_eq!((plan.reason.code.as_str(), plan.sub_step), ("deadline-exceeded", SubStep::RollingBack));

    // The promote takes what is there, and replaces the failure, as ever once green is promoted.
    let (plan, routes) = first_deployment(&routes, 300, plan.memo, "promote");
    assert_eq!(
        (summary(&plan).as_str(), plan.sub_step),
        ("replacing-green create 1 promote r-1 r-2", SubStep::Finalizing)
    );
    let (plan, _) = first_deployment(&routes, 301, plan.memo, "promote");
    assert_eq!((summary(&plan).as_str(), plan.sub_step), ("replacing-green", SubStep::Finalizing));
}

/// Only what was given up is taken so: a promote beforehand waits for all of it.
#[test]
fn a_promote_beforehand_waits() {
    let (plan, _) = first_deployment(&of(&[("v2", "rrf")]), 300, None, "promote");
    assert_eq!(summary(&plan), "waiting-for-ready");
}
