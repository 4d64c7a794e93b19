//! `pointsman watch`: a folder of plugins that is watched while requests are decided, to see swaps, trials and going back work.

use std::{
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use pointsman_host::{
    Registry,
    registry::{self, Options, StrategyStatus, Trial, TrialLength, UnknownStrategy, Watching},
};
use pointsman_simulate::show::style;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    Outcome,
    args::{SandboxArgs, WatchArgs},
    batches,
    error::CliError,
    input, output,
};

/// Lines above the live line.
#[derive(Clone)]
struct Lines(ProgressBar);

pub(crate) fn run(sandbox: &SandboxArgs, args: &WatchArgs) -> Result<Outcome, CliError> {
    let text = input::read(&args.requests)?;
    let requests = batches::array(&input::requests(&args.requests, &text)?)?;
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{msg}").expect("it is a template"));
    let events = tracing_subscriber::fmt().with_writer(Lines(bar.clone())).with_target(false).compact();
    events.init();

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
        let due = Instant::now() + interval;
        // What comes of it is counted, and told where it is an error.
        let _ = registry.evaluate_cycles_json(&strategy, &requests);
        cycles += 1;
        bar.set_message(live_line(&status(&registry, &strategy)));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    bar.finish_and_clear();
    let status = status(&registry, &strategy);
    writeln!(output::stdout(), "{}", live_line(&status))?;
    let is_well = status.outcomes.keys().all(|outcome| *outcome == registry::Outcome::Ok);
    Ok(if is_well { Outcome::Ok } else { Outcome::Refused })
}

/// The strategy that was asked for, or the only one there is.
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
        (None, names) => Err(CliError::Strategy(format!("say which with --strategy: there is {}", names.join(", ")))),
    }
}

fn status(registry: &Registry, strategy: &str) -> StrategyStatus {
    let mut all = registry.status();
    let place = all.iter().position(|status| status.name == strategy);
    all.swap_remove(place.expect("a strategy that was there stays"))
}

/// `blue-green 0.1.0 on blue_green.wasm (sha256:…): ok 12, trap 1; p50 90µs, p99 1.2ms; shadow …`.
fn live_line(status: &StrategyStatus) -> String {
    let (heading, current) = (style::HEADING, &status.current);
    let mut line = format!("{heading}{}{heading:#} {} on {}:", status.name, current.version, current.plugin);
    let outcomes = status.outcomes.iter().map(|(outcome, count)| format!(" {} {count}", outcome.as_str()));
    line.push_str(&outcomes.collect::<Vec<_>>().join(","));
    line.push_str(&format!("; p50 {:?}, p99 {:?}", status.latency.p50, status.latency.p99));
    for (code, count) in &status.violations {
        line.push_str(&format!("; {} {count}", code.as_str()));
    }
    if status.reverts > 0 {
        line.push_str(&format!("; gone back {}", status.reverts));
    }
    if let Some(remaining) = status.backing_off {
        line.push_str(&format!("; backing off for {remaining:.0?}"));
    }
    if let Some(shadow) = &status.shadow {
        let (plugin, verdict) = (&shadow.version.plugin, shadow.verdict.as_str());
        line.push_str(&format!(
            "; shadow {plugin} {verdict}: {} decided, {} differently, {} skipped",
            shadow.evaluations, shadow.differences, shadow.skipped
        ));
    }
    line
}

// === impl Lines ===

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| anstream::stdout().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
