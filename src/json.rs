//! The JSON entry point: requests and answers as text, for hosts without fast component bindings.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    Commitment, EvaluationError, Route, RouteChanges, Spec, Strategy, config, evaluate_cycle, guard::Violation,
};

/// One cycle of one deployment to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// All routes of the deployment, in any order.
    #[serde(deserialize_with = "config::objects")]
    pub routes: Vec<Route>,
    /// Goal, limits and clock.
    #[serde(deserialize_with = "config::object")]
    pub spec: Spec,
}

/// Answer to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly all answers are plans")]
pub enum Answer {
    /// The plan.
    Ok(RouteChanges),
    /// No plan, and the reason.
    Error {
        /// Which kind of error.
        code: ErrorCode,
        /// One sentence, naming the field or the route.
        message: String,
        /// Violations of a rejected plan; only in answers that a guarding host gives.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        violations: Vec<Violation>,
    },
}

/// The kinds of error in an [`Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// This is not a request.
    InvalidRequest,
    /// [`EvaluationError::InvalidConfig`].
    InvalidConfig,
    /// [`EvaluationError::InvalidSpec`].
    InvalidSpec,
    /// [`EvaluationError::InvalidRoutes`].
    InvalidRoutes,
    /// The host's guard rejected the plan. No plugin answers this, nor what follows.
    PlanRejected,
    /// The plugin failed with this request alone.
    PluginFailed,
    /// The plugin was not called, because it fails for this deployment or for all.
    CircuitOpen,
    /// The plugin was not called before the time of the batch was over, or the host could not call it.
    Unavailable,
}

/// Answers a JSON array of requests with a JSON array of answers, of the same length and order.
///
/// # Errors
/// One sentence, where `requests` is not a JSON array. One bad request in it is no error of the whole: its answer is.
pub fn evaluate_cycles<S: Strategy>(requests: &str) -> Result<String, String> {
    answer_each(requests, "requests", Answer::to_request::<S>, Answer::to_no_request)
}

/// A configuration to check before any rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigToCheck {
    /// The strategy's configuration, an inline object.
    #[serde(default = "crate::spec::empty_object", with = "inline")]
    pub config: String,
    /// At which target.
    pub target_replicas: u32,
    /// Within which limits, if any.
    #[serde(default, deserialize_with = "config::optional_object")]
    pub limits: Option<Commitment>,
}

/// Verdict of a strategy on a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Taken; the promise of every plan with it.
    Ok(Commitment),
    /// Refused, and the reason.
    Error(String),
}

/// Answers a [`ConfigToCheck`] with an [`Admission`], both as JSON text.
///
/// # Errors
/// One sentence that names the field, where `request` is none.
pub fn check_config<S: Strategy>(request: &str) -> Result<String, String> {
    let ConfigToCheck { config, target_replicas, limits } = config::parse(request)?;
    let admission = crate::check_config::<S>(&config, target_replicas, limits);
    let admission = admission.map_or_else(Admission::Error, Admission::Ok);
    serde_json::to_string(&admission).map_err(|error| error.to_string())
}

/// Answers each element of a JSON array by itself, so that none spoils another: with `answer` what is a `Q`, with
/// `refuse`, which is told why, what is none.
///
/// # Errors
/// One sentence, where the text is not a JSON array; `what` says of what.
pub(crate) fn answer_each<Q: DeserializeOwned, A: Serialize>(
    array: &str,
    what: &str,
    answer: impl Fn(&Q) -> A,
    refuse: impl Fn(String) -> A,
) -> Result<String, String> {
    // The usual array has nothing wrong in it, and is read once. An element that is wrong leaves a reader nowhere in
    // particular, so where there is one, the array is taken apart first, which reads it twice.
    let answers = config::elements(array, &answer).or_else(|_| {
        let elements: Vec<&RawValue> =
            serde_json::from_str(array).map_err(|error| format!("not a JSON array of {what}: {error}"))?;
        let answer = |element: &RawValue| config::parse(element.get()).map_or_else(&refuse, |request| answer(&request));
        Ok::<Vec<A>, String>(elements.into_iter().map(answer).collect())
    })?;
    serde_json::to_string(&answers).map_err(|error| format!("an answer cannot be written as JSON: {error}"))
}

// === impl Request ===

impl Request {
    /// Parses one request.
    ///
    /// # Errors
    /// One sentence that names the field by its path and says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        config::parse(text)
    }
}

// === impl Answer ===

impl Answer {
    fn error(code: ErrorCode, message: String) -> Self {
        Self::Error { code, message, violations: vec![] }
    }

    /// The answer of strategy `S` to one request.
    pub fn to<S: Strategy>(request: &str) -> Self {
        Request::parse(request).map_or_else(Self::to_no_request, |request| Self::to_request::<S>(&request))
    }

    fn to_request<S: Strategy>(request: &Request) -> Self {
        evaluate_cycle::<S>(&request.routes, &request.spec).into()
    }

    fn to_no_request(message: String) -> Self {
        Self::error(ErrorCode::InvalidRequest, message)
    }
}

impl From<Result<RouteChanges, EvaluationError>> for Answer {
    fn from(result: Result<RouteChanges, EvaluationError>) -> Self {
        let (code, message) = match result {
            Ok(plan) => return Self::Ok(plan),
            Err(EvaluationError::InvalidConfig(message)) => (ErrorCode::InvalidConfig, message),
            Err(EvaluationError::InvalidSpec(message)) => (ErrorCode::InvalidSpec, message),
            Err(EvaluationError::InvalidRoutes(message)) => (ErrorCode::InvalidRoutes, message),
        };
        Self::error(code, message)
    }
}

/// A string of JSON text that stands in JSON as the value it is, not as a string.
pub(crate) mod inline {
    use super::{Deserialize, Deserializer, RawValue, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let value = serde_json::from_str::<&RawValue>(text).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        Ok(value.get().to_owned())
    }
}
