//! Strategies that are dear to compile: small files of which a compiler makes much work.
//!
//! Each [`Dear`] is one kind, made in any size. The loader's budgets are there to keep all of them cheap;
//! `tests/budgets.rs` finds that each is refused by name, and `examples/budgets.rs` measures what the largest that pass
//! come to. All of them are valid, and strategies by the types of what they export; what they would answer does not
//! matter, because every function of the contract traps.

#![expect(clippy::semicolon_if_nothing_returned, reason = "a table reads better without")]

use std::sync::LazyLock;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, CustomSection, DataSection, ElementSection, Elements, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, InstructionSink, MemArg, MemorySection, MemoryType, Module,
    RefType, TableSection, TableType, TypeSection, ValType,
};

/// A kind of file that is dear to compile.
pub struct Dear {
    /// What it has much of.
    pub name: &'static str,
    /// How it is made, in a size.
    make: fn(&mut Core, u32),
}

/// The functions of the contract, with how many parameters each has.
const CONTRACT: [(&str, usize); 6] = [
    ("cabi_realloc", 4),
    ("pointsman:strategy/strategy@0.2.0#evaluate-cycle", 1),
    ("pointsman:strategy/strategy@0.2.0#describe", 0),
    ("pointsman:strategy/strategy@0.2.0#check-config", 6),
    ("pointsman:strategy/strategy-json@0.2.0#evaluate-cycles", 2),
    ("pointsman:strategy/strategy-json@0.2.0#check-config", 2),
];

/// A component that is a strategy, around a core module that is replaced.
static STRATEGY: LazyLock<Vec<u8>> =
    LazyLock::new(|| wat::parse_str(include_str!("../fixtures/strategy.wat")).expect("it is WebAssembly text"));

/// A core module that keeps the contract, and has more in it.
#[derive(Default)]
struct Core {
    types: TypeSection,
    functions: FunctionSection,
    tables: TableSection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    custom: Vec<CustomSection<'static>>,
}

/// A size that is too much of anything.
const MOST: u32 = 1_000_000;

const ADDRESS: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };

// === impl Dear ===

impl Dear {
    /// A file of this kind, of a size: how many of what it has much of, so many times over, where it has functions each
    /// time in functions of their own.
    pub fn component(&self, size: u32, times: u32) -> Vec<u8> {
        let mut core = Core::new();
        for _ in 0..times {
            (self.make)(&mut core, size);
        }
        with_core_module(&core.finish())
    }

    /// The largest file of this kind that something holds for, within 2%.
    pub fn largest(&self, holds: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let last = |holds: &dyn Fn(u32) -> bool, mut most: u32| {
            let mut least = 1;
            while most - least > (least / 50).max(1) {
                let middle = least + (most - least) / 2;
                *if holds(middle) { &mut least } else { &mut most } = middle;
            }
            least
        };
        let size = last(&|size| holds(&self.component(size, 1)), MOST);
        let times = last(&|times| holds(&self.component(size, times)), 10);
        self.component(size, times)
    }

