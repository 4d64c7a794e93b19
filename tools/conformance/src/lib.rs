//! Any strategy plugin, also a stranger's, against what every strategy must satisfy.
//!
//! [`check`] tries a component with random requests, simulated rollouts and bad input, in the sandbox, and gives a
//! [`Report`]. The rules are the contract's ([`wit/strategy.wit`]); nothing here knows a strategy. A broken rule
//! comes with the smallest case that was found to break it.
//!
//! ```
//! use std::num::NonZeroU32;
//!
//! use pointsman_conformance::{Options, check};
//! use pointsman_host::{Host, Limits};
//! use pointsman_simulate::show::Look;
//! # let plugins = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins");
//!
//! let file = Host::new(Limits::default())?.read(format!("{plugins}/rolling_update.wasm").as_ref())?;
//! // So few are enough for an example only.
//! let options = Options { cases: NonZeroU32::MIN, ..Options::default() };
//!
//! let report = check(&file, &options)?;
//!
//! let mut text = vec![];
//! report.write(&mut text, Look::plain())?;
//! assert!(!report.has_failures(), "{}", String::from_utf8_lossy(&text));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
//! | `order-independent` | `strategy.evaluate-cycle`, `spec.checks`, `operator.passed-gates`: order decides nothing |
//! | `idempotent` | `route-changes`: evaluating an applied plan's result again yields no changes |
//! | `entry-points-agree` | `strategy-json`: the same functions |
//! | `completes` | what a rollout is for: `sub-step.completed`, `operator`, `route-changes.gate` |
//! | `rolls-back` | `operator.abort`, `sub-step.rolled-back` |
//! | `survives-clock-steps` | `spec.now` and the stamps of routes need not agree |
//! | `survives-weights-by-hand` | `route.traffic-ratio`: anybody may have set it |
//! | `bounded-creation` | what a crash-looping revision costs: not in the contract's words, but in every operator's |
//! | `no-busy-loop` | `route-changes.next-evaluation-at`: always after `spec.now` |
//! | `headroom` | the limits of the sandbox, half of them; a warning from 1,000 routes on |
//!
//! | file | what it is for |
//! |---|---|
//! | `options.rs` | [`Options`]: how a plugin is tried |
//! | `remedy.rs` | the option with which a case passes |
//! | `report.rs` and below | [`Report`]: what came of it, as data, as text and as JSON |
//! | `subject.rs` | the plugin that is tried |
//! | `bench.rs` | what a rule is given |
//! | `trial.rs` | random cases, and shrinking |
//! | `tried.rs` | what comes of a rule |
//! | `configs.rs`, `schema.rs` and below | configurations for a plugin that nobody here knows, within bounds |
//! | `requests.rs` and below | random requests |
//! | `rollout.rs` and below | simulated rollouts, in the world of [`pointsman_simulate::world`] |
//! | `rules.rs` and below | the rules |
//! | `error.rs` | why a plugin could not be tried |
//!
//! It may touch the folder of the compile cache, if it is given one, and nothing else: no terminal, no clock but that
//! of `headroom`, which only tells.
//!
//! [`wit/strategy.wit`]: https://github.com/pointsman/pointsman/blob/main/wit/strategy.wit
#![forbid(unsafe_code)]

mod bench;
mod configs;
mod error;
mod options;
mod remedy;
mod report;
mod requests;
mod rollout;
mod rules;
mod schema;
mod subject;
mod trial;
mod tried;

use pointsman_host::{ComponentFile, Guard};

use self::{bench::Bench, configs::Configs, subject::Subject, tried::Tried};
pub use self::{
    error::CheckError,
    options::Options,
    report::{CounterExample, Outcome, Report, RuleReport},
    rules::{RULES, Rule},
};

/// Tries a component against every rule.
///
/// What the plugin does wrong is in the report. The same component, options and version of this crate give the same
/// report, but for what `headroom` says of time.
///
/// # Errors
/// [`CheckError`], where the component is no plugin, or does not take a configuration that it is to be tried with.
pub fn check(file: &ComponentFile, options: &Options<'_>) -> Result<Report, CheckError> {
    let plugin = options.host_with(options.limits.clone())?.load_file(file)?.with_guard(Guard::IdsOnly);
    let description = plugin.describe().ok();
    let configs = if options.configs.is_empty() {
        let schema = description.as_ref().and_then(|description| serde_json::from_str(&description.config_schema).ok());
        Configs::made(&plugin, schema.as_ref(), options.seed)
    } else {
        Configs::given(&plugin, &options.configs)?
    };
    let bench = Bench { options, file, subject: Subject::new(&plugin, options.guard), configs };
    let rules = RULES.iter().enumerate().map(|(i, rule)| {
        if let Some(progress) = options.progress {
            progress(rule, i);
        }
        let is_possible = !rule.needs_config || !bench.configs.taken.is_empty();
        let tried = if is_possible { (rule.run)(&bench, rule.id) } else { Tried::Skipped(bench.configs.why_none()) };
        RuleReport::new(rule, tried, bench.subject.take_reasons())
    });
    let rules = rules.collect();
    Ok(Report {
        file: plugin.id().name().to_owned(),
        digest: plugin.id().digest().to_owned(),
        name: description.as_ref().map(|description| description.name.clone()),
        version: description.as_ref().map(|description| description.version.clone()),
        seed: options.seed,
        configs: bench.configs.taken,
        rules,
    })
}
