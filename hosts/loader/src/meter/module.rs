//! The sections of a core module: what is added to each, and how the indices of functions move for it.

use wasm_encoder::{ConstExpr, Encode, ExportKind, Function, GlobalType, ImportSection, Section, ValType};
use wasmparser::{
    BinaryReader, BinaryReaderError, CodeSectionReader, ConstExpr as OldExpr, ElementItems, ElementKind,
    ElementSectionReader, ExportSectionReader, ExternalKind, FromReader, FunctionSectionReader, GlobalSectionReader,
    MemorySectionReader, Operator, Parser, SectionLimited, TableSectionReader, TypeSectionReader, ValType as OldType,
};

use super::{
    EACH_EXPORT, GLOBAL_PREFIX, METER_MODULE, METER_TICK, REFUSED_GLOBAL, SLICE, SPARE_PAGES, TABLE_ELEMENTS,
    added::{self, Added, Fuel},
    code::Coder,
    short::Short,
};
use crate::{Refusal, Runtime, admission::REALLOC, operators::next};

/// A core module that was rewritten.
pub(super) struct Metered {
    pub(super) core: Vec<u8>,
    pub(super) globals: Vec<String>,
    pub(super) is_rewindable: bool,
}

/// Sections of a core module, by their ids.
mod id {
    pub(super) const TYPE: u8 = 1;
    pub(super) const IMPORT: u8 = 2;
    pub(super) const FUNCTION: u8 = 3;
    pub(super) const TABLE: u8 = 4;
    pub(super) const MEMORY: u8 = 5;
    pub(super) const GLOBAL: u8 = 6;
    pub(super) const EXPORT: u8 = 7;
    pub(super) const START: u8 = 8;
    pub(super) const ELEMENT: u8 = 9;
    pub(super) const CODE: u8 = 10;
    pub(super) const DATA: u8 = 11;
    pub(super) const DATA_COUNT: u8 = 12;
    /// The order in which they stand.
    pub(super) const ORDER: [u8; 12] =
        [TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA];
}

/// The sections, each without its id and size.
struct Sections<'a>([Option<&'a [u8]>; id::DATA_COUNT as usize + 1]);

/// A section that is being written: so many entries.
#[derive(Default)]
struct Entries {
    count: u32,
    bytes: Vec<u8>,
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

// === impl Sections ===

impl<'a> Sections<'a> {
    /// Takes the sections apart. Custom ones are left out: what they say of the code is not true of the new code.
    fn split(core: &'a [u8]) -> Result<Self, Refusal> {
        let mut found = Self([None; id::DATA_COUNT as usize + 1]);
        for payload in Parser::new(0).parse_all(core) {
            if let Some((id, range)) = payload?.as_section()
                && let Some(section) = found.0.get_mut(usize::from(id))
                && id > 0
            {
                *section = Some(&core[range]);
            }
        }
        Ok(found)
    }

    fn get(&self, id: u8) -> Option<&'a [u8]> {
        self.0[usize::from(id)]
    }

    /// A reader of a section's entries; of none where the section is missing.
    fn read<T: FromReader<'a>>(&self, id: u8) -> Result<SectionLimited<'a, T>, BinaryReaderError> {
        SectionLimited::new(BinaryReader::new(self.get(id).unwrap_or(&[0]), 0))
    }

    fn start(&self) -> Result<Option<u32>, BinaryReaderError> {
        self.get(id::START).map(|section| BinaryReader::new(section, 0).read_var_u32()).transpose()
    }
}

// === impl Entries ===

impl Entries {
    /// A section as it is.
    fn copied(section: Option<&[u8]>) -> Result<Self, BinaryReaderError> {
        let Some(section) = section else { return Ok(Self::default()) };
        let mut reader = BinaryReader::new(section, 0);
        let count = reader.read_var_u32()?;
        Ok(Self { count, bytes: section[reader.original_position()..].to_vec() })
    }

    /// Room for one entry more.
    fn add(&mut self) -> &mut Vec<u8> {
        self.count += 1;
        &mut self.bytes
    }

    fn bytes(self) -> Vec<u8> {
        let mut section = vec![];
        self.count.encode(&mut section);
        section.extend(self.bytes);
        section
    }
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

    /// The module's own types, and those of what is added.
    fn types(&self, sections: &Sections<'_>) -> Result<Vec<u8>, Refusal> {
        let mut types = Entries::copied(sections.get(id::TYPE))?;
        let mut add = |params: usize, results: &[ValType]| {
            let to = types.add();
            to.push(0x60);
            vec![ValType::I32; params][..].encode(to);
            results.encode(to);
        };
        add(1, &[ValType::I32]);
        if self.added.fuel.is_some() {
            add(5, &[]);
            add(0, &[ValType::I64]);
        }
        Ok(types.bytes())
    }

    fn grow_type(&self) -> u32 {
        count(&self.params)
    }

