//! Requests that may have a policy of their own, as a host takes them.

use pointsman::{guard::Policy, json::Request};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A request with the policy of its deployment, which no plugin sees.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithPolicy<'a> {
    #[serde(borrow)]
    routes: &'a RawValue,
    #[serde(borrow)]
    spec: &'a RawValue,
    #[serde(borrow)]
    policy: &'a RawValue,
}

/// A request, and the policy of its deployment where it has one.
///
/// # Errors
/// One sentence that names the field.
pub(super) fn with_policy(request: &str) -> Result<(Request, Option<Policy>), String> {
    let Ok(WithPolicy { routes, spec, policy }) = serde_json::from_str(request) else {
        return Ok((Request::parse(request)?, None));
    };
    let policy = serde_json::from_str(policy.get()).map_err(|error| format!("`policy`: {error}"))?;
    Ok((Request::parse(&format!("{{\"routes\":{routes},\"spec\":{spec}}}"))?, policy))
}
