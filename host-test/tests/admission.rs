//! Files that are not loaded, and the error that says why.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::{error::Error, fs};

use host_test::{BLUE_GREEN, Folder, HOST, component, cycle};
use pointsman_host::{
    CallError, Host, Limits, LoadError, Registry, Trap,
    registry::{Options, Swap, SwapError, Trial, Watching},
};
use rstest::rstest;
use support::{activate, routes, spec};

/// Loads a component in the text format.
fn load(text: &str) -> LoadError {
    refused(&wat::parse_str(text).unwrap())
}

/// The error of bytes that are not loaded; and the host goes on deciding.
fn refused(bytes: &[u8]) -> LoadError {
    let error = HOST.load_bytes("guest.wasm", bytes).map(|plugin| plugin.id().clone()).unwrap_err();
    let plan = BLUE_GREEN.evaluate_cycle(&routes(1, 3, "v1", activate), &spec(0, "{}")).unwrap();
    assert_eq!(plan.reason.message, "0 of 3 green routes are live: creating 3");
    error
}

/// A component with every function of the contract, all of them implemented by one without parameters and results, over
/// a core module that begins as given.
fn strategy(core: &str) -> String {
    format!(
        r#"(component
            (core module $m {core} (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $typed
                (export "evaluate-cycle" (func $f)) (export "describe" (func $f)) (export "check-config" (func $f)))
            (instance $json (export "evaluate-cycles" (func $f)) (export "check-config" (func $f)))
            (export "pointsman:strategy/strategy@0.2.0" (instance $typed))
            (export "pointsman:strategy/strategy-json@0.2.0" (instance $json)))"#
    )
}

#[test]
fn a_missing_file() {
    let error = HOST.load("no/such.wasm").unwrap_err();

    assert!(
        matches!(&error, LoadError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound),
        "{error:?}"
    );
}

#[rstest]
#[case::empty(b"")]
#[case::text(b"(component)")]
#[case::zeros(&[0; 1 << 10])]
#[case::half_a_header(b"\0asm\x0d\0")]
fn not_wasm(#[case] bytes: &[u8]) {
    let error = refused(bytes);

    assert!(matches!(error, LoadError::NotWasm { .. }), "{error:?}");
}

#[test]
fn a_core_module() {
    let error = load("(module)");

    assert!(matches!(error, LoadError::CoreModule { .. }), "{error:?}");
}

#[rstest]
#[case::function(r#"(component (import "clock" (func)))"#, "clock")]
#[case::wasi(
    r#"(component (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))"#,
    "wasi:random/random@0.2.0#get-random-u64"
)]
#[case::resource(
    r#"(component (import "wasi:io/poll@0.2.0" (instance (export "pollable" (type (sub resource))))))"#,
    "wasi:io/poll@0.2.0#pollable"
)]
fn an_import(#[case] text: &str, #[case] import: &str) {
    let error = load(text);

    assert!(matches!(&error, LoadError::Imports { imports, .. } if imports[..] == [import]), "{error:?}");
}

/// A component with the first contract's entry points, which were others.
fn of_contract_0_1() -> Vec<u8> {
    let text = r#"(component
        (core module $m (func (export "f") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func $f (result bool) (canon lift (core func $i "f")))
        (instance $typed
            (export "evaluate-cycle" (func $f)) (export "describe" (func $f)) (export "check-config" (func $f)))
        (instance $json (export "evaluate-cycles" (func $f)))
        (export "pointsman:strategy/strategy@0.1.0" (instance $typed))
        (export "pointsman:strategy/strategy-json@0.1.0" (instance $json)))"#;
    wat::parse_str(text).unwrap()
}

/// The sentence that says what to do about it.
fn rebuild(name: &str) -> String {
    format!(
        "`{name}` exports contract version `0.1.0`; this host supports `0.2.0`: rebuild it with pointsman \
         0.2 (CONTRIBUTING, 'From 0.1.0 to 0.2.0')"
    )
}

#[test]
fn another_contract_version() {
    let error = refused(&of_contract_0_1());

    assert!(matches!(&error, LoadError::UnsupportedContract { found, .. } if found[..] == ["0.1.0"]), "{error:?}");
    assert_eq!(error.to_string(), rebuild("guest.wasm"));
    let contributing = fs::read_to_string(component("plugins").join("../../CONTRIBUTING.md")).unwrap();
    assert!(contributing.contains("\n## From 0.1.0 to 0.2.0\n"), "the sentence names a section that is not there");
}

