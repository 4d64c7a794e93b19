//! `pointsman check-config`: an admission step for configurations.

use std::io::{self, Write};

use pointsman::{Commitment, json::Admission};
use pointsman_host::CheckConfigError;
use serde::de::IgnoredAny;

use crate::{
    Outcome,
    args::{CheckConfigArgs, SandboxArgs},
    error::{CliError, report},
    input,
};

pub(crate) fn run(sandbox: &SandboxArgs, args: &CheckConfigArgs) -> Result<Outcome, CliError> {
    // No file that anybody would name begins with a brace; what else is JSON may be a file's name.
    let is_inline = |config: &&str| {
        config.trim_start().starts_with('{')
            || !args.config.exists() && serde_json::from_str::<IgnoredAny>(config).is_ok()
    };
    let inline = args.config.to_str().filter(is_inline);
    let plugin = sandbox.load(&args.plugin)?;
    let config = inline.map_or_else(|| input::config(&args.config), |config| Ok(config.to_owned()))?;
    match plugin.check_config(&config, args.target_replicas) {
        Ok(promised) if args.json => {
            write(&Admission::Ok(promised))?;
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
            write(&Admission::Error(message))?;
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
