//! Blocks, loops and branches, which join and part.

use wasm_encoder::{BlockType, ValType};

use super::Dear;

/// The kinds of this file.
pub(super) const KINDS: &[Dear] = &[
    Dear {
        name: "empty ifs",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).if_(BlockType::Empty).end()),
    },
    Dear {
        name: "constant ifs",
        make: |core, n| core.repeat(n, |code| _ = code.i32_const(0).if_(BlockType::Empty).end()),
    },
    Dear {
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
    Dear {
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
    Dear {
        name: "branches",
        make: |core, n| core.repeat(n, |code| _ = code.block(BlockType::Empty).local_get(0).br_if(0).end()),
    },
    Dear {
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
    Dear {
        name: "returns",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).if_(BlockType::Empty).return_().end()),
    },
    Dear {
        name: "loops",
        make: |core, n| core.repeat(n, |code| _ = code.loop_(BlockType::Empty).local_get(0).br_if(0).end()),
    },
    Dear {
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
    Dear {
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
    Dear {
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
    Dear {
        name: "a branch table",
        make: |core, n| {
            core.function(&[], |code| {
                code.block(BlockType::Empty).local_get(0).br_table(vec![0; n as usize], 0).end();
            })
        },
    },
    Dear {
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
    Dear {
        name: "branch tables",
        make: |core, n| {
            core.repeat(n, |code| _ = code.block(BlockType::Empty).local_get(0).br_table([0, 0, 0], 0).end())
        },
    },
    Dear {
        name: "blocks with a hundred values",
        make: |core, n| core.hundred_values(n, |code, ty| _ = code.block(ty)),
    },
    Dear { name: "loops with a hundred values", make: |core, n| core.hundred_values(n, |code, ty| _ = code.loop_(ty)) },
];
