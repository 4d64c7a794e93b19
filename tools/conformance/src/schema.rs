//! Values that a JSON Schema describes, for the configurations of a plugin that nobody here knows.
//!
//! A part of the language is enough, because what comes out is shown to the plugin's `check-config` before it is used:
//! `$ref` into the schema, `const`, `enum`, `anyOf`, `oneOf`, `allOf`, lists of types, ranges, patterns, `properties`,
//! `required` and `items`. What the rest would forbid, the plugin refuses.
//!
//! A plugin writes its schema, so what is made from it is bounded, in size and in work.

use proptest::{
    bool::weighted,
    collection::vec,
    prelude::{BoxedStrategy, Just, Strategy, any},
    sample::select,
    strategy::Union,
};
use serde_json::{Map, Value};

use self::room::{Room, weight};

mod pattern;
mod room;
#[cfg(test)]
mod tests;

/// Deepest `$ref`s and nested values that are followed.
const DEEPEST: u32 = 8;

/// The most items of an array, and the units that a word takes that stands for a string.
const MOST_ITEMS: u64 = 3;
const WORD: u64 = 4;

/// Stand-ins for a string that no pattern describes, or one that is too large.
const WORDS: [&str; 5] = ["a", "1", "25%", "10s", "1.5"];

/// Values that are made from a schema.
pub(crate) struct Made {
    /// Random ones that the schema may allow, the plainest first.
    pub(crate) values: BoxedStrategy<Value>,
    /// Sentences on what was too large to be made.
    pub(crate) too_large: Vec<String>,
}

/// Makes values from a schema.
pub(crate) fn values(schema: &Value) -> Made {
    let room = Room::new();
    let values = Schema { root: schema, here: schema, depth: 0, times: 1, room: &room }.values();
    Made { values, too_large: room.into_told() }
}

/// A schema inside of another.
#[derive(Clone, Copy)]
struct Schema<'a> {
    root: &'a Value,
    here: &'a Value,
    depth: u32,
    /// Most occurrences of its value in the whole.
    times: u64,
    room: &'a Room,
}

// === impl Schema ===

impl<'a> Schema<'a> {
    fn inside(self, here: &'a Value) -> Self {
        Self { here, depth: self.depth + 1, ..self }
    }

    /// Takes room for so many units more, as often as this value may be.
    fn has_room(self, units: u64) -> bool {
        self.room.take(self.times.saturating_mul(units))
    }

