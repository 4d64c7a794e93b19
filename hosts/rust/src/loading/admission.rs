//! Admission of a file: it must be a component that exports a supported contract and imports no function.

use wasmtime::{
    Engine,
    component::{Component, types::ComponentItem},
};

use super::error::LoadError;
use crate::{
    contract::{Contract, JSON_ENTRY_POINT, SUPPORTED_CONTRACTS, TYPED_ENTRY_POINT},
    runtime::Limits,
    structure::{self, Flaw},
};

/// Bytes of a page of WebAssembly memory.
const PAGE: u64 = 64 << 10;

const COMPONENT_HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CORE_MODULE_HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";

pub(super) fn check_size(name: &str, size: usize, limits: &Limits) -> Result<(), LoadError> {
    if size > limits.component {
        return Err(LoadError::TooLarge { name: name.to_owned(), size, limit: limits.component });
    }
    Ok(())
}

pub(super) fn check_header(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let name = name.to_owned();
    match bytes.get(..8) {
        Some(header) if header == COMPONENT_HEADER => Ok(()),
        Some(header) if header == CORE_MODULE_HEADER => Err(LoadError::CoreModule { name }),
        _ => Err(LoadError::NotWasm { name }),
    }
}

/// Must come before the runtime sees the bytes.
pub(super) fn check_structure(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let name = || name.to_owned();
    structure::check(bytes).map_err(|flaw| match flaw {
        Flaw::TooMuch(part) => LoadError::TooComplex { name: name(), part },
        Flaw::Malformed(source) => LoadError::Malformed { name: name(), source: source.into() },
    })
}

/// Finds the contract among the exports, and checks that no function is imported.
pub(super) fn check_contract(name: &str, component: &Component) -> Result<Contract, LoadError> {
    let engine = component.engine();
    // Imports first: a component made for another kind of host is best told by what it imports.
    let imports = imports(component, engine);
    if !imports.is_empty() {
        return Err(LoadError::Imports { name: name.to_owned(), imports });
    }
    let version = version(name, component, engine)?;
    let find = |entry_point: &str, function: &str| {
        let entry_point = format!("{entry_point}@{version}");
        let index = component.get_export_index(None, &entry_point);
        let found = index.and_then(|index| component.get_export(Some(&index), function));
        match found {
            Some((ComponentItem::ComponentFunc(_), index)) => Ok(index),
            _ => Err(LoadError::MissingExport { name: name.to_owned(), export: format!("{entry_point}#{function}") }),
        }
    };
    Ok(Contract {
        version,
        evaluate_cycle: find(TYPED_ENTRY_POINT, "evaluate-cycle")?,
        describe: find(TYPED_ENTRY_POINT, "describe")?,
        check_config: find(TYPED_ENTRY_POINT, "check-config")?,
        evaluate_cycles: find(JSON_ENTRY_POINT, "evaluate-cycles")?,
        check_config_json: find(JSON_ENTRY_POINT, "check-config")?,
    })
}

/// A component may need at the start what it will never be given.
pub(super) fn check_memory(name: &str, component: &Component, limits: &Limits) -> Result<(), LoadError> {
    let pages = component.resources_required().and_then(|resources| resources.max_initial_memory_size).unwrap_or(0);
    let needed = pages.saturating_mul(PAGE);
    if needed > limits.memory as u64 {
        return Err(LoadError::Memory { name: name.to_owned(), needed, limit: limits.memory });
    }
    Ok(())
}

/// Imports that could reach anything: everything but types. The contract's own types come as an import of an
/// instance that has nothing else.
fn imports(component: &Component, engine: &Engine) -> Vec<String> {
    let reaches = |item: &ComponentItem| !matches!(item, ComponentItem::Type(_));
    let mut names = vec![];
    for (name, import) in component.component_type().imports(engine) {
        match import.ty {
            ComponentItem::ComponentInstance(instance) => {
                let members = instance.exports(engine).filter(|(_, member)| reaches(&member.ty));
                names.extend(members.map(|(member, _)| format!("{name}#{member}")));
            }
            item if reaches(&item) => names.push(name.to_owned()),
            _ => {}
        }
    }
    names
}

/// The supported version of the contract that is exported.
fn version(name: &str, component: &Component, engine: &Engine) -> Result<&'static str, LoadError> {
    let ty = component.component_type();
    let found: Vec<String> = ty
        .exports(engine)
        .filter_map(|(export, _)| export.strip_prefix(TYPED_ENTRY_POINT)?.strip_prefix('@').map(str::to_owned))
        .collect();
    if found.is_empty() {
        return Err(LoadError::NotAStrategy { name: name.to_owned() });
    }
    SUPPORTED_CONTRACTS
        .into_iter()
        .find(|version| found.iter().any(|found| found == version))
        .ok_or_else(|| LoadError::UnsupportedContract { name: name.to_owned(), found })
}
