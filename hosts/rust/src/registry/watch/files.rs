//! The files of a folder that may be plugins.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The plugins in a folder, in the order of their names: every `*.wasm` that is not hidden. Not what could be waited
/// for without end, such as a named pipe; a folder or a dangling link of that name is told as what cannot be read.
pub(in crate::registry) fn plugins(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    let ends = |path: &Path| fs::metadata(path).map_or(true, |metadata| metadata.is_file() || metadata.is_dir());
    files.retain(|path| is_plugin(path) && ends(path));
    files.sort();
    Ok(files)
}

pub(super) fn is_plugin(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && path.extension().is_some_and(|extension| extension == "wasm")
}