    /// All kinds.
    pub const ALL: &[Self] = &[
        Self {
            name: "additions",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).i32_const(7).i32_add().local_set(0)),
        },
        Self {
            name: "multiplications",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(1).i64_const(1 << 40).i64_mul().local_set(1)),
        },
        Self {
            name: "divisions",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(1).i64_rem_s().local_set(1)),
        },
        Self {
            name: "shifts",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(1).i64_rotl().local_set(1)),
        },
        Self {
            name: "counts",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(1).i64_popcnt().i64_clz().local_set(1)),
        },
        Self {
            name: "comparisons",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(1).i64_lt_s().local_set(0)),
        },
        Self {
            name: "selections",
            make: |core, n| {
                core.repeat(n, |code| _ = code.local_get(1).local_get(4).local_get(0).select().local_set(1))
            },
        },
        Self {
            name: "floats",
            make: |core, n| {
                core.repeat(n, |code| _ = code.local_get(2).f64_const(1.5.into()).f64_min().f64_sqrt().local_set(2))
            },
        },
        Self {
            name: "copied signs",
            make: |core, n| {
                core.repeat(n, |code| _ = code.local_get(2).local_get(2).f64_copysign().f64_nearest().local_set(2))
            },
        },
        Self {
            name: "truncations",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(2).i64_trunc_sat_f64_u().local_set(1)),
        },
        Self {
            name: "trapping truncations",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(2).i64_trunc_f64_u().local_set(1)),
        },
        Self {
            name: "conversions",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(1).f64_convert_i64_u().local_set(2)),
        },
        Self {
            name: "shuffles",
            make: |core, n| {
                core.repeat(n, |code| {
                    _ = code
                        .local_get(3)
                        .local_get(3)
                        .i8x16_shuffle([0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31])
                        .local_set(3)
                })
            },
        },
        Self {
            name: "vector constants",
            make: |core, n| {
                core.repeat(n, |code| {
                    _ = code.v128_const(0x1234_5678_9abc_def0_1357_9bdf_0246_8ace).local_get(3).v128_xor().local_set(3)
                })
            },
        },
        Self {
            name: "vector multiplications",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(3).local_get(3).i64x2_mul().local_set(3)),
        },
        Self {
            name: "vector shifts",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(3).local_get(0).i8x16_shr_s().local_set(3)),
        },
        Self {
            name: "vector truncations",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(3).i32x4_trunc_sat_f64x2_u_zero().local_set(3)),
        },
        Self {
            name: "lanes",
            make: |core, n| {
                core.repeat(n, |code| _ = code.local_get(3).local_get(0).i8x16_replace_lane(3).local_set(3))
            },
        },
        Self {
            name: "loads",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).i32_load(ADDRESS).local_set(0)),
        },
        Self {
            name: "loads from everywhere",
            make: |core, n| {
                core.repeat_counted(n, |code, i| {
                    _ = code
                        .local_get(0)
                        .i32_load(MemArg { offset: u64::from(i) * 65_521 % (1 << 31), ..ADDRESS })
                        .local_set(0)
                })
            },
        },
        Self {
            name: "stores",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).local_get(1).i64_store(ADDRESS)),
        },
        Self {
            name: "lane loads",
            make: |core, n| {
                core.repeat(n, |code| _ = code.local_get(0).local_get(3).v128_load8_lane(ADDRESS, 3).local_set(3))
            },
        },
        Self {
            name: "memory.fill",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).local_get(0).local_get(0).memory_fill(0)),
        },
        Self {
            name: "memory.copy",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).local_get(0).local_get(0).memory_copy(0, 0)),
        },
        Self { name: "memory.size", make: |core, n| core.repeat(n, |code| _ = code.memory_size(0).local_set(0)) },
        Self {
            name: "memory.grow",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).memory_grow(0).local_set(0)),
        },
        Self {
            name: "table.get",
            make: |core, n| {
                core.table(10);
                core.repeat(n, |code| _ = code.local_get(0).table_get(0).ref_is_null().local_set(0))
            },
        },
        Self {
            name: "table.set",
            make: |core, n| {
                core.table(10);
                core.repeat(n, |code| _ = code.local_get(0).ref_null(wasm_encoder::HeapType::FUNC).table_set(0))
            },
        },
        Self {
            name: "table.grow",
            make: |core, n| {
                core.table(10);
                core.repeat(n, |code| {
                    _ = code.ref_null(wasm_encoder::HeapType::FUNC).local_get(0).table_grow(0).local_set(0)
                })
            },
        },
        Self {
            name: "globals used",
            make: |core, n| {
                core.globals(1);
                core.repeat(n, |code| _ = code.global_get(0).i32_const(1).i32_add().global_set(0))
            },
        },
        Self { name: "calls", make: |core, n| core.repeat(n, |code| _ = code.local_get(0).call(1).local_set(0)) },
        Self {
            name: "calls of six",
            make: |core, n| {
                core.repeat(n, |code| {
                    _ = code
                        .local_get(0)
                        .local_get(0)
                        .local_get(0)
                        .local_get(0)
                        .local_get(0)
                        .local_get(0)
                        .call(3)
                        .local_set(0)
                })
            },
        },
        Self {
            name: "calls of a hundred",
            make: |core, n| {
                let callee = core.wide(100);
                core.repeat(n / 10, |code| {
                    for _ in 0..100 {
                        code.local_get(1);
                    }
                    code.call(callee);
                    for _ in 0..100 {
                        code.local_set(1);
                    }
                })
            },
        },
        Self {
            name: "indirect calls",
            make: |core, n| {
                core.table(10);
                core.repeat(n, |code| _ = code.local_get(0).local_get(0).call_indirect(0, 1).local_set(0))
            },
        },
        Self {
            name: "function references",
            make: |core, n| {
                core.declare(1);
                core.repeat(n, |code| _ = code.ref_func(1).ref_is_null().local_set(0))
            },
        },
        Self {
            name: "empty ifs",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).if_(BlockType::Empty).end()),
        },
        Self {
            name: "constant ifs",
            make: |core, n| core.repeat(n, |code| _ = code.i32_const(0).if_(BlockType::Empty).end()),
        },
        Self {
            name: "ifs that set",
            make: |core, n| {
                core.repeat(n, |code| {
                    _ = code
                        .local_get(0)
                        .if_(BlockType::Empty)
                        .local_get(1)
                        .i64_const(3)
                        .i64_add()
                        .local_set(1)
                        .else_()
                        .local_get(4)
                        .i64_const(5)
                        .i64_add()
                        .local_set(4)
                        .end()
                })
            },
        },
        Self {
            name: "ifs with results",
            make: |core, n| {
                core.repeat(n, |code| {
                    _ = code
                        .local_get(0)
                        .if_(BlockType::Result(ValType::I64))
                        .local_get(1)
                        .else_()
                        .local_get(4)
                        .end()
                        .local_set(1)
                })
            },
        },
        Self {
            name: "branches",
            make: |core, n| core.repeat(n, |code| _ = code.block(BlockType::Empty).local_get(0).br_if(0).end()),
        },
        Self {
            name: "branches to one place",
            make: |core, n| {
                core.function(&[], |code| {
                    code.block(BlockType::Empty);
                    for _ in 0..n {
                        code.local_get(0).br_if(0).local_get(0).i32_const(1).i32_add().local_set(0);
                    }
                    code.end();
                })
            },
        },
        Self {
            name: "returns",
            make: |core, n| core.repeat(n, |code| _ = code.local_get(0).if_(BlockType::Empty).return_().end()),
        },
        Self {
            name: "loops",
            make: |core, n| core.repeat(n, |code| _ = code.loop_(BlockType::Empty).local_get(0).br_if(0).end()),
        },
        Self {
            name: "nested loops",
            make: |core, n| {
                core.function(&[], |code| {
                    for _ in 0..n {
                        code.loop_(BlockType::Empty);
                    }
                    code.local_get(0).br_if(0);
                    for _ in 0..n {
                        code.end();
                    }
                })
            },
        },
        Self {
            name: "nested blocks",
            make: |core, n| {
                core.function(&[], |code| {
                    for _ in 0..n {
                        code.block(BlockType::Empty);
                    }
                    for i in 0..n {
                        code.local_get(0).br_if(i.min(n - 1 - i)).end();
                    }
                })
            },
        },
        Self {
            name: "nested ifs",
            make: |core, n| {
                core.function(&[], |code| {
                    for _ in 0..n {
                        code.local_get(0).if_(BlockType::Empty);
                    }
                    for _ in 0..n {
                        code.end();
                    }
                })
            },
        },
        Self {
            name: "a branch table",
            make: |core, n| {
                core.function(&[], |code| {
                    code.block(BlockType::Empty).local_get(0).br_table(vec![0; n as usize], 0).end();
                })
            },
        },
        Self {
            name: "a branch table to many",
            make: |core, n| {
                core.function(&[], |code| {
                    let depth = n.min(200);
                    for _ in 0..depth {
                        code.block(BlockType::Empty);
                    }
                    let targets: Vec<u32> = (0..n).map(|i| i % depth.max(1)).collect();
                    code.local_get(0).br_table(targets, 0);
                    for _ in 0..depth {
                        code.end();
                    }
                })
            },
        },
        Self {
            name: "branch tables",
            make: |core, n| {
                core.repeat(n, |code| _ = code.block(BlockType::Empty).local_get(0).br_table([0, 0, 0], 0).end())
            },
        },
        Self {
            name: "live values",
            make: |core, n| {
                core.function(&[], |code| {
                    for i in 0..n {
                        code.local_get(0).i64_load(MemArg { offset: u64::from(i), ..ADDRESS });
                    }
                    for _ in 1..n {
                        code.i64_add();
                    }
                    code.local_set(1);
                })
            },
        },
        Self {
            name: "live values across calls",
            make: |core, n| {
                core.function(&[], |code| {
                    for _ in 0..n {
                        code.local_get(0).call(1);
                    }
                    for _ in 1..n {
                        code.i32_add();
                    }
                    code.local_set(0);
                })
            },
        },
        Self {
            name: "live vectors",
            make: |core, n| {
                core.function(&[], |code| {
                    for i in 0..n {
                        code.local_get(0).v128_load(MemArg { offset: u64::from(i), ..ADDRESS });
                    }
                    for _ in 1..n {
                        code.i64x2_add();
                    }
                    code.local_set(3);
                })
            },
        },
        Self {
            name: "live values across branches",
            make: |core, n| {
                core.function(&[], |code| {
                    for _ in 0..n.min(900) {
                        code.local_get(1);
                    }
                    for _ in 0..n {
                        code.local_get(0).if_(BlockType::Empty).local_get(0).i32_const(1).i32_add().local_set(0).end();
                    }
                    for _ in 1..n.min(900) {
                        code.i64_add();
                    }
                    code.local_set(1);
                })
            },
        },
        Self {
            name: "locals in ifs",
            make: |core, n| {
                core.function(&[(990, ValType::I64)], |code| {
                    for i in 0..n {
                        let local = 5 + i % 990;
                        code.local_get(0)
                            .if_(BlockType::Empty)
                            .local_get(local)
                            .i64_const(1)
                            .i64_add()
                            .local_set(local)
                            .end();
                    }
                })
            },
        },
        Self {
            name: "locals in loops",
            make: |core, n| {
                core.function(&[(990, ValType::I64)], |code| {
                    for i in 0..n {
                        code.loop_(BlockType::Empty);
                        for k in 0..20 {
                            let local = 5 + (i * 20 + k) % 990;
                            code.local_get(local).i64_const(1).i64_add().local_set(local);
                        }
                        code.local_get(0).br_if(0).end();
                    }
                })
            },
        },
        Self {
            name: "locals in a branch table",
            make: |core, n| {
                core.function(&[(900, ValType::I64)], |code| {
                    code.loop_(BlockType::Empty)
                        .block(BlockType::Empty)
                        .local_get(0)
                        .br_table(vec![1; n as usize], 0)
                        .end();
                    for k in 0..900 {
                        code.local_get(5 + k).i64_const(1).i64_add().local_set(5 + k);
                    }
                    code.local_get(0).br_if(0).end();
                })
            },
        },
        Self {
            name: "blocks with a hundred values",
            make: |core, n| core.hundred_values(n, |code, ty| _ = code.block(ty)),
        },
        Self {
            name: "loops with a hundred values",
            make: |core, n| core.hundred_values(n, |code, ty| _ = code.loop_(ty)),
        },
        Self {
            name: "empty functions",
            make: |core, n| {
                for _ in 0..n {
                    core.function(&[], |_| ());
                }
            },
        },
        Self {
            name: "functions with a loop",
            make: |core, n| {
                for _ in 0..n {
                    core.function(&[], |code| _ = code.loop_(BlockType::Empty).local_get(0).br_if(0).end());
                }
            },
        },
        Self {
            name: "functions that call",
            make: |core, n| {
                for _ in 0..n {
                    core.function(&[], |code| _ = code.local_get(0).call(1).local_set(0));
                }
            },
        },
        Self {
            name: "functions with many locals",
            make: |core, n| {
                for _ in 0..n {
                    core.function(&[(990, ValType::I64)], |_| ());
                }
            },
        },
        Self {
            name: "exported functions",
            make: |core, n| {
                for _ in 0..n {
                    core.function(&[], |_| ());
                    let function = core.functions.len() - 1;
                    core.exports.export(&format!("f{function}"), ExportKind::Func, function);
                }
            },
        },
        Self {
            name: "types",
            make: |core, n| {
                for _ in 0..n {
                    core.types.ty().function([ValType::I32], []);
                }
            },
        },
        Self {
            name: "types that differ",
            make: |core, n| {
                for i in 0..n {
                    core.types
                        .ty()
                        .function((0..16).map(|bit| if i >> bit & 1 == 1 { ValType::I64 } else { ValType::I32 }), []);
                }
            },
        },
        Self { name: "parameters", make: |core, n| core.types.ty().function(vec![ValType::I32; n as usize], []) },
        Self {
            name: "parameters of a function",
            make: |core, n| {
                core.types.ty().function(vec![ValType::I32; n as usize], vec![]);
                let ty = core.types.len() - 1;
                core.add(ty, &Function::new([]), |_| ());
            },
        },
        Self {
            name: "types with many parameters",
            make: |core, n| {
                for _ in 0..n {
                    core.types.ty().function(vec![ValType::I32; 450], []);
                }
            },
        },
        Self { name: "globals", make: |core, n| core.globals(n) },
        Self {
            name: "tables",
            make: |core, n| {
                for _ in 0..n {
                    core.table(1);
                }
            },
        },
        Self { name: "a table", make: |core, n| core.table(n.into()) },
        Self {
            name: "elements",
            make: |core, n| {
                core.table(n.into());
                core.elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(vec![1; n as usize].into()));
            },
        },
        Self {
            name: "element segments",
            make: |core, n| {
                core.table(1);
                for _ in 0..n {
                    core.elements.passive(Elements::Functions(vec![].into()));
                }
            },
        },
        Self {
            name: "data segments",
            make: |core, n| {
                for i in 0..n {
                    core.data.active(0, &ConstExpr::i32_const((i % 65_000).cast_signed()), [7]);
                }
            },
        },
        Self {
            name: "scattered data segments",
            make: |core, n| {
                for i in 0..n {
                    core.data.active(0, &ConstExpr::i32_const((i.wrapping_mul(40_503) % 65_000).cast_signed()), [7]);
                }
            },
        },
        Self {
            name: "exports",
            make: |core, n| {
                for _ in 0..n {
                    core.exports.export(&format!("m{}", core.exports.len()), ExportKind::Memory, 0);
                }
            },
        },
        Self {
            name: "custom sections",
            make: |core, n| {
                core.custom = (0..n).map(|_| CustomSection { name: "".into(), data: (&[][..]).into() }).collect()
            },
        },
    ];

    /// The kind of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|dear| dear.name == name)
    }
}

