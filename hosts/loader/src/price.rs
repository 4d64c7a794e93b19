//! Counting what a core module has of each [`Budget`].
//!
//! Functions are counted while they are validated, because the validator knows what no instruction says of itself: how many
//! values are on the stack.

use wasmparser::{
    ElementItems, FuncValidator, FunctionBody, Operator, OperatorsReader, Payload, TableInit, ValidatorResources,
};

use crate::{Budget, Budgets, Refusal, operators::next};

/// What a core module has so far.
pub(crate) struct Price<'a> {
    budgets: &'a Budgets,
    elements: u64,
    code: u64,
    flow: u64,
}

/// What a function has so far.
#[derive(Default)]
struct FunctionPrice {
    locals: u64,
    loops: u64,
    code: u64,
}

// === impl Price ===

impl<'a> Price<'a> {
    pub(crate) fn new(budgets: &'a Budgets) -> Self {
        Self { budgets, elements: 0, code: 0, flow: 0 }
    }

    /// Finds more of something than there may be.
    pub(crate) fn check(budgets: &Budgets, budget: Budget, found: u64) -> Result<(), Refusal> {
        let most = budgets.most(budget);
        if found > most { Err(Refusal::OverBudget { budget, found, most }) } else { Ok(()) }
    }

    fn at_most(&self, budget: Budget, found: impl Into<u64>) -> Result<(), Refusal> {
        Self::check(self.budgets, budget, found.into())
    }

    /// Counts a section, before it is validated.
    pub(crate) fn section(&mut self, section: &Payload<'_>) -> Result<(), Refusal> {
        match section {
            Payload::TypeSection(section) => {
                self.at_most(Budget::Types, section.count())?;
                for ty in section.clone().into_iter_err_on_gc_types() {
                    let ty = ty?;
                    self.at_most(Budget::Params, (ty.params().len() + ty.results().len()) as u64)?;
                }
                Ok(())
            }
            Payload::FunctionSection(section) => self.at_most(Budget::Functions, section.count()),
            Payload::GlobalSection(section) => self.at_most(Budget::Globals, section.count()),
            Payload::ExportSection(section) => self.at_most(Budget::Exports, section.count()),
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
        let mut function = FunctionPrice { locals: validator.len_locals().into(), ..FunctionPrice::default() };
        self.at_most(Budget::Locals, function.locals)?;
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, at) = next(&mut operators)?;
            validator.op(at.start, &operator)?;
            let height = u64::from(validator.operand_stack_height());
            self.at_most(Budget::Stack, height)?;
            let weight = weight(&operator);
            self.code += weight;
            function.code += weight;
            let joints = match &operator {
                Operator::Loop { .. } => {
                    function.loops += 1;
                    self.at_most(Budget::Loops, function.loops)?;
                    self.at_most(Budget::Depth, validator.control_stack_height())?;
                    1
                }
                Operator::Block { .. } | Operator::If { .. } => {
                    self.at_most(Budget::Depth, validator.control_stack_height())?;
                    1
                }
                Operator::Br { .. } | Operator::BrIf { .. } => 1,
                Operator::BrTable { targets } => u64::from(targets.len()) + 1,
                _ => 0,
            };
            if joints > 0 {
                self.flow += joints * (function.locals + function.loops + height);
                self.at_most(Budget::Flow, self.flow)?;
            }
        }
        operators.finish()?;
        self.at_most(Budget::FunctionCode, function.code)?;
        self.at_most(Budget::Code, self.code)
    }
}

/// What an instruction costs to compile, against one that adds two numbers.
fn weight(operator: &Operator<'_>) -> u64 {
    match operator {
        Operator::BrTable { targets } => 2 + u64::from(targets.len()),
        _ => 1,
    }
}
