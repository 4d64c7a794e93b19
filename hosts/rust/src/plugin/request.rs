//! A request as a host takes it: with the policy of its deployment, which no plugin sees.

use std::collections::BTreeMap;

use pointsman::{
    Route, Spec,
    guard::{self, Policy},
    json::Request,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// One cycle of one deployment to decide, under a policy of its own where it has one; see
/// [`Plugin::evaluate_cycles_json`](crate::Plugin::evaluate_cycles_json), which takes an array of these.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestWithPolicy {
    /// All routes of the deployment, in any order.
    pub routes: Vec<Route>,
    /// The rollout, its configuration, and the moment to decide at.
    pub spec: Spec,
    /// The deployment's policy; none for that of the plugin or the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// The parts of a request, not yet read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parts<'a> {
    #[serde(borrow)]
    pub(super) routes: &'a RawValue,
    #[serde(borrow)]
    pub(super) spec: &'a RawValue,
    /// Also where it is null.
    #[serde(borrow, default, deserialize_with = "present")]
    policy: Option<&'a RawValue>,
    /// The key of the deployment, which only a registry reads.
    #[serde(borrow, default, deserialize_with = "present")]
    #[expect(dead_code, reason = "it is taken out of what the plugin sees")]
    deployment: Option<&'a RawValue>,
}

/// A text that has no such parts, by who is to say why.
pub(super) enum NoParts {
    /// The host: it has fields that a plugin does not know, which would say that these are what is wrong.
    Host(String),
    /// Whoever reads requests.
    Other,
}

// === impl RequestWithPolicy ===

impl RequestWithPolicy {
    /// Reads a request from JSON.
    ///
    /// ```
    /// use pointsman_host::RequestWithPolicy;
    ///
    /// let text = r#"{"routes": [], "spec": {}, "policy": {"max_surge": "many"}}"#;
    /// let error = RequestWithPolicy::parse(text).unwrap_err();
    /// assert!(error.starts_with("`policy.max_surge`: invalid value"));
    /// ```
    ///
    /// # Errors
    /// One sentence that names the path of the field, and says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        let (Request { routes, spec }, policy) = match Parts::split(text) {
            Ok(parts) => {
                let policy = parts.policy()?;
                (read(parts.routes.get(), parts.spec.get())?, policy)
            }
            Err(NoParts::Host(message)) => return Err(message),
            Err(NoParts::Other) => (Request::parse(text)?, None),
        };
        Ok(Self { routes, spec, policy })
    }
}

// === impl Parts ===

impl<'a> Parts<'a> {
    /// Splits an object.
    pub(super) fn split(text: &'a str) -> Result<Self, NoParts> {
        // What is derived takes an array of the fields in order as well.
        if !text.starts_with('{') {
            return Err(NoParts::Other);
        }
        serde_json::from_str(text).map_err(|error| {
            if names_host_field(text) { NoParts::Host(without_position(&error)) } else { NoParts::Other }
        })
    }

    /// Reads the policy, if there is one.
    ///
    /// # Errors
    /// One sentence that names the path of the field, and says what would be right.
    pub(super) fn policy(&self) -> Result<Option<Policy>, String> {
        self.policy.map(read_policy).transpose()
    }
}

/// Reads a request from its parts.
///
/// # Errors
/// One sentence that names the path of the field.
pub(super) fn read(routes: &str, spec: &str) -> Result<Request, String> {
    Request::parse(&format!("{{\"routes\":{routes},\"spec\":{spec}}}"))
}

/// For a field that is told from one that is not there also where it is null.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Tells whether an object has a field that is for the host, whatever else is in it.
fn names_host_field(object: &str) -> bool {
    let fields: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(object);
    fields.is_ok_and(|fields| fields.contains_key("policy") || fields.contains_key("deployment"))
}

fn read_policy(policy: &RawValue) -> Result<Policy, String> {
    let text = policy.get();
    // What is derived takes an array as well, and knows no path. To resolve it tells both.
    guard::json::resolve(&format!("{{\"policy\":{text},\"target_replicas\":0}}"))?;
    serde_json::from_str(text).map_err(|error| format!("`policy`: {}", without_position(&error)))
}

/// An error's words. It is about an element, and its position there tells a caller who sent an array nothing.
fn without_position(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    words.strip_suffix(&position).unwrap_or(&words).to_owned()
}

#[cfg(test)]
mod tests {
    use pointsman::{Amount, guard::Policy};
    use rstest::rstest;

    use super::RequestWithPolicy;

    const SPEC: &str = r#"{"deploying_revision": "v2", "target_replicas": 3, "started_at": 0, "now": 1}"#;

    #[rstest]
    #[case::none("", None)]
    #[case::one(
        r#", "policy": {"max_surge": 1}"#,
        Some(Policy { max_surge: Amount::Count(1), ..Policy::default() })
    )]
    fn a_request_with(#[case] policy: &str, #[case] expected: Option<Policy>) {
        let request = RequestWithPolicy::parse(&format!("\n {{\"routes\": [], \"spec\": {SPEC}{policy}}} ")).unwrap();

        assert_eq!((request.policy, request.spec.target_replicas), (expected, 3));
        let written = serde_json::to_string(&request).unwrap();
        assert_eq!(RequestWithPolicy::parse(&written).unwrap(), request);
        assert_eq!(written.contains("policy"), expected.is_some());
    }

    #[rstest]
    #[case::array("[[], {}]", "invalid type: sequence, expected a JSON object")]
    #[case::no_spec(r#"{"routes": []}"#, "missing field `spec`")]
    #[case::another_field(r#"{"more": 1}"#, "`more`: unknown field `more`, expected `routes` or `spec`")]
    #[case::in_a_route(
        r#"{"routes": [{"id": 1}], "spec": {}}"#,
        "`routes[0].id`: invalid type: integer `1`, expected a string"
    )]
    #[case::in_a_route_under_a_policy(
        r#"{"routes": [{"id": 1}], "spec": {}, "policy": {}}"#,
        "`routes[0].id`: invalid type: integer `1`, expected a string"
    )]
    #[case::null_policy(
        r#"{"routes": [], "spec": {}, "policy": null}"#,
        "`policy`: invalid type: null, expected a JSON object"
    )]
    #[case::two_policies(r#"{"policy": {}, "policy": {}}"#, "duplicate field `policy`")]
    fn what_is_none(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(RequestWithPolicy::parse(text).unwrap_err(), expected);
    }
}
