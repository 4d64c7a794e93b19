//! Arguments of the command line.

use std::{
    num::{NonZeroU32, NonZeroU64},
    path::PathBuf,
};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
    value_parser,
};
use pointsman_simulate::Expect;

pub(crate) use self::sandbox::SandboxArgs;

mod examples;
mod sandbox;

/// Rollout strategies as sandboxed WebAssembly components.
///
/// Exit codes: 0 all is well; 1 the plugin said no, or a rollout did not end as expected; 2 the plugin, the input or
/// the command line could not be used.
#[derive(Parser)]
#[command(name = "pointsman", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Decide: requests in, plans out, as JSON.
    #[command(after_help = examples::EVALUATE)]
    Evaluate(EvaluateArgs),
    /// Decide, and show for people what was decided and why.
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Show what a plugin is.
    #[command(after_help = examples::INSPECT)]
    Inspect(InspectArgs),
    /// Check a strategy's configuration, before any rollout.
    #[command(after_help = examples::CHECK_CONFIG)]
    CheckConfig(CheckConfigArgs),
    /// Show where two plugins decide differently.
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Try any plugin against what every strategy must satisfy.
    #[command(after_help = examples::CONFORMANCE)]
    Conformance(ConformanceArgs),
    /// Decide the same requests again and again with the plugins of a folder, which can be changed meanwhile.
    #[command(after_help = examples::WATCH)]
    Watch(WatchArgs),
    /// Play a rollout in virtual time, before anybody runs it.
    #[command(after_help = examples::SIMULATE)]
    Simulate(SimulateArgs),
    /// Write the completions of a shell to standard output.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder, one for each command.
    #[command(after_help = examples::MAN)]
    Man(ManArgs),
}

#[derive(Args)]
pub(crate) struct EvaluateArgs {
    /// The plugin: a component file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plugin: PathBuf,
    /// One JSON request, or an array of them; `-` is standard input.
    #[arg(default_value = "-")]
    pub(crate) input: PathBuf,
    /// Indent the answers, for people.
    #[arg(long)]
    pub(crate) pretty: bool,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The plugin: a component file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plugin: PathBuf,
    /// One JSON request, or an array of them; `-` is standard input.
    #[arg(default_value = "-")]
    pub(crate) input: PathBuf,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// The plugin: a component file.
    pub(crate) file: PathBuf,
    /// As JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct CheckConfigArgs {
    /// The plugin: a component file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plugin: PathBuf,
    /// The configuration: a file, `-` for standard input, or the JSON object itself.
    pub(crate) config: PathBuf,
    /// At which target: whether a move is left within the policy depends on it, so name the deployment's own.
    #[arg(long, value_name = "ROUTES", default_value_t = 1)]
    pub(crate) target_replicas: u32,
    /// As JSON, for programs: `{"ok": commitment}`, or `{"error": message}` with exit code 1.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// A plugin: a component file. Given twice.
    #[arg(long = "plugin", value_name = "FILE", required = true)]
    pub(crate) plugins: Vec<PathBuf>,
    /// Files of one JSON request, or an array of them; `-` is standard input.
    #[arg(required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// As JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ConformanceArgs {
    /// The plugin: a component file.
    #[arg(required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// A configuration to try: a file, or the JSON object itself. Can be given several times; without it,
    /// configurations are made from the plugin's own schema.
    #[arg(long = "config", value_name = "CONFIG")]
    pub(crate) configs: Vec<PathBuf>,
    /// Random cases that each rule is tried with, at least 1.
    #[arg(long, value_name = "CASES", default_value = "256", value_parser = value_parser!(u32).range(1..))]
    pub(crate) cases: u32,
    /// The same seed gives the same cases.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Only list the rules.
    #[arg(long)]
    pub(crate) list: bool,
    /// As JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct WatchArgs {
    /// The folder. Every `*.wasm` file in it is loaded, and loaded again when it has changed.
    pub(crate) folder: PathBuf,
    /// One JSON request, or an array of them; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) requests: PathBuf,
    /// The strategy that decides; needed where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<String>,
    /// Time from one round of requests to the next, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub(crate) interval: u64,
    /// Stop after so many rounds; without it, never.
    #[arg(long, value_name = "ROUNDS")]
    pub(crate) cycles: Option<u64>,
    /// Look for changes every so often instead of being told: for folders on NFS and the like.
    #[arg(long, value_name = "MS")]
    pub(crate) poll: Option<u64>,
    /// Try a new version in the shadow of the current one first, for so many requests.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) shadow: Option<NonZeroU64>,
    /// Requests that a version on trial may decide differently and still pass.
    #[arg(long, value_name = "REQUESTS", default_value_t = 0, requires = "shadow")]
    pub(crate) most_differences: u64,
    /// Switch to a version that passed.
    #[arg(long, requires = "shadow")]
    pub(crate) auto_promote: bool,
}

#[derive(Args)]
pub(crate) struct SimulateArgs {
    /// The plugin: a component file.
    #[arg(long, value_name = "FILE")]
    pub(crate) plugin: PathBuf,
    /// The scenario, with target, behaviour and events: TOML or JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: PathBuf,
    /// Play it with this configuration in place of the scenario's: a file, `-` for standard input, or the JSON object
    /// itself, as `--config '{"auto_promote": true}'`. So `--plugin target/plugins/rolling_update.wasm --scenario
    /// examples/scenarios/happy-path.toml --config '{"max_surge": 1}'` plays what was written for blue-green.
    #[arg(long, value_name = "CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Exit with 1 where it ends otherwise, in any of the runs; without it, otherwise than the scenario expects.
    #[arg(long, value_name = "END", value_parser = expect())]
    pub(crate) expect: Option<Expect>,
    /// Seed of the numbers that a scenario leaves to chance. The same seed gives the same output.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Show every cycle, those too that are like the one before.
    #[arg(long)]
    pub(crate) all: bool,
    /// As JSON, for programs.
    #[arg(long, conflicts_with = "all")]
    pub(crate) json: bool,
    /// Draw a chart of the routes over time into this file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Play it so many times, each with a seed of its own, and show how likely what is.
    #[arg(long, value_name = "RUNS", conflicts_with_all = ["all", "svg"])]
    pub(crate) monte_carlo: Option<NonZeroU32>,
}

#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args)]
pub(crate) struct ManArgs {
    /// The folder, which is made where it is not there.
    pub(crate) folder: PathBuf,
}

/// The ends that a rollout can be expected to have.
fn expect() -> impl TypedValueParser<Value = Expect> {
    PossibleValuesParser::new(Expect::ALL.map(Expect::word)).try_map(|word| word.parse())
}
