//! What is put into tables, and expressions that give first values.

use wasm_encoder::Encode;
use wasmparser::{ConstExpr, ElementItems, ElementKind, ElementSectionReader, Operator};

use super::{
    Module,
    sections::{Entries, Sections, id},
};
use crate::{Refusal, operators::next};

impl Module {
    pub(super) fn elements(&self, sections: &Sections<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(section) = sections.get(id::ELEMENT) else { return Ok(None) };
        let elements: ElementSectionReader<'_> = sections.read(id::ELEMENT)?;
        let mut entries = Entries::default();
        for element in elements {
            let element = element?;
            let to = entries.add();
            // How its fields are to be read; it stands first. It has three bits, in however many bytes.
            to.push(section[element.range.start] & 0b111);
            if let ElementKind::Active { table_index, offset_expr } = &element.kind {
                if let Some(table) = table_index {
                    table.encode(to);
                }
                self.expression(offset_expr, to)?;
            }
            let is_plain = matches!(element.kind, ElementKind::Active { table_index: None, .. });
            match element.items {
                ElementItems::Functions(functions) => {
                    if !is_plain {
                        // Functions are the only kind.
                        to.push(0);
                    }
                    functions.count().encode(to);
                    for function in functions {
                        (function? + self.shift).encode(to);
                    }
                }
                ElementItems::Expressions(_, expressions) => {
                    if !is_plain {
                        wasm_encoder::RefType::FUNCREF.encode(to);
                    }
                    expressions.count().encode(to);
                    for expression in expressions {
                        self.expression(&expression?, to)?;
                    }
                }
            }
        }
        Ok(Some(entries.bytes()))
    }

    /// Copies an expression that gives a first value, with the functions that it names.
    pub(super) fn expression(&self, expression: &ConstExpr<'_>, to: &mut Vec<u8>) -> Result<(), Refusal> {
        let bytes = expression.get_binary_reader();
        let start = bytes.original_position();
        let bytes = expression.get_binary_reader().read_bytes(bytes.bytes_remaining())?;
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            let (operator, at) = next(&mut operators)?;
            match operator {
                Operator::RefFunc { function_index } => {
                    wasm_encoder::InstructionSink::new(to).ref_func(function_index + self.shift);
                }
                _ => to.extend_from_slice(&bytes[at.start - start..at.end - start]),
            }
        }
        Ok(())
    }
}
