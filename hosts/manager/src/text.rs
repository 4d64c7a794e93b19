//! Text from plugins and requests on a terminal: as it is, but for what would control the terminal.

use std::borrow::Cow;

/// The text with every control character written out: `\u{1b}` moves no cursor, `\n` breaks no table.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let written = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(written).collect::<String>().into()
}
