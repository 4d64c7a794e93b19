//! Tables: columns without borders, as wide as what is in them.

use std::fmt;

use comfy_table::{ColumnConstraint, ContentArrangement, Width, presets};

use super::Look;

/// Blank columns between two columns.
const GAP: u16 = 2;

/// A table for people. Columns are as wide as their content, but for those that may wrap.
pub struct Table {
    inner: comfy_table::Table,
    columns: usize,
    wrapping: Vec<(usize, Option<u16>)>,
}

// === impl Table ===

impl Table {
    /// A table with a heading for each column.
    pub fn new(look: Look, headings: &[&str]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        inner.set_width(u16::try_from(look.width()).unwrap_or(u16::MAX));
        inner.set_header(headings.iter().map(|text| look.heading(text)));
        Self { inner, columns: headings.len(), wrapping: vec![] }
    }

    /// A column, from 0, that wraps where the table would be too wide.
    #[must_use]
    pub fn wrap(mut self, column: usize) -> Self {
        self.wrapping.push((column, None));
        self
    }

    /// A column, from 0, that wraps, and never takes more than so many columns of text.
    #[must_use]
    pub fn wrap_at(mut self, column: usize, most: u16) -> Self {
        self.wrapping.push((column, Some(most)));
        self
    }

    /// Adds a row; cells that are missing at its end are empty.
    pub fn add_row<S: ToString>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.inner.add_row(cells.into_iter().map(|cell| cell.to_string()));
    }

    /// The table as text, without a line break at its end.
    #[must_use]
    pub fn into_text(mut self) -> String {
        for (i, column) in self.inner.column_iter_mut().enumerate() {
            column.set_padding((0, if i + 1 < self.columns { GAP } else { 0 }));
            match self.wrapping.iter().find(|(wrapping, _)| *wrapping == i) {
                None => column.set_constraint(ColumnConstraint::ContentWidth),
                Some((_, Some(most))) => {
                    column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(most + GAP)))
                }
                Some((_, None)) => column,
            };
        }
        self.inner.trim_fmt()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("columns", &self.columns).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Table};

    #[test]
    fn only_what_may_wrap_does() {
        let mut table = Table::new(Look::plain().of_width(90), &["ID", "WHY", "END"]).wrap(1);
        table.add_row(["r".repeat(30), "word ".repeat(30), "end".to_owned()]);
        table.add_row(["s"]);

        let text = table.into_text();
        assert!(text.lines().all(|line| line.len() <= 90), "{text}");
        assert!(text.contains(&"r".repeat(30)) && text.lines().count() > 4, "{text}");
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
    }
}
