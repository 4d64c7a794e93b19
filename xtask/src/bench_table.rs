//! The table of a benchmark run.
use std::path::Path;

pub(crate) fn print(_root: &Path) -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