    fn keyword(self, keyword: &str) -> Option<&'a Value> {
        self.here.get(keyword)
    }

    fn list(self, keyword: &str) -> Option<&'a Vec<Value>> {
        self.keyword(keyword)?.as_array().filter(|list| !list.is_empty())
    }

    fn values(self) -> BoxedStrategy<Value> {
        if self.depth > DEEPEST || !self.has_room(1) {
            return Just(Value::Null).boxed();
        }
        if let Some(reference) = self.keyword("$ref").and_then(Value::as_str) {
            if !self.has_room(reference.len() as u64) {
                return Just(Value::Null).boxed();
            }
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or_else(|| Just(Value::Null).boxed(), |target| self.inside(target).values());
        }
        if let Some(value) = self.keyword("const") {
            return self.constant(value);
        }
        if let Some(words) = self.list("enum") {
            let units = words.iter().map(weight).sum();
            return if self.has_room(units) { select(words.clone()).boxed() } else { Just(Value::Null).boxed() };
        }
        if let Some(cases) = self.list("anyOf").or_else(|| self.list("oneOf")) {
            return Union::new(cases.iter().map(|case| self.inside(case).values())).boxed();
        }
        // Most often a reference with a description.
        if let Some(parts) = self.list("allOf") {
            return self.inside(&parts[0]).values();
        }
        let with_default = |values: BoxedStrategy<Value>| match self.keyword("default") {
            Some(default) => Union::new_weighted(vec![(1, self.constant(default)), (3, values)]).boxed(),
            None => values,
        };
        match self.keyword("type") {
            Some(Value::String(word)) => with_default(self.of_type(word)),
            Some(Value::Array(words)) if !words.is_empty() => {
                let words = words.iter().filter_map(Value::as_str);
                with_default(Union::new(words.map(|word| self.of_type(word))).boxed())
            }
            _ if self.keyword("properties").is_some() => self.objects(),
            _ => with_default(Just(Value::Null).boxed()),
        }
    }

    fn constant(self, value: &Value) -> BoxedStrategy<Value> {
        Just(if self.has_room(weight(value)) { value.clone() } else { Value::Null }).boxed()
    }

    fn of_type(self, word: &str) -> BoxedStrategy<Value> {
        match word {
            "boolean" => any::<bool>().prop_map(Value::from).boxed(),
            "integer" => self.integers(),
            "number" => self.numbers(),
            "string" => self.strings(),
            "array" => self.arrays(),
            "object" => self.objects(),
            _ => Just(Value::Null).boxed(),
        }
    }

    /// Small ones, which mean seconds and routes, the default, and sometimes the ends of the range.
    fn integers(self) -> BoxedStrategy<Value> {
        let least = self.keyword("minimum").and_then(Value::as_i64);
        let above = self.keyword("exclusiveMinimum").and_then(Value::as_i64).map(|bound| bound.saturating_add(1));
        let least = least.or(above).unwrap_or(0);
        let below = self.keyword("exclusiveMaximum").and_then(Value::as_i64).map(|bound| bound.saturating_sub(1));
        let most = self.keyword("maximum").and_then(Value::as_i64).or(below).unwrap_or(i64::MAX).max(least);
        let small = least..=least.saturating_add(5).min(most);
        let medium = least..=least.saturating_add(120).min(most);
        Union::new_weighted(vec![
            (6, small.prop_map(Value::from).boxed()),
            (4, medium.prop_map(Value::from).boxed()),
            (1, select(vec![least, most]).prop_map(Value::from).boxed()),
        ])
        .boxed()
    }

    fn numbers(self) -> BoxedStrategy<Value> {
        let least = self.keyword("minimum").and_then(Value::as_f64).unwrap_or(0.0);
        let most = self.keyword("maximum").and_then(Value::as_f64).unwrap_or(least + 100.0).max(least);
        (0..=20u32).prop_map(move |twentieth| Value::from(least + (most - least) * f64::from(twentieth) / 20.0)).boxed()
    }

    fn strings(self) -> BoxedStrategy<Value> {
        let made = self.keyword("pattern").and_then(Value::as_str).and_then(|pattern| {
            let made = pattern::strings(pattern).unwrap_or_else(|too_large| {
                self.room.tell(too_large);
                None
            })?;
            self.has_room(made.units).then_some(made.strings)
        });
        made.map_or_else(
            || {
                if self.has_room(WORD) {
                    select(WORDS.to_vec()).prop_map(Value::from).boxed()
                } else {
                    Just(Value::Null).boxed()
                }
            },
            |strings| strings.prop_map(Value::from).boxed(),
        )
    }

    fn arrays(self) -> BoxedStrategy<Value> {
        let Some(items) = self.keyword("items") else { return Just(Value::Array(vec![])).boxed() };
        let times = self.times.saturating_mul(MOST_ITEMS);
        let items = Self { times, ..self.inside(items) }.values();
        vec(items, 0..=3).prop_map(Value::from).boxed()
    }

    /// Required properties always, the others most of the time.
    fn objects(self) -> BoxedStrategy<Value> {
        let Some(properties) = self.keyword("properties").and_then(Value::as_object) else {
            return Just(Value::Object(Map::new())).boxed();
        };
        let required = self.list("required").map_or(&[][..], Vec::as_slice);
        let mut fields = vec![];
        if !self.has_room(required.len() as u64) {
            return Just(Value::Object(Map::new())).boxed();
        }
        for (name, schema) in properties {
            // What is left out is told.
            if !self.has_room(1 + name.len() as u64) {
                break;
            }
            let is_required = required.iter().any(|word| word.as_str() == Some(name));
            let is_there = if is_required { Just(true).boxed() } else { weighted(0.75).boxed() };
            let name = name.clone();
            fields.push(
                (is_there, self.inside(schema).values())
                    .prop_map(move |(is_there, value)| is_there.then(|| (name.clone(), value)))
                    .boxed(),
            );
        }
        fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect())).boxed()
    }
}
