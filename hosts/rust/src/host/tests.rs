//! Panics of the loader and of the runtime end neither the host nor a watch.

use std::{error::Error, fs, path::Path, sync::Arc};

use crate::{
    Host, Limits, LoadError, Registry,
    loading::{self, ComponentFile, PANICS},
    registry::{Options, SwapError, Watching},
    runtime::contained,
};

fn blue_green() -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins/blue_green.wasm");
    fs::read(file).expect("run `make components` first")
}

fn assert_panicked(result: Result<(), LoadError>, words: &str) {
    let error = result.unwrap_err();
    let LoadError::Panicked { plugin, message } = &error else { panic!("{error:?}") };
    assert!(message.contains(words), "{message}");
    let told = error.to_string();
    assert!(told.contains(&plugin.to_string()) && told.contains("a bug in it or in this host"), "{told}");
    assert!(error.source().is_none());
}

#[test]
fn a_panic_while_loading_is_an_error_and_the_host_goes_on() {
    let host = Host::new(Limits::default()).unwrap();

    assert_panicked(host.load_bytes(PANICS, &blue_green()).map(drop), "as told");

    assert_eq!(host.load_bytes("good.wasm", &blue_green()).unwrap().describe().unwrap().name, "blue-green");
}

/// A panic of the runtime's own: without the check of its structure, this file makes wasmtime panic while it compiles.
/// Where it does not any more, the limit of one memory may be thought over.
#[test]
fn the_runtime_is_whole_after_a_panic_of_its_own() {
    let host = Host::new(Limits::default()).unwrap();
    let bytes = wat::parse_str(include_str!("../../../../host-test/fixtures/two_memories.wat")).unwrap();
    let file = ComponentFile::new("two_memories.wasm", bytes);

    let compiled = contained(|| loading::compile(&host.runtime, &file, "0.2.0").map(drop));

    assert!(compiled.unwrap_err().contains("multiple memories"));
    assert_eq!(host.load_bytes("good.wasm", &blue_green()).unwrap().describe().unwrap().name, "blue-green");
}

#[test]
fn a_watch_outlives_panics_of_the_loader_and_of_its_callback() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let part = folder.path().join("part");
        fs::write(&part, bytes).unwrap();
        fs::rename(part, folder.path().join(name)).unwrap();
    };
    let (sender, told) = std::sync::mpsc::channel();
    let on_change = move |path: &Path, result: &Result<_, SwapError>| {
        let is_panic = matches!(result, Err(SwapError::Load(LoadError::Panicked { .. })));
        let name = path.file_name().unwrap().to_owned();
        sender.send((name, result.is_ok(), is_panic)).unwrap();
        assert!(result.is_ok(), "the callback panics too");
    };
    let registry = Registry::new(Host::new(Limits::default()).unwrap(), Options::default());
    let how = Watching { on_change: Arc::new(on_change), ..Watching::default() };
    let _watch = registry.watch(folder.path(), how).unwrap();

    put(PANICS, &blue_green());
    assert_eq!(told.recv().unwrap(), (PANICS.into(), false, true));
    put("good.wasm", &blue_green());
    assert_eq!(told.recv().unwrap(), ("good.wasm".into(), true, false));
    assert_eq!(registry.status()[0].name, "blue-green");
}
