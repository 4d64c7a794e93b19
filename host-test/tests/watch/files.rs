//! Files that change in a watched folder: whole ones, half ones, links, pipes.

use std::{fs, io::Write, os::unix::fs::symlink, process::Command, time::Duration};

use host_test::{Folder, cycle, hostile_version, misdeed, versioned};
use pointsman_host::registry::{Options, Watching};
use rstest::rstest;

use crate::{Watched, told};

#[rstest]
#[case::by_events(None)]
#[case::by_looking(Some(Duration::from_millis(20)))]
fn what_is_there_is_loaded_and_what_changes_is_swapped(#[case] poll: Option<Duration>) {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    folder.write("notes.txt", b"not a plugin");
    folder.write(".hidden.wasm", &hostile_version("hidden"));
    let watched = Watched::new(folder.path(), Watching { poll, ..Watching::default() }, Options::default());

    // Told before `watch` returned.
    assert_eq!(watched.told.try_iter().collect::<Vec<_>>(), [told("a.wasm", "loaded")]);

    folder.write("a.wasm", &hostile_version("second"));
    assert_eq!(watched.next(), told("a.wasm", "swapped"));
    let third = versioned(&hostile_version("third"), "0.2.1");
    folder.write("b.wasm", &third);
    assert_eq!(watched.next(), told("b.wasm", "swapped"));
    assert_eq!(watched.current(), "b.wasm");

    fs::remove_file(folder.path().join("a.wasm")).unwrap();
    fs::remove_file(folder.path().join("b.wasm")).unwrap();
    folder.write("c.wasm", b"not a component");
    assert_eq!(watched.next(), told("c.wasm", "failed"));
    assert_eq!(watched.current(), "b.wasm", "what is removed goes on");
    folder.write("c.wasm", &third);
    assert_eq!(watched.next(), told("c.wasm", "unchanged"));
}

#[test]
fn a_file_that_is_being_written_is_not_loaded_however_long_it_takes() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));
    let new = versioned(&hostile_version("second"), "0.2.2");
    let other = versioned(&hostile_version("third"), "0.2.1");
    let (start, end) = new.split_at(new.len() / 2);

    let mut slow = fs::File::create(folder.path().join("a.wasm")).unwrap();
    slow.write_all(start).unwrap();
    // Another file is seen meanwhile, so the half has been there for longer than a change takes to be looked at.
    folder.write("b.wasm", &other);
    assert_eq!(watched.next(), told("b.wasm", "swapped"));
    slow.write_all(end).unwrap();
    folder.write("c.wasm", &other);
    assert_eq!(watched.next(), told("c.wasm", "unchanged"));
    drop(slow);

    assert_eq!(watched.next(), told("a.wasm", "swapped"));
}

#[test]
fn a_writer_that_stops_half_way_leaves_a_file_that_does_not_load() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));
    let new = hostile_version("second");

    fs::write(folder.path().join("a.wasm"), &new[..new.len() / 2]).unwrap();
    assert_eq!(watched.next(), told("a.wasm", "failed"));
    assert!(watched.registry.evaluate_cycle("hostile", &cycle(&[], &misdeed("none"))).is_ok());

    fs::write(folder.path().join("a.wasm"), &new).unwrap();
    assert_eq!(watched.next(), told("a.wasm", "swapped"));
}

#[test]
fn a_link_that_comes_to_point_elsewhere_is_a_change() {
    // As in a folder that Kubernetes mounts: a.wasm -> ..data/a.wasm, ..data -> one of the folders beside it.
    let folder = Folder::new();
    let data = folder.path().join("..data");
    for (version, mode) in [("..1", "honest"), ("..2", "second")] {
        fs::create_dir(folder.path().join(version)).unwrap();
        fs::write(folder.path().join(version).join("a.wasm"), hostile_version(mode)).unwrap();
    }
    symlink("..1", &data).unwrap();
    symlink("..data/a.wasm", folder.path().join("a.wasm")).unwrap();
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));

    symlink("..2", folder.path().join("..data_tmp")).unwrap();
    fs::rename(folder.path().join("..data_tmp"), &data).unwrap();

    assert_eq!(watched.next(), told("a.wasm", "swapped"));
}

#[test]
fn a_file_that_cannot_be_read_is_told_once() {
    let folder = Folder::new();
    // A link to nowhere, which no user, however mighty, can read.
    let outer = Folder::new();
    symlink(outer.path().join("nowhere"), folder.path().join("a.wasm")).unwrap();
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "unreadable"));

    folder.write("b.wasm", &hostile_version("honest"));
    assert_eq!(watched.next(), told("b.wasm", "loaded"));

    // Of what is elsewhere no event tells.
    outer.write("nowhere", &versioned(&hostile_version("second"), "0.2.1"));
    assert_eq!(watched.next(), told("a.wasm", "swapped"));
}

/// Only what may change a plugin is waited out: not a log that somebody writes to all the time.
#[test]
fn a_log_that_is_written_to_all_the_time_keeps_nothing_from_being_loaded() {
    let folder = Folder::new();
    let mut log = fs::File::create(folder.path().join("manager.log")).unwrap();
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    folder.write("a.wasm", &hostile_version("honest"));

    // Far more often than files are waited for, and far more lines than a load takes.
    let told_first = (0..10_000).find_map(|_| {
        writeln!(log, "a line").unwrap();
        watched.told.recv_timeout(Duration::from_millis(5)).ok()
    });

    assert_eq!(told_first, Some(told("a.wasm", "loaded")), "it is not loaded while the log grows");
}

/// Files that come and go, and one that is rewritten without end, delay only themselves.
#[test]
fn what_goes_on_beside_it_keeps_nothing_from_being_loaded() {
    let folder = Folder::new();
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    let busy = hostile_version("busy");
    folder.write("a.wasm", &hostile_version("honest"));

    let told_first = (0..10_000).find_map(|i| {
        fs::write(folder.path().join("lock"), b"").unwrap();
        fs::write(folder.path().join("b.wasm"), &busy[..i % 8]).unwrap();
        fs::remove_file(folder.path().join("lock")).unwrap();
        watched.told.recv_timeout(Duration::from_millis(5)).ok()
    });

    assert_eq!(told_first, Some(told("a.wasm", "loaded")), "it is not loaded while others change");
}

#[test]
fn a_named_pipe_is_not_waited_for() {
    let folder = Folder::new();
    let pipe = folder.path().join("a.wasm");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    folder.write("b.wasm", &hostile_version("honest"));

    let watched = Watched::new(folder.path(), Watching::default(), Options::default());

    assert_eq!(watched.next(), told("b.wasm", "loaded"));
}
