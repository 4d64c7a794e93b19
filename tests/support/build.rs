//! Builders of routes and specs for the tables' tests, and a plan in one line.
#![allow(dead_code, reason = "shared by several test binaries")]

use pointsman::{
    Check, CheckOutcome, HealthStatus, Labels, Operator, Route, RouteChanges, RouteEnd, RouteStatus, Spec, Timestamp,
    TrafficStatus,
};

/// When the rollouts of tests start, in milliseconds.
pub(crate) const STARTED_AT: u64 = 1_760_000_000_000;

/// A route of a revision: running, healthy, out of traffic, created and last changed at the start.
pub(crate) fn route(id: &str, revision: &str) -> Route {
    Route {
        id: id.to_owned(),
        revision: revision.to_owned(),
        status: RouteStatus::Running,
        health: HealthStatus::Healthy,
        traffic_status: TrafficStatus::Inactive,
        traffic_ratio: 0.0,
        created_at: Timestamp::from_millis(STARTED_AT),
        status_updated_at: Some(Timestamp::from_millis(STARTED_AT)),
        end: None,
        labels: Labels::default(),
    }
}

/// A spec for `v2` after `v1` and three replicas, `elapsed` milliseconds after the start.
pub(crate) fn spec(elapsed: u64, config: &str) -> Spec {
    let started_at = Timestamp::from_millis(STARTED_AT);
    let now = Timestamp::from_millis(STARTED_AT + elapsed);
    Spec { config: config.to_owned(), stable_revision: Some("v1".to_owned()), ..Spec::new("v2", 3, started_at, now) }
}

/// `n` routes, numbered from `first`.
pub(crate) fn routes(first: usize, n: usize, revision: &str, with: impl Fn(&mut Route)) -> Vec<Route> {
    let numbered = (first..first + n).map(|i| {
        let mut route = route(&format!("r-{i}"), revision);
        with(&mut route);
        route
    });
    numbered.collect()
}

/// Routes numbered from `first`, one for each letter: `r`eady, `u`nhealthy, `d`egraded, not `c`hecked, `p`rovisioning,
/// `f`ailed to start, `t`erminated for an unknown reason, `e`victed, terminatin`g`, drained and gone (`x`), and `o`ld,
/// which was terminated before the rollout; `k` is ready and on standby, `m` in traffic with a ratio of 0.0, `h` with
/// 0.5. A capital letter is in traffic; `a` is short for `R`. A star after a letter puts the route on standby.
pub(crate) fn lettered(first: usize, revision: &str, letters: &str) -> Vec<Route> {
    let mut made: Vec<Route> = vec![];
    for letter in letters.chars() {
        if letter == '*' {
            let last = made.last_mut().expect("a star follows a letter");
            (last.traffic_status, last.traffic_ratio) = (TrafficStatus::Standby, 1.0);
            continue;
        }
        let mut route = route(&format!("r-{}", first + made.len()), revision);
        if letter == 'a' || letter.is_uppercase() {
            activate(&mut route);
        }
        let mut ended = |status, end| (route.status, route.end) = (status, end);
        match letter.to_ascii_lowercase() {
            'r' | 'a' => {}
            'k' => (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Standby, 1.0),
            'm' => (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Active, 0.0),
            'h' => (route.traffic_status, route.traffic_ratio) = (TrafficStatus::Active, 0.5),
            'u' => route.health = HealthStatus::Unhealthy,
            'd' => route.health = HealthStatus::Degraded,
            'c' => route.health = HealthStatus::NotChecked,
            'p' => route.status = RouteStatus::Provisioning,
            'f' => ended(RouteStatus::FailedToStart, Some(RouteEnd::Crashed)),
            't' => ended(RouteStatus::Terminated, None),
            'e' => ended(RouteStatus::Terminated, Some(RouteEnd::Evicted)),
            'x' => ended(RouteStatus::Terminated, Some(RouteEnd::Drained)),
            'g' => ended(RouteStatus::Terminating, Some(RouteEnd::Drained)),
            'o' => {
                route.status = RouteStatus::Terminated;
                route.created_at = Timestamp::from_millis(STARTED_AT - 1);
            }
            _ => panic!("`{letter}` is no kind of route"),
        }
        made.push(route);
    }
    made
}

/// What an operator requests: `promote`, `abort`, `pause`, several joined by `+`, and every other word a gate that
/// was passed.
pub(crate) fn operator(words: &str) -> Operator {
    let mut operator = Operator::default();
    for word in words.split('+').filter(|word| !word.is_empty()) {
        match word {
            "promote" => operator.promote = true,
            "abort" => operator.abort = true,
            "pause" => operator.pause = true,
            gate => operator.passed_gates.push(gate.to_owned()),
        }
    }
    operator
}

/// One check with this outcome beside another that passed; none for another word.
pub(crate) fn checks(outcome: &str) -> Vec<Check> {
    let outcome = match outcome {
        "failed" => CheckOutcome::Failed,
        "pending" => CheckOutcome::Pending,
        "inconclusive" => CheckOutcome::Inconclusive,
        "passed" => CheckOutcome::Passed,
        _ => return vec![],
    };
    let check = |name: &str, outcome| Check { name: name.to_owned(), outcome, observed_at: None };
    vec![check("smoke", CheckOutcome::Passed), check("latency", outcome)]
}

/// Puts a route into traffic.
pub(crate) fn activate(route: &mut Route) {
    route.traffic_status = TrafficStatus::Active;
    route.traffic_ratio = 1.0;
}

/// `promoting create 2 promote r-5 in r-6 out r-1 drain r-2`: the reason, and what is done. Routes of the stable
/// revision are created with its name: `create 1 v1`.
pub(crate) fn summary(plan: &RouteChanges) -> String {
    let mut words = vec![plan.reason.code.clone()];
    words.extend(plan.rollout_specs.iter().map(|created| match created.revision.as_str() {
        "v2" => format!("create {}", created.count),
        revision => format!("create {} {revision}", created.count),
    }));
    let changed = |status: TrafficStatus| {
        let changes = plan.traffic_changes.iter().filter(|change| change.traffic_status == status);
        changes.map(|change| change.route_id.clone()).collect::<Vec<_>>()
    };
    let lists = [
        ("promote", plan.promote_route_ids.clone()),
        ("in", changed(TrafficStatus::Active)),
        ("by", changed(TrafficStatus::Standby)),
        ("out", changed(TrafficStatus::Inactive)),
        ("drain", plan.drain_route_ids.clone()),
    ];
    words
        .extend(lists.iter().filter(|(_, ids)| !ids.is_empty()).map(|(verb, ids)| format!("{verb} {}", ids.join(" "))));
    words.join(" ")
}

/// What the routes are once a host has applied the plan.
pub(crate) fn apply(plan: &RouteChanges, routes: &[Route], spec: &Spec) -> Vec<Route> {
    let mut routes = routes.to_vec();
    let mut created = 0;
    let new_id = || {
        created += 1;
        format!("new-{created}")
    };
    plan.apply(&mut routes, spec.now, new_id).expect("a plan names given routes");
    routes
}
