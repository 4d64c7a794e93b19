//! A folder that is watched: what is loaded from it and what is not.

use std::{
    fs,
    io::Write,
    num::{NonZeroU32, NonZeroU64},
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

use host_test::{Folder, HOST, hostile_version, misdeed};
use pointsman_host::{
    LoadError, Registry,
    registry::{Options, Swap, SwapError, Trial, Watch, WatchError, Watching},
};
use rstest::rstest;

/// Longer than any change here takes to be seen, so that a broken watch ends.
const LONG: Duration = Duration::from_mins(1);

/// What came of a file, in words.
type Told = (String, String);

/// A registry that watches a folder, and what it tells of its files.
struct Watched {
    registry: Registry,
    told: Receiver<Told>,
    watch: Watch,
}

impl Watched {
    fn new(folder: &Path, mut how: Watching, options: Options) -> Self {
        let (sender, told) = channel();
        let tell = move |path: &Path, result: &Result<Swap, SwapError>| {
            let what = match result {
                Ok(Swap::Loaded(_)) => "loaded",
                Ok(Swap::Swapped { .. }) => "swapped",
                Ok(Swap::Shadowing { .. }) => "shadowing",
                Ok(Swap::Unchanged(_)) => "unchanged",
                Ok(Swap::Quarantined(_)) => "quarantined",
                Err(SwapError::Load(LoadError::Read { .. })) => "unreadable",
                Err(_) => "failed",
            };
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Nobody listens once the test is over.
            let _ = sender.send((name, what.to_owned()));
        };
        let registry = Registry::new(HOST.clone(), options);
        how.on_change = Arc::new(tell);
        let watch = registry.watch(folder, how).unwrap();
        Self { registry, told, watch }
    }

    /// What is told next.
    fn next(&self) -> (String, String) {
        self.told.recv_timeout(LONG).expect("the watch tells of a change")
    }

    fn current(&self) -> String {
        self.registry.status()[0].current.plugin.name().to_owned()
    }
}

fn told(name: &str, what: &str) -> Told {
    (name.to_owned(), what.to_owned())
}

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
    folder.write("b.wasm", &hostile_version("third"));
    assert_eq!(watched.next(), told("b.wasm", "swapped"));
    assert_eq!(watched.current(), "b.wasm");

    fs::remove_file(folder.path().join("b.wasm")).unwrap();
    folder.write("c.wasm", b"not a component");
    assert_eq!(watched.next(), told("c.wasm", "failed"));
    assert_eq!(watched.current(), "b.wasm", "what is removed goes on");
    folder.write("c.wasm", &hostile_version("third"));
    assert_eq!(watched.next(), told("c.wasm", "unchanged"));
}

#[test]
fn a_file_that_is_being_written_is_not_loaded_however_long_it_takes() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "loaded"));
    let (new, other) = (hostile_version("second"), hostile_version("third"));
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
    assert!(watched.registry.evaluate_cycle("hostile", &[], &misdeed("none")).is_ok());

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
fn a_quarantined_version_is_not_loaded_again_until_somebody_says_so() {
    let folder = Folder::new();
    folder.write("a.wasm", &hostile_version("honest"));
    let options = Options { revert_after: NonZeroU32::MIN, ..Options::default() };
    let watched = Watched::new(folder.path(), Watching::default(), options);
    assert_eq!(watched.next(), told("a.wasm", "loaded"));
    folder.write("a.wasm", &hostile_version("broken"));
    assert_eq!(watched.next(), told("a.wasm", "swapped"));
    watched.registry.evaluate_cycle("hostile", &[], &misdeed("good")).unwrap_err();
    assert_eq!(watched.registry.status()[0].reverts, 1);

    // The same version under another name.
    let again = folder.write("b.wasm", &hostile_version("broken"));
    assert_eq!(watched.next(), told("b.wasm", "quarantined"));
    assert!(watched.registry.evaluate_cycle("hostile", &[], &misdeed("good")).is_ok());

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
fn a_file_that_cannot_be_read_is_told_once() {
    let folder = Folder::new();
    // A link to nowhere, which no user, however mighty, can read.
    symlink("nowhere", folder.path().join("a.wasm")).unwrap();
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    assert_eq!(watched.next(), told("a.wasm", "unreadable"));

    folder.write("b.wasm", &hostile_version("honest"));
    assert_eq!(watched.next(), told("b.wasm", "loaded"));
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

/// Only what may change a plugin is waited out: not a log that somebody writes to all the time.
#[test]
fn a_log_that_is_written_to_all_the_time_keeps_nothing_from_being_loaded() {
    let folder = Folder::new();
    let mut log = fs::File::create(folder.path().join("manager.log")).unwrap();
    let watched = Watched::new(folder.path(), Watching::default(), Options::default());
    folder.write("a.wasm", &hostile_version("honest"));

    let end = Instant::now() + LONG;
    let told_first = loop {
        writeln!(log, "a line").unwrap();
        // Far more often than files are waited for.
        match watched.told.recv_timeout(Duration::from_millis(5)) {
            Err(RecvTimeoutError::Timeout) => assert!(Instant::now() < end, "it is not loaded while the log grows"),
            other => break other.unwrap(),
        }
    };

    assert_eq!(told_first, told("a.wasm", "loaded"));
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
