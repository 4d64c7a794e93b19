//! What single instructions take.

use wasmparser::{BlockType, Operator, SubType, ValidatorResources, WasmModuleResources};

/// A place where code joins or parts.
#[derive(Clone, Copy, Default)]
pub(super) struct Joint {
    /// How many joints it counts as.
    pub(super) joints: u64,
    /// How many it counts as where it is multiplied by what is alive there.
    pub(super) flow: u64,
}

// === impl Joint ===

impl Joint {
    pub(super) fn of(operator: &Operator<'_>, resources: &ValidatorResources) -> Self {
        let like = |joints| Self { joints, flow: joints };
        match operator {
            Operator::Block { blockty } | Operator::If { blockty } => like(1 + values(*blockty, resources)),
            Operator::Loop { blockty } => like(3 + 3 * values(*blockty, resources)),
            Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::Else
            | Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::TableGet { .. } => like(1),
            Operator::Return => like(2),
            Operator::BrTable { targets } => {
                let targets = u64::from(targets.len()) + 1;
                // Targets that are the same are one joint; what is alive is followed to each.
                Self { joints: targets + 1, flow: 4 * targets }
            }
            // They loop in themselves, or a charge is put before them, which is a branch.
            Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. } => like(3),
            _ => Self::default(),
        }
    }
}

/// How many values a block takes and gives.
fn values(block: BlockType, resources: &ValidatorResources) -> u64 {
    match block {
        BlockType::Empty => 0,
        BlockType::Type(_) => 1,
        BlockType::FuncType(index) => {
            let ty = resources.sub_type_at(index).map(SubType::unwrap_func);
            ty.map_or(0, |ty| (ty.params().len() + ty.results().len()) as u64)
        }
    }
}

/// What an instruction takes, by what it becomes on the runtime that makes more of it. `is_constant` tells that what is
/// on top of the stack is.
#[expect(clippy::match_same_arms, reason = "a row for each kind of instruction, so that each can be weighed anew")]
pub(super) fn weight(operator: &Operator<'_>, is_constant: bool) -> u64 {
    use Operator as O;
    match operator {
        O::LocalGet { .. } | O::LocalSet { .. } | O::LocalTee { .. } | O::I32Const { .. } | O::I64Const { .. } => 1,
        O::F32Const { .. } | O::F64Const { .. } | O::Drop | O::Nop | O::End | O::Unreachable => 1,
        O::GlobalGet { .. } | O::GlobalSet { .. } | O::TableSize { .. } | O::MemorySize { .. } => 5,
        // By a number that is not known, it takes a certain register.
        O::I32Shl | O::I32ShrS | O::I32ShrU | O::I32Rotl | O::I32Rotr if !is_constant => 17,
        O::I64Shl | O::I64ShrS | O::I64ShrU | O::I64Rotl | O::I64Rotr if !is_constant => 17,
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU | O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU => 6,
        O::I32TruncF32S | O::I32TruncF32U | O::I32TruncF64S | O::I32TruncF64U => 8,
        O::I64TruncF32S | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U => 8,
        O::Call { .. } | O::ReturnCall { .. } => 5,
        O::RefFunc { .. } => 10,
        O::TableSet { .. } => 15,
        O::CallIndirect { .. } | O::ReturnCallIndirect { .. } | O::MemoryGrow { .. } => 30,
        O::TableGet { .. } => 35,
        O::TableGrow { .. } => 120,
        O::MemoryFill { .. } | O::MemoryCopy { .. } | O::MemoryInit { .. } => 130,
        O::TableFill { .. } | O::TableCopy { .. } | O::TableInit { .. } => 130,
        O::BrTable { targets } => 10 + 7 * u64::from(targets.len()),
        O::Block { .. } | O::Loop { .. } | O::If { .. } | O::Else | O::Br { .. } | O::BrIf { .. } | O::Return => 3,
        O::I32Eqz | O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU | O::I32LeS | O::I32LeU => 2,
        O::I32GeS | O::I32GeU | O::I32And | O::I32Or | O::I32Xor | O::I64Eqz | O::I64Eq | O::I64Ne => 2,
        O::I32Add | O::I32Sub | O::I32Mul | O::I64Add | O::I64Sub | O::I64Mul => 5,
        // Loads and stores, floats, vectors.
        _ => 7,
    }
}
