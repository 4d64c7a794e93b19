//! Functions that need no charge of their own, because their callers can pay for them.

use wasmparser::{FunctionBody, Operator};

use crate::{Refusal, operators::next};

/// Instructions, those of what it calls included, up to which a function is paid for by its callers.
const SHORT: u32 = 256;

/// How deep such functions call each other at most.
const DEPTH: usize = 8;

/// What a function does, as far as its cost goes.
struct Outline {
    instructions: u32,
    calls: Vec<u32>,
}

/// What a call of each function costs its caller, in instructions; 0 where the function is charged itself.
pub(super) struct Short(Vec<u32>);

// === impl Short ===

impl Short {
    /// No function is paid for by its callers.
    pub(super) fn none() -> Self {
        Self(vec![])
    }

    /// Finds the functions that come to an end by themselves after few instructions: without loops, without
    /// instructions that do much at once, and calling only such functions. An allocator's entry points are a chain of
    /// them, in every plugin.
    pub(super) fn find(bodies: &[FunctionBody<'_>]) -> Result<Self, Refusal> {
        let outlines = bodies.iter().map(outline).collect::<Result<Vec<_>, _>>()?;
        let mut short = Self(vec![0; bodies.len()]);
        for _ in 0..DEPTH {
            for (i, outline) in outlines.iter().enumerate() {
                if let Some(outline) = outline
                    && short.0[i] == 0
                {
                    short.0[i] = short.cost_of(outline);
                }
            }
        }
        Ok(short)
    }

    /// What a call of a function costs its caller.
    pub(super) fn cost_of_call(&self, function: u32) -> u32 {
        self.0.get(function as usize).copied().unwrap_or(0)
    }

    /// How many instructions a function comes to with what it calls; 0 where that is not known yet, or not short.
    fn cost_of(&self, outline: &Outline) -> u32 {
        let mut cost = outline.instructions;
        for &callee in &outline.calls {
            let called = self.cost_of_call(callee);
            // Neither is more than `SHORT`, so that it cannot overflow before it is too much.
            cost += called;
            if called == 0 || cost > SHORT {
                return 0;
            }
        }
        cost
    }
}

/// Outlines a function; none where it cannot be short.
fn outline(body: &FunctionBody<'_>) -> Result<Option<Outline>, Refusal> {
    let mut found = Outline { instructions: 0, calls: vec![] };
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        found.instructions += 1;
        match next(&mut operators)?.0 {
            Operator::Loop { .. }
            | Operator::CallIndirect { .. }
            | Operator::MemoryGrow { .. }
            | Operator::RefFunc { .. }
            | Operator::TableSet { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::DataDrop { .. }
            | Operator::TableInit { .. }
            | Operator::TableCopy { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableSize { .. }
            | Operator::ElemDrop { .. } => return Ok(None),
            Operator::Call { function_index } => found.calls.push(function_index),
            _ => {}
        }
        if found.instructions > SHORT {
            return Ok(None);
        }
    }
    Ok(Some(found))
}
