//! `pointsman conformance`: any plugin, also a stranger's, against what every strategy must satisfy.
//!
//! The rules are the contract's ([`wit/strategy.wit`]), tried with random requests, simulated rollouts and bad input. Nothing
//! here knows a strategy. A rule that is broken is told with the smallest case that was found to break it.
//!
//! | rule | where it comes from |
//! |---|---|
//! | `describes-itself` | `strategy.describe`: always the same answer, its name, version and schema |
//! | `refuses-bad-config` | `strategy.check-config`, `evaluation-error.invalid-config` |
//! | `refuses-bad-routes` | `route.id`, `route.traffic-ratio`, `labels`: `invalid-routes` |
//! | `refuses-bad-spec` | `spec.deploying-revision`, `check.name`, `labels`: `invalid-spec`; what is named first |
//! | `refuses-bad-requests` | `strategy-json`: same length and order, one bad request never spoils the others |
//! | `answers` | `evaluation-error` has no case for a request that is right |
//! | `says-why` | `reason` |
//! | `in-range` | `route-changes.gate`, `progress`, `labels` |
//! | `harmless` | the guard's table ([`pointsman::guard`]), under the policy of the command line |
//! | `harmless-in-rollouts` | the same, over whole rollouts |
//! | `keeps-its-commitment` | `route-changes.commitment`, `strategy.check-config` |
//! | `deterministic` | the package: no clock, no randomness, no memory of earlier cycles other than `memo` |
//! | `order-independent` | `strategy.evaluate-cycle`, `spec.checks`, `operator.passed-gates`: the order never changes the decision |
//! | `idempotent` | `route-changes`: evaluating an applied plan's result again yields no changes |
//! | `entry-points-agree` | `strategy-json`: the same functions |
//! | `bounded-creation` | what a crash-looping revision costs: not in the contract's words, but in every operator's |
//! | `no-busy-loop` | `route-changes.next-evaluation-at`: always after `spec.now` |
//! | `headroom` | the limits of the sandbox, half of them |
//!
//! | file | what it is for |
//! |---|---|
//! | `subject.rs` | the plugin that is tried |
//! | `bench.rs` | what a rule is given |
//! | `trial.rs` | random cases, and shrinking |
//! | `verdict.rs` | what comes of a rule |
//! | `configs.rs`, `schema.rs` | configurations for a plugin that nobody here knows |
//! | `requests.rs`, `world.rs` and below | random requests; simulated rollouts |
//! | `words.rs` | the contract's words, written anew: what a plugin is tried with is not made by the crate it is made of |
//! | `rules.rs` and below | the rules |
//! | `report.rs` | telling it, to people and to programs |
//!
//! [`wit/strategy.wit`]: https://github.com/pointsman/pointsman/blob/main/wit/strategy.wit

mod bench;
mod configs;
mod report;
mod requests;
mod rules;
mod schema;
mod subject;
mod trial;
mod verdict;
mod words;
mod world;

use indicatif::{ProgressBar, ProgressStyle};
use pointsman_host::Guard;

use self::{
    bench::Bench,
    configs::Configs,
    report::{Report, Tried},
    rules::RULES,
    subject::Subject,
    verdict::Verdict,
};
use crate::{
    Outcome,
    cli::{ConformanceArgs, Sandbox},
    error::CliError,
};

/// Why a rule that needs a configuration was not tried.
const NO_CONFIG: &str = "the plugin takes no configuration that was made from its schema, nor `{}`; give one that it takes \
                         with --config";

pub(crate) fn run(sandbox: &Sandbox, args: &ConformanceArgs) -> Result<Outcome, CliError> {
    let Some(path) = args.file.as_ref().filter(|_| !args.list) else {
        report::list(args.json)?;
        return Ok(Outcome::Ok);
    };
    let host = sandbox.host()?;
    let file = host.read(path)?;
    let plugin = host.load_file(&file)?.with_guard(Guard::IdsOnly);
    let description = plugin.describe().ok();
    let schema = description.as_ref().and_then(|description| serde_json::from_str(&description.config_schema).ok());
    let configs = if args.configs.is_empty() {
        Configs::made(&plugin, schema.as_ref(), args.seed)
    } else {
        Configs::given(&plugin, &args.configs)?
    };
    let bench = Bench {
        sandbox,
        file: &file,
        subject: Subject::new(&plugin, sandbox.guard()),
        configs,
        cases: args.cases,
        seed: args.seed,
    };

    let report = Report::new(&plugin, description.as_ref(), &bench, try_all(&bench));
    report.write(args.json)?;
    if report.has_failures() {
        return Ok(Outcome::Refused);
    }
    match report.skipped() {
        (0, _) => Ok(Outcome::Ok),
        (skipped, why) => Err(CliError::NotTried { skipped, why }),
    }
}

/// Every rule, one after the other.
fn try_all(bench: &Bench<'_>) -> Vec<Tried> {
    let style = ProgressStyle::with_template("{bar:15} {pos} of {len} rules: {msg}").expect("it is a template");
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new(RULES.len() as u64).with_style(style);
    let tried = RULES.iter().map(|rule| {
        bar.set_message(rule.id);
        let is_possible = !rule.needs_config || !bench.configs.taken.is_empty();
        let verdict = if is_possible { (rule.run)(bench, rule.id) } else { Verdict::Skipped(NO_CONFIG.to_owned()) };
        bar.inc(1);
        Tried { rule, verdict, reasons: bench.subject.take_reasons() }
    });
    let tried = tried.collect();
    bar.finish_and_clear();
    tried
}
