//! Limits in the text of a spec, without reading the rest of it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::plugin::{guard::Guard, request::present};

/// The fields of a spec that tell its limits.
#[derive(Deserialize)]
struct Skimmed<'a> {
    target_replicas: u32,
    /// Also where it is null.
    #[serde(borrow, default, deserialize_with = "present")]
    limits: Option<&'a RawValue>,
}

/// Writes a spec with the limits that the guard's policy comes to, where it has none of its own.
pub(super) fn write(spec: &str, guard: &Guard, text: &mut String) {
    // An array is none, though what is derived would take it for one.
    let skimmed: Option<Skimmed> = spec.starts_with('{').then(|| serde_json::from_str(spec).ok()).flatten();
    let limits = skimmed.as_ref().and_then(|skimmed| guard.limits(skimmed.target_replicas));
    let (Some(Skimmed { limits: given, .. }), Some(limits)) = (skimmed, limits) else { return text.push_str(spec) };
    let limits = format!("{{\"least_serving\":{},\"most_live\":{}}}", limits.least_serving, limits.most_live);
    match given {
        // An object that has a target has something after its brace.
        None => text.extend(["{\"limits\":", &limits, ",", &spec[1..]]),
        Some(given) if given.get() == "null" => {
            let start = given.get().as_ptr().addr() - spec.as_ptr().addr();
            text.extend([&spec[..start], &limits, &spec[start + "null".len()..]]);
        }
        Some(_) => text.push_str(spec),
    }
}
