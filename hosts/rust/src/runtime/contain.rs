//! Panics of the runtime, which must end neither the host nor a thread that others wait for.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Does what may panic; the panic's words, if it did.
///
/// What it works on must be thrown away then, or be safe to use whatever was left undone: an engine is, because it shares with
/// its components only what it has finished. A program that is built with `panic = "abort"` has no such protection, and no
/// panic protects from an overflow of the stack; against those there are the checks of [`structure`](crate::structure).
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    words.unwrap_or("it says nothing").to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{error::Error, fs, path::Path, sync::Arc};

    use super::contained;
    use crate::{
        Host, Limits, LoadError, Registry,
        host::ComponentFile,
        registry::{Options, SwapError, Watching},
    };

    /// A file of this name makes the loader panic, in these tests.
    pub(crate) const PANICS: &str = "panics.wasm";

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
    fn the_words_of_a_panic_are_told() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| -> i32 { panic!("as asked") }), Err("as asked".to_owned()));
        assert_eq!(contained(|| -> i32 { panic!("{} and {}", 1, 2) }), Err("1 and 2".to_owned()));
        let other = contained(|| -> i32 { std::panic::panic_any(7) });
        assert_eq!(other, Err("it says nothing".to_owned()));
    }

    #[test]
    fn a_panic_while_loading_is_an_error_and_the_host_goes_on() {
        let host = Host::new(Limits::default()).unwrap();

        assert_panicked(host.load_bytes(PANICS, &blue_green()).map(drop), "as asked");

        assert_eq!(host.load_bytes("good.wasm", &blue_green()).unwrap().describe().unwrap().name, "blue-green");
    }

    /// A panic of the runtime's own: without the check of its structure, this file makes wasmtime panic while it compiles. Where
    /// it does not any more, the limit of one memory may be thought over.
    #[test]
    fn the_runtime_is_whole_after_a_panic_of_its_own() {
        let host = Host::new(Limits::default()).unwrap();
        let bytes = wat::parse_str(include_str!("../../../host-test/fixtures/two_memories.wat")).unwrap();
        let file = ComponentFile::new("two_memories.wasm", bytes);

        let compiled = contained(|| host.compile(&file).map(drop));

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
}
