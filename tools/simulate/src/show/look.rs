//! How wide text for people is, and whether it has colours.

use std::fmt::Display;

use anstyle::Style;

use super::wrapped;

/// Most columns of a line for people.
pub const WIDTH: usize = 120;

/// Columns below which lines are not wrapped: columns of one word help nobody.
const NARROWEST: usize = 90;

/// Width and colours of text for people. A library cannot know where it ends up, so its caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Most columns of a line.
    width: usize,
    /// True where colours are written, as ANSI sequences.
    is_coloured: bool,
}

/// The colours, each for one meaning.
pub mod style {
    use anstyle::{AnsiColor, Style};

    /// Errors.
    pub const ERROR: Style = AnsiColor::Red.on_default().bold();
    /// Headings.
    pub const HEADING: Style = Style::new().bold();
    /// Less important text.
    pub const FAINT: Style = Style::new().dimmed();
    /// The new revision, and what went well.
    pub const GREEN: Style = AnsiColor::Green.on_default();
    /// The old revision.
    pub const BLUE: Style = AnsiColor::Blue.on_default();
    /// Warnings.
    pub const WARNING: Style = AnsiColor::Yellow.on_default();
}

// === impl Look ===

impl Look {
    /// Plain text of at most [`WIDTH`] columns: for files and logs.
    pub const fn plain() -> Self {
        Self { width: WIDTH, is_coloured: false }
    }

    /// Text with colours, for a terminal or for a writer that takes them out again.
    #[must_use]
    pub const fn coloured(self) -> Self {
        Self { is_coloured: true, ..self }
    }

    /// Text for so many columns: at most [`WIDTH`] of them are used, and where there are fewer than 90 the terminal
    /// breaks the lines.
    #[must_use]
    pub const fn of_width(self, columns: usize) -> Self {
        let width = if columns >= NARROWEST && columns < WIDTH { columns } else { WIDTH };
        Self { width, ..self }
    }

    /// Most columns of a line.
    pub const fn width(self) -> usize {
        self.width
    }

    /// A text in a colour, where there are colours.
    pub fn paint(self, style: Style, text: impl Display) -> String {
        let text = text.to_string();
        if self.is_coloured && !text.is_empty() { format!("{style}{text}{style:#}") } else { text }
    }

    /// A heading.
    pub fn heading(self, text: impl Display) -> String {
        self.paint(style::HEADING, text)
    }

    /// A label in a column of `indent` columns, and what it is the label of, wrapped beside it.
    pub fn labelled(self, style: Style, label: &str, indent: usize, text: &str) -> String {
        let pad = indent.saturating_sub(label.len());
        format!("{}{:pad$}{}", self.paint(style, label), "", wrapped(text, self.width, indent))
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::plain()
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, WIDTH, style};

    #[test]
    fn the_caller_decides_on_width_and_colours() {
        let look = Look::plain();
        assert_eq!(
            (look.of_width(100).width(), look.of_width(400).width(), look.of_width(20).width()),
            (100, WIDTH, WIDTH)
        );
        assert_eq!(look.heading("a"), "a");
        assert_eq!(look.coloured().heading("a"), "\u{1b}[1ma\u{1b}[0m");
        let long = "word ".repeat(40);
        let lines = look.of_width(90).labelled(style::HEADING, "label", 10, &long);
        assert!(lines.lines().count() == 3 && lines.lines().all(|line| line.chars().count() <= 90), "{lines}");
    }
}
