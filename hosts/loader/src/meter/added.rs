//! The functions that are added to a core module.

use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, ValType};

use super::code::charge;

/// Indices of what is added, after the module's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    /// The global that is 1 once memory was refused.
    pub(super) refused: u32,
    /// The function that stands for `memory.grow`.
    pub(super) grow: u32,
    /// What there is for wazero only.
    pub(super) fuel: Option<Fuel>,
}

/// Indices of what is added for wazero only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fuel {
    /// The global that says how much fuel is left, an `i64`.
    pub(super) fuel: u32,
    /// The global that says how many pages of memory the plugin knows of.
    pub(super) size: u32,
}

/// The index of the host's function that gives new fuel, the only import.
pub(super) const TICK: u32 = 0;

/// -1, which says that memory does not grow.
const FAILED: i32 = -1;

/// The function that stands for `memory.grow` on wasmtime: `(pages) -> i32`. A growth that fails is told from one that
/// the limit forbids by what the memory would have come to.
pub(super) fn grow(added: Added, most_pages: u64) -> Function {
    const PAGES: u32 = 0;
    const BEFORE: u32 = 1;
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    code.local_get(PAGES).memory_grow(0).local_tee(BEFORE).i32_const(FAILED).i32_eq();
    code.if_(BlockType::Empty);
    code.memory_size(0).i64_extend_i32_u().local_get(PAGES).i64_extend_i32_u().i64_add();
    code.i64_const(most_pages.cast_signed()).i64_gt_u();
    code.if_(BlockType::Empty).i32_const(1).global_set(added.refused).unreachable().end();
    code.end().local_get(BEFORE).end();
    function
}

/// The same on wazero. The plugin sees a memory of `size` pages, whatever the memory proper has: that is more by what
/// there is to spare, or was.
pub(super) fn grow_with_spare(added: Added, fuel: Fuel, most_pages: u64) -> Function {
    const DELTA: u32 = 0;
    const WANTED: u32 = 1;
    const MORE: u32 = 2;
    // At most 2^16.
    let most = i32::try_from(most_pages).unwrap_or(i32::MAX);
    let mut function = Function::new([(2, ValType::I32)]);
    let mut code = function.instructions();
    // More pages than there can be, or than are left: size > most - delta.
    code.local_get(DELTA).i32_const(most).i32_gt_u();
    code.global_get(fuel.size).i32_const(most).local_get(DELTA).i32_sub().i32_gt_u().i32_or();
    code.if_(BlockType::Empty).i32_const(1).global_set(added.refused).call(TICK).unreachable().end();

    code.global_get(fuel.size).local_get(DELTA).i32_add().local_set(WANTED);
    code.local_get(WANTED).memory_size(0).i32_gt_u().if_(BlockType::Empty);
    code.local_get(WANTED).memory_size(0).i32_sub().local_set(MORE);
    // Beyond the module's own maximum.
    code.local_get(MORE).memory_grow(0).i32_const(FAILED).i32_eq();
    code.if_(BlockType::Empty).i32_const(FAILED).return_().end().end();

    code.global_get(fuel.size).local_get(WANTED).global_set(fuel.size).end();
    function
}

/// The function that gets memory for several strings or lists. Their lengths are in memory; it writes in front of each
/// where it is:
///
/// ```text
/// for ; count > 0; count-- {
///     at[0] = at[1] > 0 ? cabi_realloc(0, 0, align, at[1] * size) : align
///     at += stride
/// }
/// ```
pub(super) fn each(fuel: Fuel, realloc: u32) -> Function {
    const AT: u32 = 0;
    const COUNT: u32 = 1;
    const STRIDE: u32 = 2;
    const SIZE: u32 = 3;
    const ALIGN: u32 = 4;
    /// Fuel that is left, for [`charge`].
    const LEFT: u32 = 5;
    /// What one element costs, besides what gives it memory.
    const COST: i64 = 40;
    let word = |offset| MemArg { offset, align: 2, memory_index: 0 };
    let mut function = Function::new([(1, ValType::I64)]);
    let mut code = function.instructions();
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(COUNT).i32_eqz().br_if(1);
    charge(&mut code, fuel, LEFT, |code| {
        code.i64_const(COST);
    });
    code.local_get(AT).local_get(AT).i32_load(word(4)).if_(BlockType::Result(ValType::I32));
    code.i32_const(0).i32_const(0).local_get(ALIGN).local_get(AT).i32_load(word(4)).local_get(SIZE).i32_mul();
    code.call(realloc).else_().local_get(ALIGN).end().i32_store(word(0));
    code.local_get(AT).local_get(STRIDE).i32_add().local_set(AT);
    code.local_get(COUNT).i32_const(1).i32_sub().local_set(COUNT).br(0);
    code.end().end().end();
    function
}

/// A function that nobody can call, in the place of one for which something is missing.
pub(super) fn nothing() -> Function {
    let mut function = Function::new([]);
    let mut code: InstructionSink<'_> = function.instructions();
    code.unreachable().end();
    function
}
