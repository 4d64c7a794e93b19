//! How much may be made from one schema: a plugin writes it, and a few bytes of `$ref`s, repetitions and lists can ask
//! for more than a machine holds.

use std::cell::{Cell, RefCell};

use serde_json::Value;

/// Units that one schema has: a value, a word to choose from, a character. Schemas that people write take a few
/// hundred.
pub(super) const UNITS: u64 = 20_000;

/// Most sentences that are kept.
const MOST_TOLD: usize = 8;

/// Remaining units of a schema, and what was too large for them.
pub(super) struct Room {
    left: Cell<u64>,
    told: RefCell<Vec<String>>,
}

// === impl Room ===

impl Room {
    pub(super) fn new() -> Self {
        Self { left: Cell::new(UNITS), told: RefCell::default() }
    }

    /// Takes units. Where there are too few, nothing is left for anything else either: what comes out is cut off at one
    /// place, and not full of holes.
    pub(super) fn take(&self, units: u64) -> bool {
        let left = self.left.get().checked_sub(units);
        if left.is_none() && self.left.get() > 0 {
            self.tell(format!(
                "the schema is too large to generate from: more than {UNITS} values, words and characters"
            ));
        }
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Notes what was too large, once.
    pub(super) fn tell(&self, sentence: String) {
        let mut told = self.told.borrow_mut();
        if told.len() < MOST_TOLD && !told.contains(&sentence) {
            told.push(sentence);
        }
    }

    pub(super) fn into_told(self) -> Vec<String> {
        self.told.into_inner()
    }
}

/// Units that it takes to keep a value.
pub(super) fn weight(value: &Value) -> u64 {
    1 + match value {
        Value::String(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() as u64 + weight(value)).sum(),
        _ => 0,
    }
}
