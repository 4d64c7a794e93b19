//! Rule 1: a plan names routes that were given, each once.

use pointsman::{
    Labels, Route, RouteChanges, SubStep, TrafficStatus,
    guard::{self, ViolationCode as Code},
};
use rstest::rstest;

use crate::given::*;

/// Three serving routes of v1, three ready ones of v2.
fn routes() -> Vec<Route> {
    [serving(1, 3, "v1", 1.0), idle(4, 3, "v2")].concat()
}

#[rstest]
#[case::nothing(on_the_way())]
#[case::each_once(on_the_way().promoting(r([4, 5])).raising(r([6]), 1.0).draining(r([1, 2])))]
#[case::in_any_order(on_the_way().promoting(r([6, 4, 5])).draining(r([3, 1])))]
fn each_given_route_once(#[case] plan: RouteChanges) {
    assert_eq!(found(&routes(), &wanting(3), &plan), []);
}

#[rstest]
#[case::promoted(on_the_way().promoting(r([4, 9])), &[(Code::UnknownId, "r-9")])]
#[case::changed(on_the_way().raising(r([9]), 1.0), &[(Code::UnknownId, "r-9")])]
#[case::drained(on_the_way().draining(r([9])), &[(Code::UnknownId, "r-9")])]
#[case::empty(on_the_way().draining(vec![String::new()]), &[(Code::UnknownId, "")])]
#[case::several_in_order(on_the_way().draining(r([9, 7, 8])), &[(Code::UnknownId, "r-7 r-8 r-9")])]
#[case::promoted_twice(on_the_way().promoting(r([4, 4])), &[(Code::DuplicateId, "r-4")])]
#[case::changed_twice(on_the_way().raising(r([4, 4]), 1.0), &[(Code::DuplicateId, "r-4")])]
#[case::drained_twice(on_the_way().draining(r([4, 4])), &[(Code::DuplicateId, "r-4")])]
#[case::unknown_twice(
    on_the_way().draining(r([9, 9])),
    &[(Code::UnknownId, "r-9"), (Code::DuplicateId, "r-9")]
)]
#[case::promoted_and_drained(on_the_way().promoting(r([4])).draining(r([4])), &[(Code::ConflictingChanges, "r-4")])]
#[case::promoted_and_changed(
    on_the_way().promoting(r([4])).raising(r([4]), 0.5),
    &[(Code::ConflictingChanges, "r-4")]
)]
#[case::changed_and_drained(
    on_the_way().raising(r([4]), 0.5).draining(r([4])),
    &[(Code::ConflictingChanges, "r-4")]
)]
#[case::unknown_in_two_lists(
    on_the_way().promoting(r([9])).draining(r([9])),
    &[(Code::UnknownId, "r-9"), (Code::ConflictingChanges, "r-9")]
)]
fn anything_else_is_refused_and_never_switched_off(#[case] plan: RouteChanges, #[case] expected: &[(Code, &str)]) {
    let expected: Vec<(Code, String)> = expected.iter().map(|(code, ids)| (*code, (*ids).to_owned())).collect();

    assert_eq!(found(&routes(), &wanting(3), &plan), expected);
    let ids_only = guard::check_ids(&routes(), &wanting(3), &plan);
    let ids_only: Vec<(Code, String)> = ids_only.into_iter().map(|it| (it.code, it.route_ids.join(" "))).collect();
    assert_eq!(ids_only, expected, "ids only");
}

/// Rule 1 alone looks at nothing but ids.
#[test]
fn ids_only_lets_any_other_harm_pass() {
    let harm =
        plan(SubStep::Completed).promoting(r([1])).draining(r([2, 3])).creating(0, "v7", TrafficStatus::Standby, 2.0);

    assert_ne!(found(&routes(), &wanting(3), &harm), []);
    assert_eq!(guard::check_ids(&routes(), &wanting(3), &harm), []);
}

#[rstest]
#[case::twice([routes(), serving(1, 1, "v1", 1.0)].concat(), "route `r-1`")]
#[case::no_id(with(routes(), |route| if route.id == "r-2" { route.id.clear() }), "empty id")]
#[case::ratio(with(routes(), |route| if route.id == "r-2" { route.traffic_ratio = 1.5 }), "route `r-2`")]
#[case::not_a_number(with(routes(), |route| if route.id == "r-2" { route.traffic_ratio = f64::NAN }), "route `r-2`")]
#[case::labels(
    with(routes(), |route| if route.id == "r-2" { route.labels = Labels::from_iter([("a", "1"), ("a", "2")]) }),
    "route `r-2`"
)]
fn routes_that_cannot_be_right_are_the_only_violation(#[case] routes: Vec<Route>, #[case] named: &str) {
    for plan in [on_the_way().draining(r([4])), plan(SubStep::Completed), plan(SubStep::RolledBack)] {
        let violations = guard::check(&routes, &wanting(3), &plan, &guard::Policy::default());

        assert_eq!(violations.iter().map(|it| it.code).collect::<Vec<_>>(), [Code::InvalidRoutes], "{plan:?}");
        assert!(violations[0].message.contains(named), "{}", violations[0].message);
    }
    let drains = on_the_way().draining(r([4]));
    assert_eq!(guard::check_ids(&routes, &wanting(3), &drains)[0].code, Code::InvalidRoutes);
    // A plan that changes nothing and ends nothing is not made worse by routes that nobody reads.
    assert_eq!(found(&routes, &wanting(3), &on_the_way()), []);
    assert!(!guard::needs_routes(&on_the_way()) && guard::needs_routes(&drains));
}
