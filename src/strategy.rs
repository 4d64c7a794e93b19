//! The trait of strategies, and the steps around one that are the same for all of them.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Commitment, EvaluationError, Rollout, RouteChanges, Spec, config};

/// A rollout strategy: a pure function from routes and spec to a plan.
///
/// Implement it, and [`export_strategy!`](crate::export_strategy) makes a plugin of it. `docs/write-a-strategy.md`
/// shows a whole one.
pub trait Strategy {
    /// Kebab-case name, for example `blue-green`.
    const NAME: &'static str;
    /// Its own semantic version. `env!("CARGO_PKG_VERSION")` is a good value.
    const VERSION: &'static str;
    /// One sentence on what it does.
    const SUMMARY: &'static str;

    /// Its configuration. Make it strict with `#[serde(deny_unknown_fields)]`: a mistyped key that is silently ignored
    /// is found at night. The JSON Schema that users see comes from this type.
    type Config: DeserializeOwned + JsonSchema;

    /// JSON Schema (draft 2020-12) of the configuration, as JSON text.
    ///
    /// The default generates it from [`Self::Config`] when asked, which takes 45 kB of a component. To save them,
    /// include a generated file, and let a test compare it with [`schema_of`].
    fn config_schema() -> String {
        schema_of::<Self::Config>()
    }

    /// Checks what a configuration's type alone cannot say: whether its keys go together. Called before every
    /// evaluation, and when a host checks a configuration.
    ///
    /// # Errors
    /// One sentence that names the keys and says what would be right.
    fn check_config(_config: &Self::Config) -> Result<(), String> {
        Ok(())
    }

    /// Promise of a plan at this target, with this configuration and within these limits, and at nothing else: it is
    /// the same in every cycle. [`evaluate_cycle`] writes it into every plan, and the [guard](crate::guard) holds the
    /// plan to it.
    ///
    /// The default promises what the limits ask for.
    fn commitment(_config: &Self::Config, _target_replicas: u32, limits: Option<Commitment>) -> Commitment {
        limits.unwrap_or(Commitment::NONE)
    }

    /// Whether a move is left to a rollout of this target within these limits. It is asked when a configuration is
    /// admitted, never in a cycle: a running rollout whose limits moved waits.
    ///
    /// # Errors
    /// One sentence that names the budget that would be needed, such as `needs max_surge 100%`.
    fn admit(_config: &Self::Config, _target_replicas: u32, _limits: Option<Commitment>) -> Result<(), String> {
        Ok(())
    }

    /// Decides one cycle. The routes have unique ids and traffic ratios in 0.0 to 1.0, and are in the order of their
    /// ids.
    ///
    /// # Errors
    /// [`EvaluationError::InvalidRoutes`] where the routes cannot be right, naming one.
    fn evaluate(rollout: &Rollout<'_>, config: &Self::Config) -> Result<RouteChanges, EvaluationError>;
}

/// Description of a strategy, by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Kebab-case name.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema (draft 2020-12) of the configuration, as JSON text.
    pub config_schema: String,
}

/// Decides one cycle: parses the configuration, checks and sorts the routes, asks the strategy.
///
/// # Errors
/// [`EvaluationError`], naming the key of the configuration, the field of the spec or the route; in this order, where
/// several things are wrong.
pub fn evaluate_cycle<S: Strategy>(routes: &[crate::Route], spec: &Spec) -> Result<RouteChanges, EvaluationError> {
    let config = parse_config::<S>(&spec.config).map_err(EvaluationError::InvalidConfig)?;
    spec.validate().map_err(EvaluationError::InvalidSpec)?;
    let mut plan = S::evaluate(&Rollout::new(routes, spec)?, &config)?;
    plan.commitment = S::commitment(&config, spec.target_replicas, spec.limits);
    Ok(plan)
}

/// JSON Schema (draft 2020-12) of a configuration type, as indented JSON text.
pub fn schema_of<C: JsonSchema>() -> String {
    format!("{:#}\n", schemars::schema_for!(C).as_value())
}

/// Describes a strategy.
pub fn describe<S: Strategy>() -> Description {
    Description {
        name: S::NAME.to_owned(),
        version: S::VERSION.to_owned(),
        summary: S::SUMMARY.to_owned(),
        config_schema: S::config_schema(),
    }
}

/// Promise of a plan with this configuration at a target and within limits: the commitment of every plan that
/// the strategy makes there.
///
/// # Errors
/// One sentence that names the key and says what would be right, or which budget a rollout would need to move at all.
pub fn check_config<S: Strategy>(
    config: &str,
    target_replicas: u32,
    limits: Option<Commitment>,
) -> Result<Commitment, String> {
    let config = parse_config::<S>(config)?;
    S::admit(&config, target_replicas, limits)?;
    Ok(S::commitment(&config, target_replicas, limits))
}

fn parse_config<S: Strategy>(config: &str) -> Result<S::Config, String> {
    let config = config::parse(config)?;
    S::check_config(&config)?;
    Ok(config)
}
