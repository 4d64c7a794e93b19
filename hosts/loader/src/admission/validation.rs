//! The one pass over a component that validates it and counts what it would cost.

use std::ops::Range;

use wasmparser::{FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator, types::Types};

use super::{Runtime, core_module::CoreModule};
use crate::{Budgets, Refusal, price::Price};

/// The names of what a component imports and exports.
#[derive(Default)]
pub(super) struct Names {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

/// What one pass over a component finds.
pub(super) struct Validated<'a> {
    pub(super) modules: Vec<CoreModule<'a>>,
    pub(super) names: Names,
    pub(super) types: Types,
    pub(super) work: u64,
}

/// Validates a component and counts what it would cost, in one pass over it.
pub(super) fn validate<'a>(component: &'a [u8], runtime: Runtime, budgets: &Budgets) -> Result<Validated<'a>, Refusal> {
    let mut validator = Validator::new_with_features(runtime.features());
    let mut allocations = FuncValidatorAllocations::default();
    let (mut modules, mut names) = (vec![], Names::default());
    let mut price = Price::new(budgets);
    // What is open: the outermost component, those in it, a core module, which alone has a range.
    let mut open: Vec<Option<Range<usize>>> = vec![];
    let mut inner: Option<Range<usize>> = None;
    let mut parser = Parser::new(0);
    parser.set_features(runtime.features());
    for payload in parser.parse_all(component) {
        let payload = payload?;
        let is_outermost = open.len() == 1;
        // The parser takes the end of the file for that of all that is open.
        if let Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } =
            &payload
            && unchecked_range.end > component.len()
        {
            return Err(Refusal::Malformed { reason: "a part of it is cut off".to_owned() });
        }
        match &payload {
            Payload::Version { .. } => open.push(inner.take()),
            Payload::ModuleSection { unchecked_range, .. } => {
                price.begin_module();
                inner = Some(unchecked_range.clone());
            }
            Payload::CustomSection(_) => price.custom_section()?,
            Payload::ComponentImportSection(section) if is_outermost => {
                for import in section.clone() {
                    names.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if is_outermost => {
                for export in section.clone() {
                    names.exports.push(export?.name.name.to_owned());
                }
            }
            // Those of components have names of their own.
            section => price.section(section)?,
        }
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(std::mem::take(&mut allocations));
                price.function(&mut function, &body)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(types) => match open.pop().flatten() {
                Some(range) => modules.push(CoreModule::new(&component[range], types.as_ref())),
                None if open.is_empty() => return Ok(Validated { modules, names, types, work: price.work() }),
                None => {}
            },
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    // The parser tells an end that is missing.
    Err(Refusal::Malformed { reason: "it has no end".to_owned() })
}
