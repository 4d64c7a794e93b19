//! Functions: their types, their code, the one that is imported, and what is exported.

use wasm_encoder::{Encode, ExportKind, Function, ImportSection, ValType};
use wasmparser::{CodeSectionReader, ExportSectionReader, ExternalKind};

use super::{
    super::{EACH_EXPORT, METER_MODULE, METER_TICK, REFUSED_GLOBAL, added, code::Coder, short::Short},
    Module, count, global_name,
    sections::{Entries, Sections, content, id},
};
use crate::Refusal;

impl Module {
    /// The module's own types, and those of what is added.
    pub(super) fn types(&self, sections: &Sections<'_>) -> Result<Vec<u8>, Refusal> {
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

    pub(super) fn grow_type(&self) -> u32 {
        count(&self.params)
    }

    pub(super) fn imports(&self) -> Option<Vec<u8>> {
        self.added.fuel?;
        let mut imports = ImportSection::new();
        imports.import(METER_MODULE, METER_TICK, wasm_encoder::EntityType::Function(self.grow_type() + 2));
        Some(content(&imports))
    }

    pub(super) fn function_types(&self, sections: &Sections<'_>) -> Result<Vec<u8>, Refusal> {
        let mut functions = Entries::copied(sections.get(id::FUNCTION))?;
        self.grow_type().encode(functions.add());
        if self.added.fuel.is_some() {
            (self.grow_type() + 1).encode(functions.add());
        }
        Ok(functions.bytes())
    }

    pub(super) fn exports(&self, sections: &Sections<'_>, globals: &[u32]) -> Result<Vec<u8>, Refusal> {
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

    pub(super) fn code(&mut self, sections: &Sections<'_>) -> Result<Entries, Refusal> {
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
