//! `pointsman check-config`: an admission step for configurations.

use std::io::{self, Write};

use pointsman_host::CheckConfigError;

use crate::{
    Outcome,
    cli::{CheckConfigArgs, Sandbox},
    error::{CliError, report},
    input,
};

pub(crate) fn run(sandbox: &Sandbox, args: &CheckConfigArgs) -> Result<Outcome, CliError> {
    // No file that anybody would name begins with a brace.
    let inline = args.config.to_str().filter(|config| config.trim_start().starts_with('{'));
    let config = inline.map_or_else(|| input::read(&args.config), |config| Ok(config.to_owned()))?;
    match sandbox.load(&args.plugin)?.check_config(&config) {
        Ok(()) => {
            writeln!(io::stdout(), "ok")?;
            Ok(Outcome::Ok)
        }
        Err(error @ CheckConfigError::Invalid { .. }) => {
            report(&error);
            Ok(Outcome::Refused)
        }
        Err(error @ CheckConfigError::Call(_)) => Err(CliError::CheckConfig(error)),
    }
}
