//! Errors of commands, and their way to standard error.

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
};

use pointsman_conformance::CheckError;
use pointsman_host::{
    CallError, CheckConfigError, EvaluateCyclesError, EvaluateError, HostError, LoadError, registry::WatchError,
};
use pointsman_simulate::{
    ParseError, PlayError,
    show::{plain, style},
};

/// Reason why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("there is no sandbox")]
    Host(#[from] HostError),
    #[error("the plugin cannot be used")]
    Load(#[from] LoadError),
    #[error("cannot read {}", name(file))]
    Read { file: PathBuf, source: io::Error },
    #[error("{} has more than {limit} bytes", name(file))]
    TooLong { file: PathBuf, limit: u64 },
    #[error("{} is not UTF-8 text", name(file))]
    NotText { file: PathBuf },
    #[error("{} is empty; it should be {expected}", name(file))]
    Empty { file: PathBuf, expected: &'static str },
    #[error("{} is not JSON", name(file))]
    NotJson { file: PathBuf, source: serde_json::Error },
    #[error("{} is not a scenario", name(file))]
    Scenario { file: PathBuf, source: ParseError },
    #[error(transparent)]
    Play(#[from] PlayError),
    #[error(transparent)]
    Conformance(#[from] CheckError),
    #[error("cannot write {}", name(file))]
    Write { file: PathBuf, source: io::Error },
    #[error("no answer to request {number}")]
    EvaluateCycles { number: usize, source: EvaluateCyclesError },
    #[error("no plan")]
    Evaluate(#[source] EvaluateError),
    #[error("the configuration was not checked")]
    CheckConfig(#[source] CheckConfigError),
    #[error("no description")]
    Describe(#[from] CallError),
    #[error("the plugin's answers are not what the contract says: {0}")]
    Answers(String),
    #[error("the file's metadata cannot be read: {0}")]
    Metadata(String),
    #[error("`--plugin` is given {0} times; two plugins are compared")]
    TwoPlugins(usize),
    #[error("the folder is not watched")]
    Watch(#[from] WatchError),
    #[error("there is no strategy to ask: {0}")]
    Strategy(String),
    #[error("`{config}`, which `--config` gives, is not a JSON object")]
    NotConfig { config: String, source: serde_json::Error },
    #[error("the rollout went otherwise than expected: {0}")]
    Unexpected(String),
    #[error("the plugin refuses `{config}`, which `--config` gives: {message}")]
    RefusedConfig { config: String, message: String },
    #[error("{skipped} rules were not tried: {why}; configurations are given with --config")]
    NotTried { skipped: usize, why: String },
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

fn name(file: &Path) -> String {
    if crate::input::is_standard(file) { "standard input".to_owned() } else { format!("`{}`", file.display()) }
}

/// Tells an error: what could not be done in one line, and below it why.
pub(crate) fn report(error: &dyn Error) {
    let mut err = anstream::stderr().lock();
    // Where standard error is closed there is nobody to tell; the exit code remains.
    let _ = write_report(&mut err, error);
}

fn write_report(err: &mut impl Write, error: &dyn Error) -> io::Result<()> {
    writeln!(err, "{}error:{:#} {}", style::ERROR, style::ERROR, plain(&error.to_string()))?;
    let mut cause = error.source();
    while let Some(error) = cause {
        // A backtrace of the plugin has lines of its own.
        for (i, line) in error.to_string().lines().enumerate() {
            writeln!(err, "  {}{}", if i == 0 { "caused by: " } else { "           " }, plain(line))?;
        }
        cause = error.source();
    }
    Ok(())
}
