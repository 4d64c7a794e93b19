//! The code of single functions: what is put into it.
//!
//! Code is not written anew: its bytes are copied, but for the few instructions that become others and the charges that
//! are put between them.

use std::ops::Range;

use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};
use wasmparser::{BinaryReader, FunctionBody, Operator, OperatorsReader};

use super::{
    added::{Added, Fuel, TICK},
    short::Short,
};
use crate::{Refusal, operators::next};

/// Instructions from which on a function without loops and calls is charged.
const LONG_LEAF: i64 = 64;

/// What an instruction that works on many bytes or elements at once costs: 1 for each 16.
const BYTES_SHIFT: i64 = 4;

/// Instructions that leave compiled code for the runtime's own cost as much as so many others. Functions that have them
/// are always charged.
const REF_FUNC_COST: i64 = 100;
const BULK_COST: i64 = 50;

/// What all functions of a module have in common.
pub(super) struct Coder<'a> {
    pub(super) added: Added,
    pub(super) short: &'a Short,
    /// How far the indices of functions have moved.
    pub(super) shift: u32,
    /// Whether an instance is as good as new once memory and globals are put back.
    pub(super) is_rewindable: bool,
}

/// Something to put into the code.
struct Edit {
    /// What of the old code it replaces; empty for what is put between.
    range: Range<usize>,
    code: Vec<u8>,
}

/// Locals of one function that are added to its own.
#[derive(Clone, Copy)]
struct Locals {
    /// How much fuel is left, an `i64`.
    left: u32,
    /// How much an instruction does, an `i32`.
    amount: u32,
}

