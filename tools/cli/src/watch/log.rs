//! The registry's events, as lines above the live line.

use std::io::{self, Write};

use indicatif::ProgressBar;
use pointsman_simulate::show::plain;
use tracing_subscriber::fmt::MakeWriter;

/// Lines above the live line.
#[derive(Clone)]
struct Lines(ProgressBar);

/// Writes what the registry logs to standard output from now on.
pub(super) fn start(bar: ProgressBar) {
    tracing_subscriber::fmt().with_writer(Lines(bar)).with_target(false).compact().init();
}

/// A line with everything escaped but the colours of the log itself: file names and errors are untrusted text.
fn visible(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut visible = plain(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let colour = part.split_once('m').filter(|(codes, _)| {
            codes.strip_prefix('[').is_some_and(|codes| codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'))
        });
        match colour {
            Some((codes, rest)) => visible.extend(["\u{1b}", codes, "m", &plain(rest)]),
            None => visible.extend([r"\u{1b}", &plain(part)]),
        }
    }
    visible
}

// === impl Lines ===

impl Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = visible(text.strip_suffix('\n').unwrap_or(&text));
        self.0.suspend(|| writeln!(anstream::stdout(), "{line}"))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::visible;

    #[rstest]
    #[case::colours("\u{1b}[2m12:00\u{1b}[0m loaded", "\u{1b}[2m12:00\u{1b}[0m loaded")]
    #[case::forged("a.wasm\nERROR \u{202e}b", r"a.wasm\nERROR \u{202e}b")]
    #[case::screen("\u{1b}[2Jm \u{9b}31m", r"\u{1b}[2Jm \u{9b}31m")]
    #[case::title("\u{1b}]0;m", r"\u{1b}]0;m")]
    fn only_the_logs_own_colours_are_left(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(visible(line), expected);
    }
}
