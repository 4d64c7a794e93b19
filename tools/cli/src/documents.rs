//! `pointsman completions` and `pointsman man`: what shells and manuals know of the command line.

use std::{fs, io::Write};

use clap::CommandFactory;

use crate::{
    Outcome,
    args::{Cli, CompletionsArgs, ManArgs},
    error::CliError,
    output,
};

pub(crate) fn completions(args: &CompletionsArgs) -> Result<Outcome, CliError> {
    // It panics where it cannot write, as into a closed pipe.
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "pointsman", &mut script);
    output::stdout().write_all(&script)?;
    Ok(Outcome::Ok)
}

pub(crate) fn man(args: &ManArgs) -> Result<Outcome, CliError> {
    let written =
        fs::create_dir_all(&args.folder).and_then(|()| clap_mangen::generate_to(Cli::command(), &args.folder));
    written.map_err(|source| CliError::Write { file: args.folder.clone(), source })?;
    Ok(Outcome::Ok)
}
