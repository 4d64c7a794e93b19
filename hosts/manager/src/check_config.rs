//! `pointsman check-config`: an admission step for configurations.

use std::io::{self, Write};

use pointsman_host::CheckConfigError;
use serde::de::IgnoredAny;

use crate::{
    Outcome,
    cli::{CheckConfigArgs, Sandbox},
    error::{CliError, report},
    input,
};

pub(crate) fn run(sandbox: &Sandbox, args: &CheckConfigArgs) -> Result<Outcome, CliError> {
    // No file that anybody would name begins with a brace; what else is JSON may be a file's name.
    let is_inline = |config: &&str| {
        config.trim_start().starts_with('{')
            || !args.config.exists() && serde_json::from_str::<IgnoredAny>(config).is_ok()
    };
    let inline = args.config.to_str().filter(is_inline);
    let plugin = sandbox.load(&args.plugin)?;
    let config = inline.map_or_else(|| input::read(&args.config), |config| Ok(config.to_owned()))?;
    match plugin.check_config(&config) {
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
