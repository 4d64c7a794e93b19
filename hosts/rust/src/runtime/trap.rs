//! Kinds of trap.

use std::fmt;

/// The kind of a trap: how a plugin broke off. Its text is kebab-case, as the Python host's: `unreachable`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trap {
    /// Represents code that must not be reached: what a panic ends with.
    Unreachable,
    /// Represents the end of the stack: recursion without end.
    StackOverflow,
    /// Represents an access outside linear memory. Endless recursion may end so too, where a plugin keeps its stack
    /// there.
    MemoryOutOfBounds,
    /// Represents an access outside a table: a call through a function pointer that is none.
    TableOutOfBounds,
    /// Represents a call through a function pointer that is null.
    IndirectCallToNull,
    /// Represents a call through a pointer to a function of another type.
    BadSignature,
    /// Represents an integer overflow.
    IntegerOverflow,
    /// Represents an integer division by zero.
    IntegerDivisionByZero,
    /// Represents a number that has no integer: NaN, an infinity, or one out of range.
    BadConversionToInteger,
    /// Represents any other trap, in the runtime's words.
    Other(String),
}

// === impl Trap ===

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::StackOverflow => "stack-overflow",
            Self::MemoryOutOfBounds => "memory-out-of-bounds",
            Self::TableOutOfBounds => "table-out-of-bounds",
            Self::IndirectCallToNull => "indirect-call-to-null",
            Self::BadSignature => "bad-signature",
            Self::IntegerOverflow => "integer-overflow",
            Self::IntegerDivisionByZero => "integer-division-by-zero",
            Self::BadConversionToInteger => "bad-conversion-to-integer",
            Self::Other(words) => words,
        })
    }
}

/// The kind of one of wasmtime's. No conversion of the public type, so that no caller depends on wasmtime's version.
pub(super) fn kind(trap: wasmtime::Trap) -> Trap {
    use wasmtime::Trap as Given;
    match trap {
        Given::UnreachableCodeReached => Trap::Unreachable,
        Given::StackOverflow => Trap::StackOverflow,
        Given::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        Given::TableOutOfBounds => Trap::TableOutOfBounds,
        Given::IndirectCallToNull => Trap::IndirectCallToNull,
        Given::BadSignature => Trap::BadSignature,
        Given::IntegerOverflow => Trap::IntegerOverflow,
        Given::IntegerDivisionByZero => Trap::IntegerDivisionByZero,
        Given::BadConversionToInteger => Trap::BadConversionToInteger,
        other => {
            let words = other.to_string();
            Trap::Other(words.strip_prefix("wasm trap: ").unwrap_or(&words).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use wasmtime::Trap as Given;

    use super::kind;

    #[rstest]
    #[case::of_ours(Given::UnreachableCodeReached, "unreachable")]
    #[case::of_two_words(Given::IntegerDivisionByZero, "integer-division-by-zero")]
    #[case::another(Given::NullReference, "null reference")]
    fn a_trap_says_its_kind(#[case] trap: Given, #[case] expected: &str) {
        assert_eq!(kind(trap).to_string(), expected);
    }
}
