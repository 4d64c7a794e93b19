//! The compile cache: it is used, it survives damage, and it is never needed.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use host_test::component;
use pointsman_host::{Host, HostError, Limits};

/// The files of the cache.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder.join("compiled")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn load(folder: &Path) -> String {
    let host = Host::with_cache(Limits::default(), folder).unwrap();
    host.load(component("plugins/blue_green.wasm")).unwrap().describe().unwrap().name
}

#[test]
fn a_second_host_finds_what_the_first_compiled() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path());
    let first = entries(folder.path());
    assert_eq!(first.len(), 1, "{first:?}");
    let inode = || fs::metadata(&first[0]).unwrap().ino();
    let written = inode();

    load(folder.path());

    assert_eq!(entries(folder.path()), first);
    assert_eq!(inode(), written, "what is compiled again is written again");
}

/// One flipped bit of native code is enough to crash the process that runs it.
#[test]
fn a_damaged_entry_is_dropped_and_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path());
    let entry = entries(folder.path()).remove(0);
    let good = fs::read(&entry).unwrap();
    let flipped = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1 << (place % 8);
        bytes
    };
    let flips = (0..8).map(|part| flipped(part * (good.len() - 1) / 7));
    for damaged in [vec![], b"damaged".to_vec(), good[..good.len() / 2].to_vec()].into_iter().chain(flips) {
        fs::write(&entry, damaged).unwrap();

        assert_eq!(load(folder.path()), "blue-green");

        assert_eq!(fs::read(&entry).unwrap().len(), good.len(), "a whole one is in its place");
    }
}

/// Code under another component's name is not run.
#[test]
fn an_entry_of_another_component_is_not_used() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    load(folder.path());
    let host = Host::with_cache(Limits::default(), other.path()).unwrap();
    host.load(component("plugins/rolling_update.wasm")).unwrap();
    fs::copy(&entries(other.path())[0], &entries(folder.path())[0]).unwrap();

    assert_eq!(load(folder.path()), "blue-green");
}

#[test]
fn what_others_may_write_to_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path());
    let entry = entries(folder.path()).remove(0);
    let written = fs::metadata(&entry).unwrap().ino();
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).unwrap();

    load(folder.path());

    assert_ne!(fs::metadata(&entry).unwrap().ino(), written);
}

#[test]
fn other_components_have_entries_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path());
    let host = Host::with_cache(Limits::default(), folder.path()).unwrap();
    // What is refused is not compiled.
    assert!(host.load_bytes("empty.wasm", &wat::parse_str("(component)").unwrap()).is_err());
    assert_eq!(entries(folder.path()).len(), 1);

    host.load(host_test::component("plugins/rolling_update.wasm")).unwrap();

    assert_eq!(entries(folder.path()).len(), 2);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();

    let error = Host::with_cache(Limits::default(), file.path().join("below")).map(drop).unwrap_err();

    assert!(matches!(&error, HostError::Cache { folder, .. } if *folder == file.path().join("below")), "{error:?}");
}
