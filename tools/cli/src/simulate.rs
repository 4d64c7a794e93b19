//! `pointsman simulate`: a rollout played in virtual time, before anybody runs it.
//!
//! | file | what it is for |
//! |---|---|
//! | `scenario.rs` | the file format: what is wanted, how the world behaves, what happens when |
//! | `chance.rs` | numbers drawn from a seed |
//! | `world.rs` | routes in virtual time |
//! | `host.rs` | the host's loop: evaluate, guard, apply, on to the next moment |
//! | `record.rs` | what happened |
//! | `document.rs` | a run as JSON |
//! | `class.rs` | what a route is to somebody who looks on |
//! | `verdict.rs` | what is to be said of a run as a whole |
//! | `timeline.rs` | a run as text |
//! | `chart.rs` | a run as a picture |
//! | `monte_carlo.rs` | many runs with other seeds: how likely what is |
//!
//! There is no clock and no waiting. The same scenario, plugin and seed give the same output, byte for byte.

use std::{
    fs,
    io::{self, Write},
};

use pointsman_host::Guard;
use serde::Serialize;

use crate::{
    Outcome,
    cli::{Sandbox, SimulateArgs},
    error::CliError,
    input,
};

mod chance;
mod chart;
mod class;
mod document;
mod host;
mod monte_carlo;
mod record;
mod scenario;
mod timeline;
mod verdict;
mod world;

use self::{document::Document, scenario::Scenario, verdict::Verdict};

pub(crate) fn run(sandbox: &Sandbox, args: &SimulateArgs) -> Result<Outcome, CliError> {
    let scenario = Scenario::parse(&args.scenario, &input::read(&args.scenario)?)?;
    let plugin = sandbox.load(&args.plugin)?;
    let mut session = match scenario.policy {
        Some(policy) if matches!(plugin.guard(), Guard::Policy(_)) => plugin.under(policy).session()?,
        _ => plugin.session()?,
    };
    if let Some(runs) = args.monte_carlo {
        return monte_carlo::run(&mut session, &scenario, args.seed, runs, args.json);
    }
    let record = host::play(&mut session, &scenario, args.seed)?;
    let verdict = Verdict::of(&record);
    if let Some(file) = &args.svg {
        let svg = chart::draw(&scenario, &record, &verdict);
        fs::write(file, svg).map_err(|source| CliError::Write { file: file.clone(), source })?;
    }
    if args.json {
        write_json(&Document::new(&scenario, args.seed, &record, &verdict))?;
    } else {
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        timeline::write(&mut out, &scenario, &record, &verdict, args.all)?;
    }
    Ok(if verdict.is_well() { Outcome::Ok } else { Outcome::Refused })
}

fn write_json(document: &impl Serialize) -> Result<(), CliError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, document).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}
