//! The compile cache: it is used, it survives damage, and it is never needed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use host_test::component;
use pointsman_host::{Host, HostError, Limits};

/// The files of the cache with compiled code: those without an extension, beside which the cache keeps its statistics.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let versions = fs::read_dir(folder.join("modules")).unwrap().map(|entry| entry.unwrap().path());
    let files = versions.flat_map(|version| fs::read_dir(version).unwrap().map(|entry| entry.unwrap().path()));
    files.filter(|file| file.extension().is_none()).collect()
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
    let (path, bytes) = (&first[0], fs::read(&first[0]).unwrap());

    // Were it compiled again, it would be written again, over the mark.
    let marked = fs::metadata(path).unwrap().modified().unwrap();
    load(folder.path());

    assert_eq!(entries(folder.path()), first);
    assert_eq!((fs::read(path).unwrap(), fs::metadata(path).unwrap().modified().unwrap()), (bytes, marked));
}

#[test]
fn a_damaged_entry_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path());
    let entry = entries(folder.path()).remove(0);
    let good = fs::read(&entry).unwrap();
    for damaged in [&b""[..], b"damaged", &good[..good.len() / 2]] {
        fs::write(&entry, damaged).unwrap();

        assert_eq!(load(folder.path()), "blue-green");
    }
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
