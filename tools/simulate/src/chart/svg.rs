//! Writing SVG: tags as they are given, and text with whatever in it.

/// Code points that no XML document may have. Control characters have been written out before.
const NO_CHARACTERS: [char; 2] = ['\u{fffe}', '\u{ffff}'];

/// SVG text as it is put together.
#[derive(Default)]
pub(super) struct Svg(String);

// === impl Svg ===

impl Svg {
    pub(super) fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
        self.0.push('\n');
    }

    pub(super) fn open(&mut self, tag: &str) {
        self.raw(&format!("<{tag}>"));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.raw(&format!("</{name}>"));
    }

    /// An element of nothing but text, which may be any text.
    pub(super) fn element(&mut self, tag: &str, text: &str) {
        let name = tag.split_whitespace().next().unwrap_or(tag);
        // Quotes mean something in attributes only.
        let text =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(NO_CHARACTERS, "\u{fffd}");
        self.raw(&format!("<{tag}>{text}</{name}>"));
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Svg;

    #[test]
    fn text_is_text() {
        let mut svg = Svg::default();
        svg.element(r#"text x="1""#, "<a href='b'> & \"c\"\u{ffff}");

        assert_eq!(svg.into_text(), "<text x=\"1\">&lt;a href='b'&gt; &amp; \"c\"\u{fffd}</text>\n");
    }
}
