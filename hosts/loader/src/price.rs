//! Counting what a file has of each [`Budget`], and what compiling its core modules takes.
//!
//! Functions are counted while they are validated, because the validator knows what no instruction says of itself: how
//! many values are on the stack. The work that a function takes is the sum of:
//!
//! | what | units |
//! |---|---|
//! | the function itself; its export and its type as much again | 35 |
//! | each instruction, see [`weight`] | 1 to 130 |
//! | each joint, times locals, loops and values on the stack, see [`Joint`] | 1/2 to 2 |
//! | the square of all joints | 1/100 |
//!
//! wasmtime makes ways into each function, and for each type. What is alive where code joins or parts is followed from
//! each joint to each.
//!
//! The weights are rounded up from measurements of files that have one thing only, on the runtime for which it is
//! dearer.

use wasmparser::{
    BlockType, ElementItems, FuncValidator, FunctionBody, Operator, OperatorsReader, Payload, SubType, TableInit,
    ValidatorResources, WasmModuleResources,
};

use crate::{Budget, Budgets, Refusal, operators::next};

/// Work of a function, a type or an exported function by itself.
const ITEM: u64 = 35;

/// Of how many joints' squares one unit of work is made.
const JOINTS_PER_UNIT: u64 = 100;

/// What a file has so far.
pub(crate) struct Price<'a> {
    budgets: &'a Budgets,
    /// Work of all core modules.
    work: u64,
    custom_sections: u64,
    /// Table elements of the last core module.
    elements: u64,
    /// Functions of the last core module whose code was read.
    functions: u32,
}

/// A place where code joins or parts.
#[derive(Clone, Copy, Default)]
struct Joint {
    /// How many joints it counts as.
    joints: u64,
    /// How many it counts as where it is multiplied by what is alive there.
    flow: u64,
}

// === impl Price ===

impl<'a> Price<'a> {
    pub(crate) fn new(budgets: &'a Budgets) -> Self {
        Self { budgets, work: 0, custom_sections: 0, elements: 0, functions: 0 }
    }

    /// What compiling it takes, as far as it was counted.
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    /// Counts what is of one core module anew.
    pub(crate) fn begin_module(&mut self) {
        (self.elements, self.functions) = (0, 0);
    }

    /// Finds more of something than there may be.
    fn at_most(&self, budget: Budget, found: impl Into<u64>) -> Result<(), Refusal> {
        self.check(budget, found.into(), None)
    }

    /// The same of the function that is being read.
    fn function_at_most(&self, budget: Budget, found: impl Into<u64>) -> Result<(), Refusal> {
        self.check(budget, found.into(), Some(self.functions))
    }

    fn check(&self, budget: Budget, found: u64, function: Option<u32>) -> Result<(), Refusal> {
        let most = self.budgets.most(budget);
        if found > most { Err(Refusal::OverBudget { budget, found, most, function }) } else { Ok(()) }
    }

    fn add_work(&mut self, work: u64) -> Result<(), Refusal> {
        self.work = self.work.saturating_add(work);
        self.at_most(Budget::Work, self.work)
    }

    /// Counts a custom section.
    pub(crate) fn custom_section(&mut self) -> Result<(), Refusal> {
        self.custom_sections += 1;
        self.at_most(Budget::CustomSections, self.custom_sections)
    }

    /// Counts a section of a core module, before it is validated.
    pub(crate) fn section(&mut self, section: &Payload<'_>) -> Result<(), Refusal> {
        match section {
            Payload::TypeSection(section) => {
                self.at_most(Budget::Types, section.count())?;
                for ty in section.clone().into_iter_err_on_gc_types() {
                    let ty = ty?;
                    let params = (ty.params().len() + ty.results().len()) as u64;
                    self.at_most(Budget::Params, params)?;
                    self.add_work(ITEM + params)?;
                }
                Ok(())
            }
            Payload::FunctionSection(section) => self.add_work(ITEM * u64::from(section.count())),
            Payload::GlobalSection(section) => self.at_most(Budget::Globals, section.count()),
            Payload::ExportSection(section) => {
                self.at_most(Budget::Exports, section.count())?;
                self.add_work(ITEM * u64::from(section.count()))
            }
            Payload::DataSection(section) => self.at_most(Budget::Segments, section.count()),
            Payload::TableSection(section) => {
                self.at_most(Budget::Tables, section.count())?;
                for table in section.clone() {
                    let table = table?;
                    self.add_elements(table.ty.initial)?;
                    if let TableInit::Expr(_) = table.init {
                        self.add_elements(1)?;
                    }
                }
                Ok(())
            }
            Payload::ElementSection(section) => {
                // A segment without elements takes its place as well.
                self.add_elements(section.count().into())?;
                for segment in section.clone() {
                    self.add_elements(match segment?.items {
                        ElementItems::Functions(functions) => functions.count().into(),
                        ElementItems::Expressions(_, expressions) => expressions.count().into(),
                    })?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_elements(&mut self, more: u64) -> Result<(), Refusal> {
        self.elements = self.elements.saturating_add(more);
        self.at_most(Budget::Elements, self.elements)
    }

    /// Validates and counts a function.
    pub(crate) fn function(
        &mut self,
        validator: &mut FuncValidator<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), Refusal> {
        let mut reader = body.get_binary_reader();
        reader.set_features(*validator.features());
        validator.read_locals(&mut reader)?;
        let locals = u64::from(validator.len_locals());
        self.function_at_most(Budget::Locals, locals)?;
        let (mut work, mut joints, mut loops) = (locals, 0, 0);
        let (mut total, mut is_constant) = (work, false);
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, at) = next(&mut operators)?;
            validator.op(at.start, &operator)?;
            let height = u64::from(validator.operand_stack_height());
            self.function_at_most(Budget::Stack, height)?;
            self.function_at_most(Budget::Depth, validator.control_stack_height())?;
            loops += u64::from(matches!(operator, Operator::Loop { .. }));
            let joint = Joint::of(&operator, validator.resources());
            joints += joint.joints;
            work += weight(&operator, is_constant) + joint.flow * (locals + loops + height) / 2;
            total = work + joints.saturating_mul(joints) / JOINTS_PER_UNIT;
            self.function_at_most(Budget::FunctionWork, total)?;
            is_constant = matches!(operator, Operator::I32Const { .. } | Operator::I64Const { .. });
        }
        operators.finish()?;
        self.functions += 1;
        self.add_work(total)
    }
}

// === impl Joint ===

impl Joint {
    fn of(operator: &Operator<'_>, resources: &ValidatorResources) -> Self {
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
fn weight(operator: &Operator<'_>, is_constant: bool) -> u64 {
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
