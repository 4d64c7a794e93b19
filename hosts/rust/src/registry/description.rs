//! Validation of a plugin's description.

use pointsman::Description;

use crate::text::shortened;

/// Most bytes of a name or a version. Both are in log lines and labels of metrics.
const LONGEST: usize = 64;

/// Validates a description by the rules that `describe` has in the contract.
///
/// # Errors
/// One sentence that says what is wrong and what would be right.
pub(super) fn check(description: &Description) -> Result<(), String> {
    let Description { name, version, config_schema, .. } = description;
    if !is_name(name) {
        return Err(format!("its name is {}, not kebab-case of at most {LONGEST} letters", quoted(name)));
    }
    if version.is_empty() || version.len() > LONGEST || !version.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("its version is {}, not 1 to {LONGEST} visible ASCII characters", quoted(version)));
    }
    match serde_json::from_str(config_schema) {
        Ok(serde_json::Value::Object(_) | serde_json::Value::Bool(_)) => Ok(()),
        Ok(_) => Err("its config schema is no JSON Schema, which is an object or a boolean".to_owned()),
        Err(error) => Err(format!("its config schema is not JSON: {error}")),
    }
}

/// Whether a strategy can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let is_kebab = name.split('-').all(|word| !word.is_empty() && word.bytes().all(is_lower_or_digit));
    is_kebab && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= LONGEST
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// A word that may be anything, fit for a log line.
fn quoted(word: &str) -> String {
    format!("{:?}", shortened(word, LONGEST))
}