    fn imports(&self) -> Option<Vec<u8>> {
        self.added.fuel?;
        let mut imports = ImportSection::new();
        imports.import(METER_MODULE, METER_TICK, wasm_encoder::EntityType::Function(self.grow_type() + 2));
        Some(content(&imports))
    }

    fn function_types(&self, sections: &Sections<'_>) -> Result<Vec<u8>, Refusal> {
        let mut functions = Entries::copied(sections.get(id::FUNCTION))?;
        self.grow_type().encode(functions.add());
        if self.added.fuel.is_some() {
            (self.grow_type() + 1).encode(functions.add());
        }
        Ok(functions.bytes())
    }

    /// The tables, which grow no further than they may.
    fn tables(sections: &Sections<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        if sections.get(id::TABLE).is_none() {
            return Ok(None);
        }
        let tables: TableSectionReader<'_> = sections.read(id::TABLE)?;
        let mut to = wasm_encoder::TableSection::new();
        for table in tables {
            let ty = table?.ty;
            to.table(wasm_encoder::TableType {
                element_type: if ty.element_type.is_func_ref() {
                    wasm_encoder::RefType::FUNCREF
                } else {
                    wasm_encoder::RefType::EXTERNREF
                },
                table64: false,
                minimum: ty.initial,
                maximum: Some(ty.maximum.unwrap_or(u64::MAX).min(TABLE_ELEMENTS)),
                shared: false,
            });
        }
        Ok(Some(content(&to)))
    }

