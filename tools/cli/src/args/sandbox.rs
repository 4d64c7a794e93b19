//! Options for running and guarding a plugin.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use pointsman::{Amount, guard::Policy};
use pointsman_host::{Budget, Budgets, Guard, Host, Limits, Plugin, UnknownBudget};

use crate::error::CliError;

/// Limits of the plugin.
#[derive(Args)]
#[command(next_help_heading = "Sandbox")]
pub(crate) struct SandboxArgs {
    /// Keep compiled plugins in this folder; without it, in that of `POINTSMAN_CACHE`, if set. It is run as native
    /// code, so only you should be able to write to it.
    #[arg(long, global = true, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Longest time of one call, in milliseconds.
    #[arg(long, global = true, value_name = "MS", default_value_t = 1000)]
    time_limit: u64,
    /// Most memory of the plugin, in MiB.
    #[arg(long, global = true, value_name = "MIB", default_value_t = 64)]
    memory_limit: usize,
    /// Largest response of one call, in MiB.
    #[arg(long, global = true, value_name = "MIB", default_value_t = 16)]
    response_limit: usize,
    /// Largest component file, in MiB.
    #[arg(long, global = true, value_name = "MIB", default_value_t = 16)]
    file_limit: usize,
    /// Raise, or lower, what compiling the plugin may cost: a budget and how much of it there may be, as
    /// `work=4000000`. Can be given several times. A refused plugin's error names the budget.
    #[arg(long = "budget", global = true, value_name = "NAME=MOST", value_parser = budget)]
    budgets: Vec<(Budget, u64)>,
    #[command(flatten)]
    guard: GuardArgs,
}

/// Policy of the guard.
#[derive(Args)]
#[command(next_help_heading = "Guard")]
struct GuardArgs {
    /// Routes below the target that may be missing from service: a number, or a percentage of the target, rounded down,
    /// where it is above 0% to at least 1 from a target of 2 on.
    #[arg(long, global = true, value_name = "AMOUNT", default_value_t = Policy::default().max_unavailable)]
    max_unavailable: Amount,
    /// Live routes that there may be above the target: a number, or a percentage of the target, rounded up;
    /// at least 1.
    #[arg(long, global = true, value_name = "AMOUNT", default_value_t = Policy::default().max_surge)]
    max_surge: Amount,
    /// Serving capacity of the new revision that completes a rollout: a number, or a percentage of the target,
    /// rounded up; at least 1, at most the target.
    #[arg(long, global = true, value_name = "AMOUNT", default_value_t = Policy::default().complete_at)]
    complete_at: Amount,
    /// Check nothing but that the plan's ids are right.
    #[arg(long, global = true, conflicts_with_all = ["max_unavailable", "max_surge", "complete_at"])]
    guard_ids_only: bool,
}

/// Reads `NAME=MOST`.
fn budget(text: &str) -> Result<(Budget, u64), String> {
    let (name, most) = text.split_once('=').ok_or("should be NAME=MOST, as `work=4000000`")?;
    let budget = name.parse().map_err(|error: UnknownBudget| error.to_string())?;
    let most = most.parse().map_err(|_| format!("`{most}` is not a whole number"))?;
    Ok((budget, most))
}

// === impl SandboxArgs ===

impl SandboxArgs {
    /// Loads a plugin under these limits and this guard.
    pub(crate) fn load(&self, file: &Path) -> Result<Plugin, CliError> {
        Ok(self.host()?.load(file)?.with_guard(self.guard()))
    }

    /// The guard.
    pub(crate) fn guard(&self) -> Guard {
        self.guard.guard()
    }

    /// The limits.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory: self.memory_limit.saturating_mul(1 << 20),
            time: Duration::from_millis(self.time_limit),
            response: self.response_limit.saturating_mul(1 << 20),
            // One call at a time.
            instances: 1,
            component: self.file_limit.saturating_mul(1 << 20),
            budgets: self.budgets.iter().fold(Budgets::default(), |all, (budget, most)| all.with(*budget, *most)),
        }
    }

    /// The folder for compiled plugins, if there is one.
    pub(crate) fn cache(&self) -> Option<PathBuf> {
        let from_environment = || env::var_os("POINTSMAN_CACHE").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        self.cache.clone().or_else(from_environment)
    }

    /// A host with these limits.
    pub(crate) fn host(&self) -> Result<Host, CliError> {
        Ok(match self.cache() {
            Some(folder) => Host::with_cache(self.limits(), folder)?,
            None => Host::new(self.limits())?,
        })
    }
}

// === impl GuardArgs ===

impl GuardArgs {
    fn guard(&self) -> Guard {
        if self.guard_ids_only {
            return Guard::IdsOnly;
        }
        Guard::Policy(Policy {
            max_unavailable: self.max_unavailable,
            max_surge: self.max_surge,
            complete_at: self.complete_at,
        })
    }
}
