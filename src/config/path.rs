//! Which field of a JSON text is at a position: `routes[2].status`.
//!
//! `serde_path_to_error` would track this while parsing, at the price of a second parser for every type: a quarter of a
//! component's size. An error knows its position, and the path can be read off the text before it.

use std::fmt::Write;

/// A step from a value into one of its parts. The text comes to the parts one after the other.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The path of the value in `text` that ends at a position, or begins right after it (both from 1, in bytes, as
/// `serde_json` counts); empty for the root. What stands before the position must be JSON as far as it goes; if it is
/// not, the path is a guess.
pub(super) fn at(text: &str, line: usize, column: usize) -> String {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let bytes = &text.as_bytes()[..text.len().min(line_start + column)];
    let mut steps = vec![];
    let mut next_string_is_key = false;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'{' => {
                steps.push(Step::Key(""));
                next_string_is_key = true;
            }
            b'[' => steps.push(Step::Index(0)),
            b'}' | b']' => drop(steps.pop()),
            b',' => match steps.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                _ => next_string_is_key = true,
            },
            b'"' => {
                let end = end_of_string(bytes, i + 1);
                if let (true, Some(Step::Key(key))) = (next_string_is_key, steps.last_mut()) {
                    *key = text.get(i + 1..end).unwrap_or_default();
                    next_string_is_key = false;
                }
                i = end;
            }
            _ => {}
        }
        i += 1;
    }
    write(&steps)
}

/// Position of the closing quote of the string that begins at `start`, or the end of the text.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut i = start;
    while i < bytes.len() && bytes[i] != b'"' {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    i.min(bytes.len())
}

fn write(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        // Writing to a string cannot fail.
        let _ = match step {
            Step::Key(key) if path.is_empty() => write!(path, "{key}"),
            Step::Key(key) => write!(path, ".{key}"),
            Step::Index(index) => write!(path, "[{index}]"),
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::json::Request;

    /// Errors have the positions that `serde_json` gives them, so these come from there.
    #[rstest]
    #[case::not_an_object("[]", "invalid type: sequence, expected a JSON object")]
    #[case::missing(r#"{"routes": []}"#, "missing field `spec`")]
    #[case::number_for_a_list(r#"{"routes": 7}"#, "`routes`: invalid type: integer `7`, expected a sequence")]
    #[case::array_for_a_route(r#"{"routes":[[1]]}"#, "`routes[0]`: invalid type: sequence, expected a JSON object")]
    #[case::after_white_space(r#"{"routes" : [ {} , [1]]}"#, "`routes[0]`: missing field `id`")]
    #[case::second(
        r#"{"routes":[{"id":"a","revision":"b","status":"running","health":"healthy","traffic_status":"active",
        "traffic_ratio":1,"created_at":0}, 3]}"#,
        "`routes[1]`: invalid type: integer `3`, expected a JSON object"
    )]
    #[case::null_for_a_word(
        r#"{"routes":[{"status":null}]}"#,
        "`routes[0].status`: invalid type: null, expected a word"
    )]
    #[case::object_for_a_word(
        r#"{"routes":[{"status":{"running":null}}]}"#,
        "`routes[0].status`: invalid type: map, expected a word"
    )]
    #[case::object_for_a_string(r#"{"routes":[{"id":{}}]}"#, "`routes[0].id`: invalid type: map, expected a string")]
    #[case::quotes_and_brackets_in_strings(
        "{\"routes\":[{\"id\":\"\\\"}]{[\\\\\",\"revision\":1}]}",
        "`routes[0].revision`: invalid type: integer `1`, expected a string"
    )]
    #[case::second_line(
        "{\"routes\": [],\n \"spec\": {\n  \"now\": -1}}",
        "`spec.now`: invalid value: integer `-1`, expected u64"
    )]
    #[case::after_a_closed_value(
        r#"{"spec":{"checks":[{"name":"a","outcome":"passed"}],"memo":1}}"#,
        "`spec.memo`: invalid type: integer `1`, expected a string"
    )]
    #[case::array_for_a_check(
        r#"{"spec":{"checks":[["a","passed"]]}}"#,
        "`spec.checks[0]`: invalid type: sequence, expected a JSON object"
    )]
    #[case::word_for_a_record(
        r#"{"spec":{"operator":"abort"}}"#,
        "`spec.operator`: invalid type: string \"abort\", expected a JSON object"
    )]
    #[case::out_of_range(r#"{"spec":{"now":1e999}}"#, "`spec.now`: number out of range at line 1 column 20")]
    #[case::cut_off(r#"{"spec": {"now": "#, "`spec.now`: EOF while parsing a value at line 1 column 17")]
    fn an_error_names_the_field(#[case] text: &str, #[case] message: &str) {
        assert_eq!(Request::parse(text).unwrap_err(), message);
    }

    #[rstest]
    #[case::beyond_the_text(1, 1000)]
    #[case::beyond_the_lines(1000, 1)]
    #[case::inside_a_character(1, 3)]
    fn a_position_that_is_none_does_not_panic(#[case] line: usize, #[case] column: usize) {
        super::at("{\"é\": \"\\", line, column);
    }
}
