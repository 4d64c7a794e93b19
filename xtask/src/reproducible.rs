//! Check that the components do not depend on where they were built.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::components::{self, Component};

/// Builds the components of the workspace at `root` there and in a copy elsewhere, and compares them.
pub(crate) fn check(root: &Path) -> Result<()> {
    let copy = tempfile::Builder::new().prefix("pointsman-elsewhere-").tempdir()?;
    let elsewhere = copy.path().canonicalize()?;
    copy_sources(root, &elsewhere)?;

    let here = by_place(components::build(root, &[])?, root)?;
    let there = by_place(components::build(&elsewhere, &[])?, &elsewhere)?;
    ensure!(
        here.keys().eq(there.keys()),
        "other components were built elsewhere: {:?}, {:?}",
        here.keys(),
        there.keys()
    );
    for (place, bytes) in &here {
        if let Some(at) = bytes.iter().zip(&there[place]).position(|(a, b)| a != b) {
            bail!("{place} differs from the one built in {}, first at byte {at}", elsewhere.display());
        }
        ensure!(bytes.len() == there[place].len(), "{place} has another length when built elsewhere");
        println!("{place}: identical when built elsewhere");
    }
    println!("reproducible: {} passed, 0 failed", here.len());
    Ok(())
}

/// Copies what git tracks or would track.
fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(args).current_dir(from).output().context("`git` cannot be started")?;
    ensure!(output.status.success(), "git cannot list the files: {}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout)?;
    // A file that was deleted and not committed is still listed.
    for file in files.split_terminator('\0').filter(|file| from.join(file).is_file()) {
        let target = to.join(file);
        fs::create_dir_all(target.parent().context("a file has a folder")?)?;
        fs::copy(from.join(file), target)?;
    }
    Ok(())
}

fn by_place(components: Vec<Component>, root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let place = |component: &Component| anyhow::Ok(component.path.strip_prefix(root)?.display().to_string());
    components.into_iter().map(|component| Ok((place(&component)?, component.bytes))).collect()
}
