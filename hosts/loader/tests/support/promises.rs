//! What the loader promises of any file.

use pointsman_loader::{
    Budgets, Contract, Loaded, METER_MODULE, METER_TICK, Options, Part, REFUSED_GLOBAL, Refusal, Runtime, admit, load,
};
use wasmparser::{
    CompositeInnerType, FuncType, Operator, Parser, Payload, ValType, Validator, WasmFeatures,
    types::{EntityType, TypesRef},
};

use crate::structured::{Case, PAGES};

/// Elements that a table may grow to.
const TABLE_ELEMENTS: u64 = 20_000;

/// What a case is loaded as.
pub(crate) fn options(runtime: Runtime) -> Options<'static> {
    Options { contract: &Contract::STRATEGY, runtime, memory: PAGES << 16, budgets: Budgets::default() }
}

fn features(runtime: Runtime) -> WasmFeatures {
    let common = WasmFeatures::WASM2.difference(WasmFeatures::GC_TYPES);
    match runtime {
        Runtime::Wasmtime => common | WasmFeatures::TAIL_CALL | WasmFeatures::EXTENDED_CONST,
        Runtime::Wazero => common,
    }
}

/// A file is refused, or comes out as a core module that a host can run; each time the same; and a strategy is not
/// refused for anything but its size.
pub(crate) fn hold(case: &Case) {
    for runtime in [Runtime::Wasmtime, Runtime::Wazero] {
        let options = options(runtime);
        let answer = load(&case.file, &options);
        assert_eq!(answer, load(&case.file, &options), "it is not the same again");
        match answer {
            Ok(loaded) => {
                let admitted = admit(&case.file, options.contract, runtime, &options.budgets);
                let admitted = admitted.expect("what is loaded is admitted");
                assert_eq!((admitted.version, admitted.exports), (loaded.version, loaded.exports.clone()));
                assert_eq!(admitted.work, loaded.work);
                can_be_run(&loaded, runtime);
            }
            Err(refusal) => {
                let Some(core) = &case.core else { continue };
                let verdict = Validator::new_with_features(features(runtime)).validate_all(core);
                let is_right = match refusal {
                    // What is too much is found before what is wrong.
                    Refusal::OverBudget { .. } => true,
                    Refusal::TooComplex { part } => part == Part::Blocks,
                    Refusal::Memory { .. } => verdict.is_ok(),
                    Refusal::Malformed { .. } => verdict.is_err(),
                    _ => false,
                };
                assert!(is_right, "a strategy {refusal}: {:?}", verdict.err());
            }
        }
    }
}

/// What comes out is valid, imports nothing but what tells the time, exports all that a host calls and looks at, and
/// grows neither memory nor tables by itself.
fn can_be_run(loaded: &Loaded, runtime: Runtime) {
    let is_wazero = runtime == Runtime::Wazero;
    let types = Validator::new_with_features(features(runtime)).validate_all(&loaded.core).expect("it is valid");
    let types = types.as_ref();
    let imports: Vec<_> = types.core_imports().into_iter().flatten().map(|(from, name, _)| (from, name)).collect();
    assert_eq!(imports, if is_wazero { vec![(METER_MODULE, METER_TICK)] } else { vec![] });

    let export = |name: &str| {
        let mut exports = types.core_exports().into_iter().flatten();
        exports.find(|(export, _)| *export == name).map(|(_, ty)| ty)
    };
    for function in options(runtime).contract.functions {
        let name = function.export(loaded.version);
        let ty = export(&name).and_then(|ty| function_type(ty, types)).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((ty.params(), ty.results()), (&vec![ValType::I32; function.core_params][..], &[ValType::I32][..]));
    }
    assert!(export("cabi_realloc").is_some_and(|ty| function_type(ty, types).is_some()));
    assert!(matches!(export("memory"), Some(EntityType::Memory(_))));
    assert_eq!(loaded.globals.is_empty(), !is_wazero);
    for global in loaded.globals.iter().map(String::as_str).chain([REFUSED_GLOBAL]) {
        assert!(matches!(export(global), Some(EntityType::Global(ty)) if ty.mutable), "no {global}");
    }

    for memory in (0..types.memory_count()).map(|index| types.memory_at(index)) {
        assert!(memory.initial <= PAGES, "{memory:?}");
        assert!(!is_wazero || memory.maximum.is_some_and(|most| most <= PAGES), "{memory:?}");
    }
    for table in (0..types.table_count()).map(|index| types.table_at(index)) {
        assert!(table.maximum.is_some_and(|most| most <= TABLE_ELEMENTS), "{table:?}");
    }
    // That of the function that is added.
    assert!(growths(&loaded.core) <= 1);
}

fn function_type(ty: EntityType, types: TypesRef<'_>) -> Option<FuncType> {
    let EntityType::Func(id) = ty else { return None };
    match &types[id].composite_type.inner {
        CompositeInnerType::Func(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// How often code grows memory.
fn growths(core: &[u8]) -> usize {
    let mut found = 0;
    for payload in Parser::new(0).parse_all(core) {
        let Payload::CodeSectionEntry(body) = payload.expect("it is valid") else { continue };
        for operator in body.get_operators_reader().expect("it is valid") {
            found += usize::from(matches!(operator.expect("it is valid"), Operator::MemoryGrow { .. }));
        }
    }
    found
}
