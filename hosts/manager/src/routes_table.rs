//! The table of routes that `explain` shows.

use comfy_table::{ContentArrangement, Table, presets};
use pointsman::{HealthStatus, Rollout, Route, RouteChanges, RouteStatus, TrafficStatus};

use crate::{error::style, moment};

/// All routes: what each is, how that classifies it, and what the plan does with it.
pub(crate) fn of(rollout: &Rollout, plan: &RouteChanges) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let heading = |text: &str| format!("{}{text}{:#}", style::HEADING, style::HEADING);
    table.set_header(["ROUTE", "REVISION", "STATUS", "HEALTH", "TRAFFIC", "CHANGED", "CLASS", "PLAN"].map(heading));
    for route in rollout.routes() {
        let changed = route.status_updated_at.map_or("-".to_owned(), |at| moment::relative(at, rollout.spec().now));
        table.add_row([
            route.id.clone(),
            route.revision.clone(),
            status(route).to_owned(),
            health(route).to_owned(),
            traffic(route.traffic_status, route.traffic_ratio),
            changed,
            class(rollout, route),
            action(plan, route),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// `green live ready serving`.
fn class(rollout: &Rollout, route: &Route) -> String {
    let is_green = rollout.is_green(route);
    let (colour, name) = if is_green { (style::GREEN, "green") } else { (style::BLUE, "blue") };
    let mut words = vec![format!("{colour}{name}{colour:#}")];
    let classes = [("live", route.is_live()), ("ready", route.is_ready()), ("serving", route.is_serving())];
    words.extend(classes.iter().filter(|(_, is)| *is).map(|(word, _)| (*word).to_owned()));
    if is_green && route.has_failed_since(rollout.spec().started_at) {
        words.push(format!("{}failed{:#}", style::ERROR, style::ERROR));
    } else if !route.is_live() {
        words.push("history".to_owned());
    }
    words.join(" ")
}

/// What the plan does with a route.
fn action(plan: &RouteChanges, route: &Route) -> String {
    let change = plan.traffic_changes.iter().find(|change| change.route_id == route.id);
    let mut words = vec![];
    if plan.promote_route_ids.contains(&route.id) {
        words.push(format!("{}promote{:#}", style::GREEN, style::GREEN));
    }
    if let Some(change) = change {
        words.push(format!("traffic {}", traffic(change.traffic_status, change.traffic_ratio)));
    }
    if plan.drain_route_ids.contains(&route.id) {
        words.push(format!("{}drain{:#}", style::WARNING, style::WARNING));
    }
    if plan.reason.blocking_route_ids.contains(&route.id) {
        words.push(format!("{}blocks{:#}", style::FAINT, style::FAINT));
    }
    words.join(" ")
}

/// `active 1.0`, `inactive`, and a ratio that nobody gets: `inactive 0.5`.
pub(crate) fn traffic(status: TrafficStatus, ratio: f64) -> String {
    match status {
        TrafficStatus::Active => format!("active {ratio:?}"),
        TrafficStatus::Inactive if ratio == 0.0 => "inactive".to_owned(),
        TrafficStatus::Inactive => format!("inactive {ratio:?}"),
    }
}

fn status(route: &Route) -> &'static str {
    match route.status {
        RouteStatus::Provisioning => "provisioning",
        RouteStatus::Running => "running",
        RouteStatus::Terminating => "terminating",
        RouteStatus::Terminated => "terminated",
        RouteStatus::FailedToStart => "failed-to-start",
    }
}

fn health(route: &Route) -> &'static str {
    match route.health {
        HealthStatus::NotChecked => "not-checked",
        HealthStatus::Healthy => "healthy",
        HealthStatus::Unhealthy => "unhealthy",
        HealthStatus::Degraded => "degraded",
    }
}
