//! What is made from schemas that cannot be trusted.

use proptest::strategy::{Strategy, ValueTree};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Made, room::UNITS, room::weight, values};
use crate::trial;

/// Each level refers to the next in ten places, and the last is a list of lists.
fn fan() -> Value {
    let mut definitions = serde_json::Map::new();
    for level in 0..7 {
        let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
        let properties: serde_json::Map<String, Value> = (0..10).map(|i| (format!("p{i}"), next.clone())).collect();
        definitions.insert(format!("l{level}"), json!({"type": "object", "properties": properties}));
    }
    let list = |items: Value| json!({"type": "array", "items": items});
    definitions.insert("l7".to_owned(), list(list(json!({"type": "string", "pattern": "x{900}"}))));
    json!({"$defs": definitions, "$ref": "#/$defs/l0"})
}

#[rstest]
#[case::fan(fan())]
#[case::itself(json!({"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}, "c": {"$ref": "#"},
    "d": {"$ref": "#"}, "e": {"$ref": "#"}, "f": {"$ref": "#"}}}))]
#[case::lists((0..30).fold(json!({"type": "string"}), |items, _| json!({"type": "array", "items": items})))]
#[case::words(json!({"enum": vec!["word"; 100_000]}))]
#[case::default(json!({"type": "string", "default": "d".repeat(1_000_000)}))]
#[case::required(json!({"properties": {"a": {}}, "required": vec!["a"; 100_000]}))]
#[case::reference(json!({"$ref": format!("#{}", "/a".repeat(100_000))}))]
fn what_is_made_is_bounded(#[case] schema: Value) {
    let Made { values, too_large } = values(&schema);

    let mut runner = trial::runner(7, "schema");
    for _ in 0..20 {
        let value = values.new_tree(&mut runner).unwrap().current();
        assert!(weight(&value) <= UNITS, "{}", weight(&value));
    }
    let is_deep = schema.get("items").is_some();
    assert_eq!(too_large.is_empty(), is_deep, "{too_large:?}");
    assert!(
        too_large.iter().all(|told| told.starts_with("the schema is too large to generate from: ")),
        "{too_large:?}"
    );
}

#[test]
fn a_pattern_that_is_too_large_leaves_the_rest() {
    let bomb = json!({"type": "string", "pattern": "((x{1,1000}){1,1000}){1,1000}"});
    let schema = json!({"type": "object", "properties": {"bomb": bomb, "n": {"const": 7}}, "required": ["bomb", "n"]});

    let Made { values, too_large } = values(&schema);

    let value = values.new_tree(&mut trial::runner(7, "schema")).unwrap().current();
    assert!(value["bomb"].as_str().unwrap().len() < 4 && value["n"] == 7, "{value}");
    assert_eq!(too_large.len(), 1, "{too_large:?}");
    assert!(too_large[0].contains("it repeats up to 1000000000 times, at most 1000 may be"), "{too_large:?}");
}