    /// The memory, which grows no further than it may. On wazero it has pages to spare from its start.
    fn memories(&self, sections: &Sections<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        if sections.get(id::MEMORY).is_none() {
            return Ok(None);
        }
        let memories: MemorySectionReader<'_> = sections.read(id::MEMORY)?;
        let mut to = wasm_encoder::MemorySection::new();
        for memory in memories {
            let memory = memory?;
            let most = memory.maximum.unwrap_or(u64::MAX).min(self.most_pages);
            let (minimum, maximum) = match self.added.fuel {
                Some(_) => (memory.initial.max(most.min(memory.initial + SPARE_PAGES)), Some(most)),
                // The limit is that of the store, and a module's own maximum its own affair.
                None => (memory.initial, memory.maximum),
            };
            to.memory(wasm_encoder::MemoryType {
                minimum,
                maximum,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        Ok(Some(content(&to)))
    }

    /// The globals, and which of the module's own are mutable.
    fn globals(&mut self, sections: &Sections<'_>) -> Result<(Entries, Vec<u32>), Refusal> {
        let (mut entries, mut mutable) = (Entries::default(), vec![]);
        let globals: GlobalSectionReader<'_> = sections.read(id::GLOBAL)?;
        for (index, global) in (0..).zip(globals) {
            let global = global?;
            if global.ty.mutable {
                mutable.push(index);
                // Numbers can be put back; vectors and references cannot.
                self.is_rewindable &=
                    matches!(global.ty.content_type, OldType::I32 | OldType::I64 | OldType::F32 | OldType::F64);
            }
            let to = entries.add();
            to.extend(global_type(&global));
            self.expression(&global.init_expr, to)?;
        }
        let mut add = |val_type, value: &ConstExpr| {
            let to = entries.add();
            GlobalType { val_type, mutable: true, shared: false }.encode(to);
            value.encode(to);
        };
        add(ValType::I32, &ConstExpr::i32_const(0));
        if self.added.fuel.is_some() {
            let memories: MemorySectionReader<'_> = sections.read(id::MEMORY)?;
            let pages = memories.into_iter().next().transpose()?.map_or(0, |memory| memory.initial);
            add(ValType::I64, &ConstExpr::i64_const(SLICE));
            add(ValType::I32, &ConstExpr::i32_const(i32::try_from(pages).unwrap_or(i32::MAX)));
        }
        Ok((entries, mutable))
    }

    fn exports(&self, sections: &Sections<'_>, globals: &[u32]) -> Result<Vec<u8>, Refusal> {
        let mut entries = Entries::default();
        let mut add = |name: &str, kind: ExportKind, index: u32| {
            let to = entries.add();
            name.encode(to);
            kind.encode(to);
            index.encode(to);
        };
        let exports: ExportSectionReader<'_> = sections.read(id::EXPORT)?;
        for export in exports {
            let export = export?;
            match export.kind {
                ExternalKind::Func => add(export.name, ExportKind::Func, export.index + self.shift),
                ExternalKind::Table => add(export.name, ExportKind::Table, export.index),
                ExternalKind::Memory => add(export.name, ExportKind::Memory, export.index),
                ExternalKind::Global => add(export.name, ExportKind::Global, export.index),
                // Exceptions are admitted for no runtime.
                ExternalKind::Tag | ExternalKind::FuncExact => {}
            }
        }
        for &global in globals {
            add(&global_name(global), ExportKind::Global, global);
        }
        add(REFUSED_GLOBAL, ExportKind::Global, self.added.refused);
        if self.added.fuel.is_some() {
            add(EACH_EXPORT, ExportKind::Func, self.added.grow + 1);
        }
        Ok(entries.bytes())
    }

    fn elements(&self, sections: &Sections<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(section) = sections.get(id::ELEMENT) else { return Ok(None) };
        let elements: ElementSectionReader<'_> = sections.read(id::ELEMENT)?;
        let mut entries = Entries::default();
        for element in elements {
            let element = element?;
            let to = entries.add();
            // How its fields are to be read; it stands first, and its lowest byte is all there is.
            to.push(section[element.range.start]);
            if let ElementKind::Active { table_index, offset_expr } = &element.kind {
                if let Some(table) = table_index {
                    table.encode(to);
                }
                self.expression(offset_expr, to)?;
            }
            let is_plain = matches!(element.kind, ElementKind::Active { table_index: None, .. });
            match element.items {
                ElementItems::Functions(functions) => {
                    if !is_plain {
                        // Functions are the only kind.
                        to.push(0);
                    }
                    functions.count().encode(to);
                    for function in functions {
                        (function? + self.shift).encode(to);
                    }
                }
                ElementItems::Expressions(ty, expressions) => {
                    if !is_plain {
                        let ty = if ty.is_func_ref() {
                            wasm_encoder::RefType::FUNCREF
                        } else {
                            wasm_encoder::RefType::EXTERNREF
                        };
                        ty.encode(to);
                    }
                    expressions.count().encode(to);
                    for expression in expressions {
                        self.expression(&expression?, to)?;
                    }
                }
            }
        }
        Ok(Some(entries.bytes()))
    }

    /// Copies an expression that gives a first value, with the functions that it names.
    fn expression(&self, expression: &OldExpr<'_>, to: &mut Vec<u8>) -> Result<(), Refusal> {
        let bytes = expression.get_binary_reader();
        let start = bytes.original_position();
        let bytes = expression.get_binary_reader().read_bytes(bytes.bytes_remaining())?;
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            let (operator, at) = next(&mut operators)?;
            match operator {
                Operator::RefFunc { function_index } => {
                    wasm_encoder::InstructionSink::new(to).ref_func(function_index + self.shift);
                }
                _ => to.extend_from_slice(&bytes[at.start - start..at.end - start]),
            }
        }
        Ok(())
    }

    fn code(&mut self, sections: &Sections<'_>) -> Result<Entries, Refusal> {
        let reader: CodeSectionReader<'_> = sections.read(id::CODE)?;
        let bodies = reader.into_iter().collect::<Result<Vec<_>, _>>()?;
        let short = if self.added.fuel.is_some() { Short::find(&bodies)? } else { Short::none() };
        let mut coder =
            Coder { added: self.added, short: &short, shift: self.shift, is_rewindable: self.is_rewindable };
        let mut entries = Entries::default();
        for ((index, body), ty) in (0..).zip(&bodies).zip(&self.functions) {
            let params = self.params.get(*ty as usize).copied().unwrap_or(0);
            coder.rewrite(body, params, index)?.encode(entries.add());
        }
        self.is_rewindable = coder.is_rewindable;
        let has_memory = sections.get(id::MEMORY).is_some();
        let mut add = |function: Function| function.encode(entries.add());
        match (has_memory, self.added.fuel) {
            (false, _) => add(added::nothing()),
            (true, None) => add(added::grow(self.added, self.most_pages)),
            (true, Some(fuel)) => add(added::grow_with_spare(self.added, fuel, self.most_pages)),
        }
        if let Some(fuel) = self.added.fuel {
            match self.realloc {
                Some(realloc) if has_memory => add(added::each(fuel, realloc + self.shift)),
                _ => add(added::nothing()),
            }
        }
        Ok(entries)
    }
}

/// The type of a global as it is written.
fn global_type(global: &wasmparser::Global<'_>) -> Vec<u8> {
    let val_type = match global.ty.content_type {
        OldType::I32 => ValType::I32,
        OldType::I64 => ValType::I64,
        OldType::F32 => ValType::F32,
        OldType::F64 => ValType::F64,
        OldType::V128 => ValType::V128,
        OldType::Ref(ty) if ty.is_func_ref() => ValType::Ref(wasm_encoder::RefType::FUNCREF),
        OldType::Ref(_) => ValType::Ref(wasm_encoder::RefType::EXTERNREF),
    };
    let mut to = vec![];
    GlobalType { val_type, mutable: global.ty.mutable, shared: false }.encode(&mut to);
    to
}

/// A section without its id and size.
fn content(section: &impl Section) -> Vec<u8> {
    let mut encoded = vec![];
    section.encode(&mut encoded);
    let mut reader = BinaryReader::new(&encoded, 0);
    // It was just written.
    let _ = reader.read_var_u32();
    encoded[reader.original_position()..].to_vec()
}

fn count<T>(of: &[T]) -> u32 {
    // Files are smaller than 4 GiB.
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}