// === impl Core ===

impl Core {
    fn new() -> Self {
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

    fn add(&mut self, ty: u32, function: &Function, write: impl FnOnce(&mut InstructionSink<'_>)) {
        self.functions.function(ty);
        let mut function = function.clone();
        write(&mut function.instructions());
        function.instructions().end();
        self.code.function(&function);
    }

    /// Adds a function with locals beside its five parameters: an i32, an i64, an f64, a vector and another i64.
    fn function(&mut self, locals: &[(u32, ValType)], write: impl FnOnce(&mut InstructionSink<'_>)) {
        let ty = u32::try_from(CONTRACT.len()).expect("there are six");
        self.add(ty, &Function::new(locals.iter().copied()), |code| {
            write(code);
            // Else a compiler would find that nobody wants to know.
            code.local_get(0).local_get(0).i32_store(ADDRESS).local_get(0).local_get(1).i64_store(ADDRESS);
            code.local_get(0).local_get(2).f64_store(ADDRESS).local_get(0).local_get(3).v128_store(ADDRESS);
        });
    }

    /// Adds a function that does something so many times.
    fn repeat(&mut self, n: u32, mut write: impl FnMut(&mut InstructionSink<'_>)) {
        self.repeat_counted(n, |code, _| write(code));
    }

    fn repeat_counted(&mut self, n: u32, mut write: impl FnMut(&mut InstructionSink<'_>, u32)) {
        self.function(&[], |code| (0..n).for_each(|i| write(code, i)));
    }

    /// Adds a function of so many parameters and as many results; its index.
    fn wide(&mut self, n: u32) -> u32 {
        let ty = self.block_type(n);
        let function = self.functions.len();
        self.add(ty, &Function::new([]), |code| _ = code.unreachable());
        function
    }

    /// Adds a type of so many parameters and as many results; its index.
    fn block_type(&mut self, n: u32) -> u32 {
        self.types.ty().function(vec![ValType::I64; n as usize], vec![ValType::I64; n as usize]);
        self.types.len() - 1
    }

    /// Adds a function with so many blocks, each of which takes and gives a hundred values.
    fn hundred_values(&mut self, n: u32, open: impl Fn(&mut InstructionSink<'_>, BlockType)) {
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

    fn table(&mut self, minimum: u64) {
        let element_type = RefType::FUNCREF;
        self.tables.table(TableType { element_type, table64: false, minimum, maximum: None, shared: false });
    }

    fn globals(&mut self, n: u32) {
        for _ in 0..n {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            self.globals.global(ty, &ConstExpr::i32_const(7));
        }
    }

    /// Declares a function, so that code may refer to it.
    fn declare(&mut self, function: u32) {
        self.elements.declared(Elements::Functions(vec![function].into()));
    }

    fn finish(self) -> Vec<u8> {
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

/// A strategy with another core module, which has to export what the contract wants.
pub fn with_core_module(core: &[u8]) -> Vec<u8> {
    use wasm_encoder::Encode;
    /// The id of a core module's section.
    const CORE_MODULE: u8 = 1;
    // It is the first section.
    let section = &STRATEGY[8..];
    assert_eq!(section[0], CORE_MODULE);
    let (size, length) = leb128(&section[1..]);
    let mut component = STRATEGY[..8].to_vec();
    component.push(CORE_MODULE);
    core.encode(&mut component);
    component.extend_from_slice(&section[1 + length + size..]);
    component
}

/// A number, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> (usize, usize) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).map_or(bytes.len(), |last| last + 1);
    let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, length)
}
