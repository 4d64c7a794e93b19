//! A core module that keeps the contract, and has more in it.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, CustomSection, DataSection, ElementSection, Elements, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, InstructionSink, MemArg, MemorySection, MemoryType, Module,
    RefType, TableSection, TableType, TypeSection, ValType,
};

/// The functions of the contract, with how many parameters each has.
const CONTRACT: [(&str, usize); 6] = [
    ("cabi_realloc", 4),
    ("pointsman:strategy/strategy@0.2.0#evaluate-cycle", 1),
    ("pointsman:strategy/strategy@0.2.0#describe", 0),
    ("pointsman:strategy/strategy@0.2.0#check-config", 6),
    ("pointsman:strategy/strategy-json@0.2.0#evaluate-cycles", 2),
    ("pointsman:strategy/strategy-json@0.2.0#check-config", 2),
];

/// Where instructions load from and store to.
pub(super) const ADDRESS: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };

/// A core module that keeps the contract, and has more in it.
#[derive(Default)]
pub(super) struct Core {
    pub(super) types: TypeSection,
    pub(super) functions: FunctionSection,
    tables: TableSection,
    globals: GlobalSection,
    pub(super) exports: ExportSection,
    pub(super) elements: ElementSection,
    code: CodeSection,
    pub(super) data: DataSection,
    pub(super) custom: Vec<CustomSection<'static>>,
}

// === impl Core ===

impl Core {
    pub(super) fn new() -> Self {
        let mut core = Self::default();
        for (name, params) in CONTRACT {
            core.types.ty().function(vec![ValType::I32; params], [ValType::I32]);
            let function = core.functions.len();
            core.add(core.types.len() - 1, &Function::new([]), |code| _ = code.unreachable());
            core.exports.export(name, ExportKind::Func, function);
        }
        core.exports.export("memory", ExportKind::Memory, 0);
        // That of all functions that are added, from here on.
        core.types.ty().function([ValType::I32, ValType::I64, ValType::F64, ValType::V128, ValType::I64], []);
        core
    }

    pub(super) fn add(&mut self, ty: u32, function: &Function, write: impl FnOnce(&mut InstructionSink<'_>)) {
        self.functions.function(ty);
        let mut function = function.clone();
        write(&mut function.instructions());
        function.instructions().end();
        self.code.function(&function);
    }

    /// Adds a function with locals beside its five parameters: an i32, an i64, an f64, a vector and another i64.
    pub(super) fn function(&mut self, locals: &[(u32, ValType)], write: impl FnOnce(&mut InstructionSink<'_>)) {
        let ty = u32::try_from(CONTRACT.len()).expect("there are six");
        self.add(ty, &Function::new(locals.iter().copied()), |code| {
            write(code);
            // Else a compiler would find that nobody wants to know.
            code.local_get(0).local_get(0).i32_store(ADDRESS).local_get(0).local_get(1).i64_store(ADDRESS);
            code.local_get(0).local_get(2).f64_store(ADDRESS).local_get(0).local_get(3).v128_store(ADDRESS);
        });
    }

    /// Adds a function that does something so many times.
    pub(super) fn repeat(&mut self, n: u32, mut write: impl FnMut(&mut InstructionSink<'_>)) {
        self.repeat_counted(n, |code, _| write(code));
    }

    pub(super) fn repeat_counted(&mut self, n: u32, mut write: impl FnMut(&mut InstructionSink<'_>, u32)) {
        self.function(&[], |code| (0..n).for_each(|i| write(code, i)));
    }

    /// Adds a function of so many parameters and as many results; its index.
    pub(super) fn wide(&mut self, n: u32) -> u32 {
        let ty = self.block_type(n);
        let function = self.functions.len();
        self.add(ty, &Function::new([]), |code| _ = code.unreachable());
        function
    }

    /// Adds a type of so many parameters and as many results; its index.
    pub(super) fn block_type(&mut self, n: u32) -> u32 {
        self.types.ty().function(vec![ValType::I64; n as usize], vec![ValType::I64; n as usize]);
        self.types.len() - 1
    }

    /// Adds a function with so many blocks, each of which takes and gives a hundred values.
    pub(super) fn hundred_values(&mut self, n: u32, open: impl Fn(&mut InstructionSink<'_>, BlockType)) {
        let ty = self.block_type(100);
        self.function(&[], |code| {
            for _ in 0..100 {
                code.local_get(1);
            }
            for _ in 0..n {
                open(code, BlockType::FunctionType(ty));
                code.local_get(0).br_if(0).end();
            }
            for _ in 0..100 {
                code.local_set(1);
            }
        });
    }

    pub(super) fn table(&mut self, minimum: u64) {
        let element_type = RefType::FUNCREF;
        self.tables.table(TableType { element_type, table64: false, minimum, maximum: None, shared: false });
    }

    pub(super) fn globals(&mut self, n: u32) {
        for _ in 0..n {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            self.globals.global(ty, &ConstExpr::i32_const(7));
        }
    }

    /// Declares a function, so that code may refer to it.
    pub(super) fn declare(&mut self, function: u32) {
        self.elements.declared(Elements::Functions(vec![function].into()));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut module = Module::new();
        module.section(&self.types).section(&self.functions).section(&self.tables).section(&memories);
        module.section(&self.globals).section(&self.exports).section(&self.elements).section(&self.code);
        module.section(&self.data);
        for custom in &self.custom {
            module.section(custom);
        }
        module.finish()
    }
}
