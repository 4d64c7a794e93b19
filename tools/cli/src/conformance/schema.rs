//! Values that a JSON Schema describes, for the configurations of a plugin that nobody here knows.
//!
//! A part of the language is enough, because what comes out is shown to the plugin's `check-config` before it is used: `$ref`
//! into the schema, `const`, `enum`, `anyOf`, `oneOf`, `allOf`, lists of types, ranges, patterns, `properties`, `required` and
//! `items`. What the rest would forbid, the plugin refuses.

use proptest::{
    bool::weighted,
    collection::vec,
    prelude::{BoxedStrategy, Just, Strategy, any},
    sample::select,
    strategy::Union,
    string::string_regex,
};
use serde_json::{Map, Value};

/// How deep `$ref`s and nested values are followed.
const DEEPEST: u32 = 8;

/// Random values that the schema may allow, the plainest first.
pub(super) fn values(schema: &Value) -> BoxedStrategy<Value> {
    Schema { root: schema, here: schema, depth: 0 }.values()
}

/// A schema inside of another.
#[derive(Clone, Copy)]
struct Schema<'a> {
    root: &'a Value,
    here: &'a Value,
    depth: u32,
}

// === impl Schema ===

impl<'a> Schema<'a> {
    fn inside(self, here: &'a Value) -> Self {
        Self { here, depth: self.depth + 1, ..self }
    }

    fn keyword(self, keyword: &str) -> Option<&'a Value> {
        self.here.get(keyword)
    }

    fn list(self, keyword: &str) -> Option<&'a Vec<Value>> {
        self.keyword(keyword)?.as_array().filter(|list| !list.is_empty())
    }

    fn values(self) -> BoxedStrategy<Value> {
        if self.depth > DEEPEST {
            return Just(Value::Null).boxed();
        }
        if let Some(reference) = self.keyword("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or_else(|| Just(Value::Null).boxed(), |target| self.inside(target).values());
        }
        if let Some(value) = self.keyword("const") {
            return Just(value.clone()).boxed();
        }
        if let Some(words) = self.list("enum") {
            return select(words.clone()).boxed();
        }
        if let Some(cases) = self.list("anyOf").or_else(|| self.list("oneOf")) {
            return Union::new(cases.iter().map(|case| self.inside(case).values())).boxed();
        }
        // Most often a reference with a description.
        if let Some(parts) = self.list("allOf") {
            return self.inside(&parts[0]).values();
        }
        let with_default = |values: BoxedStrategy<Value>| match self.keyword("default") {
            Some(default) => Union::new_weighted(vec![(1, Just(default.clone()).boxed()), (3, values)]).boxed(),
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
        let pattern = self.keyword("pattern").and_then(Value::as_str).map(|pattern| {
            // To a maker of strings, the ends are what they are anyway.
            let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
            pattern.strip_suffix('$').unwrap_or(pattern)
        });
        let made = pattern.and_then(|pattern| string_regex(pattern).ok());
        made.map_or_else(
            || select(vec!["a", "1", "25%", "10s", "1.5"]).prop_map(Value::from).boxed(),
            |strings| strings.prop_map(Value::from).boxed(),
        )
    }

    fn arrays(self) -> BoxedStrategy<Value> {
        let Some(items) = self.keyword("items") else { return Just(Value::Array(vec![])).boxed() };
        vec(self.inside(items).values(), 0..4).prop_map(Value::from).boxed()
    }

    /// Required properties always, the others most of the time.
    fn objects(self) -> BoxedStrategy<Value> {
        let Some(properties) = self.keyword("properties").and_then(Value::as_object) else {
            return Just(Value::Object(Map::new())).boxed();
        };
        let required = self.list("required").map_or(&[][..], Vec::as_slice);
        let mut fields = vec![];
        for (name, schema) in properties {
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
