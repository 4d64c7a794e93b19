//! Memory, tables, globals and calls: instructions that reach beyond the function.

use wasm_encoder::MemArg;

use super::{Dear, module::ADDRESS};

/// The kinds of this file.
pub(super) const KINDS: &[Dear] = &[
    Dear { name: "loads", make: |core, n| core.repeat(n, |code| _ = code.local_get(0).i32_load(ADDRESS).local_set(0)) },
    Dear {
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
    Dear {
        name: "stores",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).local_get(1).i64_store(ADDRESS)),
    },
    Dear {
        name: "lane loads",
        make: |core, n| {
            core.repeat(n, |code| _ = code.local_get(0).local_get(3).v128_load8_lane(ADDRESS, 3).local_set(3))
        },
    },
    Dear {
        name: "memory.fill",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).local_get(0).local_get(0).memory_fill(0)),
    },
    Dear {
        name: "memory.copy",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).local_get(0).local_get(0).memory_copy(0, 0)),
    },
    Dear { name: "memory.size", make: |core, n| core.repeat(n, |code| _ = code.memory_size(0).local_set(0)) },
    Dear {
        name: "memory.grow",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).memory_grow(0).local_set(0)),
    },
    Dear {
        name: "table.get",
        make: |core, n| {
            core.table(10);
            core.repeat(n, |code| _ = code.local_get(0).table_get(0).ref_is_null().local_set(0))
        },
    },
    Dear {
        name: "table.set",
        make: |core, n| {
            core.table(10);
            core.repeat(n, |code| _ = code.local_get(0).ref_null(wasm_encoder::HeapType::FUNC).table_set(0))
        },
    },
    Dear {
        name: "table.grow",
        make: |core, n| {
            core.table(10);
            core.repeat(n, |code| {
                _ = code.ref_null(wasm_encoder::HeapType::FUNC).local_get(0).table_grow(0).local_set(0)
            })
        },
    },
    Dear {
        name: "globals used",
        make: |core, n| {
            core.globals(1);
            core.repeat(n, |code| _ = code.global_get(0).i32_const(1).i32_add().global_set(0))
        },
    },
    Dear { name: "calls", make: |core, n| core.repeat(n, |code| _ = code.local_get(0).call(1).local_set(0)) },
    Dear {
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
    Dear {
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
    Dear {
        name: "indirect calls",
        make: |core, n| {
            core.table(10);
            core.repeat(n, |code| _ = code.local_get(0).local_get(0).call_indirect(0, 1).local_set(0))
        },
    },
    Dear {
        name: "function references",
        make: |core, n| {
            core.declare(1);
            core.repeat(n, |code| _ = code.ref_func(1).ref_is_null().local_set(0))
        },
    },
];
