//! The sections of a core module: what is added to each, and how the indices of functions move for it.
//!
//! | file | what it is for |
//! |---|---|
//! | `meter/module/sections.rs` | taking a module apart, and writing sections |
//! | `meter/module/functions.rs` | functions, their code, imports and exports |
//! | `meter/module/storage.rs` | tables, memories and globals |
//! | `meter/module/elements.rs` | elements, and expressions that give first values |

mod elements;
mod functions;
mod sections;
mod storage;

use wasm_encoder::Encode;
use wasmparser::{
    BinaryReaderError, ExportSectionReader, ExternalKind, FunctionSectionReader, GlobalSectionReader, TypeSectionReader,
};

use super::{
    GLOBAL_PREFIX,
    added::{Added, Fuel},
};
use crate::{Refusal, Runtime, admission::REALLOC};
use sections::{Sections, id};

/// A core module that was rewritten.
pub(super) struct Metered {
    pub(super) core: Vec<u8>,
    pub(super) globals: Vec<String>,
    pub(super) is_rewindable: bool,
}

/// What the sections say that others need.
struct Module {
    /// How many parameters each type has.
    params: Vec<u32>,
    /// The type of each function.
    functions: Vec<u32>,
    added: Added,
    shift: u32,
    /// The function that gives memory, as it was numbered.
    realloc: Option<u32>,
    most_pages: u64,
    is_rewindable: bool,
}

/// Rewrites a core module that was validated and imports nothing.
pub(super) fn rewrite(core: &[u8], runtime: Runtime, most_pages: u64) -> Result<Metered, Refusal> {
    let sections = Sections::split(core)?;
    let mut module = Module::read(&sections, runtime, most_pages)?;
    // Before the exports are written, which name them.
    let (globals_section, mutable) = module.globals(&sections)?;
    let mut globals_section = Some(globals_section.bytes());
    let mut code = Some(module.code(&sections)?.bytes());
    let globals = match module.added.fuel {
        Some(fuel) => mutable.into_iter().chain([fuel.size]).collect(),
        None => vec![],
    };
    let mut to = core[..8].to_vec();
    for section in id::ORDER {
        let rewritten = match section {
            id::TYPE => Some(module.types(&sections)?),
            id::IMPORT => module.imports(),
            id::FUNCTION => Some(module.function_types(&sections)?),
            id::TABLE => Module::tables(&sections)?,
            id::MEMORY => module.memories(&sections)?,
            id::GLOBAL => globals_section.take(),
            id::EXPORT => Some(module.exports(&sections, &globals)?),
            id::START => sections.start()?.map(|function| {
                let mut section = vec![];
                (function + module.shift).encode(&mut section);
                section
            }),
            id::ELEMENT => module.elements(&sections)?,
            id::CODE => code.take(),
            untouched => sections.get(untouched).map(<[u8]>::to_vec),
        };
        if let Some(rewritten) = rewritten {
            to.push(section);
            rewritten.encode(&mut to);
        }
    }
    let globals = globals.into_iter().map(global_name).collect();
    Ok(Metered { core: to, globals, is_rewindable: module.is_rewindable })
}

fn global_name(index: u32) -> String {
    format!("{GLOBAL_PREFIX}{index}")
}

// === impl Module ===

impl Module {
    fn read(sections: &Sections<'_>, runtime: Runtime, most_pages: u64) -> Result<Self, Refusal> {
        let types: TypeSectionReader<'_> = sections.read(id::TYPE)?;
        let params = types.into_iter_err_on_gc_types().map(|ty| Ok(count(ty?.params()))).collect::<Result<_, _>>();
        let functions: FunctionSectionReader<'_> = sections.read(id::FUNCTION)?;
        let functions = functions.into_iter().collect::<Result<Vec<_>, _>>()?;
        let globals: GlobalSectionReader<'_> = sections.read(id::GLOBAL)?;
        let globals = globals.count();
        let shift = match runtime {
            Runtime::Wasmtime => 0,
            // The one import comes before the module's own functions.
            Runtime::Wazero => 1,
        };
        let fuel = match runtime {
            Runtime::Wasmtime => None,
            Runtime::Wazero => Some(Fuel { fuel: globals + 1, size: globals + 2 }),
        };
        let mut module = Self {
            params: params.map_err(|error: BinaryReaderError| Refusal::from(error))?,
            added: Added { refused: globals, grow: count(&functions) + shift, fuel },
            functions,
            shift,
            realloc: None,
            most_pages,
            is_rewindable: true,
        };
        let exports: ExportSectionReader<'_> = sections.read(id::EXPORT)?;
        for export in exports {
            let export = export?;
            if export.kind == ExternalKind::Func && export.name == REALLOC {
                module.realloc = Some(export.index);
            }
        }
        Ok(module)
    }
}

fn count<T>(of: &[T]) -> u32 {
    // Files are smaller than 4 GiB.
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}
