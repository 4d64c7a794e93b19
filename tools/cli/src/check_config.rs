//! `pointsman check-config`: an admission step for configurations.

use std::io::{self, Write};

use pointsman::{Commitment, json::Admission};
use pointsman_host::CheckConfigError;

use crate::{
    Outcome,
    args::{CheckConfigArgs, SandboxArgs},
    error::{CliError, report},
    input, output,
};

pub(crate) fn run(sandbox: &SandboxArgs, args: &CheckConfigArgs) -> Result<Outcome, CliError> {
    let plugin = sandbox.load(&args.plugin)?;
    let config = input::config_argument(&args.config)?;
    match plugin.check_config(&config, args.target_replicas) {
        Ok(promised) if args.json => {
            output::seen(write(&Admission::Ok(promised)))?;
            Ok(Outcome::Ok)
        }
        Ok(Commitment { least_serving, most_live }) => {
            let target = args.target_replicas;
            writeln!(
                io::stdout(),
                "ok: at target {target} at least {least_serving} serve, and at most {most_live} are live"
            )?;
            Ok(Outcome::Ok)
        }
        Err(CheckConfigError::Invalid { message, .. }) if args.json => {
            output::seen(write(&Admission::Error(message)))?;
            Ok(Outcome::Refused)
        }
        Err(error @ CheckConfigError::Invalid { .. }) => {
            report(&error);
            Ok(Outcome::Refused)
        }
        Err(error) => Err(CliError::CheckConfig(error)),
    }
}

/// As `check-config` of the JSON entry point answers.
fn write(admission: &Admission) -> Result<(), CliError> {
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(admission).map_err(io::Error::from)?)?)
}
