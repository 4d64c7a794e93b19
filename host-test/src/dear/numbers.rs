//! Numbers and vectors: instructions that take and give values only.

use super::Dear;

/// The kinds of this file.
pub(super) const KINDS: &[Dear] = &[
    Dear {
        name: "additions",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(0).i32_const(7).i32_add().local_set(0)),
    },
    Dear {
        name: "multiplications",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).i64_const(1 << 40).i64_mul().local_set(1)),
    },
    Dear {
        name: "divisions",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(1).i64_rem_s().local_set(1)),
    },
    Dear {
        name: "shifts",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(1).i64_rotl().local_set(1)),
    },
    Dear {
        name: "counts",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).i64_popcnt().i64_clz().local_set(1)),
    },
    Dear {
        name: "comparisons",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(1).i64_lt_s().local_set(0)),
    },
    Dear {
        name: "selections",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).local_get(4).local_get(0).select().local_set(1)),
    },
    Dear {
        name: "floats",
        make: |core, n| {
            core.repeat(n, |code| _ = code.local_get(2).f64_const(1.5.into()).f64_min().f64_sqrt().local_set(2))
        },
    },
    Dear {
        name: "copied signs",
        make: |core, n| {
            core.repeat(n, |code| _ = code.local_get(2).local_get(2).f64_copysign().f64_nearest().local_set(2))
        },
    },
    Dear {
        name: "truncations",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(2).i64_trunc_sat_f64_u().local_set(1)),
    },
    Dear {
        name: "trapping truncations",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(2).i64_trunc_f64_u().local_set(1)),
    },
    Dear {
        name: "conversions",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(1).f64_convert_i64_u().local_set(2)),
    },
    Dear {
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
    Dear {
        name: "vector constants",
        make: |core, n| {
            core.repeat(n, |code| {
                _ = code.v128_const(0x1234_5678_9abc_def0_1357_9bdf_0246_8ace).local_get(3).v128_xor().local_set(3)
            })
        },
    },
    Dear {
        name: "vector multiplications",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(3).local_get(3).i64x2_mul().local_set(3)),
    },
    Dear {
        name: "vector shifts",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(3).local_get(0).i8x16_shr_s().local_set(3)),
    },
    Dear {
        name: "vector truncations",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(3).i32x4_trunc_sat_f64x2_u_zero().local_set(3)),
    },
    Dear {
        name: "lanes",
        make: |core, n| core.repeat(n, |code| _ = code.local_get(3).local_get(0).i8x16_replace_lane(3).local_set(3)),
    },
];
