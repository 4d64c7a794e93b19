//! The command line `pointsman`.
//!
//! Exit codes, of every command: 0 all is well; 1 the plugin said no to a request or a configuration, two plugins
//! differ, a rule is broken, or a simulated rollout went otherwise than expected; 2 the plugin, the input or the
//! command line could not be used.
#![forbid(unsafe_code)]

mod args;
mod batches;
mod check_config;
mod conformance;
mod diff;
mod documents;
mod error;
mod evaluate;
mod explain;
mod input;
mod inspect;
mod output;
mod routes_table;
mod simulate;
mod watch;

use std::{io, process::ExitCode};

use clap::Parser;

use crate::{
    args::{Cli, Command},
    error::{CliError, report},
};

/// Result of a command that ran to its end.
enum Outcome {
    /// All is well.
    Ok,
    /// The plugin said no, two plugins differ, or something went otherwise than expected.
    Refused,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Evaluate(args) => evaluate::run(&cli.sandbox, args),
        Command::Explain(args) => explain::run(&cli.sandbox, args),
        Command::Inspect(args) => inspect::run(&cli.sandbox, args),
        Command::CheckConfig(args) => check_config::run(&cli.sandbox, args),
        Command::Diff(args) => diff::run(&cli.sandbox, args),
        Command::Conformance(args) => conformance::run(&cli.sandbox, args),
        Command::Watch(args) => watch::run(&cli.sandbox, args),
        Command::Simulate(args) => simulate::run(&cli.sandbox, args),
        Command::Completions(args) => documents::completions(args),
        Command::Man(args) => documents::man(args),
    };
    match result {
        Ok(Outcome::Ok) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        // Whoever reads it has seen enough: `pointsman … | head`.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}
