//! Untrusted text on a terminal: as it is, but for what would control the terminal or hide what it says.

use std::borrow::Cow;

/// Escapes every character of an untrusted text that would not be seen as itself: `\u{1b}` moves no cursor, `\n` breaks
/// no table, `\u{202e}` turns no words round, and `\u{200b}` makes no two names look alike.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hidden(c) { escaped.extend(c.escape_default()) } else { escaped.push(c) }
    }
    escaped.into()
}

/// Control characters, separators of lines, marks of direction, and what has no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::plain;

    #[rstest]
    #[case::usual("2 of 3 are ready: größer, 準備", "2 of 3 are ready: größer, 準備")]
    #[case::terminal_sequence("\u{1b}[2J\u{9b}31m", r"\u{1b}[2J\u{9b}31m")]
    #[case::lines("a\nb\tc\u{2028}d", r"a\nb\tc\u{2028}d")]
    #[case::direction("\u{202e}a\u{2066}b\u{200f}", r"\u{202e}a\u{2066}b\u{200f}")]
    #[case::no_width("r-1\u{200b}\u{feff}\u{2060}\u{ad}", r"r-1\u{200b}\u{feff}\u{2060}\u{ad}")]
    #[case::tags("a\u{e0041}", r"a\u{e0041}")]
    fn what_is_hidden_is_written_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(plain(text), expected);
    }
}
