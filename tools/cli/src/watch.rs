//! `pointsman watch`: a folder of plugins that is watched while requests are decided, to see swaps, trials and reverts
//! work.

use std::{
    io::Write,
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use pointsman_host::{
    Registry,
    registry::{self, Options, StrategyStatus, Trial, TrialLength, UnknownStrategy, Watching},
};
use pointsman_simulate::show::{listed, plain, style};

use crate::{
    Outcome,
    args::{SandboxArgs, WatchArgs},
    batches,
    error::CliError,
    input, output,
};

mod log;

/// Most strategies that an error lists.
const LISTED: usize = 8;

pub(crate) fn run(sandbox: &SandboxArgs, args: &WatchArgs) -> Result<Outcome, CliError> {
    let text = input::read(&args.requests)?;
    let requests = batches::array(&batches::keyed(&input::requests(&args.requests, &text)?))?;
    // Hidden where standard error is no terminal: then each round has a line of its own.
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{msg}").expect("it is a template"));
    log::start(bar.clone());

    let registry = Registry::new(sandbox.host()?, Options { guard: sandbox.guard(), ..Options::default() });
    let trial = args.shadow.map(|evaluations| Trial {
        length: TrialLength::Evaluations(evaluations),
        most_differences: args.most_differences,
        auto_promote: args.auto_promote,
    });
    let poll = args.poll.map(Duration::from_millis);
    let _watch = registry.watch(&args.folder, Watching { poll, trial, ..Watching::default() })?;
    let strategy = strategy(&registry, args)?;

    let interval = Duration::from_millis(args.interval);
    let mut cycles = 0;
    while args.cycles.is_none_or(|most| cycles < most) {
        let due = now() + interval;
        // How each request ended the registry counts and tells.
        drop(registry.evaluate_cycles_json(&strategy, &requests));
        cycles += 1;
        let line = live_line(&status(&registry, &strategy));
        if bar.is_hidden() {
            writeln!(output::stdout(), "{line}")?;
        } else {
            bar.set_message(line);
        }
        pause(due.saturating_duration_since(now()));
    }
    let status = status(&registry, &strategy);
    if !bar.is_hidden() {
        bar.finish_and_clear();
        writeln!(output::stdout(), "{}", live_line(&status))?;
    }
    let is_well = status.outcomes.keys().all(|outcome| *outcome == registry::Outcome::Ok);
    Ok(if is_well { Outcome::Ok } else { Outcome::Refused })
}

#[expect(clippy::disallowed_methods, reason = "rounds are timed by the clock on the wall; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "from one round to the next nothing is waited for but time")]
fn pause(duration: Duration) {
    thread::sleep(duration);
}

/// The strategy that was named, or the only one there is.
fn strategy(registry: &Registry, args: &WatchArgs) -> Result<String, CliError> {
    let names: Vec<String> = registry.status().into_iter().map(|status| status.name).collect();
    match (&args.strategy, &names[..]) {
        (Some(name), names) if names.contains(name) => Ok(name.clone()),
        (None, [name]) => Ok(name.clone()),
        (_, []) => Err(CliError::Strategy(format!("no plugin in `{}` could be loaded", args.folder.display()))),
        (Some(name), _) => {
            let unknown = UnknownStrategy { name: name.clone(), known: names };
            Err(CliError::Strategy(unknown.to_string()))
        }
        (None, names) => {
            Err(CliError::Strategy(format!("say which with --strategy: there is {}", listed(names, LISTED))))
        }
    }
}

fn status(registry: &Registry, strategy: &str) -> StrategyStatus {
    let mut all = registry.status();
    let place = all.iter().position(|status| status.name == strategy);
    all.swap_remove(place.expect("a strategy that was there stays"))
}

/// `blue-green 0.1.0 on blue_green.wasm (sha256:…): ok 12, refused 3, trap 1; p50 90µs, p99 1.2ms; shadow …`.
fn live_line(status: &StrategyStatus) -> String {
    let (heading, current) = (style::HEADING, &status.current);
    let (name, version, plugin) = (&status.name, &current.version, current.plugin.to_string());
    let mut line = format!("{heading}{}{heading:#} {} on {}:", plain(name), plain(version), plain(&plugin));
    let outcomes = status.outcomes.iter().map(|(outcome, count)| format!(" {} {count}", outcome.as_str()));
    line.push_str(&outcomes.collect::<Vec<_>>().join(","));
    line.push_str(&format!("; p50 {:?}, p99 {:?}", status.latency.p50, status.latency.p99));
    for (code, count) in &status.violations {
        line.push_str(&format!("; {} {count}", code.as_str()));
    }
    if status.reverts > 0 {
        line.push_str(&format!("; reverted {}", status.reverts));
    }
    if let Some(remaining) = status.circuit_open {
        line.push_str(&format!("; circuit open for {remaining:.0?}"));
    }
    for (what, total) in [("circuits open", status.circuits.open_total), ("pinned", status.circuits.pinned_total)] {
        if total > 0 {
            line.push_str(&format!("; {what} {total}"));
        }
    }
    if let Some(shadow) = &status.shadow {
        let (plugin, comparison) = (shadow.version.plugin.to_string(), shadow.comparison.as_str());
        line.push_str(&format!(
            "; shadow {} {comparison}: {} decided, {} differently, {} skipped",
            plain(&plugin),
            shadow.evaluations,
            shadow.differences,
            shadow.skipped
        ));
    }
    line
}
