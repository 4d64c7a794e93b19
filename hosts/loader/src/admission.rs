//! All checks of a file, in their order.

use std::ops::Range;

use wasmparser::{
    FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator, WasmFeatures,
    component_types::{ComponentAnyTypeId, ComponentEntityType},
    types::{EntityType, Types, TypesRef},
};

use crate::{
    Budgets, Contract, Refusal,
    price::Price,
    refusal::NAMED,
    signature,
    structure::{self, Flaw},
};

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
}

/// The type of a core function, as far as it matters.
#[derive(Debug)]
struct CoreType {
    params: Vec<wasmparser::ValType>,
    results: Vec<wasmparser::ValType>,
}

// === impl Runtime ===

impl Runtime {
    /// What code may use. What strategies have no use for cannot be used against a host.
    pub(crate) fn features(self) -> WasmFeatures {
        let common = WasmFeatures::WASM2 | WasmFeatures::COMPONENT_MODEL | WasmFeatures::GC_TYPES;
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

/// The names of what a component imports and exports.
#[derive(Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// What one pass over a component finds.
struct Validated<'a> {
    modules: Vec<CoreModule<'a>>,
    names: Names,
    types: Types,
    work: u64,
}

/// Validates a component and counts what it would cost, in one pass over it.
fn validate<'a>(component: &'a [u8], runtime: Runtime, budgets: &Budgets) -> Result<Validated<'a>, Refusal> {
    let mut validator = Validator::new_with_features(runtime.features());
    let mut allocations = FuncValidatorAllocations::default();
    let (mut modules, mut names) = (vec![], Names::default());
    let mut price = Price::new(budgets);
    // What is open: the outermost component, those in it, a core module, which alone has a range.
    let mut open: Vec<Option<Range<usize>>> = vec![];
    let mut inner: Option<Range<usize>> = None;
    let mut parser = Parser::new(0);
    parser.set_features(runtime.features());
    for payload in parser.parse_all(component) {
        let payload = payload?;
        let is_outermost = open.len() == 1;
        match &payload {
            Payload::Version { .. } => open.push(inner.take()),
            Payload::ModuleSection { unchecked_range, .. } => {
                price.begin_module();
                inner = Some(unchecked_range.clone());
            }
            Payload::CustomSection(_) => price.custom_section()?,
            Payload::ComponentImportSection(section) if is_outermost => {
                for import in section.clone() {
                    names.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if is_outermost => {
                for export in section.clone() {
                    names.exports.push(export?.name.name.to_owned());
                }
            }
            // Those of components have names of their own.
            section => price.section(section)?,
        }
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(std::mem::take(&mut allocations));
                price.function(&mut function, &body)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(types) => match open.pop().flatten() {
                Some(range) => modules.push(CoreModule::new(&component[range], types.as_ref())),
                None if open.is_empty() => return Ok(Validated { modules, names, types, work: price.work() }),
                None => {}
            },
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    // The parser tells an end that is missing.
    Err(Refusal::Malformed { reason: "it has no end".to_owned() })
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

// === impl CoreModule ===

impl<'a> CoreModule<'a> {
    fn new(bytes: &'a [u8], types: TypesRef<'_>) -> Self {
        let mut module = Self {
            bytes,
            functions: vec![],
            imports: vec![],
            import_count: 0,
            has_memory_export: false,
            memory_pages: 0,
        };
        module.memory_pages = (0..types.memory_count()).map(|memory| types.memory_at(memory).initial).sum();
        for (from, name, _) in types.core_imports().into_iter().flatten() {
            module.import_count += 1;
            if module.imports.len() < NAMED {
                module.imports.push(format!("{from}#{name}"));
            }
        }
        for (name, entity) in types.core_exports().into_iter().flatten() {
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
