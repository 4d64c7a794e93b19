//! A manager's loop: a blue-green rollout to its end, over a table in memory and in virtual time.

use pointsman_host::pointsman::{
    HealthStatus::Healthy, Labels, Route, RouteChanges, RouteStatus, Spec, Timestamp, TrafficStatus,
};
use pointsman_host::{Host, Limits};

const SECOND: u64 = 1000;
const START: Timestamp = Timestamp::from_millis(1_760_000_000_000);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "target/plugins/blue_green.wasm".to_owned());
    let plugin = Host::new(Limits::default())?.load(file)?;
    let mut routes: Vec<Route> = (1..=3).map(|n| serving(n, "v1")).collect();
    let mut spec = Spec::new("v2", 3, START, START);
    spec.stable_revision = Some("v1".to_owned());
    spec.config =
        String::from(r#"{"auto_promote": true, "promote_delay_seconds": 20, "progress_deadline_seconds": 600}"#);
    plugin.check_config(&spec.config, spec.target_replicas)?;
    loop {
        let plan = plugin.evaluate_cycle(&routes, &spec)?;
        println!("{:>4}s  {}", spec.now.saturating_millis_since(START) / SECOND, summary(&plan));
        // In a real manager: one transaction, and only if the routes are still those that the plan was made from.
        let mut ids = routes.len() + 1..;
        plan.apply(&mut routes, spec.now, || format!("r-{}", ids.next().unwrap_or_default()))?;
        if plan.sub_step.is_over() {
            return Ok(());
        }
        spec.memo = plan.memo;
        spec.now = spec.now.saturating_add_millis(10 * SECOND);
        for route in &mut routes {
            live_on(route, spec.now);
        }
    }
}

/// Plays the environment of a route: it is ready after 20 seconds, and gone in the cycle after it was drained.
fn live_on(route: &mut Route, now: Timestamp) {
    let age = now.saturating_millis_since(route.created_at);
    (route.status, route.health) = match route.status {
        RouteStatus::Provisioning if age >= 20 * SECOND => (RouteStatus::Running, Healthy),
        RouteStatus::Terminating => (RouteStatus::Terminated, route.health),
        _ => return,
    };
    route.status_updated_at = Some(now);
}

/// A route that has served for a day.
fn serving(n: usize, revision: &str) -> Route {
    let created_at = Timestamp::from_millis(START.as_millis() - 24 * 3600 * SECOND);
    Route {
        id: format!("r-{n}"),
        revision: revision.to_owned(),
        status: RouteStatus::Running,
        health: Healthy,
        traffic_status: TrafficStatus::Active,
        traffic_ratio: 1.0,
        created_at,
        status_updated_at: Some(created_at),
        end: None,
        labels: Labels::default(),
    }
}

fn summary(plan: &RouteChanges) -> String {
    let created = plan.rollout_specs.iter().map(|spec| spec.count as usize).sum::<usize>();
    let changes =
        [("create", created), ("promote", plan.promote_route_ids.len()), ("drain", plan.drain_route_ids.len())];
    let changes: Vec<_> = changes.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {n}")).collect();
    let changes = if changes.is_empty() { String::new() } else { format!(" [{}]", changes.join(", ")) };
    format!("{}: {}{changes}", plan.sub_step.as_str(), plan.reason.message)
}
