//! Much of one section: functions, types, elements and such.

use wasm_encoder::{BlockType, ConstExpr, CustomSection, Elements, ExportKind, Function, ValType};

use super::Dear;

/// The kinds of this file.
pub(super) const KINDS: &[Dear] = &[
    Dear {
        name: "empty functions",
        make: |core, n| {
            for _ in 0..n {
                core.function(&[], |_| ());
            }
        },
    },
    Dear {
        name: "functions with a loop",
        make: |core, n| {
            for _ in 0..n {
                core.function(&[], |code| _ = code.loop_(BlockType::Empty).local_get(0).br_if(0).end());
            }
        },
    },
    Dear {
        name: "functions that call",
        make: |core, n| {
            for _ in 0..n {
                core.function(&[], |code| _ = code.local_get(0).call(1).local_set(0));
            }
        },
    },
    Dear {
        name: "functions with many locals",
        make: |core, n| {
            for _ in 0..n {
                core.function(&[(990, ValType::I64)], |_| ());
            }
        },
    },
    Dear {
        name: "exported functions",
        make: |core, n| {
            for _ in 0..n {
                core.function(&[], |_| ());
                let function = core.functions.len() - 1;
                core.exports.export(&format!("f{function}"), ExportKind::Func, function);
            }
        },
    },
    Dear {
        name: "types",
        make: |core, n| {
            for _ in 0..n {
                core.types.ty().function([ValType::I32], []);
            }
        },
    },
    Dear {
        name: "types that differ",
        make: |core, n| {
            for i in 0..n {
                core.types
                    .ty()
                    .function((0..16).map(|bit| if i >> bit & 1 == 1 { ValType::I64 } else { ValType::I32 }), []);
            }
        },
    },
    Dear { name: "parameters", make: |core, n| core.types.ty().function(vec![ValType::I32; n as usize], []) },
    Dear {
        name: "parameters of a function",
        make: |core, n| {
            core.types.ty().function(vec![ValType::I32; n as usize], vec![]);
            let ty = core.types.len() - 1;
            core.add(ty, &Function::new([]), |_| ());
        },
    },
    Dear {
        name: "types with many parameters",
        make: |core, n| {
            for _ in 0..n {
                core.types.ty().function(vec![ValType::I32; 450], []);
            }
        },
    },
    Dear { name: "globals", make: |core, n| core.globals(n) },
    Dear {
        name: "tables",
        make: |core, n| {
            for _ in 0..n {
                core.table(1);
            }
        },
    },
    Dear { name: "a table", make: |core, n| core.table(n.into()) },
    Dear {
        name: "elements",
        make: |core, n| {
            core.table(n.into());
            core.elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(vec![1; n as usize].into()));
        },
    },
    Dear {
        name: "element segments",
        make: |core, n| {
            core.table(1);
            for _ in 0..n {
                core.elements.passive(Elements::Functions(vec![].into()));
            }
        },
    },
    Dear {
        name: "data segments",
        make: |core, n| {
            for i in 0..n {
                core.data.active(0, &ConstExpr::i32_const((i % 65_000).cast_signed()), [7]);
            }
        },
    },
    Dear {
        name: "scattered data segments",
        make: |core, n| {
            for i in 0..n {
                core.data.active(0, &ConstExpr::i32_const((i.wrapping_mul(40_503) % 65_000).cast_signed()), [7]);
            }
        },
    },
    Dear {
        name: "exports",
        make: |core, n| {
            for _ in 0..n {
                core.exports.export(&format!("m{}", core.exports.len()), ExportKind::Memory, 0);
            }
        },
    },
    Dear {
        name: "custom sections",
        make: |core, n| {
            core.custom = (0..n).map(|_| CustomSection { name: "".into(), data: (&[][..]).into() }).collect()
        },
    },
];
