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

/// The path of the value in `text` that ends at a position (both from 1, in bytes, as `serde_json` counts); empty for the
/// root. What stands before the position must be JSON as far as it goes; if it is not, the path is a guess.
pub(super) fn at(text: &str, line: usize, column: usize) -> String {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let bytes = &text.as_bytes()[..text.len().min(line_start + column)];
    let mut steps = vec![];
    let mut next_string_is_key = false;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            // A bracket at the very end is the value itself: it was not entered.
            b'{' | b'[' if i + 1 == bytes.len() => {}
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

/// Where the string that begins at `start` has its closing quote, or the end of the text.
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

    #[rstest]
    #[case::member(r#"{"a": 1"#, "a")]
    #[case::nested(r#"{"a": {"b": [0, {"c": "x""#, "a.b[1].c")]
    #[case::after_a_closed_value(r#"{"a": {"b": [1]}, "c": 1"#, "c")]
    #[case::object_that_lacks_a_field(r#"{"a": [{"b": 1}, {"b": 1}"#, "a[1]")]
    #[case::object_instead_of_a_number(r#"{"a": {"#, "a")]
    #[case::array_instead_of_an_object(r#"{"a": [{"b": ["#, "a[0].b")]
    #[case::quotes_and_brackets_in_strings(r#"{"a": "\"}{", "b": "x\\""#, "b")]
    #[case::later_line("{\n  \"a\": [1,\n 2", "a[1]")]
    #[case::root("[", "")]
    #[case::unclosed_string(r#"{"a\"#, "a\\")]
    fn the_path_at_the_end_of_a_text(#[case] text: &str, #[case] path: &str) {
        let line = text.lines().count();
        let column = text.lines().last().map_or(0, str::len);

        assert_eq!(super::at(text, line, column), path);
        assert_eq!(super::at(&format!("{text} ]}}, \"more\": 1"), line, column), path);
    }
}
