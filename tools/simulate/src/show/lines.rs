//! Lists, shortened text, and text in lines.

use textwrap::{WordSeparator, WordSplitter, WrapAlgorithm};

/// Lists the first `most` of some names, and counts the others: `a, b and 3 more`.
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>, most: usize) -> String {
    let mut names = names.into_iter();
    let named: Vec<S> = names.by_ref().take(most).collect();
    let named = named.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match (names.count(), most) {
        (0, _) => named,
        (more, 0) => format!("{more}"),
        (more, _) => format!("{named} and {more} more"),
    }
}

/// Shortens a text to `most` characters and an ellipsis, where it has more.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Wraps a text at spaces into lines of at most `width` columns, and within a word that is longer than a line. All
/// lines but the first are indented by `indent` columns: before the first stands a label as wide as that.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let options = textwrap::Options::new(width.saturating_sub(indent).max(1))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).join(&format!("\n{:indent$}", ""))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{listed, shortened, wrapped};

    #[rstest]
    #[case::short("one two", "one two")]
    #[case::empty("", "")]
    #[case::to_the_last_column("12345 7890 and more", "12345 7890\n and more")]
    #[case::one_too_many("12345 78901", "12345\n 78901")]
    #[case::long_word("a 123456789012345 b", "a\n 1234567890\n 12345 b")]
    #[case::spaces_stay("a  b", "a  b")]
    #[case::no_hyphen_is_a_place_to_break("waiting-for r-1", "waiting-fo\n r r-1")]
    fn lines_break_at_spaces(#[case] text: &str, #[case] expected: &str) {
        let far = expected.replace("\n ", &format!("\n{:110}", ""));

        assert_eq!(wrapped(text, 120, 110), far);
    }

    #[rstest]
    #[case::none(&[], 2, "")]
    #[case::few(&["a", "b"], 2, "a, b")]
    #[case::more(&["a", "b", "c", "d", "e"], 2, "a, b and 3 more")]
    #[case::counted(&["a", "b"], 0, "2")]
    fn long_lists_are_counted(#[case] names: &[&str], #[case] most: usize, #[case] expected: &str) {
        assert_eq!(listed(names, most), expected);
    }

    #[rstest]
    #[case::fits("abc", "abc")]
    #[case::longer("abcd", "abc…")]
    #[case::characters_not_bytes("äöüß", "äöü…")]
    fn long_text_ends_in_an_ellipsis(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(shortened(text, 3), expected);
    }
}
