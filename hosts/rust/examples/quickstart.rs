//! Decides one cycle of one deployment.

use pointsman_host::{Host, Limits, pointsman::json::Request};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::new(Limits::default())?;
    let plugin = host.load("target/plugins/blue_green.wasm")?;

    // A manager makes these from its database.
    let Request { routes, spec } = Request::parse(&std::fs::read_to_string("examples/request.json")?)?;
    let plan = plugin.evaluate_cycle(&routes, &spec)?;

    println!("{}: {}", plan.sub_step.as_str(), plan.reason.message);
    println!("promote {:?}, drain {:?}", plan.promote_route_ids, plan.drain_route_ids);
    // It has passed the guard. Now apply it, in one transaction: create, promote, change traffic, drain.
    Ok(())
}
