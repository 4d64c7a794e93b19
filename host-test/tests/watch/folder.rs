//! The watch itself: its folder, its end, and what it does with a version.

use std::{
    fs,
    num::{NonZeroU32, NonZeroU64},
    os::unix::fs::symlink,
    path::Path,
    sync::{Arc, mpsc::channel},
};

use host_test::{Folder, HOST, LONG, cycle, hostile_version, misdeed, ready_routes, versioned};
use pointsman_host::{
    Registry,
    registry::{Options, Swap, SwapError, Trial, WatchError, Watching},
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

    folder.write("b.wasm", &versioned(&hostile_version("second"), "0.2.1"));

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

/// As deployments do that unpack each release beside the others, and let a link point to the newest.
#[test]
fn a_folder_that_is_a_link_which_comes_to_point_elsewhere_is_watched_there() {
    let outer = Folder::new();
    for (release, mode) in [("1", "honest"), ("2", "second")] {
        fs::create_dir(outer.path().join(release)).unwrap();
        fs::write(outer.path().join(release).join("a.wasm"), hostile_version(mode)).unwrap();
    }
    let link = outer.path().join("current");
    symlink("1", &link).unwrap();
    let watched = Watched::new(&link, Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));

    symlink("2", outer.path().join("next")).unwrap();
    fs::rename(outer.path().join("next"), &link).unwrap();

    assert_eq!(watched.next(), told("a.wasm", "swapped"));
    let part = outer.path().join("part");
    fs::write(&part, hostile_version("third")).unwrap();
    fs::rename(part, outer.path().join("2").join("a.wasm")).unwrap();
    assert_eq!(watched.next(), told("a.wasm", "swapped"));
}

#[test]
fn a_callback_that_panics_does_not_end_the_watch() {
    let folder = Folder::new();
    let (sender, told) = channel();
    let on_change = move |path: &Path, _: &Result<Swap, SwapError>| {
        // Nobody listens once the test is over.
        let _ = sender.send(path.file_name().unwrap().to_owned());
        panic!("as told");
    };
    let registry = Registry::new(HOST.clone(), Options::default());
    let watch =
        registry.watch(folder.path(), Watching { on_change: Arc::new(on_change), ..Watching::default() }).unwrap();

    for name in ["a.wasm", "b.wasm"] {
        folder.write(name, b"not a component");
        assert_eq!(told.recv_timeout(LONG).unwrap(), name);
    }
    drop(watch);
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
