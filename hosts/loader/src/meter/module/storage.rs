//! Tables, memories and globals: what a module keeps, and how far it may grow.

use wasm_encoder::{ConstExpr, Encode, GlobalType, ValType};
use wasmparser::{GlobalSectionReader, MemorySectionReader, TableSectionReader, ValType as OldType};

use super::{
    super::{SLICE, SPARE_PAGES, TABLE_ELEMENTS},
    Module,
    sections::{Entries, Sections, content, id},
};
use crate::Refusal;

impl Module {
    /// The tables, which grow no further than they may.
    pub(super) fn tables(sections: &Sections<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        if sections.get(id::TABLE).is_none() {
            return Ok(None);
        }
        let tables: TableSectionReader<'_> = sections.read(id::TABLE)?;
        let mut to = wasm_encoder::TableSection::new();
        for table in tables {
            let ty = table?.ty;
            to.table(wasm_encoder::TableType {
                // Functions are the only kind of reference that is admitted.
                element_type: wasm_encoder::RefType::FUNCREF,
                table64: false,
                minimum: ty.initial,
                // Where a budget was raised it may begin with more.
                maximum: Some(ty.maximum.unwrap_or(u64::MAX).min(TABLE_ELEMENTS.max(ty.initial))),
                shared: false,
            });
        }
        Ok(Some(content(&to)))
    }

    /// The memory, which grows no further than it may. On wazero it has pages to spare from its start.
    pub(super) fn memories(&self, sections: &Sections<'_>) -> Result<Option<Vec<u8>>, Refusal> {
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
    pub(super) fn globals(&mut self, sections: &Sections<'_>) -> Result<(Entries, Vec<u32>), Refusal> {
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
}

/// The type of a global as it is written.
fn global_type(global: &wasmparser::Global<'_>) -> Vec<u8> {
    let val_type = match global.ty.content_type {
        OldType::I32 => ValType::I32,
        OldType::I64 => ValType::I64,
        OldType::F32 => ValType::F32,
        OldType::F64 => ValType::F64,
        OldType::V128 => ValType::V128,
        OldType::Ref(_) => ValType::FUNCREF,
    };
    let mut to = vec![];
    GlobalType { val_type, mutable: global.ty.mutable, shared: false }.encode(&mut to);
    to
}