/// The cause, which a log says beside the file.
fn cause(error: &SwapError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// A registry goes on with the version that it has, and says of the old file what to do.
#[test]
fn another_contract_version_into_a_registry() {
    let folder = Folder::new();
    let registry = Registry::new(HOST.clone(), Options::default());
    registry.swap("blue-green", component("plugins/blue_green.wasm")).unwrap();
    let old = folder.write("old.wasm", &of_contract_0_1());

    let trial = Trial::evaluations(std::num::NonZeroU64::MIN);
    let loaded = registry.load_dir(folder.path()).unwrap().into_iter().map(|(_, result)| result);
    let results = [registry.swap("blue-green", &old), registry.shadow("blue-green", &old, trial)];
    let errors: Vec<String> = results.into_iter().chain(loaded).map(|result| cause(&result.unwrap_err())).collect();

    assert_eq!(errors, [rebuild("old.wasm"), rebuild("old.wasm"), rebuild("old.wasm")]);
    assert!(registry.evaluate_cycle("blue-green", &cycle(&routes(1, 3, "v1", activate), &spec(0, "{}"))).is_ok());
}

#[test]
fn another_contract_version_into_a_watched_folder() {
    let folder = Folder::new();
    let (sender, told) = std::sync::mpsc::channel();
    let tell = move |path: &std::path::Path, result: &Result<Swap, SwapError>| {
        let _ = sender.send((path.to_owned(), result.as_ref().map(drop).map_err(cause)));
    };
    let registry = Registry::new(HOST.clone(), Options::default());
    let how = Watching { on_change: std::sync::Arc::new(tell), ..Watching::default() };
    let good = folder.copy("plugins/blue_green.wasm", 1);
    let _watch = registry.watch(folder.path(), how).unwrap();
    assert_eq!(told.recv().unwrap(), (good.clone(), Ok(())));

    // Also in the place of a file that was good.
    for name in ["old.wasm", "1.wasm"] {
        let path = folder.write(name, &of_contract_0_1());
        assert_eq!(told.recv().unwrap(), (path, Err(rebuild(name))));
    }
    assert_eq!(registry.status()[0].current.plugin.name(), "1.wasm");
    let again = folder.copy("plugins/blue_green.wasm", 2);
    assert_eq!(told.recv().unwrap(), (again, Ok(())));
    assert!(registry.evaluate_cycle("blue-green", &cycle(&routes(1, 3, "v1", activate), &spec(0, "{}"))).is_ok());
}

/// One that has both is called by the version that this host supports.
#[test]
fn two_contract_versions() {
    let text = strategy("").replace(
        "(export \"pointsman:strategy/strategy@0.2.0\"",
        "(export \"pointsman:strategy/strategy@0.1.0\" (instance $typed))
         (export \"pointsman:strategy/strategy@0.2.0\"",
    );

    assert_wrong_type(&load(&text));
}

#[test]
fn a_component_that_is_no_strategy() {
    let error = load("(component)");

    assert!(matches!(error, LoadError::NotAStrategy { .. }), "{error:?}");
}

#[test]
fn half_a_contract() {
    let error = load(r#"(component (instance $i) (export "pointsman:strategy/strategy@0.2.0" (instance $i)))"#);

    let missing = "pointsman:strategy/strategy@0.2.0#evaluate-cycle";
    assert!(matches!(&error, LoadError::MissingExport { export, .. } if export == missing), "{error:?}");
}

#[test]
fn functions_of_another_type() {
    let error = load(&strategy(""));

    assert_wrong_type(&error);
}

fn assert_wrong_type(error: &LoadError) {
    let expected = "pointsman:strategy/strategy@0.2.0#evaluate-cycle";
    assert!(matches!(error, LoadError::WrongType { export, .. } if export == expected), "{error:?}");
}

/// A strategy whose core module has this in it.
fn with_code(code: &str) -> String {
    include_str!("../fixtures/strategy.wat").replace("(type $none (func (result i32)))", code)
}

#[test]
fn a_trap_at_the_start() {
    let error = load(&with_code("(func $start unreachable) (start $start)"));

    let is_trap = matches!(error, LoadError::Start(CallError::Trap { trap: Trap::Unreachable, .. }));
    assert!(is_trap, "{error:?}");
}

#[test]
fn an_endless_loop_at_the_start() {
    let error = load(&with_code("(func $start (loop br 0)) (start $start)"));

    assert!(matches!(error, LoadError::Start(CallError::Timeout { .. })), "{error:?}");
}

#[test]
fn more_memory_at_the_start_than_the_limit() {
    let error = load(&with_code("").replace("\"memory\") 1)", "\"memory\") 1025)"));

    assert!(
        matches!(error, LoadError::Memory { needed, limit, .. } if needed == 1025 << 16 && limit == 1024 << 16),
        "{error:?}"
    );
}

#[test]
fn a_file_above_the_size_limit() {
    let size = usize::try_from(fs::metadata(component("plugins/blue_green.wasm")).unwrap().len()).unwrap();
    let host = |component| Host::new(Limits { component, ..Limits::default() }).unwrap();

    assert!(host(size).load(component("plugins/blue_green.wasm")).is_ok());
    let error = host(size - 1).load(component("plugins/blue_green.wasm")).unwrap_err();
    assert!(
        matches!(error, LoadError::TooLarge { size: found, limit, .. } if found == size && limit == size - 1),
        "{error:?}"
    );
}

#[test]
fn a_truncated_component() {
    let bytes = fs::read(component("plugins/blue_green.wasm")).unwrap();
    for length in [8, 9, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = refused(&bytes[..length]);
        // After the bare header there is nothing: an empty component.
        let is_right = if length == 8 {
            matches!(error, LoadError::NotAStrategy { .. })
        } else {
            matches!(error, LoadError::Malformed { .. })
        };
        assert!(is_right, "{length} bytes: {error:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..1000)) {
        refused(&bytes);
        let with_header = [b"\0asm\x0d\0\x01\0", &bytes[..]].concat();
        refused(&with_header);
    }
}

#[test]
fn after_all_of_it_a_good_plugin_still_loads() {
    for bytes in [&b""[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0", b"\0asm\x0d\0\x01\0\xff"] {
        assert!(HOST.load_bytes("guest.wasm", bytes).is_err());
    }

    assert_eq!(HOST.load(component("plugins/blue_green.wasm")).unwrap().describe().unwrap().name, "blue-green");
}
