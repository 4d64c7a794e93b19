//! The watch itself: its folder, its end, and what it does with a version.

use std::{
    fs,
    num::{NonZeroU32, NonZeroU64},
};

use host_test::{Folder, HOST, LONG, cycle, hostile_version, misdeed, ready_routes};
use pointsman_host::{
    Registry,
    registry::{Options, Swap, Trial, WatchError, Watching},
};

use crate::{Watched, told};

#[test]
fn a_quarantined_version_is_not_loaded_again_until_somebody_says_so() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let options = Options { revert_after: NonZeroU32::MIN, ..Options::default() };
    let watched = Watched::new(folder.path(), Watching::default(), options);
    assert_eq!(watched.next(), told("a.wasm", "loaded"));
    folder.write("a.wasm", &hostile_version("broken"));
    assert_eq!(watched.next(), told("a.wasm", "swapped"));
    watched.registry.evaluate_cycle("hostile", &cycle(&ready_routes(1), &misdeed("good"))).unwrap_err();
    assert!(watched.registry.wait_for_verdicts(LONG));
    assert_eq!(watched.registry.status()[0].reverts, 1);

    // The same version under another name.
    let again = folder.write("b.wasm", &hostile_version("broken"));
    assert_eq!(watched.next(), told("b.wasm", "quarantined"));
    assert!(watched.registry.evaluate_cycle("hostile", &cycle(&[], &misdeed("good"))).is_ok());

    assert!(matches!(watched.registry.swap("hostile", again), Ok(Swap::Swapped { .. })));
}

#[test]
fn a_new_version_can_be_tried_first() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let trial = Some(Trial::evaluations(NonZeroU64::MIN));
    let watched = Watched::new(folder.path(), Watching { trial, ..Watching::default() }, Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));

    folder.write("b.wasm", &hostile_version("second"));

    assert_eq!(watched.next(), told("b.wasm", "shadowing"));
    assert_eq!(watched.current(), "a.wasm");
}

#[test]
fn a_folder_that_goes_and_comes_back_is_watched_again() {
    let outer = Folder::new();
    let inner = outer.path().join("plugins");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("a.wasm"), hostile_version("honest")).unwrap();
    let watched = Watched::new(&inner, Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));

    fs::remove_dir_all(&inner).unwrap();
    let staged = outer.path().join("staged");
    fs::create_dir(&staged).unwrap();
    fs::write(staged.join("a.wasm"), hostile_version("second")).unwrap();
    fs::rename(&staged, &inner).unwrap();

    assert_eq!(watched.next(), told("a.wasm", "swapped"));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let registry = Registry::new(HOST.clone(), Options::default());

    let result = registry.watch("no/such/folder", Watching::default());

    assert!(matches!(result, Err(WatchError::Read { .. })));
}

#[test]
fn nothing_is_loaded_once_the_watch_is_dropped() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let Watched { registry, told, watch } = Watched::new(folder.path(), Watching::default(), Options::default());
    drop(watch);
    folder.write("a.wasm", &hostile_version("second"));

    // The thread has ended, and with it all that could tell.
    assert_eq!(told.iter().count(), 1);
    assert_eq!(registry.status()[0].previous, None);
}
