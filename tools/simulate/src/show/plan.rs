//! A plan in a few words.

use pointsman::{RouteChanges, TrafficStatus};

use super::plain;

/// Changes of a plan, in words: `create 3 of v2 (inactive), then promote 2, then drain 3`, or `none`.
pub fn changes(plan: &RouteChanges) -> String {
    let mut parts: Vec<String> = plan
        .rollout_specs
        .iter()
        .map(|spec| {
            format!(
                "create {} of {} ({})",
                spec.count,
                plain(&spec.revision),
                traffic(spec.traffic_status, spec.traffic_ratio)
            )
        })
        .collect();
    let lists = [
        ("promote", plan.promote_route_ids.len()),
        ("change traffic of", plan.traffic_changes.len()),
        ("drain", plan.drain_route_ids.len()),
    ];
    parts.extend(lists.iter().filter(|(_, n)| *n > 0).map(|(verb, n)| format!("{verb} {n}")));
    if parts.is_empty() { "none".to_owned() } else { parts.join(", then ") }
}

/// A route's traffic, in words: `active 1.0`, `standby 1.0`, `inactive`, and a ratio that nobody gets: `inactive
/// 0.5`.
pub fn traffic(status: TrafficStatus, ratio: f64) -> String {
    match status {
        TrafficStatus::Active => format!("active {ratio:?}"),
        TrafficStatus::Standby => format!("standby {ratio:?}"),
        TrafficStatus::Inactive if ratio == 0.0 => "inactive".to_owned(),
        TrafficStatus::Inactive => format!("inactive {ratio:?}"),
    }
}