/// Writes code that takes a price, which an expression gives, from the fuel, and calls the host where there is too
/// little.
pub(super) fn charge(
    code: &mut InstructionSink<'_>,
    fuel: Fuel,
    left: u32,
    price: impl FnOnce(&mut InstructionSink<'_>),
) {
    code.global_get(fuel.fuel);
    price(code);
    code.i64_sub().local_tee(left).global_set(fuel.fuel);
    code.local_get(left).i64_const(0).i64_lt_s();
    code.if_(BlockType::Empty).call(TICK).global_set(fuel.fuel).end();
}

// === impl Coder ===

impl Coder<'_> {
    /// Gives the new body of a function.
    pub(super) fn rewrite(&mut self, body: &FunctionBody<'_>, params: u32, index: u32) -> Result<Vec<u8>, Refusal> {
        let bytes = body.as_bytes();
        let mut reader = BinaryReader::new(bytes, 0);
        let groups = reader.read_var_u32()?;
        let groups_start = reader.original_position();
        let mut count = u64::from(params);
        for _ in 0..groups {
            count += u64::from(reader.read_var_u32()?);
            reader.read::<wasmparser::ValType>()?;
        }
        let start = reader.original_position();
        // It was validated, so there are fewer.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let locals = Locals { left: count, amount: count.saturating_add(1) };
        let edits = self.edits(OperatorsReader::new(reader), locals, index)?;

        let mut to = Vec::with_capacity(bytes.len() + bytes.len() / 4 + 8);
        let added_groups: &[ValType] = if self.added.fuel.is_some() { &[ValType::I64, ValType::I32] } else { &[] };
        (groups as usize + added_groups.len()).encode(&mut to);
        to.extend_from_slice(&bytes[groups_start..start]);
        for ty in added_groups {
            1u32.encode(&mut to);
            ty.encode(&mut to);
        }
        let mut from = start;
        for edit in edits {
            to.extend_from_slice(&bytes[from..edit.range.start]);
            to.extend_from_slice(&edit.code);
            from = edit.range.end;
        }
        to.extend_from_slice(&bytes[from..]);
        Ok(to)
    }

    /// Finds what is to be put where.
    fn edits(&mut self, mut operators: OperatorsReader<'_>, locals: Locals, index: u32) -> Result<Vec<Edit>, Refusal> {
        let entry = operators.original_position();
        let mut edits = vec![Edit { range: entry..entry, code: vec![] }];
        // Of each open block the edit where it is charged, if it is a loop, and how many instructions came before it.
        let mut blocks: Vec<Option<(usize, i64)>> = vec![None];
        let (mut instructions, mut has_calls) = (0, false);
        while !operators.eof() {
            let (operator, at) = next(&mut operators)?;
            let (start, end) = (at.start, at.end);
            instructions += 1;
            let mut replace = |write: &dyn Fn(&mut InstructionSink<'_>)| {
                let mut code = vec![];
                write(&mut InstructionSink::new(&mut code));
                edits.push(Edit { range: at.clone(), code });
            };
            match operator {
                Operator::Block { .. } | Operator::If { .. } => blocks.push(None),
                Operator::Loop { .. } => {
                    blocks.push(Some((edits.len(), instructions)));
                    edits.push(Edit { range: end..end, code: vec![] });
                }
                Operator::End => {
                    if let Some(Some((edit, before))) = blocks.pop() {
                        edits[edit].code = self.fixed_charge(locals, (instructions - before).max(1));
                    }
                }
                Operator::Call { function_index } => {
                    match self.short.cost_of_call(function_index) {
                        0 => has_calls = true,
                        cost => instructions += i64::from(cost),
                    }
                    if self.shift > 0 {
                        replace(&|code| {
                            code.call(function_index + self.shift);
                        });
                    }
                }
                Operator::ReturnCall { function_index } => {
                    has_calls = true;
                    if self.shift > 0 {
                        replace(&|code| {
                            code.return_call(function_index + self.shift);
                        });
                    }
                }
                Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } => has_calls = true,
                Operator::RefFunc { function_index } => {
                    has_calls = true;
                    instructions += REF_FUNC_COST;
                    if self.shift > 0 {
                        replace(&|code| {
                            code.ref_func(function_index + self.shift);
                        });
                    }
                }
                Operator::TableSet { .. } => self.is_rewindable = false,
                Operator::MemorySize { .. } => {
                    if let Some(fuel) = self.added.fuel {
                        replace(&|code| {
                            code.global_get(fuel.size);
                        });
                    }
                }
                Operator::MemoryGrow { .. } => {
                    has_calls = true;
                    let grow = self.added.grow;
                    replace(&|code| {
                        code.call(grow);
                    });
                }
                _ => {
                    if let Some(bulk) = Bulk::of(&operator) {
                        has_calls = true;
                        instructions += BULK_COST;
                        self.is_rewindable &= !bulk.changes_more_than_memory;
                        if bulk.has_amount {
                            edits.push(Edit { range: start..start, code: self.charge_by_amount(locals) });
                        }
                    }
                }
            }
        }
        let is_short = self.short.cost_of_call(index) > 0;
        if !is_short && (has_calls || instructions >= LONG_LEAF) {
            edits[0].code = self.fixed_charge(locals, instructions);
        }
        Ok(edits)
    }

    /// Code that charges so many instructions.
    fn fixed_charge(&self, locals: Locals, instructions: i64) -> Vec<u8> {
        let mut code = vec![];
        if let Some(fuel) = self.added.fuel {
            charge(&mut InstructionSink::new(&mut code), fuel, locals.left, |code| {
                code.i64_const(instructions);
            });
        }
        code
    }

    /// Code that charges by how much an instruction does, which is on top of the stack, and stays there.
    fn charge_by_amount(&self, locals: Locals) -> Vec<u8> {
        let mut code = vec![];
        if let Some(fuel) = self.added.fuel {
            let mut sink = InstructionSink::new(&mut code);
            sink.local_tee(locals.amount);
            charge(&mut sink, fuel, locals.left, |code| {
                code.local_get(locals.amount).i64_extend_i32_u().i64_const(BYTES_SHIFT).i64_shr_u();
            });
        }
        code
    }
}

/// An instruction that works on many bytes or elements at once.
struct Bulk {
    has_amount: bool,
    changes_more_than_memory: bool,
}

// === impl Bulk ===

impl Bulk {
    fn of(operator: &Operator<'_>) -> Option<Self> {
        let (has_amount, changes_more_than_memory) = match operator {
            Operator::MemoryInit { .. } | Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => (true, false),
            Operator::TableInit { .. }
            | Operator::TableCopy { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. } => (true, true),
            Operator::DataDrop { .. } | Operator::ElemDrop { .. } => (false, true),
            Operator::TableSize { .. } => (false, false),
            _ => return None,
        };
        Some(Self { has_amount, changes_more_than_memory })
    }
}
