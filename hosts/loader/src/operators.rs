//! Reading instructions.

use std::ops::Range;

use wasmparser::{BinaryReaderError, Operator, OperatorsReader};

/// Reads the next instruction, and where it is.
pub(crate) fn next<'a>(operators: &mut OperatorsReader<'a>) -> Result<(Operator<'a>, Range<usize>), BinaryReaderError> {
    let (operator, start) = operators.read_with_offset()?;
    Ok((operator, start..operators.original_position()))
}
