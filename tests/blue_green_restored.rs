//! Blue-green before the promotion keeps the target serving: ready blue that is out of traffic is returned to it before
//! anything is created for it.

#[path = "support/build.rs"]
mod support;

use pointsman::{
    Commitment, Route, Spec,
    blue_green::BlueGreen,
    evaluate_cycle,
    guard::{self, Policy},
};
use rstest::rstest;
use support::{lettered, operator, spec, summary};

const KNOWN: &str = "blue-green 2 1760000000000";

fn beside(stable: &str, leftover: &str, green: &str) -> Vec<Route> {
    let mut routes = lettered(1, "v1", stable);
    routes.extend(lettered(routes.len() + 1, "v1b", leftover));
    routes.extend(lettered(routes.len() + 1, "v2", green));
    routes
}

/// Three are to serve.
#[rstest]
#[case::as_many_as_are_missed("Rkkk", "", "rrr", "", "awaiting-approval in r-3 r-4")]
#[case::none_where_the_target_serves("RRRk", "", "rrr", "", "awaiting-approval")]
#[case::green_that_serves_counts("Rkk", "", "Rrr", "", "awaiting-approval in r-3")]
#[case::under_a_pause("Rkk", "", "rrr", "pause", "paused in r-2 r-3")]
#[case::muted("RRm", "", "rrr", "", "awaiting-approval in r-3")]
#[case::never_inactive("RRr", "", "rrr", "", "awaiting-approval")]
#[case::unready_is_not("RRu*", "", "rrr", "", "awaiting-approval")]
#[case::no_leftover("RR", "k", "rr", "", "creating-green create 1 v1 create 1 drain r-3")]
#[case::and_what_is_missing_is_created("Rk", "", "rrr", "", "awaiting-approval create 1 v1 in r-2")]
#[case::beside_new_green("Rkk", "", "", "", "creating-green create 3 in r-2 r-3")]
fn ready_blue_returns(
    #[case] stable: &str,
    #[case] leftover: &str,
    #[case] green: &str,
    #[case] wish: &str,
    #[case] plan: &str,
) {
    let routes = beside(stable, leftover, green);
    let limits = Some(Commitment::NONE);
    let spec = Spec { memo: Some(KNOWN.to_owned()), operator: operator(wish), limits, ..spec(0, "{}") };

    let decided = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();

    assert_eq!(summary(&decided), plan, "{}", decided.reason.message);
    assert_eq!(guard::check(&routes, &spec, &decided, &Policy::default()), [], "{decided:?}");
}
