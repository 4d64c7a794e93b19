//! Admission of a file: it must be a component that exports a supported contract and imports no function.

use pointsman_loader::Refusal;
use wasmtime::component::{Component, types::ComponentItem};

use super::error::LoadError;
use crate::{
    contract::{Contract, JSON_ENTRY_POINT, TYPED_ENTRY_POINT},
    runtime::Limits,
    text::shown,
};

/// Bytes of a page of WebAssembly memory.
const PAGE: u64 = 64 << 10;

pub(super) fn check_size(name: &str, size: usize, limits: &Limits) -> Result<(), LoadError> {
    if size > limits.component {
        return Err(LoadError::TooLarge { name: name.to_owned(), size, limit: limits.component });
    }
    Ok(())
}

/// Checks all that can be checked of a file before the runtime sees its bytes; the version of the contract that it
/// exports.
pub(super) fn check(name: &str, bytes: &[u8], limits: &Limits) -> Result<&'static str, LoadError> {
    use pointsman_loader::{Contract, Runtime, admit};
    let admitted = admit(bytes, &Contract::STRATEGY, Runtime::Wasmtime, &limits.budgets);
    admitted.map(|admitted| admitted.version).map_err(|refusal| refused(name.to_owned(), refusal))
}

fn refused(name: String, refusal: Refusal) -> LoadError {
    match refusal {
        Refusal::NotWasm => LoadError::NotWasm { name },
        Refusal::CoreModule => LoadError::CoreModule { name },
        Refusal::TooComplex { part } => LoadError::TooComplex { name, part },
        Refusal::OverBudget { budget, found, most, .. } => {
            LoadError::OverBudget { name, message: refusal.to_string(), budget, found, most }
        }
        Refusal::Malformed { reason } => LoadError::Malformed { name, source: shown(&reason).into() },
        Refusal::Imports { imports, count, .. } => LoadError::Imports { name, imports, count },
        Refusal::NotTheContract { .. } => LoadError::NotAStrategy { name },
        Refusal::UnsupportedContract { found, remedy, .. } => LoadError::UnsupportedContract { name, found, remedy },
        Refusal::MissingExport { export } => LoadError::MissingExport { name, export },
        Refusal::WrongType { export } => LoadError::WrongType { name, export },
        other => LoadError::Malformed { name, source: shown(&other.to_string()).into() },
    }
}

/// Finds the contract's functions among the exports.
pub(super) fn find_contract(name: &str, component: &Component, version: &'static str) -> Result<Contract, LoadError> {
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
