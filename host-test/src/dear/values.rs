//! Values that are alive over much code: on the stack, or in locals.

use wasm_encoder::{BlockType, MemArg, ValType};

use super::{Dear, module::ADDRESS};

/// The kinds of this file.
pub(super) const KINDS: &[Dear] = &[
    Dear {
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
    Dear {
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
    Dear {
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
    Dear {
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
    Dear {
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
    Dear {
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
    Dear {
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
];
