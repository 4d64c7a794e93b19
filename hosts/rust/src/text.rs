//! Wording of lists, lengths of time and long texts, for errors and log lines.

use std::{path::Path, time::Duration};

/// Most characters of somebody else's text in a message.
const LONGEST: usize = 2000;
/// Most names that a [`list`] spells out.
const NAMED: usize = 3;

/// `` `a`, `b` and 3 more ``.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    list_of(names, names.len())
}

/// The same of so many names, of which there are the first.
pub(crate) fn list_of(names: &[impl AsRef<str>], count: usize) -> String {
    let named =
        names.iter().take(NAMED).map(|name| format!("`{}`", shown(name.as_ref()))).collect::<Vec<_>>().join(", ");
    match count.saturating_sub(names.len().min(NAMED)) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The start of a text, of at most `longest` characters; an ellipsis stands for the rest.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text of somebody else's on one line, in which nothing acts on a terminal: control characters and those that change
/// the direction of writing are escaped.
pub(crate) fn escaped(text: &str) -> String {
    let is_bidi =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_line = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        if c.is_control() || is_bidi(c) || is_line(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
        escaped
    })
}

/// A text of somebody else's, fit for a message: [escaped], and no longer than a message may be.
pub(crate) fn shown(text: &str) -> String {
    shortened(&escaped(text), LONGEST)
}

/// A path, fit for a message.
pub(crate) fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

/// A length of time, rounded up: `4 s`, below a second `250 ms`.
pub(crate) fn length(time: Duration) -> String {
    let millis = time.as_nanos().div_ceil(1_000_000);
    if millis < 1000 { format!("{millis} ms") } else { format!("{} s", millis.div_ceil(1000)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    #[rstest]
    #[case::none(&[], "")]
    #[case::some(&["a", "b", "c"], "`a`, `b`, `c`")]
    #[case::many(&["a", "b", "c", "d", "e"], "`a`, `b`, `c` and 2 more")]
    fn lists(#[case] names: &[&str], #[case] expected: &str) {
        assert_eq!(super::list(names), expected);
    }

    #[rstest]
    #[case::exactly("éé", "éé")]
    #[case::longer("ééé", "éé…")]
    fn long_texts(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(super::shortened(text, 2), expected);
    }

    #[rstest]
    #[case::plain("a `b` – é", "a `b` – é")]
    #[case::line("a\nb\rc", "a\\nb\\rc")]
    #[case::escape("\u{1b}[31m", "\\u{1b}[31m")]
    #[case::c1("\u{9b}1m", "\\u{9b}1m")]
    #[case::bidi("\u{202e}gnp", "\\u{202e}gnp")]
    #[case::separator("a\u{2028}b", "a\\u{2028}b")]
    fn texts_of_others(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(super::escaped(text), expected);
    }

    #[rstest]
    #[case::none(0, "0 ms")]
    #[case::millis(250_000, "250 ms")]
    #[case::less_than_one(1, "1 ms")]
    #[case::almost_a_second(999_001, "1 s")]
    #[case::seconds(4_000_000, "4 s")]
    #[case::rounded_up(3_000_001, "4 s")]
    fn lengths_of_time(#[case] micros: u64, #[case] expected: &str) {
        assert_eq!(super::length(Duration::from_micros(micros)), expected);
    }
}
