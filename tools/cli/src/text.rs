//! Text from plugins and requests on a terminal: as it is, but for what would control the terminal.

use std::borrow::Cow;

/// The most columns of a line for people.
pub(crate) const WIDTH: usize = 120;

/// The text with every control character written out: `\u{1b}` moves no cursor, `\n` breaks no table.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let written = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(written).collect::<String>().into()
}

/// The text in lines of at most [`WIDTH`] columns, which break at spaces, and within a word that is longer than a line. All
/// but the first are indented by so many columns: before the first there is a label as wide as that.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let most = WIDTH.saturating_sub(indent).max(1);
    let line_break = format!("\n{:indent$}", "");
    let mut columns = 0;
    let mut wrapped = String::with_capacity(text.len());
    for (i, word) in text.split(' ').enumerate() {
        if i > 0 && columns + 1 + word.chars().count() <= most {
            wrapped.push(' ');
            columns += 1;
        } else if columns > 0 {
            wrapped.push_str(&line_break);
            columns = 0;
        }
        for c in word.chars() {
            if columns == most {
                wrapped.push_str(&line_break);
                columns = 0;
            }
            wrapped.push(c);
            columns += 1;
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{WIDTH, wrapped};

    #[rstest]
    #[case::short("one two", "one two")]
    #[case::empty("", "")]
    #[case::to_the_last_column("12345 7890 and more", "12345 7890\n and more")]
    #[case::one_too_many("12345 78901", "12345\n 78901")]
    #[case::long_word("a 123456789012345 b", "a\n 1234567890\n 12345 b")]
    #[case::spaces_stay("a  b", "a  b")]
    fn lines_break_at_spaces(#[case] text: &str, #[case] expected: &str) {
        // So far in that ten columns are left.
        let indent = WIDTH - 10;
        let far = expected.replace("\n ", &format!("\n{:indent$}", ""));

        assert_eq!(wrapped(text, indent), far);
    }
}
