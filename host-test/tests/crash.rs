//! Files that crash what reads them without measuring them first, through every way into a host.

use std::{path::PathBuf, thread};

use host_test::{BLUE_GREEN, Folder, HOST, component, crash, cycle, spec};
use pointsman_host::{
    LoadError, Part, Registry,
    registry::{Options, Swap, SwapError, Trial, Watching},
};

/// A thread's stack that the loader compiles first-party components on in a debug build, with as much to spare. Half of
/// it overflows where any of these files gets past the check of its structure.
const STACK: usize = 1 << 20;

/// Runs on a small stack; an overflow would end the process.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(STACK).spawn(test).unwrap().join().expect("it does not panic");
}

#[track_caller]
fn assert_too_complex(error: &LoadError, crash: &crash::Crash) {
    let crash::Crash { name, part, .. } = crash;
    assert!(matches!(error, LoadError::TooComplex { name: n, part: p } if n == name && p == part), "{name}: {error:?}");
    assert_eq!(error.to_string(), format!("`{name}` {part}"));
}

#[test]
fn from_memory_and_from_files() {
    on_small_stack(|| {
        let folder = Folder::new();
        for crash in crash::files() {
            let path = folder.write(&crash.name, &crash.bytes);

            assert_too_complex(&HOST.load_bytes(&crash.name, &crash.bytes).unwrap_err(), &crash);
            assert_too_complex(&HOST.load(&path).unwrap_err(), &crash);
            assert_too_complex(&HOST.load_file(&HOST.read(&path).unwrap()).unwrap_err(), &crash);
        }
        assert!(BLUE_GREEN.evaluate_cycle(&[], &spec("{}")).is_ok(), "the host goes on");
    });
}

#[test]
fn into_a_registry() {
    on_small_stack(|| {
        let folder = Folder::new();
        let registry = Registry::new(HOST.clone(), Options::default());
        let good = component("plugins/blue_green.wasm");
        registry.swap("blue-green", good).unwrap();
        for crash in crash::files() {
            let path = folder.write(&crash.name, &crash.bytes);

            let trial = Trial::evaluations(std::num::NonZeroU64::MIN);
            for result in [registry.swap("blue-green", &path), registry.shadow("blue-green", &path, trial)] {
                let Err(SwapError::Load(error)) = result else { panic!("{}: {result:?}", crash.name) };
                assert_too_complex(&error, &crash);
            }
        }
        let from_folder = registry.load_dir(folder.path()).unwrap();
        assert_eq!(from_folder.len(), crash::files().len());
        assert!(
            from_folder
                .iter()
                .all(|(_, result)| { matches!(result, Err(SwapError::Load(LoadError::TooComplex { .. }))) })
        );
        assert!(registry.evaluate_cycle("blue-green", &cycle(&[], &spec("{}"))).is_ok());
    });
}

/// Each bad file is told with its reason, and the good one that comes last is loaded.
#[test]
fn into_a_watched_folder() {
    let folder = Folder::new();
    let (sender, told) = std::sync::mpsc::channel();
    let tell = move |path: &std::path::Path, result: &Result<Swap, SwapError>| {
        let what = match result {
            Ok(Swap::Loaded(_)) => Ok(()),
            Err(SwapError::Load(LoadError::TooComplex { part, .. })) => Err(*part),
            other => panic!("{other:?}"),
        };
        let _ = sender.send((path.to_owned(), what));
    };
    let registry = Registry::new(HOST.clone(), Options::default());
    let how = Watching { on_change: std::sync::Arc::new(tell), ..Watching::default() };
    let _watch = registry.watch(folder.path(), how).unwrap();
    let next = || -> (PathBuf, Result<(), Part>) { told.recv().expect("the watch goes on") };

    for crash in crash::files() {
        let path = folder.write(&crash.name, &crash.bytes);
        assert_eq!(next(), (path, Err(crash.part)));
    }
    let path = folder.copy("plugins/blue_green.wasm", 1);
    assert_eq!(next(), (path, Ok(())));
    assert_eq!(registry.status()[0].name, "blue-green");
}

/// The sentence that a person reads.
#[test]
fn the_sentence() {
    let files = crash::files();
    let told = |name: &str| {
        let crash = files.iter().find(|crash| crash.name == name).unwrap();
        HOST.load_bytes(name, &crash.bytes).unwrap_err().to_string()
    };

    assert_eq!(
        told("two-memories.wasm"),
        "`two-memories.wasm` has more than 1 memory; link its code into one core module with one memory"
    );
    assert_eq!(
        told("component-types-1000.wasm"),
        "`component-types-1000.wasm` nests components and types more than 32 deep; define them side by side"
    );
}
