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

mod weight;

use wasmparser::{
    ElementItems, FuncValidator, FunctionBody, Operator, OperatorsReader, Payload, TableInit, ValidatorResources,
};

use crate::{Budget, Budgets, Refusal, operators::next};
use weight::{Joint, weight};

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
