//! The table of routes that `explain` shows.

use std::collections::BTreeMap;

use pointsman::{Rollout, Route, RouteChanges};
use pointsman_simulate::show::{Table, moment, plain, style, traffic};

use crate::output;

/// All routes: what each is, how that classifies it, and what the plan does with it.
pub(crate) fn of(rollout: &Rollout, plan: &RouteChanges) -> String {
    let headings = ["ROUTE", "REVISION", "STATUS", "HEALTH", "TRAFFIC", "CHANGED", "CLASS", "PLAN"];
    let mut table = (0..headings.len()).fold(Table::new(output::look(), &headings), Table::wrap);
    let actions = Actions::new(plan);
    for route in rollout.routes() {
        let changed = route.status_updated_at.map_or("-".to_owned(), |at| moment::relative(at, rollout.spec().now));
        table.add_row([
            plain(&route.id).into_owned(),
            plain(&route.revision).into_owned(),
            route.status.as_str().to_owned(),
            route.health.as_str().to_owned(),
            traffic(route.traffic_status, route.traffic_ratio),
            changed,
            class(rollout, route),
            actions.of(&route.id),
        ]);
    }
    table.into_text()
}

/// `green live ready serving`.
fn class(rollout: &Rollout, route: &Route) -> String {
    let is_green = rollout.is_green(route);
    let (colour, name) = match is_green {
        true => (style::GREEN, "green"),
        false if rollout.is_stable(route) => (style::BLUE, "stable"),
        false if rollout.is_leftover(route) => (style::BLUE, "leftover"),
        false => (style::BLUE, "blue"),
    };
    let mut words = vec![format!("{colour}{name}{colour:#}")];
    let classes = [("live", route.is_live()), ("ready", route.is_ready()), ("serving", route.is_serving())];
    words.extend(classes.iter().filter(|(_, is)| *is).map(|(word, _)| (*word).to_owned()));
    let beginning = rollout.spec().beginning();
    if is_green && route.has_failed_since(beginning) {
        words.push(format!("{}failed{:#}", style::ERROR, style::ERROR));
    } else if let Some(end) = route.end {
        words.push(end.as_str().to_owned());
    }
    if is_green && !route.is_live() && !route.has_ended_since(beginning) {
        words.push("history".to_owned());
    }
    words.join(" ")
}

/// Actions of the plan on each route that it names.
struct Actions<'a>(BTreeMap<&'a str, Vec<String>>);

impl<'a> Actions<'a> {
    fn new(plan: &'a RouteChanges) -> Self {
        let mut actions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut add = |id: &'a str, action: String| actions.entry(id).or_default().push(action);
        for id in &plan.promote_route_ids {
            add(id, format!("{}promote{:#}", style::GREEN, style::GREEN));
        }
        for change in &plan.traffic_changes {
            add(&change.route_id, format!("traffic {}", traffic(change.traffic_status, change.traffic_ratio)));
        }
        for id in &plan.drain_route_ids {
            add(id, format!("{}drain{:#}", style::WARNING, style::WARNING));
        }
        for id in &plan.reason.blocking_route_ids {
            add(id, format!("{}blocks{:#}", style::FAINT, style::FAINT));
        }
        Self(actions)
    }

    fn of(&self, id: &str) -> String {
        self.0.get(id).map(|actions| actions.join(" ")).unwrap_or_default()
    }
}
