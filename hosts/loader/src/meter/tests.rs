//! Metering of random modules: what comes out is valid, exports what it did, and grows no memory by itself.

use arbitrary::Unstructured;
use proptest::{prelude::*, strategy::ValueTree};
use wasm_smith::{Config, Module};
use wasmparser::{Operator, Parser, Payload, Validator, WasmFeatures};

use super::{
    EACH_EXPORT, METER_MODULE, METER_TICK, REFUSED_GLOBAL,
    module::{Metered, rewrite},
};
use crate::{Runtime, operators::next};

const PAGES: u64 = 1024;

/// A module of what hosts admit, and of all that they admit.
fn module(bytes: &[u8], runtime: Runtime) -> Option<Vec<u8>> {
    let is_wasmtime = runtime == Runtime::Wasmtime;
    let config = Config {
        max_imports: 0,
        max_memories: 1,
        // The loader has refused what needs more before it meters.
        max_memory32_bytes: PAGES * super::PAGE,
        max_tables: 3,
        max_table_elements: 1000,
        bulk_memory_enabled: true,
        // With references to functions there are others, which no host admits.
        reference_types_enabled: bytes.len().is_multiple_of(3),
        simd_enabled: true,
        tail_call_enabled: is_wasmtime,
        extended_const_enabled: is_wasmtime,
        relaxed_simd_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        generate_custom_sections: true,
        ..Config::default()
    };
    let module = Module::new(config, &mut Unstructured::new(bytes)).ok()?.to_bytes();
    // Some of what it makes takes a proposal that no host admits.
    validate(&module, runtime.features()).is_ok().then_some(module)
}

fn validate(module: &[u8], features: WasmFeatures) -> wasmparser::Result<()> {
    Validator::new_with_features(features).validate_all(module).map(drop)
}

/// What a module imports, exports, and how often its code grows memory.
#[derive(Debug, Default, PartialEq)]
struct Outline {
    imports: Vec<String>,
    exports: Vec<String>,
    growths: usize,
}

fn outline(module: &[u8]) -> Outline {
    let mut found = Outline::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    found.imports.push(format!("{}.{}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    found.exports.push(format!("{} {:?}", export.name, export.kind));
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().unwrap();
                while !operators.eof() {
                    let (operator, _) = next(&mut operators).unwrap();
                    found.growths += usize::from(matches!(operator, Operator::MemoryGrow { .. }));
                }
            }
            _ => {}
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_modules(bytes in prop::collection::vec(any::<u8>(), 0..4000), is_wazero: bool) {
        let runtime = if is_wazero { Runtime::Wazero } else { Runtime::Wasmtime };
        let Some(module) = module(&bytes, runtime) else { return Ok(()) };

        let Metered { core, globals, .. } = rewrite(&module, runtime, PAGES).unwrap();

        let verdict = validate(&core, runtime.features());
        prop_assert!(verdict.is_ok(), "{:?}\n{}", verdict, wasmprinter::print_bytes(&module).unwrap());
        let (before, after) = (outline(&module), outline(&core));
        let tick = format!("{METER_MODULE}.{METER_TICK}");
        prop_assert_eq!(after.imports, if is_wazero { vec![tick] } else { vec![] });
        let mut exports = before.exports;
        exports.extend(globals.iter().map(|global| format!("{global} Global")));
        exports.push(format!("{REFUSED_GLOBAL} Global"));
        if is_wazero {
            exports.push(format!("{EACH_EXPORT} Func"));
        }
        prop_assert_eq!(after.exports, exports);
        // That of the function that is added, where there is a memory.
        prop_assert!(after.growths <= 1);
    }
}

#[test]
fn random_modules_are_of_some_use() {
    let mut growths = 0;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..300 {
        let bytes = prop::collection::vec(any::<u8>(), 0..4000).new_tree(&mut runner).unwrap().current();
        growths += module(&bytes, Runtime::Wazero).map_or(0, |module| outline(&module).growths);
    }
    assert!(growths > 5, "{growths}");
}
