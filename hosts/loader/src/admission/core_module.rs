//! What a host without the component model has to know of a core module.

use wasmparser::types::{EntityType, TypesRef};

use crate::{Contract, Refusal, meter::RESERVED, refusal::NAMED};

/// A core module of a component.
#[derive(Debug)]
pub(crate) struct CoreModule<'a> {
    pub(crate) bytes: &'a [u8],
    /// Its functions that are exported.
    functions: Vec<(String, CoreType)>,
    imports: Vec<String>,
    import_count: usize,
    has_memory_export: bool,
    memory_pages: u64,
    /// The first of its exports whose name is the loader's.
    reserved: Option<String>,
}

/// The type of a core function, as far as it matters.
#[derive(Debug)]
struct CoreType {
    params: Vec<wasmparser::ValType>,
    results: Vec<wasmparser::ValType>,
}

// === impl CoreModule ===

impl<'a> CoreModule<'a> {
    pub(super) fn new(bytes: &'a [u8], types: TypesRef<'_>) -> Self {
        let mut module = Self {
            bytes,
            functions: vec![],
            imports: vec![],
            import_count: 0,
            has_memory_export: false,
            memory_pages: 0,
            reserved: None,
        };
        module.memory_pages = (0..types.memory_count()).map(|memory| types.memory_at(memory).initial).sum();
        for (from, name, _) in types.core_imports().into_iter().flatten() {
            module.import_count += 1;
            if module.imports.len() < NAMED {
                module.imports.push(format!("{from}#{name}"));
            }
        }
        for (name, entity) in types.core_exports().into_iter().flatten() {
            if module.reserved.is_none() && name.starts_with(RESERVED) {
                module.reserved = Some(name.to_owned());
            }
            match entity {
                EntityType::Func(id) => {
                    let function = types[id].unwrap_func();
                    let (params, results) = (function.params().to_vec(), function.results().to_vec());
                    module.functions.push((name.to_owned(), CoreType { params, results }));
                }
                EntityType::Memory(_) => module.has_memory_export |= name == MEMORY,
                _ => {}
            }
        }
        module
    }

    /// Checks that it can be run by itself, and exports what a host without the component model calls.
    pub(crate) fn check(&self, contract: &Contract, version: &str) -> Result<(), Refusal> {
        use wasmparser::ValType::I32;
        if self.import_count > 0 {
            return Err(Refusal::CoreImports { imports: self.imports.clone(), count: self.import_count });
        }
        if let Some(name) = &self.reserved {
            let reason = format!("its core module exports `{name}`, which is a name of the loader's; rename it");
            return Err(Refusal::Malformed { reason });
        }
        if !self.has_memory_export {
            return Err(Refusal::MissingExport { export: MEMORY.to_owned() });
        }
        for function in contract.functions {
            let export = function.export(version);
            let found = self.function(&export);
            let found = found.ok_or_else(|| Refusal::MissingExport { export: export.clone() })?;
            if !function.is_core(&found.params, &found.results) {
                return Err(Refusal::WrongType { export });
            }
            let post = format!("{POST}{export}");
            if self.function(&post).is_some_and(|post| post.params != [I32] || !post.results.is_empty()) {
                return Err(Refusal::WrongType { export: post });
            }
        }
        let realloc = self.function(REALLOC).ok_or_else(|| Refusal::MissingExport { export: REALLOC.to_owned() })?;
        if realloc.params != [I32; 4] || realloc.results != [I32] {
            return Err(Refusal::WrongType { export: REALLOC.to_owned() });
        }
        Ok(())
    }

    /// Pages of memory that it has at its start.
    pub(crate) fn memory_pages(&self) -> u64 {
        self.memory_pages
    }

    fn function(&self, name: &str) -> Option<&CoreType> {
        self.functions.iter().find(|(export, _)| export == name).map(|(_, ty)| ty)
    }
}

/// The names under which a core module exports its memory, the function that gives memory, and those that free what a
/// function has returned: conventions of the canonical ABI's tools.
const MEMORY: &str = "memory";
pub(crate) const REALLOC: &str = "cabi_realloc";
const POST: &str = "cabi_post_";
