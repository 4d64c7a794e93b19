//! All checks of a file, in their order.
//!
//! | file | what it is for |
//! |---|---|
//! | `admission/validation.rs` | one pass: is it valid, and what does it cost |
//! | `admission/core_module.rs` | what a host without the component model has to know of a core module |

mod core_module;
mod validation;

use wasmparser::{
    WasmFeatures,
    component_types::{ComponentAnyTypeId, ComponentEntityType},
    types::TypesRef,
};

use crate::{
    Budgets, Contract, Refusal,
    refusal::NAMED,
    signature,
    structure::{self, Flaw},
};
use validation::{Validated, validate};

pub(crate) use core_module::{CoreModule, REALLOC};

const COMPONENT_HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CORE_MODULE_HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";

/// A WebAssembly runtime that a component is loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// wasmtime, which stops endless loops by itself.
    Wasmtime,
    /// wazero, whose own way of stopping them costs several times the speed: code is made to count, see
    /// [`load`](crate::load).
    Wazero,
}

/// A component that may be loaded.
#[derive(Debug)]
pub struct Admitted<'a> {
    /// The contract's version that it is called by.
    pub version: &'static str,
    /// The names of what it exports.
    pub exports: Vec<String>,
    /// What compiling it takes, in units of [`Budget::Work`](crate::Budget::Work).
    pub work: u64,
    /// Its core modules, those of nested components included.
    pub(crate) modules: Vec<CoreModule<'a>>,
}

// === impl Runtime ===

impl Runtime {
    /// What code may use. What strategies have no use for cannot be used against a host: references are to functions
    /// only, because wasmtime has others where it was built with a garbage collector.
    pub(crate) fn features(self) -> WasmFeatures {
        let common = WasmFeatures::WASM2.difference(WasmFeatures::GC_TYPES) | WasmFeatures::COMPONENT_MODEL;
        match self {
            Self::Wasmtime => common | WasmFeatures::TAIL_CALL | WasmFeatures::EXTENDED_CONST,
            Self::Wazero => common,
        }
    }
}

/// Checks a file: what it is, that nothing in it crashes a parser, that it is a valid component, that compiling it
/// stays within the budgets, that it imports nothing, and that it exports the contract.
///
/// # Errors
/// [`Refusal`], the first of them that applies.
pub fn admit<'a>(
    component: &'a [u8],
    contract: &Contract,
    runtime: Runtime,
    budgets: &Budgets,
) -> Result<Admitted<'a>, Refusal> {
    check_header(component)?;
    structure::check(component).map_err(|flaw| match flaw {
        Flaw::TooMuch(part) => Refusal::TooComplex { part },
        Flaw::Malformed(error) => error.into(),
    })?;
    let Validated { modules, names, types, work } = validate(component, runtime, budgets)?;
    let types = types.as_ref();
    // Imports first: a component made for another kind of host is best told by what it wants from it.
    check_imports(&names.imports, types, contract)?;
    let version = version(&names.exports, contract)?;
    check_exports(types, contract, version)?;
    Ok(Admitted { version, exports: names.exports, work, modules })
}

fn check_header(component: &[u8]) -> Result<(), Refusal> {
    match component.get(..8) {
        Some(header) if header == COMPONENT_HEADER => Ok(()),
        Some(header) if header == CORE_MODULE_HEADER => Err(Refusal::CoreModule),
        _ => Err(Refusal::NotWasm),
    }
}

/// Finds what is imported that could reach anything: everything but types. The contract's own types come as an import
/// of an instance that has nothing else.
fn check_imports(names: &[String], types: TypesRef<'_>, contract: &Contract) -> Result<(), Refusal> {
    let (mut imports, mut count) = (vec![], 0);
    let mut add = |name: &dyn Fn() -> String| {
        count += 1;
        if imports.len() < NAMED {
            imports.push(name());
        }
    };
    for name in names {
        match types.component_item_for_import(name).map(|item| item.ty) {
            Some(ty) if is_plain_type(ty) => {}
            Some(ComponentEntityType::Instance(id)) => {
                let exports = types.get(id).map(|instance| &instance.exports);
                for (member, item) in exports.into_iter().flatten() {
                    if !is_plain_type(item.ty) {
                        add(&|| format!("{name}#{member}"));
                    }
                }
            }
            _ => add(&|| name.clone()),
        }
    }
    if count == 0 { Ok(()) } else { Err(Refusal::Imports { imports, count, contract: contract.name }) }
}

/// Whether it is a type, but not one of resources, which belong to somebody.
fn is_plain_type(ty: ComponentEntityType) -> bool {
    matches!(ty, ComponentEntityType::Type { referenced, .. } if !matches!(referenced, ComponentAnyTypeId::Resource(_)))
}

/// Finds the supported version of the contract that is exported.
fn version(exports: &[String], contract: &Contract) -> Result<&'static str, Refusal> {
    let found = exports.iter().filter_map(|export| export.strip_prefix(contract.interface)?.strip_prefix('@'));
    let found: Vec<&str> = found.collect();
    if found.is_empty() {
        return Err(Refusal::NotTheContract { contract: contract.name, interface: contract.interface });
    }
    let supported = contract.versions.iter().find(|version| found.contains(version));
    supported.copied().ok_or_else(|| Refusal::UnsupportedContract {
        // A file may name any number of them.
        found: found.iter().take(NAMED).map(|found| (*found).to_owned()).collect(),
        supported: contract.versions.join(", "),
        remedy: contract.remedy(&found),
    })
}

/// Checks that every function of the contract is exported, with its type.
fn check_exports(types: TypesRef<'_>, contract: &Contract, version: &str) -> Result<(), Refusal> {
    for function in contract.functions {
        let interface = types.component_item_for_export(&format!("{}@{version}", function.interface));
        let instance = match interface.map(|item| item.ty) {
            Some(ComponentEntityType::Instance(id)) => types.get(id),
            _ => None,
        };
        let member = instance.and_then(|instance| instance.exports.get(function.name));
        let export = || function.export(version);
        let Some(ComponentEntityType::Func(id)) = member.map(|item| item.ty) else {
            return Err(Refusal::MissingExport { export: export() });
        };
        if !types.get(id).is_some_and(|found| signature::is(found, function.signature(), types)) {
            return Err(Refusal::WrongType { export: export() });
        }
    }
    Ok(())
}
