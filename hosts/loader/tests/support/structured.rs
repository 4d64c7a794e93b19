//! Component files made of any bytes: what fuzzing gives the loader and the hosts.
//!
//! Random bytes get no further than the first check. So most of them are the choices by which `wasm-smith` makes a
//! valid core module that exports what a strategy does, in a component that is one.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use pointsman_loader::Contract;
use wasm_encoder::{
    CodeSection, ConstExpr, Encode, ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType,
    MemorySection, MemoryType, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasm_smith::{Component, Config, Module};

/// A file to be loaded.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) file: Vec<u8>,
    /// The core module of a file that is a strategy: it is refused for its size, or for nothing.
    pub(crate) core: Option<Vec<u8>>,
}

/// The most memory that an instance may have, in pages. Little, because some modules fill it again and again.
pub(crate) const PAGES: u64 = 32;

const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
const CORE_HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// The id of a component's section that is a core module.
const CORE_MODULE: u8 = 1;

/// A component that is a strategy: its sections, each as it is written. The first one is its core module.
static STRATEGY: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let text = include_str!("../../../../host-test/fixtures/strategy.wat");
    sections(&wat::parse_str(text).expect("it is WebAssembly text"))
});

/// The file that some bytes stand for. What is a file by itself, which fuzzing has found, stands for itself.
pub(crate) fn case(bytes: &[u8]) -> Case {
    if bytes.starts_with(b"\0asm") {
        return Case { file: bytes.to_vec(), core: None };
    }
    // What has too few choices is of no use.
    made(&mut Unstructured::new(bytes)).unwrap_or_default()
}

fn made(choices: &mut Unstructured<'_>) -> Result<Case> {
    let file = match choices.arbitrary::<u8>()? % 16 {
        0 => [COMPONENT_HEADER, rest(choices)?].concat(),
        1 => smith_component(choices)?,
        2 => strategy(&[CORE_HEADER, rest(choices)?].concat()),
        3 => {
            let damage = choices.arbitrary::<[(u32, u8); 3]>()?;
            let mut file = strategy(&core(choices)?);
            let length = file.len();
            for (place, byte) in damage {
                file[place as usize % length] = byte;
            }
            file
        }
        4 => {
            let place = choices.choose_index(STRATEGY.len() + 1)?;
            let (before, after) = STRATEGY.split_at(place);
            let between = sections(&smith_component(choices)?);
            [vec![COMPONENT_HEADER.to_vec()], before.to_vec(), between, after.to_vec()].concat().concat()
        }
        _ => {
            let core = core(choices)?;
            return Ok(Case { file: strategy(&core), core: Some(core) });
        }
    };
    Ok(Case { file, core: None })
}

/// All bytes that are left.
fn rest<'a>(choices: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = choices.len();
    choices.bytes(length)
}

/// A component that is a strategy if a core module exports what one does.
fn strategy(core: &[u8]) -> Vec<u8> {
    let mut file = [COMPONENT_HEADER, &[CORE_MODULE]].concat();
    core.encode(&mut file);
    file.extend(STRATEGY[1..].concat());
    file
}

fn sections(component: &[u8]) -> Vec<Vec<u8>> {
    let mut found = vec![];
    let mut rest = &component[COMPONENT_HEADER.len()..];
    while let Some((id, behind)) = rest.split_first() {
        let length = behind.iter().position(|byte| byte & 0x80 == 0).map_or(behind.len(), |last| last + 1);
        let size = behind[..length].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
        let section = &behind[length..length + size];
        found.push([&[*id], &behind[..length], section].concat());
        rest = &behind[length + size..];
    }
    found
}

fn smith_component(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(Component::new(config(choices)?, choices)?.to_bytes())
}

/// A valid core module with the exports of a strategy, and whatever code behind them.
fn core(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    // Besides those that are exported.
    let config = Config { max_memories: 0, exports: Some(exports(choices)?), ..config(choices)? };
    // Many a random module has a loop without an end.
    let ends = choices.arbitrary::<bool>()?;
    let mut module = Module::new(config, choices)?;
    if ends {
        module.ensure_termination(1000).expect("it has no functions that are invalid");
    }
    Ok(module.to_bytes())
}

/// What hosts admit, and all of it.
fn config(choices: &mut Unstructured<'_>) -> Result<Config> {
    let is_for_wasmtime = choices.arbitrary()?;
    Ok(Config {
        max_imports: 0,
        max_memories: 1,
        max_memory32_bytes: PAGES << 16,
        max_tables: 3,
        max_table_elements: *choices.choose(&[10, 1_000, 30_000])?,
        max_funcs: *choices.choose(&[10, 100])?,
        max_instructions: *choices.choose(&[10, 100, 1_000])?,
        allow_start_export: choices.arbitrary()?,
        disallow_traps: choices.arbitrary()?,
        generate_custom_sections: choices.arbitrary()?,
        min_uleb_size: *choices.choose(&[1, 1, 1, 5])?,
        // With references to functions there are others, which no host admits.
        reference_types_enabled: choices.ratio(1, 3)?,
        tail_call_enabled: is_for_wasmtime,
        extended_const_enabled: is_for_wasmtime,
        relaxed_simd_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        ..Config::default()
    })
}

/// A module with the exports that a strategy has, and those that it may have besides.
fn exports(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    let (mut tables, mut globals, mut exports) = (TableSection::new(), GlobalSection::new(), ExportSection::new());
    let mut function = |name: &str, params: usize, results: usize| {
        let index = functions.len();
        types.ty().function(vec![ValType::I32; params], vec![ValType::I32; results]);
        functions.function(index);
        let mut body = Function::new([]);
        body.instructions().unreachable().end();
        code.function(&body);
        exports.export(name, ExportKind::Func, index);
    };
    function("cabi_realloc", 4, 1);
    for contract in Contract::STRATEGY.functions {
        let name = contract.export(Contract::STRATEGY.versions[0]);
        function(&name, contract.core_params, 1);
        if choices.ratio(1, 4)? {
            function(&format!("cabi_post_{name}"), 1, 0);
        }
    }
    let mut memories = MemorySection::new();
    let minimum = choices.int_in_range(0..=PAGES + 1)?;
    let maximum = choices.arbitrary::<Option<u8>>()?.map(|more| minimum + u64::from(more));
    memories.memory(MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None });
    exports.export("memory", ExportKind::Memory, 0);
    for index in 0..choices.int_in_range(0..=3)? {
        let (val_type, value) = match choices.int_in_range(0..=4)? {
            0 => (ValType::I32, ConstExpr::i32_const(0)),
            1 => (ValType::I64, ConstExpr::i64_const(0)),
            2 => (ValType::F64, ConstExpr::f64_const(0.0.into())),
            3 => (ValType::V128, ConstExpr::v128_const(0)),
            _ => (ValType::FUNCREF, ConstExpr::ref_null(wasm_encoder::HeapType::FUNC)),
        };
        globals.global(GlobalType { val_type, mutable: choices.arbitrary()?, shared: false }, &value);
        exports.export(&format!("global {index}"), ExportKind::Global, index);
    }
    for index in 0..choices.int_in_range(0..=1)? {
        let minimum = choices.int_in_range(0..=20)?;
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum,
            maximum: None,
            shared: false,
        });
        exports.export(&format!("table {index}"), ExportKind::Table, index);
    }
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&functions).section(&tables).section(&memories).section(&globals);
    module.section(&exports).section(&code);
    Ok(module.finish())
}
