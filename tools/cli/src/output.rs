//! Standard output: colours where there is a terminal that has them, and lines as wide as it is.

use std::io::{self, StdoutLock, Write};

use anstream::AutoStream;
use pointsman_simulate::show::Look;
use serde::Serialize;
use terminal_size::{Width, terminal_size};

use crate::error::CliError;

/// Standard output for people. What is no terminal gets no colours.
pub(crate) fn stdout() -> AutoStream<StdoutLock<'static>> {
    AutoStream::auto(io::stdout().lock())
}

/// Look of text for people on [`stdout`].
pub(crate) fn look() -> Look {
    let look = Look::plain().coloured();
    terminal_size().map_or(look, |(Width(columns), _)| look.of_width(columns.into()))
}

/// Writes a document for programs.
pub(crate) fn write_json(document: &impl Serialize) -> Result<(), CliError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, document).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// The result of a write after which a command still has an outcome to tell. Whoever reads may have seen enough, as in
/// `pointsman … | head`: what was found remains.
pub(crate) fn seen(written: Result<(), impl Into<CliError>>) -> Result<(), CliError> {
    match written.map_err(Into::into) {
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
